import { describe, expect, it } from 'vitest'
import { noSuchName } from './file.ts'

const names = ['localAs', 'med']
const rest = 'is not an option, the options are localAs, med'

describe('noSuchName()', () => {
  it.each<[string, unknown, string]>([
    ['localAS', 1, 'localAS is not an option, did you mean localAs?'],
    ['colour', 1, `colour ${rest}`],
    ['local-as_2', 1, 'local-as_2'],
    ['a'.repeat(41), 1, `${'a'.repeat(41)} ${rest}`],
  ])('shows %j with a value', (name, value, sentence) => {
    expect(noSuchName(name, value, names)).toContain(sentence)
  })
  it.each<[string, unknown]>([
    ['hunter2', null],
    ['localAS', null],
    ['tcpMd5Key:hunter2', null],
    ['tcpMd5Key:hunter2', 1],
    ['7hunter', 1],
    ['hunter 2', 1],
    ['a'.repeat(42), 1],
    ['', 1],
  ])('does not show %j with %j, because it may be a secret', (name, value) => {
    expect(noSuchName(name, value, names)).toBe(`a name in it ${rest}`)
  })
})
