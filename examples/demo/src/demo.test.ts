import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const demo = fileURLToPath(new URL('demo.ts', import.meta.url))

it('tells the whole story in order, ends by itself and exits with 0', { timeout: 25_000 }, async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', demo], { stdio: ['ignore', 'pipe', 'inherit'] })
  let told = ''
  child.stdout.on('data', chunk => (told += chunk))
  expect(await once(child, 'close')).toEqual([0, null])
  const story = [
    'announcer  dials 127.0.0.1',
    'announcer  connected, OPEN sent',
    'announcer  OPEN received',
    'announcer  Established',
    'router     table: 198.51.100.10/32 via 203.0.113.11, AS path 64515, MED 100, community 64515:10',
    'service    breaks',
    'health     check fails: withdraw',
    'router     table: empty, 198.51.100.10/32 was withdrawn',
    'health     check passes: announce',
    'router     table: 198.51.100.10/32 via 203.0.113.11',
    'router     table: empty, 198.51.100.10/32 was withdrawn',
    'router     received Cease/Administrative Shutdown (6/2): "demo is over"',
    'All 8 steps happened',
  ]
  let at = 0
  for (const line of story) {
    const found = told.indexOf(line, at)
    expect(found, `'${line}' comes next`).toBeGreaterThanOrEqual(at)
    at = found + line.length
  }
})

it('ends with 0 and without a word when the reader of its pipe stops early', { timeout: 25_000 }, async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', demo], { stdio: ['ignore', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr.on('data', chunk => (complaint += chunk))
  child.stdout.once('data', () => child.stdout.destroy())
  expect(await once(child, 'close')).toEqual([0, null])
  expect(complaint).toBe('')
})

it('ends with 1 and one sentence when its output cannot be written', { timeout: 25_000 }, async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', demo], {
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
  })
  let complaint = ''
  child.stderr?.on('data', chunk => (complaint += chunk))
  expect(await once(child, 'close')).toEqual([1, null])
  expect(complaint).toMatch(/^the demo cannot print: ENOSPC[^\n]*\n$/)
})
