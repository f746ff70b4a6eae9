import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { optionsPage } from '../../tools/options-page.ts'
import { optionTable, partNames } from './options.ts'

const read = (file: string) => readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8')

it('OPTIONS.md explains each part of an option that is a map', () => {
  expect(partNames.backOff).toContain('minInterval')
  for (const name of partNames.backOff ?? []) expect(optionsPage()).toContain(`| \`${name}\` |`)
})

it('the default drain time is that of docs/defaults.md', () => {
  const drainTime = optionTable.find(({ name }) => name === 'drainTime')
  expect(read('docs/defaults.md')).toMatch(new RegExp(`\\| \`drainTime\` +\\| ${drainTime?.defaultText} `))
})
