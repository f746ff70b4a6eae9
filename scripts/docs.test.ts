import { expect, it } from 'vitest'
import { pages, read } from './docs.ts'

it.each(Object.entries(pages))('%s is as `npx --yes pnpm@12 docs:pages` writes it', async (page, make) => {
  const text = read(page)
  expect(text).toBe(await make(text))
})
