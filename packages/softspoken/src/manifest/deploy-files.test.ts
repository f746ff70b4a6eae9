/** The files of deploy/kubernetes, which the program prints; scripts/docs.test.ts compares them. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { compilerErrors } from '@softspoken/test-support/compiler-errors'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { deployCommands, printed } from '../../tools/deploy-manifests.ts'

describe('deploy/kubernetes', () => {
  const files: Record<string, string> = {}
  beforeAll(async () => {
    for (const [file, command] of Object.entries(deployCommands)) files[file] = (await printed(command.split(' '))).out
  })
  it('has lines of at most 100 columns', () => {
    expect(Object.values(files).flatMap(text => text.split('\n').filter(line => line.length > 100))).toEqual([])
  })
  it('has no unknown name and no wrong type, by the types of Kubernetes', { timeout: 60_000 }, () => {
    const objects = Object.entries(files).flatMap(([file, text]) =>
      file.startsWith('kubeadm') ? [] : parseAllDocuments(text).map(document => document.toJS()),
    )
    const mistaken = { ...objects[0], metadata: { ...objects[0].metadata, labls: {} } } // the only error to find
    expect(formFaults([...objects, mistaken])).toEqual([expect.stringContaining('labls')])
  })
  it('has the commands that its README names', () => {
    const readme = readFileSync(new URL('../../../../deploy/README.md', import.meta.url), 'utf8').replace(
      / \\\n */g,
      ' ',
    )
    for (const [file, command] of Object.entries(deployCommands)) {
      expect(readme).toContain(`(kubernetes/${file})`)
      expect(readme).toContain(`softspoken ${command}`)
    }
  })
})

/** The errors of objects, by the types made of Kubernetes' OpenAPI. */
function formFaults(objects: readonly { readonly kind: string }[]): readonly string[] {
  const modules: Readonly<Record<string, string>> = {
    ...{ Pod: 'core/v1', ServiceAccount: 'core/v1', DaemonSet: 'apps/v1' },
    ...{
      Role: 'rbac/v1',
      RoleBinding: 'rbac/v1',
      ClusterRole: 'rbac/v1',
      ClusterRoleBinding: 'rbac/v1',
      FlowSchema: 'flowcontrol/v1',
    },
  }
  const name = fileURLToPath(new URL('manifest-objects.ts', import.meta.url)) // the file does not exist
  const used = [...new Set(objects.map(({ kind }) => kind))]
  return compilerErrors(
    name,
    [
      ...used.map(kind => `import type { ${kind} } from 'kubernetes-types/${modules[kind]}'`),
      ...objects.map((object, at) => `export const o${at}: ${object.kind} = ${JSON.stringify(object)}`),
    ].join('\n'),
  )
}
