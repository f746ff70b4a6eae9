/** The command line: options, output and exit code of each command. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { call } from '../tools/call.ts'
import { needed, words } from '../tools/needed.ts'
import { main } from './cli.ts'
import { Shutdown } from './shutdown.ts'

describe('a wrong option is one sentence on standard error and exit 2', () => {
  it.each([
    ['--prefix', '198.51.100.10/24'],
    ['--prefix', '127.0.0.1/32'],
    ['--local-as', '0'],
    ['--router-id', '0.0.0.0'],
    ['--peer', 'router.example'],
    ['--peer-as', '4294967296'],
    ['--port', '0'],
    ['--local-address', '2001:db8::1'],
    ['--next-hop', '0.0.0.0'],
    ['--med', '4294967296'],
    ['--community', '65536:1'],
    ['--http', 'foo'],
    ['--http', 'localhost:9179'],
  ])('%s %s, of announce and of check', async (flag, value) => {
    const { [flag]: _, ...others } = needed
    for (const command of [['announce'], ['announce', '--check'], ['check']]) {
      const { code, out, err } = await call([...command, ...words({ ...others, [flag]: value })])
      expect(code).toBe(2)
      expect(err).toMatch(/^[^\n]*not allowed[^\n]*\n$/)
      expect(err).toContain(value)
      expect(err, 'the name that the user typed').toContain(flag)
      expect(out).toBe('')
    }
  })
  it('if --peer is given twice with one address', async () => {
    const { code, err } = await call(['check', ...words(needed), '--peer', '127.0.0.1'])
    expect(code).toBe(2)
    expect(err).toMatch(/^--peer: '127\.0\.0\.1 port 179' is not allowed, it must be listed once/)
  })
})

describe('a question of check takes one address', () => {
  it.each([
    [['--arp', '203.0.113.100', '203.0.113.101'], 'an argument is not the value of a flag'],
    [['--arp', '203.0.113.100', '--interfaces', 'eth0'], '--interfaces: no such flag, did you mean --interface?'],
    [['--vip', 'tcp://203.0.113.100:1', '--vip', 'tcp://203.0.113.101:1'], '--vip: it is given twice'],
  ])('%j is refused', async (flags, sentence) => {
    const { code, out, err } = await call(['check', ...flags])
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(sentence)
  })
})

it('a next hop that is missing is not shown as undefined', async () => {
  const { code, err } = await call(['check', ...words({ ...needed, '--prefix': '2001:db8::10/128' })])
  expect(code).toBe(2)
  expect(err).toBe('--next-hop: it must be given, because the session with 127.0.0.1 has no IPv6 address of its own\n')
})

describe('the output escapes or replaces control and bidi characters', () => {
  it.each([
    [['--med', '\u202e7'], {}, "'\\u202e7'"],
    [['--peer', 'a\u009b31mb'], {}, "'a\ufffd31mb'"],
    [['--config', '/none/\u001b[31m'], {}, '/none/\\u001b[31m'],
    [['--next-hop', '10.0.5.11'], { 'SOFTSPOKEN_\u001b[31m\u202e': '7' }, 'SOFTSPOKEN_\\u001b[31m\\u202e'],
  ] as const)('of %j %j', async (more, env, shown) => {
    const { out, err } = await call(['check', ...words(needed), ...more], env)
    expect(`${out}${err}`).toContain(shown)
    expect(`${out}${err}`).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
  })
})

describe('--help', () => {
  it.each([
    [['--help'], 24],
    [['announce', '--help'], 55],
    [['check', '-h'], 55],
    [['manifest', '--help'], 24],
    [['status', '--help'], 24],
    [['version', '--help'], 24],
  ])('of %j fits a screen of 100 columns', async (argv, rows) => {
    const { code, out, err } = await call(argv)
    expect([code, err]).toEqual([0, ''])
    const lines = out.trimEnd().split('\n')
    expect(lines.length).toBeLessThanOrEqual(rows)
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100)
  })
  it('points to OPTIONS.md of this package', async () => {
    for (const argv of [['--help'], ['announce', '--help']])
      expect((await call(argv)).out).toContain('/blob/main/packages/softspoken/OPTIONS.md')
  })
})

describe('the version', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  it('is printed by --version', async () => {
    expect(await call(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' })
  })
  it('is printed by the command version, with the version of Node', async () => {
    expect((await call(['version'])).out).toBe(
      `softspoken ${version}, Node ${process.versions.node}, ${process.platform} ${process.arch}\n`,
    )
  })
})

describe('a wrong command line is one sentence and exit 2', () => {
  it.each([
    [
      [],
      'a command is missing: announce, check, manifest, status, drain, resume or version; softspoken --help explains them',
    ],
    [['anounce'], 'anounce: no such command, did you mean announce?'],
    [
      ['secret'],
      'the first argument is not a command: it must be announce, check, manifest, status, drain, resume or version; softspoken --help explains them',
    ],
    [['--prefix', 'a'], '--prefix: a command comes first, such as softspoken announce --prefix'],
    [['--secret=1'], /^the first argument is not a command/],
    [['announce', '--prefix'], '--prefix: it has no value'],
    [['announce', 'foo'], 'an argument is not the value of a flag; give an option as --prefix 198.51.100.10/32'],
    [['announce', '--check=yes'], '--check: it takes no value'],
    [['check', '--check'], '--check: it belongs to announce; the command check does the same'],
    [['status', '--verbose'], 'status: give at most one address and port, such as 127.0.0.1:9179'],
    [['status', '127.0.0.1:9179', 'b'], 'status: give at most one address and port, such as 127.0.0.1:9179'],
    [['status', 'localhost'], /^status: 'localhost' is not allowed, it must be an address and a port/],
    [['version', 'x'], 'version: it takes no argument'],
  ])('%j', async (argv, sentence) => {
    const { code, out, err } = await call(argv)
    expect([code, out]).toEqual([2, ''])
    expect(err.trimEnd()).toMatch(sentence)
    expect(err).toMatch(/^[^\n]*\n$/)
  })
  it('but a fault of the program itself is not hidden', async () => {
    const fault = new TypeError('a bug')
    const print = (): never => {
      throw fault
    }
    const shutdown = new Shutdown(0, { on() {}, exit() {}, printError() {} })
    await expect(main(['version'], {}, { shutdown, print, printError() {} })).rejects.toBe(fault)
  })
  it('status exits 1 for a port that fetch refuses', async () => {
    const { code, err } = await call(['status', '127.0.0.1:1'])
    expect([code, err]).toEqual([
      1,
      'status: no answer from 127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1; does a program run there with --http 127.0.0.1:1, or SOFTSPOKEN_HTTP?\n',
    ])
  })
})
