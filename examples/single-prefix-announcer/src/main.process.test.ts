import { fileURLToPath } from 'node:url'
import { Listener, Session } from '@softspoken/session'
import { startProgram } from '@softspoken/test-support/program'
import { describeNotification, routes } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'

const program = fileURLToPath(new URL('main.ts', import.meta.url))
const start = (flags: Readonly<Record<string, string | number>>) => startProgram(program, flags)
const required = { prefix: '198.51.100.10/32', 'local-as': 64515, 'router-id': '10.0.5.11', peer: '127.0.0.1' }

describe('the single-prefix announcer', () => {
  it('announces its prefix, withdraws it on SIGTERM, and sends Cease', { timeout: 30_000 }, async () => {
    const router = new Session({
      local: { as: 65000, id: '10.0.5.1' },
      peer: { as: 64515, address: '127.0.0.1' },
      passive: true,
    })
    const story: string[] = []
    router.on('update', ({ update }) => {
      const { announced, withdrawn } = routes(update)
      story.push(...announced.map(({ prefix, nextHop }) => `${prefix} via ${nextHop}`))
      story.push(...withdrawn.map(prefix => `${prefix} withdrawn`))
    })
    router.on('down', ({ received }) => story.push(received ? describeNotification(received) : 'no NOTIFICATION'))
    await using listener = new Listener({ address: '127.0.0.1', port: 0 }).serve(router.start())

    const port = await listener.listen()
    const { child, output, closed } = start({ ...required, 'peer-as': 65000, port, 'next-hop': '203.0.113.11' })
    await expect.poll(() => story, { timeout: 20_000 }).toEqual(['198.51.100.10/32 via 203.0.113.11'])
    child.kill('SIGTERM')
    expect(await closed).toEqual([0, null])
    expect(story.slice(1)).toEqual([
      '198.51.100.10/32 withdrawn',
      'Cease/Administrative Shutdown (6/2): "SIGTERM received"',
    ])
    expect(output.out).toMatch(/^\d\d:\d\d:\d\d {2}session established {2}peer="127\.0\.0\.1" /m)
    expect(output.err).toBe('')
    await router.stop()
  })

  it.each([
    [{}, '--prefix: it must be given\n'],
    [{ ...required, 'peer-as': 65000, hold: 9 }, /^Unknown option '--hold'.*\n$/],
    [{ ...required, 'peer-as': '65000x' }, "--peer-as: '65000x' is not allowed, it must be a number\n"],
    [
      { ...required, prefix: '198.51.100.0/24', 'peer-as': 65000 },
      /^prefix: '198\.51\.100\.0\/24' is not allowed.*\n$/,
    ],
    [
      { ...required, 'peer-as': 65000, port: 0, health: 'http://127.0.0.1:1/' },
      /^peers\[0\]\.port: 0 is not allowed.*\n$/,
    ],
    [{ ...required, 'peer-as': 65000, port: 1, 'next-hop': '198.51.100.10' }, /^nextHop: .* is not allowed.*\n$/],
  ])('with %j it exits with 2 and one sentence', { timeout: 20_000 }, async (flags, sentence) => {
    const { output, closed } = start(flags)
    expect(await closed).toEqual([2, null])
    expect(output.out).toBe('')
    expect(output.err).toMatch(sentence)
  })
})
