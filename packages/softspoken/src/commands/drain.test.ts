/** `softspoken drain` and `softspoken resume`: the file, the sentence and the exit code of each. */
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lookAt } from '@softspoken/vip-agent/internal'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { call } from '../../tools/call.ts'

let folder: string
let file: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'softspoken-drain-'))
  file = join(folder, 'drained')
})
beforeEach(() => rmSync(file, { recursive: true, force: true }))
afterAll(() => rmSync(folder, { recursive: true }))

describe('softspoken drain', () => {
  it('creates the file with its reason, readable for the agent', async () => {
    const { code, out } = await call(['drain', 'kernel', 'upgrade', '--disabled-by', file])
    expect(code).toBe(0)
    expect(out).toMatch(/^drained since 20[\d-]+T[\d:]+Z: kernel upgrade\. An agent .*\n$/)
    expect(await lookAt(file)).toMatchObject({ exists: true, text: 'kernel upgrade\n' })
    expect(statSync(file).mode & 0o777).toBe(0o644)
  })
  it('is idempotent: a drained node keeps its time and its reason', async () => {
    await call(['drain', '--disabled-by', file])
    const before = await lookAt(file)
    const { code, out } = await call(['drain', 'another', 'reason', '--disabled-by', file])
    expect(code).toBe(0)
    expect(out).toMatch(/^already drained since 20[\d-]+T[\d:]+Z; nothing is changed \(.*\)\n$/)
    expect(await lookAt(file)).toEqual(before)
    expect(await lookAt(file)).toMatchObject({ exists: true, text: '' })
  })
  it('finds the file in the variable and in the file of options, which needs no other', async () => {
    const config = join(folder, 'config.yaml')
    writeFileSync(config, `disabledBy: ${file}\n`)
    for (const [options, env] of [
      [['--config', config], {}],
      [[], { SOFTSPOKEN_CONFIG: config }],
      [['--config', config], { SOFTSPOKEN_DISABLED_BY: file }],
    ] as const) {
      expect(await call(['drain', ...options], env)).toMatchObject({ code: 0, err: '' })
      expect(existsSync(file)).toBe(true)
      expect(await call(['resume', ...options], env)).toMatchObject({ code: 0, err: '' })
      expect(existsSync(file)).toBe(false)
    }
  })
  it('refuses a relative path, which another command would find elsewhere', async () => {
    for (const command of ['drain', 'resume']) {
      const { code, err } = await call([command, '--disabled-by', 'drained'])
      expect([code, err]).toEqual([
        2,
        expect.stringContaining("--disabled-by: 'drained' is not allowed, it must be an absolute path"),
      ])
    }
  })
  it('never writes through a link', async () => {
    const other = join(folder, 'other')
    symlinkSync(other, file)
    expect((await call(['drain', 'why', '--disabled-by', file])).out).toMatch(/^already drained/)
    expect(existsSync(other)).toBe(false)
  })
  it('writes a reason of several lines as one, which resume removes', async () => {
    await call(['drain', 'kernel\r\nupgrade', '--disabled-by', file])
    expect(readFileSync(file, 'utf8')).toBe('kernel upgrade\n')
    expect(await call(['resume', '--disabled-by', file])).toMatchObject({ code: 0 })
  })
  it('takes a reason of 200 characters', async () => {
    const { code, out } = await call(['drain', '\u{1f6e0}'.repeat(200), '--disabled-by', file])
    expect([code, out]).toEqual([0, expect.stringContaining('\u{1f6e0}'.repeat(200))])
  })
  it('escapes the control characters of a reason', async () => {
    const { out } = await call(['drain', 'a\u001b[2Jb\u202ec', '--disabled-by', file])
    expect(out).toContain(': a\ufffd[2Jb\ufffdc.')
    expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
  })
})

describe('softspoken resume', () => {
  it('says why the file cannot be removed', async () => {
    const below = '/proc/version/drained'
    const { code, err } = await call(['resume', '--disabled-by', below])
    expect([code, err]).toEqual([1, `resume: ${below} cannot be removed, ENOTDIR\n`])
  })
  it('removes the file, and is idempotent', async () => {
    writeFileSync(file, '')
    expect((await call(['resume', '--disabled-by', file])).out).toMatch(/^in service: .* is removed\. /)
    expect(await call(['resume', '--disabled-by', file])).toMatchObject({
      code: 0,
      out: `not drained: there is no ${file}; nothing is changed\n`,
    })
  })
})

