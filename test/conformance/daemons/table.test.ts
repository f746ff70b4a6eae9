/** The stored reactions of daemons, and their section of docs/conformance.md. `test:conformance --daemons` measures them. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type Reaction, type Reactions, readReactions } from './reactions.ts'
import { daemonsSection, daemonsSettled, unsettled } from './table.ts'

const stored = readReactions()

it('docs/conformance.md has the table of the stored reactions', () => {
  const page = readFileSync(new URL('../../../docs/conformance.md', import.meta.url), 'utf8')
  expect(page).toContain(daemonsSection(stored))
})

it('a clause settles each message on which daemons agree and we do not', () => {
  expect(unsettled(stored)).toEqual([])
})

it('each settlement has a clause, and a message in the table', () => {
  const section = daemonsSection(stored)
  for (const { kind, theirs, why, settledBy } of daemonsSettled) {
    expect(settledBy).toMatch(/RFC \d{4} §/)
    expect(section).toContain(`| ${kind} | ${theirs} | ${why} | ${settledBy} |`)
  }
})

const reactions = (...[bird3, frr, gobgp, openbgpd, exabgp]: [Reaction, Reaction, Reaction, Reaction, Reaction]) => {
  const messages = [{ id: 'a', kind: 'MED', ours: 'withdrawn', reactions: { bird3, frr, gobgp, openbgpd, exabgp } }]
  return { ...stored, messages } as Reactions // its only message
}

it.each<[what: string, given: Reactions, expected: number]>([
  ['three have another reaction', reactions('3/5', '3/5', 'withdrawn', '3/5', 'kept'), 1],
  ['three have the same as we', reactions('withdrawn', '3/5', 'withdrawn', 'withdrawn', '3/5'), 0],
  ['no three agree', reactions('3/5', '3/5', 'kept', 'kept', 'withdrawn'), 0],
])('a message counts as a disagreement only if three agree: %s', (_what, given, expected) => {
  expect(unsettled(given)).toHaveLength(expected)
})
