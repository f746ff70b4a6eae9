/** No output shows a key, or a value that may hold one. One table has each source, each damage and each option. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Announcer } from '@softspoken/announcer'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { readConfiguration } from '../../tools/configuration.ts'
import { main } from '../cli.ts'
import { Shutdown } from '../shutdown.ts'
import { announcerOptions } from './agent-options.ts'

const MARKER = 'Zq7XwK3vB9' // no text of the program has four of its characters in a row
const DIGITS = '4711081512345'
const folder = mkdtempSync(join(tmpdir(), 'secrets-'))
const warned: string[] = []
const note = (warning: Error): void => void warned.push(`${warning.stack}`)
process.on('warning', note) // libraries warn there, on standard error
afterAll(() => {
  process.off('warning', note)
  rmSync(folder, { recursive: true })
})

const flags = ['--prefix', '198.51.100.10/32', '--local-as', '64515', '--router-id', '10.0.5.11']
const router = ['--peer', '127.0.0.1', '--peer-as', '65000', '--next-hop', '10.0.5.11']
const kubeVip = {
  bgp_as: '64515',
  bgp_routerid: '10.0.5.11',
  address: '198.51.100.10',
  SOFTSPOKEN_NEXT_HOP: '10.0.5.11',
}

/** All output of check, and the stack of a thrown error. */
async function outputOf(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const output = warned.splice(0)
  const note = (text: string): void => void output.push(text)
  const shutdown = new Shutdown(0, { on() {}, exit() {}, printError: note })
  try {
    const code = await main(['check', ...argv], env, { shutdown, print: note, printError: note })
    note(`exit ${code}`)
  } catch (error) {
    note(error instanceof Error ? `${error.stack}` : String(error))
  }
  await new Promise(setImmediate)
  return [...output, ...warned.splice(0)].join('\n')
}
/** True if four characters of the secret are shown. */
function shows(output: string, secret: string): boolean {
  const parts = Array.from({ length: secret.length - 3 }, (_, at) => secret.slice(at, at + 4))
  return parts.some(part => output.includes(part))
}
async function expectSilence(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const output = await outputOf(argv, env)
  expect(output).not.toBe('')
  for (const secret of [MARKER, DIGITS]) if (shows(output, secret)) expect.fail(`a secret is shown: ${output}`)
  return output
}
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

