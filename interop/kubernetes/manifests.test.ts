import { beforeAll, describe, expect, inject, it } from 'vitest'
import { inContainer } from './container.ts'
import { commands, type Verdict } from './manifests.ts'

describe.skipIf(!inject('kubernetes'))('a real API server', () => {
  const verdicts: Verdict[] = []
  beforeAll(async () => {
    for await (const line of inContainer('manifests-program.ts', [])) verdicts.push(JSON.parse(line) as Verdict)
  }, 600_000)

  it.each(commands.map(command => command.join(' ')))('accepts softspoken manifest %s', command => {
    const own = verdicts.filter(verdict => verdict.command === command)
    expect(own).not.toEqual([])
    expect(own.filter(({ status }) => status !== 201)).toEqual([])
  })
  it('refuses a field that it does not know', () => {
    expect(verdicts.at(-1)).toMatchObject({ status: 400, message: expect.stringContaining('metadata.labls') })
  })
})
