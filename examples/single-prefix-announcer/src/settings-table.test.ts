import { expect, it } from 'vitest'
import { settingsTable } from './settings-table.ts'

// After a change: vitest run --project unit -u settings-table
it('the table in the docs is the one that the settings make', async () => {
  await expect(settingsTable()).toMatchFileSnapshot('../SETTINGS.md')
})
