import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { ProgramOptions } from '../config/options.ts'
import { rbac } from '../manifest/rbac.ts'
import { neededRights, rightsFindings } from './rights.ts'

const options = (given: Partial<ProgramOptions> = {}): ProgramOptions => ({
  prefix: ['198.51.100.10/32'],
  logLevel: 'info',
  nodeName: 'node-1',
  ...given,
})
const missing = (verbs: readonly string[], of: ProgramOptions) =>
  neededRights(of).filter(({ verb, resource }) => verbs.includes(`${verb} ${resource}`))

describe('rightsFindings()', () => {
  it('has no warning if nothing is missing', () => {
    const line = 'Rights: the credentials may do all that the Lease needs'
    expect(rightsFindings([], options())).toEqual({ lines: [line], warnings: [] })
    const { lines } = rightsFindings([], options({ drainOnCordon: true }))
    expect(lines).toEqual(['Rights: the credentials may do all that the Lease and drainOnCordon need'])
    const both = rightsFindings([], options({ drainOnCordon: true, labelNode: true }))
    expect(both.lines[0]).toMatch(/ all that the Lease, drainOnCordon and labelNode need$/)
  })
  it('names what is missing and what grants it', () => {
    const given = options({ drainOnCordon: true, lease: 'vips/lock' })
    const found = rightsFindings(missing(['create leases', 'update leases', 'watch leases', 'get nodes'], given), given)
    const denied =
      'may not create Leases in the namespace vips; update, watch the Lease vips/lock; get the Node node-1, which drainOnCordon needs'
    expect(found.lines).toEqual([`Rights: the credentials ${denied}`])
    expect(found.warnings).toEqual([
      `the credentials for the API server ${denied}; softspoken manifest rbac --lease vips/lock --in-cluster prints what grants it`,
    ])
  })
  it('names the command that grants what a label needs', () => {
    const given = options({ labelNode: true })
    expect(rightsFindings(missing(['patch nodes'], given), given).warnings).toEqual([
      'the credentials for the API server may not patch the Node node-1, which labelNode needs; softspoken manifest rbac --label-node true --in-cluster prints what grants it',
    ])
  })
  it('calls no right on a Lease one on the Node', () => {
    const given = options({ drainOnCordon: true, kubeconfig: '/etc/softspoken/kubeconfig' })
    expect(rightsFindings(missing(['get leases'], given), given).lines).toEqual([
      'Rights: the credentials may not get the Lease kube-system/plndr-cp-lock',
    ])
  })
  it('names the command for a user of a kubeconfig', () => {
    const given = options({ kubeconfig: '/etc/softspoken/kubeconfig' })
    const { warnings } = rightsFindings(missing(['list leases'], given), given)
    const denied = 'may not list the Lease kube-system/plndr-cp-lock'
    expect(warnings).toEqual([
      `the credentials for the API server ${denied}; softspoken manifest rbac prints what grants it`,
    ])
  })
})

it.each([
  { drainOnCordon: true },
  { drainOnCordon: false },
  { drainOnCordon: true, labelNode: true },
  { drainOnCordon: false, labelNode: true },
])('neededRights() are those of manifest rbac, with %j', given => {
  const text = rbac(given, { inCluster: true } as Parameters<typeof rbac>[1], '')
  const rules = parseAllDocuments(text).flatMap(document => document.toJS().rules ?? [])
  const granted = rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
    verbs.map((verb: string) => ({ group: apiGroups[0], resource: resources[0], verb, name: resourceNames?.[0] })),
  )
  const needed = neededRights(options(given))
  expect(granted).toEqual(
    needed.map(({ group, resource, verb, name }) => ({
      ...{ group, resource, verb, name: resource === 'nodes' ? undefined : name },
    })),
  )
})
