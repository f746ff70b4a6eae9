/** The program as a process: with a wrong flag, and with a file that names the leader. */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Listener, Session } from '@softspoken/session'
import { startProgram } from '@softspoken/test-support/program'
import { describe, expect, it } from 'vitest'

const program = fileURLToPath(new URL('main.ts', import.meta.url))
const start = (flags: Readonly<Record<string, string | number>>) => startProgram(program, flags)
const required = { vip: '198.51.100.10/32', 'local-as': 64515, 'router-id': '10.0.5.11', peer: '127.0.0.1' }

describe('a wrong flag', () => {
  it.each([
    [{}, '--vip: it must be given\n'],
    [{ ...required, 'peer-as': '65000x' }, "--peer-as: '65000x' is not allowed, it must be a number\n"],
    [
      { ...required, 'peer-as': 65000, health: 'tcp://127.0.0.1:1', lease: '/tmp/vip', 'lease-ttl': 4.5 },
      '--lease-ttl: 4.5 is not allowed, it must be a whole number from 1 to 3600 seconds\n',
    ],
  ])('%j exits with 2 and one sentence', { timeout: 20_000 }, async (flags, sentence) => {
    const { output, closed } = start(flags)
    expect(await closed).toEqual([2, null])
    expect(output).toEqual({ out: '', err: sentence })
  })
})

describe('an agent with a leader file', () => {
  it('announces while the file names it, and ends on SIGTERM with 0', { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'leader-'))
    const file = join(folder, 'leader')
    await writeFile(file, '7 10.0.5.12\n')
    const service = createServer((_, response) => response.end()).listen(0, '127.0.0.1')
    await once(service, 'listening')
    const router = new Session({
      local: { as: 65000, id: '10.0.5.1' },
      peer: { as: 64515, address: '127.0.0.1' },
      passive: true,
    })
    const updates: unknown[] = []
    router.on('update', ({ update }) => updates.push(update.announced.length > 0 ? update.attributes.med : 'withdrawn'))
    await using listener = new Listener({ address: '127.0.0.1', port: 0 }).serve(router.start())

    const { child, output, closed } = start({
      ...required,
      'peer-as': 65000,
      port: await listener.listen(),
      'next-hop': '10.0.5.11',
      health: `http://127.0.0.1:${(service.address() as AddressInfo).port}/`,
      'leader-file': file,
    })
    await expect.poll(() => output.out, { timeout: 20_000 }).toContain('"health gate up"')
    await expect.poll(() => router.state, { timeout: 20_000 }).toBe('Established')
    expect(updates).toEqual([])
    await writeFile(file, '8 10.0.5.11\n')
    await expect.poll(() => updates, { timeout: 20_000 }).toEqual([999_992])
    child.kill('SIGTERM')
    expect(await closed).toEqual([0, null])
    expect(updates).toEqual([999_992, 'withdrawn'])
    expect(output.err).toBe('')
    service.close()
    await router.stop()
    await rm(folder, { recursive: true })
  })
})
