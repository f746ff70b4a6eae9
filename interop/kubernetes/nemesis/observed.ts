/** What the lab prints while the faults happen: lines of the router's `ip monitor` and of a capture, and the faults. */
import { address, type NodeName, nodes } from '../network.ts'
import { tables } from '../router.ts'
import type { FaultKind } from './schedule.ts'

/** Seconds for which the router keeps a session without a message. */
export const HOLD_TIME = 9

/** Times in milliseconds since the epoch. */
export interface FaultSpan {
  readonly kind: 'fault'
  readonly fault: FaultKind
  readonly node: NodeName
  readonly at: number
  readonly until: number
}
export type Observed =
  | FaultSpan
  | { readonly kind: 'begin'; readonly at: number; readonly versions: readonly string[] }
  | { readonly kind: 'route' | 'packet'; readonly line: string }
  /** `recovered`: seconds until one node served; undefined if none did in time. */
  | { readonly kind: 'end'; readonly at: number; readonly recovered?: number | undefined }

/** A change in the router's kernel: in the table by which it forwards (`used`), or in that of one node. */
export interface RouteChange {
  readonly at: number
  readonly table: NodeName | 'used'
  readonly node: NodeName
  /** Of a node's table: the MED. */
  readonly metric: number
  readonly isDeleted: boolean
}

/** `[2026-11-26T18:41:25.408137] Deleted 198.51.100.100 via 203.0.113.12 dev br0 table 102 proto bird metric 999999` */
export function parseRoute(line: string, vip: string): RouteChange | undefined {
  const [, day, fraction, deleted, prefix, via, table, metric] =
    /^\[([^\].]+)(\.\d+)\] (Deleted )?(\S+) via (\S+) dev \S+ (?:table (\d+) )?proto bird metric (\d+)/.exec(line) ?? []
  const node = nodes.find(name => address[name] === via)
  const of = table === undefined ? 'used' : nodes.find(name => `${tables[name]}` === table)
  if (prefix !== vip || node === undefined || of === undefined) return undefined
  const at = Date.parse(`${day}Z`) + Number(fraction) * 1000
  return { at, table: of, node, metric: Number(metric), isDeleted: deleted !== undefined }
}

/** A SYN of the client, or the SYN-ACK of a node. */
export interface Packet {
  readonly at: number
  readonly from: NodeName | 'client'
  /** The client's port. */
  readonly port: number
}

/** `1795718558.448174 p-n3  P   IP 198.51.100.100.8080 > 203.0.113.130.54516: Flags [S.], …`. Undefined: seen on another interface, too. */
export function parsePacket(line: string): Packet | undefined {
  const [, time, port, direction, source, destination] =
    /^([\d.]+) p-(\w+) +(\w+) +IP \S+\.(\d+) > \S+\.(\d+): Flags/.exec(line) ?? []
  const at = Number(time) * 1000
  if (port === 'cl' && direction === 'In') return { at, from: 'client', port: Number(source) }
  const from = nodes.find(name => name === port)
  return from && { at, from, port: Number(destination) } // of a SYN that the router forwards it is no port of the client
}
