import { describe, expect, it } from 'vitest'
import { hangupIgnored } from './hangup.ts'

/** As proc(5) has them. `ignored`: signals that the parent ignores. `input`: the flags of standard input, in octal. */
function ignores({ command = '/usr/bin/node', ignored = '0000000000000000', input = '0100000' } = {}): boolean {
  const files: Record<string, string> = {
    [`/proc/${process.ppid}/status`]: `Name:\tbash\nShdSigIgn:\t1\nSigBlk:\tffffffffffffffff\nSigIgn:\t${ignored}\nSigCgt:\t1\n`,
    '/proc/self/fdinfo/0': `pos:\t1\nother-flags:\t01\nflags:\t${input}\nmnt_id:\t1\n`,
  }
  return hangupIgnored(command, file => files[file] ?? '')
}

describe('hangupIgnored()', () => {
  it.each([
    ['a parent that ignores SIGHUP', { ignored: '0000000000000001' }],
    ['a parent that ignores several signals', { ignored: '0000000000384007' }],
    ['the command nohup', { command: 'nohup' }],
    ['the path of nohup', { command: '/usr/bin/nohup' }],
    ['a standard input that can only be written', { input: '0100001' }],
    ['such an input with more flags', { input: '02102001' }],
  ])('is true for %s', (_, given) => {
    expect(ignores(given)).toBe(true)
  })
  it.each([
    ['a process that a shell started', {}],
    ['a parent that ignores other signals', { ignored: '0000000000384006' }],
    ['a command with another name', { command: '/usr/bin/nohup-not' }],
    ['a command whose name ends so', { command: '/usr/bin/not-nohup' }],
    ['a terminal, which can be read and written', { input: '0100002' }],
    ['a pipe, which can be read', { input: '00' }],
  ])('is false for %s', (_, given) => {
    expect(ignores(given)).toBe(false)
  })
  it('is false if the host has no /proc', () => {
    expect(hangupIgnored('/usr/bin/node', () => '')).toBe(false)
  })
})
