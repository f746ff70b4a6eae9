/** Every option with values of 27 wrong kinds, in a file and in a variable: it is accepted, or one sentence says what is wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { readConfiguration } from '../../tools/configuration.ts'
import { optionTable } from './options.ts'
import { rehearse } from './rehearsal.ts'
import { RetryableError, UsageError } from './usage-error.ts'

const folder = mkdtempSync(join(tmpdir(), 'mistakes-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Some hold `hunter2` behind a colon, as a password may be. */
const wrong: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e99, 4_294_967_296],
  ...['', ' ', 'two words', 'user:hunter2', 'word\n', `${'x'.repeat(500)}:hunter2`, '\u0000word', '-1', '1e3'],
  ...['https://user:hunter2@127.0.0.1:6443', '10.0.5.1:65000:hunter2', '../../etc'],
  ...[[], [null], [[]], ['user:hunter2'], [{ word: 1 }], {}, { hodlTime: 'hunter2' }],
]
const needed = {
  ...{ prefix: '198.51.100.10/32', localAs: 64515, routerId: '10.0.5.11', nextHop: '10.0.5.11' },
  ...{ peer: '127.0.0.1', peerAs: 65000 },
}
/** What makes the option allowed at all. */
const together: Readonly<Record<string, object>> = {
  ...Object.fromEntries(
    ['lease', 'leaseProfile', 'leaseDuration', 'renewDeadline', 'retryPeriod', 'apiServer', 'apiServers'].map(name => [
      name,
      { mode: 'leader', kubeconfig: '/none' },
    ]),
  ),
  ...{ arp: { mode: 'leader', kubeconfig: '/none' }, claimInUse: { arp: true, kubeconfig: '/none' } },
  ...{ kubeconfig: { mode: 'leader' }, requireAddress: { address: 'none' }, httpHost: { http: '127.0.0.1:0' } },
  ...Object.fromEntries(
    optionTable.flatMap(({ name }) => (/^health./.test(name) ? [[name, { health: 'https://127.0.0.1:1/' }]] : [])),
  ),
}

it('there are 27 wrong kinds', () => {
  expect(wrong).toHaveLength(27)
})

/** A kubeconfig with this API server. */
function kubeconfigOf(server: string): string {
  const file = join(folder, `${Buffer.from(server).toString('hex')}.json`)
  const [context, cluster, user] = [{ cluster: 'c', user: 'u' }, { server }, { token: 'hunter2' }]
  const lists = { contexts: [{ name: 'x', context }], clusters: [{ name: 'c', cluster }], users: [{ name: 'u', user }] }
  writeFileSync(file, JSON.stringify({ 'current-context': 'x', ...lists }))
  return file
}

/** The sentence; undefined if the value is accepted. */
async function sentenceOf(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    const { options, given } = await readConfiguration(argv, env)
    await rehearse(options, given)
    return undefined
  } catch (error) {
    expect(error instanceof UsageError || error instanceof RetryableError, `${(error as Error).stack}`).toBe(true)
    return (error as Error).message
  }
}
/** Their right values have a colon, so that a wrong one is shown. */
const withColon = ['bindDevice', 'community', 'largeCommunity', 'http', 'httpHost']

