import { readFileSync } from 'node:fs'
import { healthOptions } from '@softspoken/announcer/internal'
import { sessionOptions } from '@softspoken/session/internal'
import { expect, it } from 'vitest'
import { optionsPage } from '../../tools/options-page.ts'
import { optionTable, partNames } from './options.ts'

it('OPTIONS.md explains each part of an option that is a map', () => {
  for (const name of ['minInterval', 'transportCap', 'protocolInitial', 'administrative', 'resetAfter'])
    expect(partNames.backOff).toContain(name)
  for (const name of partNames.backOff ?? []) expect(optionsPage()).toContain(`| \`${name}\` |`)
})

it('the defaults in the table are those of the library', () => {
  const defaults = Object.fromEntries(optionTable.map(({ name, defaultText = '' }) => [name, defaultText]))
  expect(defaults).toMatchObject({ port: '179', holdTime: `${sessionOptions.holdTime.default}` })
  for (const name of ['interval', 'timeout', 'rise', 'fall'] as const)
    expect(defaults[`health${name[0]?.toUpperCase()}${name.slice(1)}`]).toMatch(
      new RegExp(`^${healthOptions[name].default}\\b`),
    )
  const page = readFileSync(new URL('../../../../docs/defaults.md', import.meta.url), 'utf8')
  expect(page).toMatch(new RegExp(`\\\`drainTime\\\`[^|]*\\| *${defaults.drainTime} s?`))
})
