import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { rehearseApiServer } from './api-server.ts'
import type { ProgramOptions } from './options.ts'
import { UsageError } from './usage-error.ts'

const folder = mkdtempSync(join(tmpdir(), 'api-server-'))
afterAll(() => rmSync(folder, { recursive: true }))
/** A kubeconfig with this server, and with a token or a file that has one. */
function kubeconfig(server: string, user: object = { token: 'a' }): string {
  const file = join(folder, 'kubeconfig')
  const parts = { clusters: [{ name: 'c', cluster: { server } }], users: [{ name: 'u', user }] }
  const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u' } }]
  writeFileSync(file, JSON.stringify({ ...parts, contexts, 'current-context': 'x' }))
  return file
}
const options: ProgramOptions = { prefix: ['198.51.100.10/32', '2001:db8::10/128'], mode: 'leader', logLevel: 'info' }
const node = 'https://10.0.5.11:6443'

describe('rehearseApiServer()', () => {
  it('reads nothing if neither the election nor the health check asks the API server', async () => {
    expect(await rehearseApiServer({ ...options, mode: 'all-nodes', kubeconfig: '/none' })).toEqual([])
  })
  it('has no warning for a kubeconfig that can be read', async () => {
    expect(await rehearseApiServer({ ...options, kubeconfig: kubeconfig(node) })).toEqual([])
  })
  it('has one warning for a kubeconfig that cannot be read yet', async () => {
    const [warning, ...others] = await rehearseApiServer({ ...options, kubeconfig: '/none/conf' })
    expect(others).toEqual([])
    expect(warning).toMatch(/\/none\/conf.*ENOENT.*; until it can be read, the API server is not asked, and nothing/)
    expect(warning).not.toContain('service account')
    const noToken = { ...options, kubeconfig: kubeconfig(node, { tokenFile: '/none/token' }) }
    expect(await rehearseApiServer(noToken)).toEqual([expect.stringMatching(/tokenFile .*; until it can be read,/)])
  })
  it('warns of the service of a Pod, and has a cure if there is no service account', async () => {
    const [service, unread, ...others] = await rehearseApiServer({ ...options, health: 'kubernetes' })
    expect(others).toEqual([])
    expect(service).toMatch(/^apiServer is not given: the address of the service in a Pod .* \(--api-server\)$/)
    expect(unread).toMatch(/ \(a static Pod has no service account: give it a kubeconfig\); until it can be read,/)
    expect(await rehearseApiServer({ ...options, apiServer: node })).toEqual([expect.stringContaining('a static Pod')])
  })
  it.each(['https://198.51.100.10:6443', 'https://[2001:db8::10]:6443'])(
    'refuses the server %s, which is a VIP, even if it cannot be read yet',
    async server => {
      const run = rehearseApiServer({ ...options, kubeconfig: kubeconfig(server) })
      await expect(run).rejects.toBeInstanceOf(UsageError)
      await expect(run).rejects.toThrow(
        `apiServer is missing: ${server}, as the kubeconfig or the Pod has it, is a VIP`,
      )
    },
  )
  it("reads a kubeconfig with the VIP if the node's own API server is given", async () => {
    const file = kubeconfig('https://198.51.100.10:6443')
    expect(await rehearseApiServer({ ...options, kubeconfig: file, apiServer: node })).toEqual([])
  })
})
