/**
 * AS numbers of four octets on a session with two-octet ones (RFC 6793): AS_PATH and AGGREGATOR then hold AS_TRANS, and
 * AS4_PATH and AS4_AGGREGATOR carry the real numbers. A caller sees and sets `asPath` and `aggregator` only.
 */
import { AS_TRANS } from './as-number.ts'
import type { Aggregator } from './attribute/aggregator.ts'
import { type AsSegment, withoutConfederations } from './attribute/as-path.ts'
import type { Attributes } from './attribute/registry.ts'

/** For sending: adds the AS4 attributes that a two-octet peer needs (RFC 6793 §4.2.2). */
export function withFourOctet(attributes: Attributes): Attributes {
  const as4Path = attributes.asPath && as4PathFor(attributes.asPath)
  const as4Aggregator = attributes.aggregator && as4AggregatorFor(attributes.aggregator)
  return { ...(as4Path && { as4Path }), ...(as4Aggregator && { as4Aggregator }), ...attributes }
}

/**
 * For receiving: joins the AS4 attributes into `asPath` and `aggregator` (RFC 6793 §4.2.3). An AS4 attribute that encode()
 * would not make again from the result is kept, so that the message can be sent as it came.
 */
export function mergeFourOctet(attributes: Attributes): Attributes {
  const { asPath, as4Path, aggregator, as4Aggregator, ...rest } = attributes
  // A two-octet speaker has aggregated since, so the AS4 attributes are out of date and ignored.
  if (aggregator && as4Aggregator && aggregator.as !== AS_TRANS) return attributes
  const path = asPath && as4Path && mergePaths(asPath, as4Path)
  const by = aggregator && as4Aggregator
  const pathIsImplied = path && JSON.stringify(as4PathFor(path)) === JSON.stringify(as4Path)
  return {
    ...rest,
    ...(asPath && { asPath: path ?? asPath }),
    ...(aggregator && { aggregator: by ?? aggregator }),
    ...(as4Path && !pathIsImplied && { as4Path }),
    ...(as4Aggregator && !(by && as4AggregatorFor(by)) && { as4Aggregator }),
  }
}

/** The AS4_PATH to send beside a two-octet AS_PATH; undefined if the AS_PATH loses nothing (RFC 6793 §4.2.2). */
function as4PathFor(path: readonly AsSegment[]): readonly AsSegment[] | undefined {
  const segments = withoutConfederations(path)
  return segments.some(({ as }) => as.some(number => number > 0xffff)) ? segments : undefined
}

/** The AS4_AGGREGATOR to send beside a two-octet AGGREGATOR; undefined if the AGGREGATOR loses nothing (RFC 6793 §4.2.2). */
function as4AggregatorFor(aggregator: Aggregator): Aggregator | undefined {
  return aggregator.as > 0xffff ? aggregator : undefined
}

/**
 * The real path (RFC 6793 §4.2.3): the AS4_PATH, behind the AS numbers that two-octet speakers have prepended to the
 * AS_PATH since.
 */
function mergePaths(path: readonly AsSegment[], path4: readonly AsSegment[]): readonly AsSegment[] {
  let extra = lengthOf(path) - lengthOf(path4)
  if (extra < 0) return path
  const before: AsSegment[] = []
  for (const segment of path) {
    const counted = lengthOf([segment])
    // A confederation segment counts as nothing and stays at the front.
    if (counted > 0 && extra === 0) break
    const as = segment.type === 'sequence' ? segment.as.slice(0, extra) : segment.as
    before.push({ type: segment.type, as })
    extra -= Math.min(extra, counted)
  }
  const last = before.at(-1)
  const [first, ...rest] = path4
  if (last?.type !== 'sequence' || first?.type !== 'sequence' || last.as.length + first.as.length > 255)
    return [...before, ...path4]
  return [...before.slice(0, -1), { type: 'sequence', as: [...last.as, ...first.as] }, ...rest]
}

/** The length by which paths are compared: a set counts as one, a confederation as nothing (RFC 4271 §9.1.2.2, RFC 5065 §5.3). */
function lengthOf(path: readonly AsSegment[]): number {
  return path.reduce((sum, { type, as }) => sum + (type === 'sequence' ? as.length : type === 'set' ? 1 : 0), 0)
}
