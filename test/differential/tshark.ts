/** Wireshark's dissector, run by tshark. It reads a message to its end and marks the malformed parts. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressText, type Case, type Judge, type Judgement, type Normal, prefixText } from './normal.ts'
import { pcap } from './pcap.ts'

const TSHARK = 'tshark'
const ERROR = '8388608' // its number for this severity

export const tshark: Judge = {
  name: 'tshark',
  unordered: true,
  async judge(cases) {
    if (spawnSync(TSHARK, ['--version']).status !== 0) return 'no tshark in the path (Debian package tshark)'
    const judgements: Judgement[] = []
    // In batches, because its JSON is about a hundred times longer than the messages. The width of AS numbers is set per capture.
    for (const width of [4, 2])
      for (const batch of batches(
        [...cases.keys()].filter(i => cases[i]!.context.fourOctetAs === (width === 4)),
        2000,
      ))
        dissect(
          batch.map(i => cases[i]!),
          width,
        ).forEach((judgement, i) => {
          judgements[batch[i]!] = judgement
        })
    return judgements
  },
}

function* batches<item>(items: readonly item[], size: number): Generator<readonly item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}

function dissect(cases: readonly Case[], width: number): Judgement[] {
  const folder = mkdtempSync(join(tmpdir(), 'softspoken-tshark-'))
  try {
    const file = join(folder, 'messages.pcap')
    writeFileSync(file, pcap(cases.map(({ bytes }) => bytes)))
    const options = ['-o', `bgp.asn_len:${width} octet`, '-T', 'json', '-J', 'bgp', '--no-duplicate-keys']
    const { status, stdout, stderr } = spawnSync(TSHARK, ['-n', '-r', file, ...options], {
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
    })
    if (status !== 0) throw new Error(`tshark: ${stderr}`)
    const frames = JSON.parse(stdout) as readonly { readonly _source: { readonly layers: Tree } }[]
    if (frames.length !== cases.length) throw new Error(`tshark: ${frames.length} frames for ${cases.length} messages`)
    return frames.map(({ _source: { layers } }) => judgement(layers))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A field, or more of them under one name. */
type Node = string | Tree | readonly Node[]
interface Tree {
  readonly [name: string]: Node
}

function judgement(layers: Tree): Judgement {
  const found = trees(layers.bgp)
  const [bgp] = found
  if (bgp === undefined || found.length > 1)
    return { verdict: 'refuses', detail: `${found.length} BGP messages in the packet` }
  const fault = faultIn(layers)
  return {
    verdict: fault === undefined ? 'accepts' : 'refuses',
    ...(fault && { detail: fault }),
    values: valuesOf(bgp),
  }
}

/** What it marks as an error, and within which field: none where it gave up on the packet. */
function faultIn(node: Node, within = 'the packet'): string | undefined {
  if (typeof node === 'string') return undefined
  if (Array.isArray(node)) return first(node.map(each => () => faultIn(each, within)))
  const tree = node as Tree
  if (tree['_ws.expert.severity'] === ERROR || tree['_ws.malformed'] !== undefined) return `malformed in ${within}`
  return first(
    Object.entries(tree).map(
      ([name, inside]) =>
        () =>
          faultIn(inside, name.startsWith('bgp.') ? name.replace(/_tree$/, '') : within),
    ),
  )
}
function first(faults: readonly (() => string | undefined)[]): string | undefined {
  for (const fault of faults) {
    const found = fault()
    if (found !== undefined) return found
  }
  return undefined
}

function valuesOf(bgp: Tree): Normal {
  switch (text(bgp['bgp.type'])) {
    case '1':
      return open(bgp)
    case '2':
      return update(bgp)
    case '3':
      return {
        type: 'notification',
        code: number(bgp['bgp.notify.major_error']),
        subcode: number(Object.entries(bgp).find(([name]) => name.startsWith('bgp.notify.minor_error'))?.[1]),
      }
    case '4':
      return { type: 'keepalive' }
    case '5':
      return {
        type: 'route-refresh',
        afi: number(bgp['bgp.route_refresh.afi']),
        safi: number(bgp['bgp.route_refresh.safi']),
        subtype: number(bgp['bgp.route_refresh.subtype']),
      }
    default:
      return { type: `type ${text(bgp['bgp.type'])}` }
  }
}

function open(bgp: Tree): Normal {
  const capabilities = trees(bgp['bgp.open.opt'])
    .flatMap(options => trees(options['bgp.open.opt.param']))
    .flatMap(parameter => trees(parameter['bgp.cap']))
  const four = capabilities.find(capability => capability['bgp.cap.4as'] !== undefined)
  return {
    type: 'open',
    version: number(bgp['bgp.open.version']),
    as: number(bgp['bgp.open.myas']),
    holdTime: number(bgp['bgp.open.holdtime']),
    id: text(bgp['bgp.open.identifier']) ?? null,
    codes: capabilities.map(capability => number(capability['bgp.cap.type']) ?? 0),
    fourOctetAs: four ? number(four['bgp.cap.4as']) : null,
  }
}

