/**
 * ExaBGP's tests of its encoder and of its API, qa/encoding/*.ci and qa/api/*.ci: messages in hex (`1:raw:`), most with their JSON
 * (`1:json:`) on the next line. The configuration of a file says which capabilities were negotiated. The tests of its decoder,
 * qa/decoding, have one message and its JSON each.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { hex } from '@softspoken/test-support/hex'
import type { Vector } from '@softspoken/test-support/vectors'
import { decode } from '@softspoken/wire'
import { contextOf, read } from '../agree.ts'
import { hasModelledRoutes, openDiffers, type TheirOpen, type TheirUpdate, updateDiffers } from './exabgp-json.ts'
import { digestOf, judged, type Result, type SettledCases, type Suite } from './suite.ts'

export const exabgpSettled: readonly SettledCases[] = [
  {
    why: 'an attribute that is not assigned has the flags of a well-known one: Unrecognized Well-known Attribute',
    settledBy: 'RFC 4271 §6.3',
    ids: ['conf-generic-attribute.ci:6', 'conf-generic-attribute.ci:9'],
  },
  {
    why: 'an IPv6 route has an IPv4 next hop of 4 octets: Optional Attribute Error',
    settledBy: 'RFC 7606 §7.11, RFC 2545 §3; RFC 8950 §3 is about IPv4 routes',
    ids: ['extended-nexthop.ci:6'],
  },
]

interface Case {
  readonly vector: Vector
  readonly json: TheirUpdate | TheirOpen | undefined
}

const variable = 'SOFTSPOKEN_EXABGP'
const source = 'a checkout of https://github.com/Exa-Networks/exabgp; its sdist on PyPI does not have the tests'

export const exabgpRaw: Suite = {
  name: "ExaBGP's messages",
  variable,
  source,
  about:
    'each message in hex of `qa/encoding`, `qa/api` and `qa/decoding` must be accepted, and encoded to the same octets if it is in our form, to the same meaning if not',
  async run(folder) {
    const results = casesIn(folder).map(({ vector }) => judged(vector.id, read(vector).disagreement, exabgpSettled))
    return { version: versionOf(folder), results }
  },
}

export const exabgpJson: Suite = {
  name: "ExaBGP's JSON",
  variable,
  source,
  about:
    'the JSON beside such a message: a message made of it must equal the decoded one, and be encoded to the same octets; a file of `qa/decoding` that has no message is left out',
  async run(folder) {
    const results = casesIn(folder).flatMap(({ vector, json }) => (json ? [compare(vector, json)] : []))
    return { version: versionOf(folder), results }
  },
}

function compare(vector: Vector, json: TheirUpdate | TheirOpen): Result {
  const context = contextOf(vector, vector.as4 ?? true)
  const result = decode(vector.bytes, context)
  if (!result.ok) return judged(vector.id, result.detail, exabgpSettled)
  const message = result.value
  if ('version' in json)
    return judged(vector.id, message.type === 'open' ? openDiffers(message, json) : message.type, exabgpSettled)
  if (message.type !== 'update') return judged(vector.id, message.type, exabgpSettled)
  const difference = updateDiffers(message, json, context)
  if (difference === undefined && !hasModelledRoutes(json))
    return {
      id: vector.id,
      outcome: 'does not apply',
      reason: 'the codec keeps routes of this family as octets; the attributes agree',
    }
  return judged(vector.id, difference, exabgpSettled)
}

function filesIn(folder: string): string[] {
  const scripts = ['qa/encoding', 'qa/api'].flatMap(path => listed(folder, path).filter(file => file.endsWith('.ci')))
  return [...scripts, ...listed(folder, 'qa/decoding')]
}
function listed(folder: string, path: string): string[] {
  return readdirSync(join(folder, path))
    .sort()
    .map(file => `${path}/${file}`)
}

function versionOf(folder: string): string {
  const version = /^version = '(.+)'$/m.exec(readFileSync(join(folder, 'pyproject.toml'), 'utf8'))?.[1] ?? '?'
  return `${version}, ${digestOf(filesIn(folder).map(file => join(folder, file)))}`
}

function casesIn(folder: string): Case[] {
  return filesIn(folder).flatMap(path => {
    const lines = readFileSync(join(folder, path), 'utf8').split('\n')
    if (lines[0]?.startsWith('nlri')) return [] // a route without a message
    return path.endsWith('.ci') ? casesOf(folder, basename(path), lines) : decodingCase(basename(path), lines)
  })
}

function casesOf(folder: string, file: string, lines: readonly string[]): Case[] {
  const [, name = ''] = /^option:file:(\S+\.conf)$/m.exec(lines.join('\n')) ?? []
  const negotiated = negotiatedBy(readFileSync(join(folder, 'etc/exabgp', name), 'utf8'))
  return lines.flatMap((line, i): Case[] => {
    const [, raw] = /^[A-Z]?\d+:raw:(.+)$/.exec(line) ?? []
    if (raw === undefined) return []
    // Two lines of JSON: as version 4 of ExaBGP writes it (`jsv4`), and as it is now.
    const json = lines.slice(i + 1, i + 3).find(next => /^[A-Z]?\d+:(json|jsv6):/.test(next))
    const between = lines.slice(i + 1, i + 2).some(next => /^[A-Z]?\d+:raw:/.test(next))
    const vector = accepted(`${file}:${i + 1}`, hex(raw.replaceAll(':', '')), negotiated)
    return [{ vector, json: json === undefined || between ? undefined : parse(json.replace(/^[A-Z]?\d+:\w+:/, '')) }]
  })
}

/** A file of qa/decoding has three lines: what it is, its octets, and the JSON. Octets without a marker are the body of an UPDATE. */
function decodingCase(file: string, [, octets = '', json = '']: readonly string[]): Case[] {
  const text = octets.replaceAll(/[ :]/g, '')
  const body = hex(text)
  const header = hex(`${'ff'.repeat(16)}${(19 + body.length).toString(16).padStart(4, '0')}02`)
  const bytes = /^(ff){16}/i.test(text) ? body : Uint8Array.of(...header, ...body)
  return [{ vector: accepted(file, bytes, { as4: true, addpath: false, peer: 'ibgp' }), json: parse(json) }]
}

function accepted(id: string, bytes: Uint8Array, negotiated: Negotiated): Vector {
  const kind = { 1: 'open', 2: 'update', 3: 'notification' }[bytes[18] ?? 0] ?? 'unknown'
  const expect = { ok: true, error: null, outcome: 'accept', decoded: null }
  return { id, source: id, kind, bytes, layer: 'codec', expect, ...negotiated }
}

type Negotiated = Pick<Vector, 'as4' | 'addpath' | 'peer'>

function negotiatedBy(configuration: string): Negotiated {
  const value = (name: string): string | undefined =>
    new RegExp(`^\\s*${name}\\s+(\\S+);`, 'm').exec(configuration)?.[1]
  return {
    as4: value('asn4') !== 'disable',
    addpath: (value('add-path') ?? 'disable') !== 'disable',
    peer: value('local-as') === value('peer-as') ? 'ibgp' : 'ebgp',
  }
}

/** Extended communities are numbers of eight octets, which JSON.parse() would round. */
function parse(json: string): Case['json'] {
  const text = json.replaceAll(/"value": ?(\d+)/g, '"value":"$1"')
  const { neighbor } = JSON.parse(text) as { neighbor: { message?: { update: TheirUpdate }; open?: TheirOpen } } // one of both
  return neighbor.open ?? neighbor.message?.update
}
