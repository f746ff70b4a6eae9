/** The program announces, withdraws and exits as usual with a log that is full, closed or not read. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Listener, Session } from '@softspoken/session'
import { routes } from '@softspoken/wire'
import { afterAll, describe, expect, it } from 'vitest'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const needed =
  'announce --prefix 198.51.100.10/32 --address none --require-address false --local-as 64515 --router-id 10.0.5.11 --peer 127.0.0.1 --peer-as 65000'
const timeout = 60_000

/** What a shell does with standard output, `"$@"` being the program. */
const outputs = {
  'a file that may not grow, as on a full disk': 'ulimit -f 0; exec "$@" >"$FIFO.txt" 2>&1',
  'a full pipe whose reader has stopped':
    'mkfifo "$FIFO"; exec 3<>"$FIFO"; head -c 65536 /dev/zero >&3; exec "$@" >"$FIFO"',
  'a pipe whose reader is gone': 'mkfifo "$FIFO"; exec 3<>"$FIFO"; exec 4>"$FIFO"; exec "$@" 3<&- >&4 4>&-',
}

describe.concurrent('the program exits 0 on SIGTERM if its standard output is', () => {
  it.for(Object.entries(outputs))('%s, and withdraws first', { timeout }, async ([_, shell], { expect }) => {
    const folder = mkdtempSync(join(tmpdir(), 'log-output-'))
    await using session = new Session({
      local: { as: 65000, id: '10.0.5.1' },
      peer: { as: 64515, address: '127.0.0.1' },
      passive: true,
    })
    await using listener = new Listener({ address: '127.0.0.1', port: 0 }).serve(session)
    const received: string[] = []
    session.start().on('update', ({ update }) => {
      const { announced, withdrawn } = routes(update)
      received.push(...announced.map(({ prefix }) => `+${prefix}`), ...withdrawn.map(prefix => `-${prefix}`))
    })
    const flags = `${needed} --next-hop 10.0.5.11 --port ${await listener.listen()} --log-level debug`
    const warner = join(folder, 'warner.cjs')
    // Node prints a warning on standard error; after that has failed, the SIGTERM is sent.
    const warn =
      "process.emitWarning('of Node'); setImmediate(() => setImmediate(process.kill, process.pid, 'SIGTERM'))"
    writeFileSync(warner, `process.on('SIGWINCH', () => { ${warn} })`)
    const child = spawn('sh', ['-c', shell, 'sh', process.execPath, '--import', 'tsx', main, ...flags.split(' ')], {
      env: { PATH: process.env.PATH, FIFO: join(folder, 'fifo'), NODE_OPTIONS: `--require ${warner}` },
      stdio: ['ignore', 'ignore', 'ignore'],
    })
    const exit = once(child, 'exit')
    await expect.poll(() => received, { timeout }).toEqual(['+198.51.100.10/32'])
    child.kill('SIGWINCH') // exec: it is the program
    await expect.poll(() => received[1], { timeout }).toBe('-198.51.100.10/32')
    expect(await exit).toEqual([0, null])
    rmSync(folder, { recursive: true })
  })
})

describe.skipIf(spawnSync('script', ['--version']).error)('the program in a terminal', () => {
  it('exits 0 after SIGHUP when the terminal is closed', { timeout }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'log-output-'))
    const code = join(folder, 'code')
    await using session = new Session({
      local: { as: 65000, id: '10.0.5.1' },
      peer: { as: 64515, address: '127.0.0.1' },
      passive: true,
    })
    await using listener = new Listener({ address: '127.0.0.1', port: 0 }).serve(session)
    const ends: string[] = []
    session.start().on('down', ({ received }) => void ends.push(`${received?.code}/${received?.subcode}`))
    const flags = `${needed} --next-hop 10.0.5.11 --port ${await listener.listen()}`
    // The system tells the shell that the terminal is gone, and the shell its children, as an interactive one does.
    const program = `"${process.execPath}" --import tsx "${main}" ${flags}`
    const shell = `trap 'kill -HUP $!' HUP; ${program} & wait $!; wait $!; echo $? >"${code}"`
    const terminal = spawn('script', ['-qec', shell, '/dev/null'], {
      env: { PATH: process.env.PATH, SHELL: '/bin/sh' },
    })
    await expect.poll(() => session.state, { timeout }).toBe('Established')
    terminal.kill('SIGKILL')
    await expect.poll(() => existsSync(code) && readFileSync(code, 'utf8'), { timeout }).toBe('0\n')
    expect(ends).toEqual(['6/2'])
    rmSync(folder, { recursive: true })
  })
})

describe.concurrent('the program exits 1 with a sentence if it cannot write the result', () => {
  const folder = mkdtempSync(join(tmpdir(), 'log-output-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  it.for([
    ['announce --check', `${needed} --next-hop 10.0.5.11 --check`],
    ['--help', '--help'],
  ] as const)('of %s is a sentence on standard error, and exit 1', { timeout }, async ([_, flags], { expect }) => {
    const shell = `ulimit -f 0; exec "$@" >'${join(folder, 'output')}'`
    const child = spawn('sh', ['-c', shell, 'sh', process.execPath, '--import', 'tsx', main, ...flags.split(' ')])
    let complaint = ''
    child.stderr.on('data', chunk => (complaint += chunk))
    expect(await once(child, 'close')).toEqual([1, null])
    expect(complaint).toMatch(/^standard output cannot be written: EFBIG[^\n]*\n$/)
  })
})
