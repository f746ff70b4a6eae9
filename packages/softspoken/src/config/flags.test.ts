/** The flags of a command, as commander has parsed them; sources.test.ts has their values. */
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { readFlags, withDisabledBy, withOptions } from './flags.ts'
import { UsageError } from './usage-error.ts'

const parsed = (name: string, argv: readonly string[]) => {
  const command = new Command(name).exitOverride()
  const add = name === 'drain' || name === 'resume' ? withDisabledBy : withOptions
  if (name === 'announce') command.option('--check')
  return add(command).parse(argv, { from: 'user' })
}
const read = (name: string, ...argv: readonly string[]) => readFlags(parsed(name, argv))

describe('readFlags()', () => {
  it('has the values, the file and --check', () => {
    const { values, config, check } = read('announce', '--med', '7', '--config', 'a.yaml', '--check')
    expect([values.med?.from, values.med?.read(), Object.keys(values)]).toEqual(['--med', 7, ['med']])
    expect([config, check]).toEqual(['a.yaml', true])
    expect(read('announce')).toEqual({ values: {}, config: undefined, check: false })
  })
  it('accepts words beside the flags for drain alone', () => {
    expect(read('drain', 'kernel', '--disabled-by', '/run/x', 'upgrade').values.disabledBy?.read()).toBe('/run/x')
    for (const name of ['announce', 'resume'])
      expect(() => read(name, 'word')).toThrow(/^an argument is not the value of a flag; give an option as --prefix/)
  })
  it.each([
    ['announce', ['--config', ''], '--config: it is empty'],
    ['announce', ['--med', '--port', '1'], '--med: it has no value'],
    ['announce', ['--med', '1', '--med', '1'], '--med: it is given twice, and takes one value'],
    ['announce', ['--check=now'], '--check: it takes no value'],
    ['check', ['--check'], '--check: it belongs to announce; the command check does the same'],
    ['drain', ['--med', '1'], 'drain: it takes no other flag than --disabled-by and --config'],
    ['resume', ['--check'], 'resume: it takes no other flag than --disabled-by and --config'],
    ['announce', ['--peers', 'x'], '--peers: no such flag, peers is set in a file'],
    ['announce', ['--mad', '1'], '--mad: no such flag, did you mean --med?'],
    ['announce', ['--qqqqqqqqqq'], '--qqqqqqqqqq: no such flag; --help lists them'],
    ['announce', ['--key:secret=x'], 'an argument begins with a hyphen: no such flag; --help lists them'],
    ['announce', ['-x--secret'], 'an argument begins with a hyphen: no such flag; --help lists them'],
  ])('refuses, of %s, %j', (name, argv, sentence) => {
    expect(() => read(name, ...argv)).toThrow(new UsageError(sentence))
  })
  it('names the variable of an option whose value is a secret', () => {
    expect(() => read('announce', '--tcp-md5-key=x')).toThrow(
      '--tcp-md5-key: no such flag, because flags are visible to all users of the host; set SOFTSPOKEN_TCP_MD5_KEY, or tcpMd5Key in a file',
    )
  })
})

it('--help has the most used flags with their texts, by group', () => {
  const help = parsed('announce', []).helpInformation()
  expect(help).toMatch(/^Usage: announce \[options\]$/m)
  expect(help).toMatch(/^The route:\n +--prefix <route\.\.\.> +\w+/m)
  expect(help).toMatch(/^The router:\n/m)
  expect(help).toMatch(/^Other:\n/m)
  expect(help).not.toMatch(/undefined|--ttl-security/)
})
