import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const demo = fileURLToPath(new URL('demo.ts', import.meta.url))

it('the demo prints every step in order and exits with 0', { timeout: 60_000 }, async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', demo], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', chunk => (output += chunk))
  expect(await once(child, 'close')).toEqual([0, null])
  const story = [
    'announcer  dials 127.0.0.1',
    'announcer  connected, OPEN sent',
    'announcer  OPEN received',
    'announcer  Established',
    'router     table: 198.51.100.10/32 via 203.0.113.11',
    'router     AS path 64515, MED 100, community 64515:10',
    'service    fails',
    'health     check fails: withdraw',
    'router     table: empty, 198.51.100.10/32 was withdrawn',
    'health     check passes: announce',
    'router     table: 198.51.100.10/32 via 203.0.113.11',
    'router     table: empty, 198.51.100.10/32 was withdrawn',
    'router     received Cease/Administrative Shutdown (6/2): "upgrade"',
    'node-1     leads, epoch 1',
    'router     uses node-1 (MED 999999)',
    'service    fails on node-1',
    'node-1     does not serve: unhealthy',
    'router     has no route',
    'node-2     leads, epoch 2',
    'router     uses node-2 (MED 999998)',
    's after the service failed',
    'node-2     stops: releases the Lease',
    'node-1     leads, epoch 3',
    'router     uses node-1 (MED 999997) before node-2 (MED 999998)',
    'router     uses node-1 (MED 999997)',
    'router     node-2: Cease/Administrative Shutdown (6/2): "upgrade"',
    'node-1     stops: no other node leads',
    'router     has no route',
    'All 17 steps happened',
  ]
  let at = 0
  for (const line of story) {
    const found = output.indexOf(line, at)
    expect(found, `'${line}' comes next`).toBeGreaterThanOrEqual(at)
    at = found + line.length
  }
  expect(output.split('\n').filter(line => line.length > 80)).toEqual([])
})

it('the demo exits with 0 and no error if the reader of its pipe stops', { timeout: 25_000 }, async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', demo], { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.on('data', chunk => (errors += chunk))
  child.stdout.once('data', () => child.stdout.destroy())
  expect(await once(child, 'close')).toEqual([0, null])
  expect(errors).toBe('')
})

it('the demo exits with 1 and one sentence if it cannot print', { timeout: 25_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-'))
  const shell = `ulimit -f 0; exec "$@" >'${join(folder, 'output')}'`
  const child = spawn('sh', ['-c', shell, 'sh', process.execPath, '--import', 'tsx', demo], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr?.on('data', chunk => (errors += chunk))
  expect(await once(child, 'close')).toEqual([1, null])
  expect(errors).toMatch(/^the demo cannot print: EFBIG[^\n]*\n$/)
  rmSync(folder, { recursive: true })
})
