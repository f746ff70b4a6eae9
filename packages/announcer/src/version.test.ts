import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { version } from './version.ts'

test.each(['wire', 'session', 'announcer'])('version is that of the package.json of %s', name => {
  const manifest = readFileSync(new URL(`../../${name}/package.json`, import.meta.url), 'utf8')
  expect(JSON.parse(manifest)).toMatchObject({ version })
})
