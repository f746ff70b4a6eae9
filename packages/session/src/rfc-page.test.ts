/** docs/rfc.md lists the events of the state machine. This compares each with fsm.ts. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const rfcs = readFileSync(new URL('../../../docs/rfc.md', import.meta.url), 'utf8')

describe('docs/rfc.md', () => {
  it('docs/rfc.md has a row per event of RFC 4271 §8.1 and RFC 9687, in order', () => {
    expect(rows().map(({ number }) => number)).toEqual(Array.from({ length: 29 }, (_, i) => i + 1))
  })
  it.each(rows())('docs/rfc.md has whether and where event $number is done, or why not: $name', row => {
    expect(row.name).not.toBe('')
    expect(row.verdict).toMatch(/^(done|differs|left out|not yet)$/)
    const source = readFileSync(new URL('./fsm.ts', import.meta.url), 'utf8')
    const places = [...row.where.matchAll(/`([^`]+)`/g)]
      .map(([, name = '']) => name)
      .filter(name => !name.endsWith('.ts'))
    for (const place of places) expect(source).toContain(`function ${place}(`)
    if (row.verdict === 'done') expect(row.where).not.toBe('')
    else expect(row.why).not.toBe('')
  })
})

function rows() {
  const [, events = ''] = rfcs.split('### Events (RFC 4271 §8.1)')
  return [...events.matchAll(/^\| (\d+) +\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$/gm)].map(([, number, ...cells]) => {
    const [name = '', verdict = '', where = '', why = ''] = cells.map(cell => cell.trim())
    return { number: Number(number), name, verdict, where, why }
  })
}
