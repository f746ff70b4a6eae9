/** The pools of LoadBalancer addresses that the cluster has, as far as the credentials may list them. */
import { hostRoute } from '@softspoken/announcer'
import { isMap, type JsonMap, listObjects, shownText } from '@softspoken/vip-agent/internal'
import { apiServerOptions } from '../config/agent-options.ts'
import type { ProgramOptions } from '../config/options.ts'
import { addressRange } from './address-range.ts'
import type { Findings } from './finding.ts'

interface Program {
  readonly name: string
  readonly kind: string
  /** Of its collection, the newest version first. */
  readonly paths: readonly string[]
  /** The prefixes and ranges of a pool; each may be of any type. */
  rangesOf(spec: JsonMap): readonly unknown[]
}

const programs: readonly Program[] = [
  {
    name: 'Cilium',
    kind: 'CiliumLoadBalancerIPPool',
    paths: ['/apis/cilium.io/v2/ciliumloadbalancerippools', '/apis/cilium.io/v2alpha1/ciliumloadbalancerippools'],
    rangesOf: ({ blocks, cidrs, disabled }) =>
      disabled === true ? [] : [...listOf(blocks), ...listOf(cidrs)].filter(isMap).map(rangeOfBlock),
  },
  {
    name: 'MetalLB',
    kind: 'IPAddressPool',
    paths: ['/apis/metallb.io/v1beta1/ipaddresspools'],
    rangesOf: ({ addresses }) => listOf(addresses),
  },
]

/** A block without `stop` is one address. */
function rangeOfBlock({ cidr, start, stop = start }: JsonMap): unknown {
  return cidr ?? `${start}-${stop}`
}
function isString(value: unknown): value is string {
  return typeof value === 'string'
}
function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** @throws LeaseStoreError if the API server does not answer */
export async function clusterPoolFindings(options: ProgramOptions, signal: AbortSignal): Promise<Findings> {
  const found = await Promise.all(programs.map(program => findingsOf(program, options, signal)))
  return {
    lines: [`Pools: ${found.map(({ line }) => line).join(', ')}`],
    warnings: found.flatMap(({ warnings }) => warnings),
  }
}

async function findingsOf(program: Program, options: ProgramOptions, signal: AbortSignal) {
  const { name, kind, rangesOf } = program
  const pools = await listed(program, options, signal)
  if (pools === undefined) return { line: `none of ${name}`, warnings: [] }
  if (pools === 'forbidden')
    return { line: `those of ${name} may not be read (check --pool takes a prefix or a range)`, warnings: [] }
  const vips = options.prefix.map(prefix => hostRoute(prefix).address)
  const warnings = pools.flatMap(({ metadata, spec }) =>
    (isMap(spec) ? rangesOf(spec) : []).filter(isString).flatMap(range => {
      const contains = addressRange(range.replaceAll(' ', '')) ?? (() => false)
      const poolName = isMap(metadata) && isString(metadata.name) ? metadata.name : ''
      const place = `${range} of the ${kind} ${shownText(poolName)}`
      return vips
        .filter(contains)
        .map(
          vip =>
            `the VIP ${vip} lies in ${place}, so ${name} may give ${vip} to a Service; take it out of the pool, or choose another VIP`,
        )
    }),
  )
  return { line: `${pools.length} of ${name}`, warnings }
}

async function listed({ paths }: Program, options: ProgramOptions, signal: AbortSignal) {
  for (const path of paths)
    try {
      const pools = await listObjects(apiServerOptions(options), path, signal)
      if (pools !== undefined) return pools
    } catch (error) {
      if ((error as { readonly reason?: unknown }).reason !== 'forbidden') throw error
      return 'forbidden'
    }
  return undefined
}