const PATH = 'bgp.update.path_attribute'

function update(bgp: Tree): Normal {
  const attributes = trees(bgp['bgp.update.path_attributes']).flatMap(tree => trees(tree[PATH]))
  const attribute = (code: number): Tree | undefined =>
    attributes.find(tree => text(tree[`${PATH}.type_code`]) === String(code))
  const value = (code: number, field: string): Node | undefined => attribute(code)?.[`${PATH}.${field}`]
  const path = attribute(2)
  const large = attribute(32)
  const communities = value(8, 'communities')
  const aggregator = attribute(7)
  const unreach = attribute(15)
  const reach = attribute(14)
  return {
    type: 'update',
    withdrawn: prefixes(bgp['bgp.update.withdrawn_routes']),
    announced: prefixes(bgp['bgp.update.nlri']),
    unreachFamily: unreach ? family(unreach, 'mp_unreach_nlri') : null,
    unreach: unreach ? prefixes(unreach[`${PATH}.mp_unreach_nlri`]) : null,
    reachFamily: reach ? family(reach, 'mp_reach_nlri') : null,
    reach: reach ? prefixes(reach[`${PATH}.mp_reach_nlri`]) : null,
    reachNextHop: reach ? trees(reach[`${PATH}.mp_reach_nlri.next_hop_tree`]).flatMap(nextHops) : null,
    origin: number(value(1, 'origin')),
    asPath: path
      ? trees(path[`${PATH}.as_path_segment`]).map(segment => {
          const field = (name: string): readonly string[] => texts(segment[`${PATH}.as_path_segment.${name}`])
          return `${field('type')}:${[...field('as4'), ...field('as2')].join(' ')}`
        })
      : null,
    nextHop: text(value(3, 'next_hop')) ?? null,
    med: number(value(4, 'multi_exit_disc')),
    localPref: number(value(5, 'local_pref')),
    atomicAggregate: attribute(6) ? 1 : null,
    aggregator: aggregator
      ? `${text(aggregator[`${PATH}.aggregator_as`])} ${text(aggregator[`${PATH}.aggregator_origin`])}`
      : null,
    originatorId: text(value(9, 'originator_id')) ?? null,
    communities: communities ? trees(communities).flatMap(communityTexts) : null,
    largeCommunities: large
      ? trees(large['bgp.large_communities_tree']).map(tree =>
          ['ga', 'ldp1', 'ldp2'].map(part => text(tree[`bgp.large_communities.${part}`])).join(':'),
        )
      : null,
  }
}

/** tshark's JSON has each prefix as the name of a subtree. */
function prefixes(node: Node | undefined): string[] {
  return trees(node).flatMap(tree =>
    Object.entries(tree).flatMap(([name, inside]) =>
      trees(inside).map(() => prefixText(name.replace(/ PathId (\d+) $/, '#$1'))),
    ),
  )
}
function family(tree: Tree, attribute: string): string {
  return `${text(tree[`${PATH}.${attribute}.afi`])}/${text(tree[`${PATH}.${attribute}.safi`])}`
}
function nextHops(tree: Tree): string[] {
  const of = (name: string): string[] => texts(tree[`${PATH}.mp_reach_nlri.next_hop.${name}`]).map(addressText)
  return [...of('ipv4'), ...of('ipv6'), ...of('ipv6.link_local')]
}
function communityTexts(tree: Tree): string[] {
  const named = texts(tree[`${PATH}.community_wellknown`]).map(Number)
  return [
    ...trees(tree[`${PATH}.community`]).map(
      each => `${text(each[`${PATH}.community_as`])}:${text(each[`${PATH}.community_value`])}`,
    ),
    ...named.map(value => `${value >>> 16}:${value & 0xffff}`),
  ]
}

function trees(node: Node | undefined): Tree[] {
  if (node === undefined || typeof node === 'string') return []
  return Array.isArray(node) ? node.flatMap(trees) : [node as Tree]
}
function texts(node: Node | undefined): string[] {
  if (node === undefined) return []
  if (typeof node === 'string') return [node]
  return Array.isArray(node) ? node.flatMap(texts) : []
}
function text(node: Node | undefined): string | undefined {
  return texts(node)[0]
}
function number(node: Node | undefined): number | null {
  const digits = text(node)
  return digits === undefined ? null : Number(digits)
}
