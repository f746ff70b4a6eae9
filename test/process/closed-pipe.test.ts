import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const guard = './test/support/closed-pipe.ts'
const root = fileURLToPath(new URL('../../', import.meta.url))
const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { scripts: Record<string, string> }
/** The demo, the announcer and the decoder are programs of their own, and see to their pipes themselves. */
const measuring = Object.entries(scripts).filter(([, words]) =>
  /\btsx (?!examples\/|packages\/softspoken\/src\/main)/.test(words),
)

describe('a program that measures', () => {
  it.each(measuring)('%s outlives the reader of its pipe', (_, words) => {
    expect(words).toContain(`--import ${guard} `)
  })

  it('a program goes on to its end when the reader of its pipe is gone', async () => {
    const program = `
      console.log('first')
      process.stdin.resume().once('end', async () => {
        for (const line of ['second', 'third']) await new Promise(done => process.stdout.write(line, () => done()))
        process.exitCode = 3
      })`
    const child = spawn(process.execPath, ['--import', 'tsx', '--import', guard, '--eval', program], { cwd: root })
    let complaint = ''
    child.stderr.on('data', chunk => (complaint += chunk))
    child.stdout.once('data', () => child.stdout.destroy())
    child.stdout.once('close', () => child.stdin.end())
    expect(await once(child, 'close')).toEqual([3, null])
    expect(complaint).toBe('')
  })
})

it('Vitest outlives the reader of its pipe', async () => {
  const { RUNNING_TEST_FILES: _, ...env } = process.env // a file of the run that this test is a part of
  const words = ['run', '--project', 'unit', 'packages/wire/src/address.test.ts']
  const child = spawn(process.execPath, [`${root}node_modules/vitest/vitest.mjs`, ...words], { cwd: root, env })
  let complaint = ''
  child.stderr.on('data', chunk => (complaint += chunk))
  child.stdout.destroy()
  expect(await once(child, 'close')).toEqual([0, null])
  expect(complaint).toBe('')
}, 60_000)
