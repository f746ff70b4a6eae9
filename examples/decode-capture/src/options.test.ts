import { describe, expect, it } from 'vitest'
import { InputError } from './entry.ts'
import { parseOptions } from './options.ts'

describe('the command line', () => {
  it('the command line gives a file and the options', () => {
    expect(parseOptions(['x.pcap'])).toEqual({ file: 'x.pcap', json: false, port: 179, twoOctetAs: false })
    expect(parseOptions(['--json', '--port', '1179', '--two-octet-as', '-'])).toEqual({
      file: '-',
      json: true,
      port: 1179,
      twoOctetAs: true,
    })
  })
  it.each([
    [[], 'a file is missing: pcap, pcapng or MRT, or - for hex on standard input'],
    [['x', 'y'], `too many arguments. Expected 1 argument but got 2.`],
    [['--port', '0', 'x'], `--port: '0' is not allowed, it must be a whole number from 1 to 65535`],
    [['--port', 'bgp', 'x'], `--port: 'bgp' is not allowed, it must be a whole number from 1 to 65535`],
  ])('%j is rejected with one sentence', (argv, sentence) => {
    expect(() => parseOptions(argv)).toThrow(new InputError(sentence))
  })
})
