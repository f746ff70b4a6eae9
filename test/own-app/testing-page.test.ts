import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it.each(['service.ts', 'service.test.ts'])('docs/testing.md shows test/own-app/%s as it is', file => {
  const page = readFileSync(new URL('../../docs/testing.md', import.meta.url), 'utf8')
  expect(page).toContain(`\`\`\`ts\n${readFileSync(new URL(file, import.meta.url), 'utf8')}\`\`\`\n`)
})
