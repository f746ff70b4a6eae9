/** The program as a process, on its own captures and on hex: each kind of input and output, and each exit code. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shapes } from './samples/hostile.ts'
import { samples } from './samples/samples.ts'

const program = fileURLToPath(new URL('main.ts', import.meta.url))
const capture = (name: string): string => fileURLToPath(new URL(`../captures/${name}`, import.meta.url))
const timeout = 20_000
const keepalive = `${'ff'.repeat(16)}001304`

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'decode-'))
})
afterAll(() => rm(folder, { recursive: true }))

interface Run {
  code: unknown
  out: string
  err: string
}
async function run(args: readonly string[], input = ''): Promise<Run> {
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...args])
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', chunk => (out += chunk))
  child.stderr.setEncoding('utf8').on('data', chunk => (err += chunk))
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  return { code, out, err }
}
/** Runs the program in bash, with redirections after it. */
async function shell(rest: string, path = '-', first = ''): Promise<Run> {
  const words = `${first}\n'${process.execPath}' --import tsx '${program}' '${path}' ${rest}`
  const child = spawn('bash', ['-c', words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', chunk => (out += chunk))
  child.stderr.setEncoding('utf8').on('data', chunk => (err += chunk))
  const [code] = await once(child, 'close')
  return { code, out, err }
}
async function file(name: string, bytes: Uint8Array): Promise<string> {
  await writeFile(join(folder, name), bytes)
  return join(folder, name)
}
function headings(out: string): string[] {
  return out.split('\n').filter(line => line !== '' && !/^[├└│ ]/.test(line))
}

describe('the tree', () => {
  it('the tree shows a session, without retransmissions and in order', { timeout }, async () => {
    const { code, out, err } = await run([capture('session.pcap')])
    expect([code, err]).toEqual([0, ''])
    const [announcer, router] = ['203.0.113.11:40000', '203.0.113.1:179']
    expect(headings(out)).toEqual([
      `2026-01-01 00:00:00.003000  ${announcer} -> ${router}  OPEN  frame 4`,
      `2026-01-01 00:00:00.005000  ${router} -> ${announcer}  OPEN  frame 6`,
      `2026-01-01 00:00:00.005000  ${router} -> ${announcer}  KEEPALIVE  frame 6`,
      `2026-01-01 00:00:00.007000  ${announcer} -> ${router}  KEEPALIVE  frame 8`,
      `2026-01-01 00:00:00.009000  ${announcer} -> ${router}  UPDATE  frame 10`,
      `2026-01-01 00:00:00.009000  ${announcer} -> ${router}  UPDATE  frame 10`,
      `2026-01-01 00:00:00.013000  ${router} -> ${announcer}  UPDATE  frame 14`,
      `2026-01-01 00:00:00.015000  ${router} -> ${announcer}  UPDATE  frame 16`,
      `2026-01-01 00:00:00.017000  ${announcer} -> ${router}  UPDATE  frame 18`,
      `2026-01-01 00:00:00.019000  ${announcer} -> ${router}  NOTIFICATION  frame 20`,
    ])
    expect(out).toContain('│  ├─ AS path            64515\n')
    expect(out).toContain('└─ announced  198.51.100.128/25 203.0.113.0/24 198.51.100.64/27\n')
    expect(out).toContain('└─ End-of-RIB  ipv4-unicast\n')
    expect(out).toContain('   └─ ORIGIN  treat-as-withdraw: undefined value 3, at octet 23 of the message\n')
    expect(out).toContain('└─ meaning  Cease/Administrative Shutdown (6/2): "maintenance of node 11"\n')
  })

  it('the tree shows a malformed UPDATE with its NOTIFICATION and octets', {
    timeout,
  }, async () => {
    const { code, out, err } = await run([capture('malformed.pcapng')])
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('[2001:db8::11]:40001 -> [2001:db8::1]:179  OPEN  frame 4\n')
    expect(out).toContain('│  └─ announced  2001:db8:0:10::10/128\n')
    expect(out).toContain(
      [
        '2026-01-01 00:00:00.013000  [2001:db8::1]:179 -> [2001:db8::11]:40001  UPDATE malformed  frame 14',
        '├─ answer    UPDATE Message Error/Optional Attribute Error (3/9)',
        '├─ detail    MP_REACH_NLRI: a next hop of 5 octets',
        '├─ position  message at octet 64 of the stream, fault at octets 87 to 115',
        '└─ octets     64  ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff',
        '              80  00 41 02 00 00 00 2a 80 0e 1a 00 02 01 05 20 01',
        '                                       ^^ ^^ ^^ ^^ ^^ ^^ ^^ ^^ ^^',
      ].join('\n'),
    )
    expect(Math.max(...out.split('\n').map(line => line.length))).toBeLessThanOrEqual(100)
  })

  it('the tree shows the messages of an MRT file, and what was skipped', { timeout }, async () => {
    const { code, out, err } = await run([capture('updates.mrt')])
    expect([code, err]).toEqual([0, 'not decoded: MRT records of type 16 subtype 5 (1)\n'])
    expect(headings(out)).toEqual([
      '2026-01-01 00:00:00.000000  203.0.113.1 AS 65000 -> 203.0.113.254 AS 64999  UPDATE  octet 68',
      '2026-01-01 00:00:01.000000  203.0.113.1 AS 65000 -> 203.0.113.254 AS 64999  UPDATE  octet 147',
      '2026-01-01 00:00:02.000000  203.0.113.254 AS 64999 -> 203.0.113.1 AS 65000  KEEPALIVE  octet 239',
      '2026-01-01 00:00:03.250000  2001:db8::1 AS 4200000001 -> 2001:db8::254 AS 64999  UPDATE  octet 318',
    ])
  })
})

describe('--json', () => {
  it('--json prints one line per message, with octets as hex', { timeout }, async () => {
    const { out } = await run(['--json', capture('session.pcap')])
    const lines = out
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(lines.map(({ message }) => message.type).join(' ')).toBe(
      'open open keepalive keepalive update update update update update notification',
    )
    expect(lines[6]).toEqual({
      time: '2026-01-01T00:00:00.013000Z',
      from: { address: '203.0.113.1', port: 179 },
      to: { address: '203.0.113.11', port: 40000 },
      frame: 14,
      offset: 64,
      message: {
        type: 'update',
        withdrawn: [],
        attributes: {
          origin: 'incomplete',
          asPath: [{ type: 'sequence', as: [65000, 4200000001, 65010] }],
          nextHop: '203.0.113.1',
        },
        announced: ['198.51.100.128/25', '203.0.113.0/24', '198.51.100.64/27'],
      },
    })
    expect(lines[9].message.data).toMatch(/^166d61696e/)
  })
  it('--json prints a malformed message with its NOTIFICATION and detail', { timeout }, async () => {
    const { out } = await run(['--json', capture('malformed.pcapng')])
    const lines = out
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(lines.filter(({ message }) => !message)).toMatchObject([
      {
        frame: 14,
        offset: 64,
        notification: { code: 3, subcode: 9, data: expect.stringMatching(/^800e1a00020105/) },
        text: 'UPDATE Message Error/Optional Attribute Error (3/9)',
        detail: 'MP_REACH_NLRI: a next hop of 5 octets',
        fault: 87,
        bytes: expect.stringMatching(/^(ff){16}004102/),
      },
    ])
  })
  it('a gzip of an MRT file is printed like the file (RFC 6396 §4.4)', { timeout }, async () => {
    const plain = await run(['--json', capture('updates.mrt')])
    const packed = await run(['--json', await file('updates.mrt.gz', gzipSync(samples['updates.mrt']!()))])
    expect(packed).toEqual(plain)
    const lines = plain.out
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    // Two octets with AS4_PATH mean the same as four.
    expect(lines[1].message).toEqual(lines[0].message)
    expect(lines[3]).toMatchObject({ from: { as: 4200000001 }, time: '2026-01-01T00:00:03.250000Z', offset: 318 })
  })
})

describe('hex on standard input', () => {
  it('nothing is decoded after a malformed header (RFC 4271 §6.1)', { timeout }, async () => {
    const { code, out } = await run(['-'], `${keepalive}${keepalive.replace('0013', '1001')}${keepalive}`)
    expect(code).toBe(0)
    expect(headings(out)).toEqual(['KEEPALIVE  octet 0', 'KEEPALIVE malformed  octet 19'])
    expect(out).toContain('├─ answer    Message Header Error/Bad Message Length (1/2)\n')
    expect(out).toContain('├─ position  message at octet 19 of the input, fault at octets 35 to 36\n')
  })
})

describe('wrong input: one sentence on standard error, exit 2', () => {
  it.each([
    [['--jason', 'x'], '', `unknown option '--jason' (Did you mean --json?)`],
    [['no-such.pcap'], '', 'no-such.pcap: there is no such file'],
    [[program], '', `${program}: the file is not a pcap, pcapng or MRT file`],
    [['-'], 'ff ff\nfg', `standard input: line 2, column 2: 'g' is not a hex digit`],
    [
      ['--port', '1179', capture('session.pcap')],
      '',
      `${capture('session.pcap')}: it contains no BGP message (port 1179)`,
    ],
  ])('the arguments %j with input %j exit with 2', { timeout }, async (args, input, sentence) => {
    expect(await run(args, input)).toEqual({ code: 2, out: '', err: `${sentence}\n` })
  })
  it('a file that is empty, a directory or of no known format exits with 2', { timeout }, async () => {
    const empty = await file('empty', new Uint8Array())
    const sentences: [string, string][] = [
      [empty, 'the file is empty'],
      ['/dev/zero', 'the file is not a pcap, pcapng or MRT file'],
      [folder, 'it is a directory'],
      [join(empty, 'x'), 'it cannot be read: ENOTDIR: not a directory'],
    ]
    const runs = await Promise.all(sentences.map(([path]) => run([path])))
    for (const [i, [path, sentence]] of sentences.entries()) {
      const { code, out, err } = runs[i]!
      expect([code, out, err.slice(0, path.length + 2 + sentence.length)]).toEqual([2, '', `${path}: ${sentence}`])
      expect(err.trimEnd().split('\n')).toHaveLength(1)
    }
  })
  it('a closed standard input exits with 2', { timeout }, async () => {
    const err = 'standard input: it contains no BGP message (port 179)\n'
    expect(await shell('<&-')).toEqual({ code: 2, out: '', err })
  })
  it('an output that cannot be written exits with 2', { timeout }, async () => {
    const { code, err } = await shell(`>'${join(folder, 'output')}'`, capture('session.pcap'), 'ulimit -f 0')
    expect([code, err]).toEqual([2, 'the output cannot be written: EFBIG: file too large, write\n'])
  })
  it('a file that is cut short is decoded up to there and exits with 2', { timeout }, async () => {
    const path = await file('cut.pcap', samples['session.pcap']!().subarray(0, 360))
    const { code, out, err } = await run([path])
    expect(code).toBe(2)
    expect(headings(out)).toHaveLength(1)
    expect(err).toBe(`${path}: the file is cut short within packet 5\n`)
  })
})

describe('a pipe', () => {
  it('a named pipe is decoded while it is written', { timeout }, async () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    const reading = run([pipe])
    const writer = await open(pipe, 'w')
    for (const octet of samples['session.pcap']!()) await writer.write(Uint8Array.of(octet))
    await writer.close()
    expect(await reading).toEqual(await run([capture('session.pcap')]))
  })
  it('a reader that stops early ends the program with 0, without an error', {
    timeout,
  }, async () => {
    const path = await file('long.pcap', shapes['messages of 19 octets']!.make(2_000_000))
    const { code, out, err } = await shell('--json | head -n 1', path, 'set -o pipefail')
    expect([code, out.split('\n').length, err]).toEqual([0, 2, ''])
    const both = await shell('--json 2>&1 | true', path, 'set -o pipefail')
    expect([both.code, both.err]).toEqual([0, ''])
  })
})

it('--help fits a screen of 80 by 24', { timeout }, async () => {
  const { code, out } = await run(['--help'])
  expect(code).toBe(0)
  const lines = out.trimEnd().split('\n')
  expect(lines.length).toBeLessThanOrEqual(24)
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80)
})
