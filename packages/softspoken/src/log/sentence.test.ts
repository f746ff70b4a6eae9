/** The lines of the log as sentences for a terminal, and that none loses a field that docs/operations.md names. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fieldText } from './field-text.ts'
import { sentence } from './sentence.ts'

const peer = '10.0.5.1'
const prefix = '198.51.100.10/32'
const both = [prefix, '2001:db8::10/128']

describe('sentence()', () => {
  it.each<[string, object]>([
    [
      'starting Softspoken 0.1.0: waits for 3 passed checks of tcp://127.0.0.1:6443, the election, then announces 198.51.100.10/32 to 10.0.5.1 AS 65000; AS 64515, router id 10.0.5.11',
      {
        ...{ msg: 'starting', version: '0.1.0', prefix, localAs: 64515, routerId: '10.0.5.11' },
        ...{ peers: ['10.0.5.1 AS 65000'], health: 'tcp://127.0.0.1:6443' },
        waitsFor: '3 passed checks of tcp://127.0.0.1:6443, the election',
      },
    ],
    [
      'starting Softspoken 0.1.0: announces 198.51.100.10/32 on the segment',
      { msg: 'starting', version: '0.1.0', prefix, arp: true },
    ],
    [
      'mode standby: this node is node-1; Lease kube-system/plndr-cp-lock of 15 s, renewed each 2 s, given up after 10 s',
      {
        ...{ msg: 'mode', mode: 'standby', nodeName: 'node-1', lease: 'kube-system/plndr-cp-lock' },
        ...{ leaseDuration: 15, renewDeadline: 10, retryPeriod: 2 },
      },
    ],
    ['mode all-nodes: this node is node-1', { msg: 'mode', mode: 'all-nodes', nodeName: 'node-1' }],
    ['no address is added', { msg: 'no address is added', required: false }],
    [
      'session established with 10.0.5.1: hold time 90 s, ipv4-unicast, ipv6-unicast, identifier 10.0.5.1',
      {
        ...{ msg: 'session established', peer, holdTime: 90, families: ['ipv4-unicast', 'ipv6-unicast'] },
        ...{ fourOctetAs: true, routeRefresh: false, peerId: '10.0.5.1' },
      },
    ],
    [
      'session down, 10.0.5.1: no answer within 10 s; look at the firewall; next try in 55.9 s [timeout]',
      {
        ...{ msg: 'session down', peer, reason: 'timeout', detail: 'no answer within 10 s' },
        ...{ hint: 'look at the firewall', retryIn: 55.946642059848934 },
      },
    ],
    [
      'route sent to 10.0.5.1: 198.51.100.10/32, next hop 10.0.5.11, MED 7, AS path 64515 64515, communities 64515:1, 64515:2',
      {
        ...{ msg: 'route sent', peer, prefix, origin: 'igp', nextHop: '10.0.5.11', med: 7 },
        ...{ asPath: [{ type: 'sequence', as: [64515, 64515] }], communities: ['64515:1', '64515:2'] },
      },
    ],
    [
      'not serving: no BGP session is established [no-session]',
      { msg: 'not serving', reason: 'no-session', detail: 'no BGP session is established' },
    ],
    ['no longer leading with epoch 2; the leader is node-2', { msg: 'no longer leading', epoch: 2, holder: 'node-2' }],
    ['withdrawing and stopping: got SIGTERM', { msg: 'withdrawing and stopping', signal: 'SIGTERM' }],
    [
      'VIP cannot be changed (vips 198.51.100.10/32): EPERM',
      { msg: 'VIP cannot be changed', vips: [prefix], error: 'EPERM' },
    ],
    [
      'page failed: no such file',
      { msg: 'page failed', err: { type: 'Error', message: 'no such file', stack: 'E: …' } },
    ],
    ['interface of the address: eth0', { msg: 'interface of the address', interface: 'eth0' }],
    ['no address is added; the route waits until an interface has it', { msg: 'no address is added', required: true }],
    ['kernel deadline on: the kernel ends this process if it hangs', { msg: 'kernel deadline on' }],
    [
      'router id of the node name node-1: 10.0.5.11',
      { msg: 'router id of the node name', nodeName: 'node-1', routerId: '10.0.5.11' },
    ],
    ['serving: this node may hold what its mode allows', { msg: 'serving' }],
    ['session established with 10.0.5.1', { msg: 'session established', peer }],
    ['route sent to 10.0.5.1: 198.51.100.10/32', { msg: 'route sent', peer, prefix, asPath: [64515] }],
    [
      'route sent to 10.0.5.1: 198.51.100.10/32, local preference 200, communities 64515:1:1',
      { msg: 'route sent', peer, prefix, localPref: 200, largeCommunities: ['64515:1:1'] },
    ],
    ['withdrawal sent to 10.0.5.1: 198.51.100.10/32', { msg: 'withdrawal sent', peer, prefix }],
    ['route withheld, 198.51.100.10/32 [health]', { msg: 'route withheld', prefix, reason: 'health' }],
    ['route cannot be sent to 10.0.5.1, 198.51.100.10/32', { msg: 'route cannot be sent', peer, prefix }],
    ['route cannot be sent, 198.51.100.10/32', { msg: 'route cannot be sent', prefix }],
    ['leading with epoch 3', { msg: 'leading', epoch: 3 }],
    ['no longer leading with epoch 3', { msg: 'no longer leading', epoch: 3 }],
    ['VIP added to lo: 198.51.100.10/32, 2001:db8::10/128', { msg: 'VIP added', interface: 'lo', vips: both }],
    ['VIP added: 198.51.100.10/32', { msg: 'VIP added', vips: [prefix] }],
    ['VIP removed from lo: 198.51.100.10/32', { msg: 'VIP removed', interface: 'lo', vips: [prefix] }],
    [
      'VIP is gone from the interface lo: 198.51.100.10/32',
      { msg: 'VIP is gone from the interface', interface: 'lo', vips: [prefix] },
    ],
    [
      'VIP does not answer, 198.51.100.10 port 6443, while node-2 leads: no answer; look there [timeout]',
      {
        ...{ msg: 'VIP does not answer', vip: '198.51.100.10', port: 6443, holder: 'node-2' },
        ...{ detail: 'no answer', hint: 'look there', reason: 'timeout' },
      },
    ],
    [
      'VIP answers again, 198.51.100.10 port 6443, while node-2 leads',
      { msg: 'VIP answers again', vip: '198.51.100.10', port: 6443, holder: 'node-2' },
    ],
    ['withdrawing and stopping', { msg: 'withdrawing and stopping' }],
    ['signal ignored: SIGHUP', { msg: 'signal ignored', signal: 'SIGHUP' }],
    ['page listens at 127.0.0.1:9179', { msg: 'page listens', address: '127.0.0.1:9179' }],
    [
      'page cannot listen at 127.0.0.1:9179: EADDRINUSE; next try in 5 s',
      { msg: 'page cannot listen', address: '127.0.0.1:9179', detail: 'EADDRINUSE', retryIn: 5 },
    ],
    ['host refused: evil.example', { msg: 'host refused', host: 'evil.example' }],
    [
      'health check failed (name livez, failures 2): HTTP 500; sent nothing; held down for 60 s',
      {
        ...{ msg: 'health check failed', name: 'livez', failures: 2, isFirst: true },
        ...{ detail: 'HTTP 500', sent: 'nothing', heldFor: 60 },
      },
    ],
  ])('%s', (words, event) => {
    expect(sentence({ ...event })).toBe(words)
  })

  const operations = readFileSync(new URL('../../../../docs/operations.md', import.meta.url), 'utf8')
  const [, after = ''] = operations.split('## Log lines')
  const [tables = ''] = after.split(/^## /m)
  const rows = [...tables.matchAll(/^\| `([^`]+)` +\| [a-z, ]+ +\| ([^|]*) \|/gm)].map(
    ([, msg = '', fields = '']) => [msg, [...fields.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)] as const,
  )
  it('docs/operations.md has rows to compare with', () => {
    expect(rows.length).toBeGreaterThan(50)
  })
  it.each(rows)('the line "%s" begins with its words and has each of its fields', (msg, names) => {
    const elsewhere = { starting: ['health'], 'no address is added': ['required'] }[msg] ?? []
    const values = Object.fromEntries(names.map((name, at) => [name, `value-${at}`]))
    const text = sentence({ msg, ...values })
    expect(text.startsWith(msg)).toBe(true)
    for (const name of names) if (!elsewhere.includes(name)) expect(text).toContain(values[name])
  })
})

it.each([
  [['10.0.5.1 AS 65000', '10.0.6.1 AS 65000'], '10.0.5.1 AS 65000, 10.0.6.1 AS 65000'],
  [
    [
      { type: 'sequence', as: [64515, 64515] },
      { type: 'set', as: [1] },
    ],
    '64515 64515, {1}',
  ],
  [{ code: 6, subcode: 2 }, '{"code":6,"subcode":2}'],
  [1.26, '1.3'],
  [-0.04, '0'],
  [true, 'yes'],
  [false, 'no'],
  [[true, 2.55, 'x'], 'yes, 2.6, x'],
  [[], ''],
  [[{ as: [1, 2] }, { type: 'confederation', as: [3] }], '{1 2}, {3}'],
  [[{ as: 1 }], '[{"as":1}]'],
  [['x', null], '["x",null]'],
  [{ message: 'no such file' }, 'no such file'],
  [null, 'null'],
])('the value %j is shown as %s', (value, text) => {
  expect(fieldText(value)).toBe(text)
})
