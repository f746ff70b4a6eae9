import { describe, expect, it } from 'vitest'
import { readElection } from './kube-vip-election.ts'
import type { SourceValues } from './values.ts'

const nameOf = (name: string) => name

/** What kube-vip does without being asked, by option. */
function implied(env: Record<string, string>, own: SourceValues = {}, adminConf = true): Record<string, unknown> {
  const reader = { value: (name: string) => env[name], nameOf, set() {}, setNumber() {} }
  const values = readElection(reader, own, [], () => adminConf)
  return Object.fromEntries(Object.entries(values).map(([name, { read }]) => [name, read()]))
}
const given = (value: unknown) => ({ from: 'a flag', read: () => value })

describe('readElection()', () => {
  const leads = { vip_leaderelection: 'true' }
  it("takes kubeadm's kubeconfig and the node's own API server, as kube-vip does", () => {
    const own = { kubeconfig: '/etc/kubernetes/admin.conf', apiServer: 'https://127.0.0.1:6443', replaceAddress: true }
    expect(implied(leads)).toEqual(own)
    expect(implied({ ...leads, port: '8443' })).toEqual({ ...own, apiServer: 'https://127.0.0.1:8443' })
  })
  it('takes them with an election of ours, too', () => {
    expect(implied({}, { mode: given('standby') })).toMatchObject({ kubeconfig: '/etc/kubernetes/admin.conf' })
  })
  it.each([
    ['without such a file', leads, {}, false],
    ['with a kubeconfig', { ...leads, k8s_config_file: '/etc/vip.conf' }, {}, true],
    ['without an election', {}, {}, true],
    ['with our own mode for all nodes', leads, { mode: given('all-nodes') }, true],
  ])('takes no kubeconfig %s', (_, env, own, adminConf) => {
    expect(implied(env, own, adminConf)).toEqual({ replaceAddress: true })
  })
  it('labels the Node of the leader if kube-vip would', () => {
    const set = (value: string) => {
      const values: Record<string, unknown> = {}
      const reader = {
        value: (name: string) => ({ ...leads, enable_node_labeling: value })[name],
        nameOf,
        set: (option: string, name: string, read: (text: string, from: string) => unknown) =>
          void (values[option] = read(value, name)),
        setNumber() {},
      }
      readElection(reader, {}, [], () => false)
      return values.labelNode
    }
    expect([set('true'), set('false')]).toEqual([true, undefined])
  })
  it('says which option has switched the election off', () => {
    const warnings: string[] = []
    const value = (name: string) => ({ ...leads, vip_leasename: 'x' })[name]
    const reader = { value, nameOf, set() {}, setNumber() {} }
    readElection(reader, { mode: given('all-nodes') }, warnings, () => false)
    expect(warnings).toEqual(['vip_leasename: not used, because a flag is all-nodes'])
  })
  it('replaces no address if we add none', () => {
    expect(implied({}, { address: given('none') })).toEqual({})
  })
})
