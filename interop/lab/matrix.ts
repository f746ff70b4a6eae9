/** The interop matrix as a page: what the tests that go through `against` found, daemons across and behaviours down. */
import { type DaemonName, daemons } from './daemons.ts'

interface Cell {
  behaviour: string
  daemon: DaemonName
  outcome: 'pass' | 'fail' | 'not applicable'
  /** Why it is not applicable. */
  reason?: string
  /** What the running daemon said that it is. */
  version?: string
}

export interface Run {
  /** YYYY-MM-DD. */
  date: string
  seconds: number
  cells: readonly Cell[]
}

const names = Object.keys(daemons) as DaemonName[] // of an object of ours

export function page({ date, seconds, cells }: Run): string {
  const reasons: string[] = []
  const note = (reason: string): string => {
    if (!reasons.includes(reason)) reasons.push(reason)
    return `[^${reasons.indexOf(reason) + 1}]`
  }
  const versions = names.map(name => {
    const said = new Set(cells.flatMap(({ daemon, version }) => (daemon === name && version ? [version] : [])))
    return [daemons[name].name.replace(/ \d$/, ''), ...said].join(' ')
  })
  const behaviours = [...new Set(cells.map(({ behaviour }) => behaviour))].sort((a, b) => a.localeCompare(b))
  const rows = behaviours.map(behaviour => [
    behaviour,
    ...names.map(name => {
      const found = cells.find(cell => cell.behaviour === behaviour && cell.daemon === name)
      if (found === undefined) return 'not run'
      return found.reason === undefined ? found.outcome : `–${note(found.reason)}`
    }),
  ])
  const line = (columns: readonly string[]) => `| ${columns.join(' | ')} |`
  return `# Interop

What Softspoken was seen to do with other daemons, as their own tables and logs have it. Made by \`pnpm interop:matrix\` on
${date}, in ${Math.round(seconds / 60)} minutes; a row is a test of that name in [interop](../interop/README.md), and a dash has its reason below.

${[line(['', ...versions]), line(['---', ...names.map(() => '---')]), ...rows.map(line)].join('\n')}

${reasons.map((reason, i) => `[^${i + 1}]: ${reason}.`).join('\n')}
`
}

/** The parts we read of what vitest's JSON reporter writes. */
interface Report {
  startTime: number
  testResults: {
    endTime: number
    assertionResults: {
      ancestorTitles: string[]
      status: string
      meta: { interop?: { daemon: DaemonName; version?: string; reason?: string } }
    }[]
  }[]
}

export function fromReport(json: string): Run {
  const { startTime, testResults }: Report = JSON.parse(json)
  return {
    date: new Date(startTime).toISOString().slice(0, 10),
    seconds: (Math.max(...testResults.map(({ endTime }) => endTime)) - startTime) / 1000,
    cells: testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .flatMap(({ ancestorTitles, status, meta: { interop } }) => {
        if (interop === undefined) return []
        const outcome = interop.reason !== undefined ? 'not applicable' : status === 'passed' ? 'pass' : 'fail'
        return [{ behaviour: ancestorTitles.join(' '), outcome, ...interop } satisfies Cell]
      }),
  }
}
