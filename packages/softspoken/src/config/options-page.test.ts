import { healthOptions } from '@softspoken/announcer/internal'
import { settings } from '@softspoken/session'
import { expect, it } from 'vitest'
import { optionsPage } from '../../tools/options-page.ts'
import { optionTable } from './options.ts'

// After a change: vitest run --project unit -u options-page
it('the table in the docs is the one that the options make', async () => {
  await expect(optionsPage()).toMatchFileSnapshot('../../OPTIONS.md')
})

it('the defaults in it are those of the library', () => {
  const usual = Object.fromEntries(optionTable.map(({ name, usual = '' }) => [name, usual]))
  expect(usual).toMatchObject({ port: '179', holdTime: `${settings.holdTime.default}` })
  for (const name of ['interval', 'timeout', 'rise', 'fall'] as const)
    expect(usual[`health${name[0]?.toUpperCase()}${name.slice(1)}`]).toMatch(
      new RegExp(`^${healthOptions[name].default}\\b`),
    )
})