describe('no output shows a secret', () => {
  it.each([
    [{ SOFTSPOKEN_TCP_MD5_KEY: MARKER }],
    [{ SOFTSPOKEN_TCP_MD5_KEY: ` "${MARKER}"\n` }],
    [{ SOFTSPOKEN_TCP_MD5_KEY: MARKER.repeat(9) }],
    [{ SOFTSPOKEN_TCP_MD5_KEY_FILE: MARKER }],
    [{ SOFTSPOKEN_TCP_MD5KEY: MARKER }],
    [{ SOFTSPOKEN_PASSWORD: MARKER }],
    [{ SOFTSPOKEN_LOCAL_ADDRESS: `127.0.0.1:${MARKER}` }],
    [{ SOFTSPOKEN_HTTP: `http://user:${MARKER}@127.0.0.1:9179` }],
    [{ SOFTSPOKEN_HTTP: `user:${MARKER}@127.0.0.1:9179` }],
    [{ SOFTSPOKEN_PEERS: `10.0.5.1:65000:${MARKER}` }],
    [{ SOFTSPOKEN_HEALTH: `https://user:${MARKER}@127.0.0.1:6443/livez?token=${MARKER}#${MARKER}` }],
    [{ SOFTSPOKEN_HEALTH: `https://user:${MARKER}@127.0.0.1:6443/livez`, SOFTSPOKEN_HEALTH_VERIFY: 'none' }],
    [{ SOFTSPOKEN_HEALTH: `http://user:${MARKER}@127.0.0.1/`, SOFTSPOKEN_HEALTH_CA: '/none' }],
    [{ SOFTSPOKEN_HEALTH: `tcp://user:${MARKER}@127.0.0.1:6443` }],
    [{ SOFTSPOKEN_HEALTH: `user:${MARKER}@127.0.0.1:6443` }],
    [{ SOFTSPOKEN_HEALTH: `https//user:${MARKER}@127.0.0.1:6443` }],
    [{ SOFTSPOKEN_HEALTH: `https://user:${MARKER}@127.0.0.1:99999` }],
    [{ SOFTSPOKEN_HEALTH: `tcp://user:${MARKER}127.0.0.1:6443` }],
    [{ SOFTSPOKEN_HEALTH: `https:user:${MARKER}` }],
    [{ SOFTSPOKEN_HEALTH: `ftp://user:${MARKER}@127.0.0.1/` }],
  ])('of a variable: %j', async env => {
    await expectSilence([...flags, ...router], env)
  })
  it.each([
    ['--tcp-md5-key', MARKER],
    [`--tcp-md5-key=${MARKER}`],
    [`--tcpMd5Key=${MARKER}`],
    [`--password=${MARKER}`],
    [`-p${MARKER}`],
    [`--${MARKER}`.toLowerCase().replace(MARKER.toLowerCase(), `md5=${MARKER}`)],
    ['--med', '7', MARKER],
    ['--peer', `10.0.5.1:65000:${MARKER}:false`],
    ['--peer', `10.0.5.1:${MARKER}`],
    ['--peer', `10.0.5.1,${MARKER}`],
    ['--peer', `10.0.5.1;${MARKER}`],
    ['--port', `179:${MARKER}`],
    ['--med', `65000:${MARKER}`],
    ['--health', `https://user:${MARKER}@127.0.0.1/`, '--health', `https://user:${MARKER}@127.0.0.2/`],
  ])('of a flag: %s %s', async (...more) => {
    await expectSilence([...flags, ...router, ...more])
  })
  const fields = ['10.0.5.1', '65000', MARKER, 'true', '1179', '', '']
  it.each([
    ...fields.map((_, at) => [{ bgp_peers: fields.toSpliced(at, 1, MARKER).join(':') }]),
    ...fields.map((_, at) => [{ bgp_peers: fields.toSpliced(at, 1, DIGITS).join(':') }]),
    ...fields.map((_, at) => [{ bgp_peers: fields.toSpliced(at, 1).join(':') }]),
    ...[':', ',', '[', ']', '%', ' '].map(between => [{ bgp_peers: fields.join(':').replace('Xw', between) }]),
    [{ bgp_peers: `10.0.5.1:65000:${MARKER}` }],
    [{ bgp_peers: `2001:db8::1:65000:${MARKER}` }],
    [{ bgp_peers: `[2001:db8::1]:65000:${MARKER}:maybe` }],
    [{ bgp_peers: `[2001:db8::1:65000:${MARKER}` }],
    [{ bgp_peers: MARKER }],
    [{ bgp_peeraddress: '127.0.0.1', bgp_peeras: '65000', bgp_peerpass: MARKER }],
    [{ bgp_peeraddress: '127.0.0.1', bgp_peeras: '65000', bgp_peerpass: MARKER.repeat(9) }],
    [{ bgp_peeraddress: `10.0.5.1:65000:${MARKER}`, bgp_peeras: '65000' }],
    [{ bgp_peeraddress: '127.0.0.1', bgp_peeras: `65000:${MARKER}` }],
    [{ bgp_peeraddress: '127.0.0.1', bgp_peeras: `65000:${DIGITS}` }],
    [{ bgp_peeraddress: '127.0.0.1', bgp_peeras: `65000,${MARKER}` }],
    [{ bgp_peeraddress: '127.0.0.1', bgp_peeras: '65000', bgp_hold_time: `30:${MARKER}` }],
    [{ bgp_peeraddress: '127.0.0.1', bgp_peeras: '65000', bgp_routerid: `10.0.5.11:${MARKER}` }],
    [{ bgp_peeraddress: '127.0.0.1', bgp_peeras: '65000', address: `198.51.100.10:${MARKER}` }],
    [{ bgp_peeraddress: '127.0.0.1', bgp_peeras: '65000', bgp_multihop: MARKER }],
    [{ bgp_peeraddress: '127.0.0.1', bgp_peeras: '65000', bgp_sourceip: MARKER }],
    [{ bgp_peeraddress: '127.0.0.1', bgp_peeras: '65000', bgp_peerpassword: MARKER }],
    [
      {
        ...{ bgp_peeraddress: '127.0.0.1', bgp_peeras: '65000' },
        control_plane_health_check_address: `https://user:${MARKER}@127.0.0.1:6443/livez?${MARKER}`,
      },
    ],
  ] as [Record<string, string>][])("of kube-vip's variables: %j", async env => {
    await expectSilence([], { ...kubeVip, ...env })
  })
  it.each([
    `tcpMd5Key: ${DIGITS}`,
    `tcpMd5Key: ${DIGITS}.5`,
    `tcpMd5Key: [${MARKER}]`,
    `tcpMd5Key: {${MARKER}}`,
    `tcpMd5Key: {key: ${MARKER}}`,
    `tcpMd5Key: "${MARKER.repeat(9)}"`,
    `tcpMd5Key: !vault ${MARKER}`,
    `tcpMd5Key: *${MARKER}`,
    `tcpMd5Key: &${MARKER}`,
    `tcpMd5Key: "${MARKER}`,
    `tcpMd5Key: %${MARKER}`,
    `tcpMd5Key: a: ${MARKER}`,
    `tcpMd5Key: |\n${MARKER}`,
    `tcpMd5Key:${MARKER}`,
    `\ttcpMd5Key: ${MARKER}`,
    `tcpMd5Key: ${MARKER}\ntcpMd5Key: ${MARKER}`,
    `tcpMD5Key: ${MARKER}`,
    `password: ${MARKER}`,
    `password: ${DIGITS}`,
    `${MARKER}:`,
    `peer: 10.0.5.1:65000:${MARKER}`,
    `peer: { address: 127.0.0.1, tcpMd5Key: ${MARKER} }`,
    `health: https://user:${MARKER}@127.0.0.1/`,
    `health: { url: "https://user:${MARKER}@127.0.0.1/" }`,
  ])('of a file: %j', async line => {
    await expectSilence([...flags, ...router, '--config', file('a.yaml', `med: 7\n${line}\n`)])
  })
  it.each([
    `{ address: 127.0.0.1, as: 65000, tcpMd5Key: ${MARKER} }`,
    `${MARKER}`,
    `10.0.5.1:65000:${MARKER}`,
    `[10.0.5.1:65000:${MARKER}]`,
    `[[127.0.0.1, 65000, ${MARKER}]]`,
    `[{ address: 127.0.0.1, as: 65000, tcpMd5Key: ${DIGITS} }]`,
    `[{ address: 127.0.0.1, as: 65000, tcpMd5Key: { a: ${MARKER} } }]`,
    `[{ address: 127.0.0.1, as: 65000, tcpMd5Key:${MARKER} }]`,
    `[{ address: 127.0.0.1, as: 65000, tcpMd5Key: a,${MARKER} }]`,
    `[{ address: 127.0.0.1, as: 65000, tcpMd5Key=${MARKER} }]`,
    `[{ address: 127.0.0.1, as: 65000, password: ${MARKER} }]`,
    `[{ address: 127.0.0.1, as: 65000, tcpMd5Key: ${MARKER.repeat(9)} }]`,
    `[{ address: 127.0.0.1, as: 65000, tcpMd5Key: ${MARKER} }, { address: 127.0.0.1, as: 65000 }]`,
    `[{ address: { a: ${MARKER} }, as: 65000 }]`,
    `[{ address: ${MARKER}, as: 65000, tcpMd5Key: 127.0.0.1 }]`,
    `[{ address: 127.0.0.1, as: ${MARKER}, tcpMd5Key: 65000 }]`,
    `[{ address: 127.0.0.1, as: 65000, port: ${MARKER} }]`,
    `[{ address: 127.0.0.1, as: 65000, tcpMd5KeyFile: ${MARKER} }]`,
    `[{ address: 127.0.0.1, as: 65000, localAddress: ${MARKER} }]`,
    `[{ address: 127.0.0.1, as: 65000, nextHop: ${MARKER} }]`,
    `[{ address: 127.0.0.1, as: 65000, holdTime: ${MARKER} }]`,
    `[{ address: 127.0.0.1, as: 65000, multihop: "${MARKER}" }]`,
    `[{ address: 127.0.0.1, as: 65000, bindDevice: ${MARKER.repeat(2)} }]`,
    `{ ? [${MARKER}] : 1 }`,
  ])('of a list of routers: %s', async peers => {
    await expectSilence([...flags, '--next-hop', '10.0.5.11', '--config', file('b.yaml', `peers: ${peers}\n`)])
  })
})

