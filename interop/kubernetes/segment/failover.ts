/**
 * Measures every fault of a node that holds the VIPs by ARP and neighbor discovery, prints the table beside kube-vip's figures and
 * writes it into docs/failover.md. `failover.ts [runs]`: three by default, which take a quarter of an hour. Needs a Docker engine.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { intoMarkers, measuredBy, table } from '@softspoken/test-support/page-markers'
import { build } from '../../lab/setup.ts'
import { inContainer } from '../container.ts'
import { type SegmentFault, type SegmentOutcome, segmentFaults } from './measure.ts'

type Row = SegmentFault | 'start' | 'rolling'

const rows: Readonly<Record<Row, string>> = {
  start: 'start of all agents',
  ...(Object.fromEntries(Object.entries(segmentFaults).map(([name, { text }]) => [name, text])) as Record<
    SegmentFault,
    string
  >),
  rolling: 'rolling update',
}

/**
 * kube-vip v1.2.3 with ARP in a lab of the same shape on 2026-11-25: lease 5/3/1, three runs each. It was measured elsewhere, and is not
 * measured again by this command: seconds until another node answered, and for which no request was answered.
 */
const kubeVip: Readonly<Partial<Record<Row, readonly [answer: string, gap: string]>>> = {
  start: ['0.7', ''],
  kill: ['6.6, 7.9, 6.6', '0'],
  stop: ['7.9, 9.6, 6.5; two holders', '0'],
  term: ['0.7, 0.7, 0.9', '0.7, 0.7, 3.6'],
  health: ['never', 'no end seen'],
  apidown: ['6.6, 7.3, 7.6', '3.1, 3.9, 3.7'],
  link: ['6.5, 6.5, 9.1', '6.5, 6.5, 9.1'],
}

const [runs = '3'] = process.argv.slice(2)
build()
const all: SegmentOutcome[] = []
for await (const line of inContainer('segment/measure-program.ts', [runs, ...Object.keys(rows)])) {
  console.log(line)
  all.push(JSON.parse(line) as SegmentOutcome)
}
const text = report()
console.log(text)
const page = new URL('../../../docs/failover.md', import.meta.url)
writeFileSync(page, intoMarkers(readFileSync(page, 'utf8'), text, 'measured on the segment'))

function report(): string {
  const lines = (Object.keys(rows) as Row[]).map(name => {
    const here = all.filter(({ fault }) => fault === name)
    const of = (value: (one: SegmentOutcome) => number | undefined) => range(here.map(value))
    const times = [
      of(({ leaseAfter }) => leaseAfter),
      of(({ frameAfter }) => frameAfter),
      of(({ entryAfter }) => entryAfter),
      of(({ answerAfter }) => answerAfter),
    ]
    return [
      rows[name],
      ...(name === 'rolling' ? times.map(() => '') : times), // they count from the first node that ends
      name === 'start' ? '' : of(({ gap }) => gap),
      of(({ twoHolders }) => twoHolders),
      ...(kubeVip[name] ?? ['not measured', 'not measured']),
    ]
  })
  return [
    measuredBy(`bench:segment ${runs}`),
    table(
      ['fault', 'Lease', 'first frame', 'entry', 'answers', 'gap', 'two holders', 'kube-vip: answers', 'kube-vip: gap'],
      lines,
    ),
  ].join('\n\n')
}

/** In seconds: the median, with the shortest and the longest. */
function range(values: readonly (number | undefined)[]): string {
  const known = values.filter(value => value !== undefined).toSorted((a, b) => a - b)
  if (known.length < values.length || known.length === 0)
    return `none in 40 (${values.length - known.length} of ${values.length})`
  const [shortest, median, longest] = [known[0], known[known.length >> 1], known.at(-1)].map(value => value?.toFixed(2))
  return shortest === longest ? `${median}` : `${median} (${shortest} to ${longest})`
}