describe('softspoken resume removes what can be a reason:', () => {
  it.each([
    ['one long line', 'x'.repeat(1024)],
    ['a line with empty lines behind it', 'kernel upgrade\n\n\n'],
  ])('%s', async (_, text) => {
    writeFileSync(file, text)
    expect((await call(['resume', '--disabled-by', file])).out).toMatch(/^in service: /)
    expect(existsSync(file)).toBe(false)
  })
  it('a link, but not the file that it leads to', async () => {
    const other = join(folder, 'linked')
    writeFileSync(other, 'kernel upgrade\n')
    symlinkSync(other, file)
    expect((await call(['resume', '--disabled-by', file])).out).toMatch(/^in service: /)
    expect([existsSync(file), readFileSync(other, 'utf8')]).toEqual([false, 'kernel upgrade\n'])
  })
})

describe('one sentence on standard error', () => {
  const without = join('/none', 'drained')
  it.each<[string, string[], number, string]>([
    ['the option is missing', ['drain'], 2, 'disabledBy is missing: the file that takes this node out of service'],
    ['the option is missing', ['resume'], 2, 'disabledBy is missing: the file that takes this node out of service'],
    ['the option is empty', ['drain', '--disabled-by', ''], 2, '--disabled-by: it is empty'],
    ['the folder is missing', ['drain', '--disabled-by', without], 1, 'the folder /none does not exist'],
    // For root every folder of a disk is writable.
    ['the folder is not writable', ['drain', '--disabled-by', '/sys/drained'], 1, 'the folder /sys is not writable, E'],
    ['the folder is a file', ['drain', '--disabled-by', '/proc/version/x'], 1, 'cannot be created, ENOTDIR'],
    ['the file of options is missing', ['drain', '--config', without], 1, '/none/drained: cannot be read'],
    ['a flag is of another command', ['drain', '--med', '7'], 2, 'it takes no other flag than --disabled-by and'],
    ['an argument is not the value of a flag', ['resume', 'now'], 2, 'an argument is not the value of a flag'],
    [
      'the file cannot be there',
      ['drain', '--disabled-by', `/tmp/${'a'.repeat(300)}`],
      1,
      'cannot be created, ENAMETOO',
    ],
    ['the reason is too long', ['drain', 'a'.repeat(201), '--disabled-by', without], 2, 'more than 200 characters'],
  ])('if %s: %j', async (_, options, exit, sentence) => {
    const { code, out, err } = await call(options)
    expect(err).toMatch(/^[^\n]+\n$/)
    expect(err).toContain(sentence)
    expect([code, out]).toEqual([exit, ''])
  })
  it.each([
    ['has several lines', 'prefix: 198.51.100.10/32\nlocalAs: 64515\n'],
    ['is long', 'x'.repeat(1025)],
  ])('if the file %s, so that it is another one, which stays', async (_, text) => {
    writeFileSync(file, text)
    const { code, err } = await call(['resume', '--disabled-by', file])
    expect([code, err]).toEqual([1, `resume: ${file} has more in it than one line with a reason; remove it by hand\n`])
    expect(readFileSync(file, 'utf8')).toBe(text)
  })
  it('if the file is a directory', async () => {
    mkdirSync(file)
    expect((await call(['drain', '--disabled-by', file])).out).toMatch(/^already drained/)
    const { code, err } = await call(['resume', '--disabled-by', file])
    expect([code, err]).toEqual([1, `resume: ${file} is a directory; remove it by hand\n`])
  })
  it('if the file is a socket, a pipe or a device, which stays', async () => {
    const server = createServer().listen(file)
    await once(server, 'listening')
    const { code, err } = await call(['resume', '--disabled-by', file])
    expect([code, err]).toEqual([1, `resume: ${file} is no file; remove it by hand\n`])
    expect(existsSync(file)).toBe(true)
    server.close()
  })
})