function expectSentence(sentence: string, name: string, place: string): void {
  expect(sentence).not.toMatch(/\n|undefined is not|\[object/)
  if (!withColon.includes(name)) expect(sentence).not.toContain('hunter2')
  expect(sentence, 'where').toContain(place)
  expect(sentence.length).toBeLessThan(400)
}

describe.each(optionTable.map(({ name }) => name))('%s', name => {
  const { variable, fileOnly } = optionTable.find(row => row.name === name) ?? { variable: '', fileOnly: true }
  it('is accepted or refused with one sentence in a file', async () => {
    for (const value of wrong) {
      const file = join(folder, 'options.json')
      writeFileSync(file, JSON.stringify({ ...needed, ...together[name], [name]: value }))
      const sentence = await sentenceOf(['--config', file], {})
      if (sentence !== undefined) expectSentence(sentence, name, `${name} in `)
    }
  })
  it.skipIf(fileOnly)('is accepted or refused with one sentence in a variable', async () => {
    const file = join(folder, 'others.json')
    writeFileSync(file, JSON.stringify({ ...needed, ...together[name] }))
    for (const value of wrong) {
      if (typeof value !== 'string' || value.includes('\0')) continue
      const sentence = await sentenceOf(['--config', file], { [variable]: value })
      if (sentence !== undefined) expectSentence(sentence, name, variable)
    }
  })
})

describe('options that do not go together are refused:', () => {
  it.each<readonly [object, RegExp]>([
    [{ mode: 'all-nodes', lease: 'kube-system/vip' }, /^lease in \S+: not allowed together with mode in \S+ all-nodes/],
    [{ mode: 'all-nodes', leaseDirectory: '/tmp/x' }, /^leaseDirectory in \S+: not allowed together with mode/],
    [{ lease: 'a/b', leaseDirectory: '/tmp/x' }, /^leaseDirectory in \S+: not allowed together with lease in/],
    [
      { mode: 'leader', leaseDirectory: '/l', probePort: 0 },
      /^probePort in \S+: 0 is not allowed, it must be a port from 1 to 65535/,
    ],
    [{ probePort: 6443 }, /^probePort in \S+: not allowed in the mode all-nodes: each node that serves has the VIP/],
    [{ leaseDirectory: '/l', probePort: 6443 }, /^probePort in \S+: not allowed in the mode standby/],
    [{ labelNode: true }, /^labelNode in \S+: not allowed without an election by Kubernetes/],
    [
      { mode: 'leader', kubeconfig: '/k', labelNode: true, prefix: '2001:db8::10/128' },
      /^labelNode in \S+: not allowed with IPv6 VIPs alone/,
    ],
    [{ drainOnCordon: true }, /^drainOnCordon in \S+: not allowed without an election by Kubernetes/],
    [{ leaseProfile: 'fast' }, /^leaseProfile in \S+: not allowed without an election/],
    [{ renewDeadline: 3 }, /^renewDeadline in \S+: not allowed without an election/],
    [{ leaseDirectory: '/tmp/x', renewDeadline: 20 }, /^renewDeadline in \S+: 20 is not allowed, .*leaseDuration, 15/],
    [{ kubeconfig: '/none' }, /^kubeconfig in \S+: not allowed without an election by Kubernetes or health kubernetes/],
    [{ leaseDirectory: '/tmp/x', apiServer: 'https://127.0.0.1:6443' }, /^apiServer in \S+: not allowed without/],
    [{ leaseDirectory: '/tmp/x', med: 7 }, /^med in \S+: not allowed with an election, which makes the MED/],
    [{ address: 'none', interface: 'eth0' }, /^interface in \S+: not allowed together with address in \S+ none/],
    [{ address: 'none', replaceAddress: true }, /^replaceAddress in \S+: not allowed together with address/],
    [{ requireAddress: false }, /^requireAddress in \S+: not allowed without address none/],
    [
      { routerId: 'auto', nodeName: 'localhost' },
      /^nodeName in \S+: it is localhost: each node needs a name of its own/,
    ],
    [
      { leaseDirectory: '/tmp/x', nodeName: 'LocalHost.localdomain' },
      /^nodeName in \S+: it is localhost.localdomain: each node needs a name of its own/,
    ],
    ...['knoten-ä', '-x', '..', 'a/b', 'x'.repeat(254)].map(
      nodeName =>
        [{ nodeName }, /^nodeName in \S+: '.+' is not allowed, it must be the name of a node: at most/] as const,
    ),
    [
      { mode: 'leader', kubeconfig: '/none', apiServer: 'https://198.51.100.10:6443' },
      /^apiServer in \S+: .*because a VIP needs the election/,
    ],
    [
      { health: 'kubernetes', healthCa: '/ca.pem', kubeconfig: '/none' },
      /^healthCa in \S+: not allowed with health kub/,
    ],
    ...[
      'https://198.51.100.10/livez',
      'tcp://198.51.100.10:1',
      'http://[::ffff:198.51.100.10]/',
      'http://0xc633640a',
    ].map(
      health =>
        [
          { health },
          /^health in \S+: \S+ is a VIP, which this node has only after a passed check; check this node's own address/,
        ] as const,
    ),
    [
      { health: 'tcp://198.51.100.10:1', address: 'none', leaseDirectory: '/tmp/x' },
      /^health in \S+: tcp:\S+ is a VIP, which/,
    ],
    [{ prefix: ['198.51.100.10/32', '198.51.100.10'] }, /^prefix in \S+: /],
    [{ mode: 'standby' }, /^kubeconfig is missing: .*service account/],
    ...['https://198.51.100.10:6443', 'https://[::ffff:198.51.100.10]:6443', 'https://0xc633640a:6443'].flatMap(
      server =>
        [{}, { health: 'tcp://127.0.0.1:6443' }].map(
          health =>
            [
              { mode: 'leader', kubeconfig: kubeconfigOf(server), ...health },
              /^apiServer is missing: https:\S+, as the kubeconfig or the Pod has it, is a VIP; give this node's own/,
            ] as const,
        ),
    ),
  ])('%j', async (given, sentence) => {
    const file = join(folder, 'together.json')
    writeFileSync(file, JSON.stringify({ ...needed, ...given }))
    expect(await sentenceOf(['--config', file], {})).toMatch(sentence)
  })
  it('except a kubeconfig that cannot be read yet, which causes a warning', async () => {
    const file = join(folder, 'early.json')
    for (const health of ['kubernetes', 'tcp://127.0.0.1:6443']) {
      writeFileSync(file, JSON.stringify({ ...needed, mode: 'leader', kubeconfig: '/none', health }))
      const { options, given } = await readConfiguration(['--config', file], {})
      expect(await rehearse(options, given)).toEqual([
        '/none cannot be read: ENOENT; until it can be read, the API server is not asked, and nothing is announced',
      ])
    }
  })
  it('except the service address in a Pod without apiServer, which causes a warning', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '10.96.0.1')
    try {
      const file = join(folder, 'pod.json')
      for (const own of [
        { mode: 'standby' },
        { health: 'kubernetes' },
        { mode: 'leader', health: 'tcp://127.0.0.1:1' },
      ])
        for (const apiServer of [undefined, 'https://127.0.0.1:6443']) {
          writeFileSync(file, JSON.stringify({ ...needed, ...own, apiServer }))
          const { options, given } = await readConfiguration(['--config', file], {})
          const warnings = await rehearse(options, given)
          expect(warnings.filter(text => text.startsWith('apiServer is not given: ')).length).toBe(apiServer ? 0 : 1)
          expect(warnings.at(-1)).toMatch(
            /serviceaccount.* cannot be read: .*\(a static Pod has no service account: give /,
          )
        }
    } finally {
      vi.unstubAllEnvs()
    }
  })
  it('except a health check of a VIP that every node may have, which causes a warning', async () => {
    const file = join(folder, 'own.json')
    writeFileSync(file, JSON.stringify({ ...needed, health: 'http://user:hunter2@198.51.100.10/', address: 'none' }))
    const { options, given } = await readConfiguration(['--config', file], {})
    expect(await rehearse(options, given)).toEqual([
      expect.stringMatching(
        /^health in \S+: http:\/\/198.51.100.10\/ is a VIP, so another node may answer in place of/,
      ),
    ])
  })
  it('except API servers that nothing asks, which cause a warning', async () => {
    const file = join(folder, 'unused.json')
    writeFileSync(file, JSON.stringify({ ...needed, apiServers: ['https://10.0.5.12:6443'] }))
    const { options, given } = await readConfiguration(['--config', file], {})
    expect(await rehearse(options, given)).toEqual([
      `apiServers in ${file}: not used, because there is no election by Kubernetes`,
    ])
  })
})