const common = { prefix: ['198.51.100.10/32'], localAs: 64515, routerId: '10.0.5.11', nextHop: ['10.0.5.11'] }
const peers = [{ address: '127.0.0.1', as: 65000, tcpMd5Key: MARKER }]
const yaml = Object.entries(common).map(([name, value]) => `${name}: ${value}\n`)
const files: readonly (readonly [string, string])[] = [
  ['c.json', JSON.stringify({ ...common, peers })],
  ['c.json', JSON.stringify({ ...common, peer: '127.0.0.1', peerAs: 65000, tcpMd5Key: MARKER }, null, 2)],
  ['c.yaml', [...yaml, 'peer: 127.0.0.1\npeerAs: 65000\n', `tcpMd5Key: "${MARKER}"\n`].join('')],
  ['c.yaml', [...yaml, 'peers:\n  - address: 127.0.0.1\n    as: 65000\n', `    tcpMd5Key: ${MARKER}\n`].join('')],
  ['c.yaml', [...yaml, `peers: [{ address: 127.0.0.1, as: 65000, tcpMd5Key: '${MARKER}' }]\n`].join('')],
]

it('no output shows a key in a file that is damaged', async () => {
  const odd = fc.constantFrom(
    '',
    ' ',
    '\n',
    ':',
    ',',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    '#',
    '&',
    '*',
    '!',
    '|',
    '\\',
    '\t',
  )
  const damage = fc.record({
    file: fc.constantFrom(...files),
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    put: odd,
    skip: fc.constantFrom(0, 1),
    cut: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(damage, async ({ file: [name, text], at, put, skip, cut }) => {
      const here = Math.floor(at * text.length)
      const broken = text.slice(0, here) + put + (cut ? '' : text.slice(here + skip))
      await expectSilence(['--config', file(name, broken)])
    }),
    { numRuns: 200 },
  )
}, 60_000)

it('neither the status nor the output of check shows a key', async () => {
  for (const [name, text] of files) {
    const { options } = await readConfiguration(['--config', file(name, text)], {})
    await using announcer = new Announcer({ ...announcerOptions(options), firstDialDelay: 60 })
    expect(shows(JSON.stringify(announcer.status()), MARKER)).toBe(false)
    expect(shows(await outputOf(['--config', file(name, text)], {}), MARKER)).toBe(false)
  }
})
