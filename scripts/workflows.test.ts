import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const root = new URL('..', import.meta.url)
const workflows = new URL('.github/workflows/', root)
const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { scripts: object }

it.each(readdirSync(workflows))('the workflow %s runs scripts and uses files that exist', name => {
  const text = readFileSync(new URL(name, workflows), 'utf8')
  const commands = Array.from(text.matchAll(/npx --yes pnpm@12 (\S+)/g), ([, script = '']) => script)
  const files = Array.from(text.matchAll(/(?:run: |file: )((?:\.ci|deploy)\/\S+)/g), ([, file = '']) => file)
  expect(commands.length + files.length).toBeGreaterThan(0)
  expect(commands.filter(script => !(script in scripts))).toEqual([])
  expect(files.filter(file => !existsSync(new URL(file, root)))).toEqual([])
})
