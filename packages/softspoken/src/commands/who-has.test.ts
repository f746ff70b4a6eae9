import { OptionError } from '@softspoken/wire'
import { expect, it, test } from 'vitest'
import { RetryableError, UsageError } from '../config/usage-error.ts'
import { answerText, isQuestion, whoHas } from './who-has.ts'

const VIP = '203.0.113.100'
const one = { mac: '02:00:5e:00:00:02', after: 10.4 }

test.each([
  [{ interface: 'eth0', answers: [one] }, `${VIP} on eth0: 02:00:5e:00:00:02 answers, after 10 ms\n`],
  [{ interface: 'eth0', answers: [] }, /^203\.0\.113\.100 on eth0: nothing answers within 1 s; [^\n]*\n$/],
  [
    { interface: 'eth0', answers: [one, { mac: '02:00:5e:00:00:03', after: 11 }] },
    /^.* answers, after 10 ms\n.* after 11 ms\nwarning: 2 hosts have 203\.0\.113\.100, [^\n]*\n$/,
  ],
  [{ interface: 'eth0', answers: [], own: 'lo' }, /^203\.0\.113\.100 is on lo of this host[^\n]*\n$/],
  [{ interface: 'eth0', answers: [one], own: 'eth0' }, /\nwarning: 2 hosts have 203\.0\.113\.100, [^\n]*\n$/],
])('%j is said in a line each', (found, expected) => {
  if (typeof expected === 'string') expect(answerText(VIP, found)).toBe(expected)
  else expect(answerText(VIP, found)).toMatch(expected)
})
it('forged answers of any number of MAC addresses do not fill the screen', () => {
  const lines = answerText(VIP, { interface: 'eth0', answers: Array<typeof one>(6000).fill(one) })
    .trimEnd()
    .split('\n')
  const eight = answerText(VIP, { interface: 'eth0', answers: Array<typeof one>(8).fill(one) })
  expect(eight).not.toContain('forged')
  expect(lines.slice(8)).toEqual([
    'and 5992 more: the frames may be forged',
    expect.stringMatching(/^warning: 6000 hosts have /),
  ])
})
it('an address is a question, and true or false is the option', () => {
  expect([VIP, 'true', 'false', true, undefined].map(isQuestion)).toEqual([true, false, false, false, false])
})
it('another text is refused', async () => {
  await expect(whoHas('yes')).rejects.toThrow(
    "--arp: 'yes' is not allowed, it must be true or false, or with check the address to ask for",
  )
  await expect(whoHas('yes')).rejects.toBeInstanceOf(UsageError)
  for (const text of [`${VIP}/24`, `${VIP}/128`, '2001:db8::1/32', '/32', ''])
    await expect(whoHas(text)).rejects.toBeInstanceOf(UsageError)
})

/** Asks a segment on which these hosts answer, or fails. `asked`: for which address, on which interface. */
function asking(outcome: { mac: string; after: number }[] | Error) {
  const asked: (readonly [string, string])[] = []
  const askSegment = async (...question: [string, string, ...unknown[]]) => {
    asked.push([question[0], question[1]])
    if (outcome instanceof Error) throw outcome
    return { interface: 'eth0', answers: outcome }
  }
  const linuxSupport = () => ({ supported: true }) as const
  return { asked, parts: { linuxSupport, askSegment } }
}
it.each([
  [VIP, undefined, [VIP, 'auto']],
  [`${VIP}/32`, ['bond0', 'eth*'], [VIP, 'bond0,eth*']],
  ['2001:db8::1/128', ['eth0'], ['2001:db8::1', 'eth0']],
])('whoHas(%s) on the interfaces %j asks for %j', async (text, interfaces, question) => {
  const { asked, parts } = asking([one])
  expect(await whoHas(text, interfaces, parts)).toBe(`${question[0]} on eth0: ${one.mac} answers, after 10 ms\n`)
  expect(asked).toEqual([question])
})
it.each([
  [
    new OptionError('address.interface', 'bond0', 'an interface of this host: eth0'),
    ['bond0'],
    "--interface: 'bond0' is not allowed, it must be an interface of this host: eth0",
  ],
  [
    new OptionError('address.interface', 'auto', 'an interface of this host: eth0'),
    undefined,
    '--interface: it must be an interface of this host: eth0',
  ],
  [
    Object.assign(new Error('socket: EPERM'), { code: 'EPERM' }),
    undefined,
    '--arp: this host cannot ask (it needs the capability NET_RAW): socket: EPERM',
  ],
  [new Error('eth0 is no Ethernet interface'), undefined, '--arp: this host cannot ask: eth0 is no Ethernet interface'],
])('%s becomes a sentence, and another start may help', async (error, interfaces, sentence) => {
  const run = whoHas(VIP, interfaces, asking(error).parts)
  await expect(run).rejects.toThrow(sentence)
  await expect(run).rejects.toBeInstanceOf(RetryableError)
})
it('a host that cannot ask says why', async () => {
  const { asked, parts } = asking([one])
  const linuxSupport = () => ({ supported: false, reason: 'platform', detail: 'this is darwin' }) as const
  const run = whoHas(VIP, undefined, { ...parts, linuxSupport })
  await expect(run).rejects.toThrow(new UsageError('--arp: this host cannot ask: this is darwin'))
  expect(asked).toEqual([])
})
