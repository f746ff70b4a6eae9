/** The readers of ExaBGP's files, with files of our own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { base, update } from '@softspoken/test-support/by-hand'
import { toHex } from '@softspoken/test-support/hex'
import { expect, it, onTestFinished } from 'vitest'
import { exabgpJson, exabgpRaw } from './exabgp.ts'
import type { Result, Suite } from './suite.ts'

const message = toHex(update(`${base} 80 04 04 00000007`)) // 198.51.100.10/32 by 192.0.2.1, AS 65001, MED 7
const attribute = {
  origin: 'igp',
  'as-path': { 0: { element: 'as-sequence', value: [65001] } },
  med: 7,
}
const announce = { 'ipv4 unicast': { '192.0.2.1': [{ nlri: '198.51.100.10/32' }] } }

/** `decoding` are files of qa/decoding. */
function run(
  suite: Suite,
  lines: readonly string[],
  decoding: Readonly<Record<string, string>> = {},
): Promise<readonly Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'softspoken-conformance-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const path of ['qa/encoding', 'qa/api', 'qa/decoding', 'etc/exabgp'])
    mkdirSync(join(folder, path), { recursive: true })
  writeFileSync(join(folder, 'pyproject.toml'), "version = '1.2.3'\n")
  writeFileSync(join(folder, 'etc/exabgp/own.conf'), 'local-as 65000;\npeer-as 65001;\n')
  writeFileSync(join(folder, 'qa/encoding/own.ci'), ['option:file:own.conf', ...lines].join('\n'))
  for (const [name, text] of Object.entries(decoding)) writeFileSync(join(folder, 'qa/decoding', name), text)
  return suite.run(folder).then(({ results }) => results)
}
const json = (update: object) => `1:json:${JSON.stringify({ neighbor: { message: { update } } })}`

it('a message that is encoded to the same octets agrees, with colons or without', async () => {
  const split = `${message.slice(0, 32)}:${message.slice(32)}`
  expect(await run(exabgpRaw, [`1:raw:${message}`, `1:raw:${split}`])).toEqual([
    { id: 'own.ci:2', outcome: 'agrees' },
    { id: 'own.ci:3', outcome: 'agrees' },
  ])
})

it('a message that the codec rejects disagrees', async () => {
  const broken = `00${message.slice(2)}`
  expect(await run(exabgpRaw, [`1:raw:${broken}`])).toMatchObject([
    { outcome: 'disagrees', detail: 'want accept, got session-reset 1/1' },
  ])
})

it.each<[what: string, json: object, expected: object]>([
  ['the same values agree', { attribute, announce }, { outcome: 'agrees' }],
  ['another MED disagrees', { attribute: { ...attribute, med: 8 }, announce }, { outcome: 'disagrees' }],
  ['a missing attribute disagrees', { attribute: { origin: 'igp' }, announce }, { outcome: 'disagrees' }],
  [
    'another prefix disagrees',
    { attribute, announce: { 'ipv4 unicast': { '192.0.2.1': [{ nlri: '198.51.100.11/32' }] } } },
    { outcome: 'disagrees' },
  ],
  [
    'another next hop disagrees',
    { attribute, announce: { 'ipv4 unicast': { '192.0.2.2': [{ nlri: '198.51.100.10/32' }] } } },
    { outcome: 'disagrees' },
  ],
  [
    'routes of a family kept as octets do not apply',
    { attribute, announce: { 'ipv4 flow': {} } },
    { outcome: 'does not apply' },
  ],
])('JSON beside a message: %s', async (_what, update, expected) => {
  expect(await run(exabgpJson, [`1:raw:${message}`, json(update)])).toMatchObject([expected])
})

it('a message without JSON is no case of the JSON suite', async () => {
  expect(await run(exabgpJson, [`1:raw:${message}`, `1:raw:${message}`, json({ attribute, announce })])).toHaveLength(1)
})

const decoding = (what: string, octets: string, neighbor: object) =>
  `${what}\n${octets}\n${JSON.stringify({ neighbor })}\n`
const spaced = message.replaceAll(/(..)/g, '$1 ')

it('a file of the decoder has a message, or the body of an UPDATE', async () => {
  const text = { message: { update: { attribute, announce } } }
  const files = {
    body: decoding('update ipv4 unicast', message.slice(38), text),
    message: decoding('update', spaced, text),
    route: decoding('nlri bgp-ls bgp-ls', '00', {}),
  }
  expect(await run(exabgpJson, [], files)).toEqual([
    { id: 'body', outcome: 'agrees' },
    { id: 'message', outcome: 'agrees' },
  ])
})

it.each([
  ['the same', '1.0', 'agrees'],
  ['another version', '2.0', 'disagrees'],
])('the JSON of an OPEN with %s', async (_what, software, outcome) => {
  const octets = `${'ff'.repeat(16)}0031 01 04fde900b4c0000201 14 0212 010400010001 41040000fde9 4b0403312e30`
  const capabilities = {
    1: { name: 'multiprotocol', families: ['ipv4/unicast'] },
    65: { name: 'asn4', asn4: 65001 },
    75: { software },
  }
  const open = { version: 4, asn: 65001, hold_time: 180, router_id: '192.0.2.1', capabilities }
  expect(await run(exabgpJson, [], { open: decoding('open', octets, { open }) })).toMatchObject([
    { id: 'open', outcome },
  ])
})
