import { expect, it, test } from 'vitest'
import { UsageError } from '../config/usage-error.ts'
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
