/** The program adds the address to `lo`, in a network namespace of its own, which needs root. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, describe, expect, it } from 'vitest'

const entry = fileURLToPath(new URL('main.ts', import.meta.url))
const timeout = 60_000
const flags = [
  ...['announce', '--prefix', '198.51.100.10/32', '--local-as', '64515', '--router-id', '10.0.5.11'],
  ...['--peer', '127.0.0.1', '--peer-as', '65000', '--next-hop', '10.0.5.11'],
]
const node = [process.execPath, '--import', 'tsx', entry, ...flags]
const inNamespace = ['--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
const possible = spawnSync('unshare', [...inNamespace, 'true']).status === 0
const leases = mkdtempSync(join(tmpdir(), 'address-'))

const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})
afterAll(() => rmSync(leases, { recursive: true }))

function run(...options: readonly string[]) {
  return started('unshare', [...inNamespace, ...node, ...options])
}
function started(command: string, words: readonly string[]) {
  const child = spawn(command, words, { env: { PATH: process.env.PATH } })
  running.push(child)
  const output = { out: '', err: '' }
  child.stdout.on('data', chunk => (output.out += chunk))
  child.stderr.on('data', chunk => (output.err += chunk))
  /** The kernel's table of the namespace: unshare and sh have become the program, under the same process id. */
  const isThere = (): boolean => readFileSync(`/proc/${child.pid}/net/fib_trie`, 'utf8').includes('198.51.100.10')
  return { child, output, isThere, exit: once(child, 'close') }
}

describe.skipIf(!possible)('the address', () => {
  it('is on lo while the program announces, and is removed at its end', { timeout }, async () => {
    const { child, output, isThere, exit } = run()
    await expect.poll(() => output.out, { timeout }).toContain('"VIP added"')
    expect(isThere()).toBe(true)
    expect(output.out).toMatch(/"mode":"all-nodes".*"mode".*"interface":"lo".*"interface of the address"/s)
    child.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
    expect(output.out).toMatch(/"withdrawing and stopping".*"VIP removed".*"stopped"/s)
    expect(output.err).toBe('')
  })
  it('stays with the first of two programs on a host; the second says so, exit 1', { timeout }, async () => {
    const { child, output, exit } = run()
    await expect.poll(() => output.out, { timeout }).toContain('"VIP added"')
    const second = started('nsenter', [`--net=/proc/${child.pid}/ns/net`, ...node])
    expect(await second.exit).toEqual([1, null])
    expect(second.output.err).toMatch(
      /^another VIP agent on this host has 198\.51\.100\.10: stop one of the two [^\n]*\n$/,
    )
    child.kill('SIGKILL')
    await exit
    expect(output.out).not.toMatch(/"VIP is gone from the interface"/)
  })
  it('is not on lo of a node that does not lead in leader mode', { timeout }, async () => {
    const { child, output, isThere, exit } = run('--mode', 'leader', '--lease-directory', leases)
    await expect.poll(() => output.out, { timeout }).toContain('"reason":"no-session"')
    expect(isThere()).toBe(false)
    child.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
  })
  it('has an interface that does not exist yet: exit 1, because it may come', { timeout }, async () => {
    const { output, exit } = run('--interface', 'bond0.48', 'eno*')
    expect(await exit).toEqual([1, null])
    expect(output.err).toMatch(/^--interface: 'bond0\.48,eno\*' is not allowed, .* of this host: lo\n$/)
  })
})

it('a process without NET_ADMIN exits with 2, and names the option', { timeout }, async () => {
  const user = process.getuid?.() === 0 ? { uid: 65_532, gid: 65_532 } : {}
  const child = spawn(node[0]!, node.slice(1), { ...user, env: { PATH: process.env.PATH } })
  running.push(child)
  let error = ''
  child.stderr.on('data', chunk => (error += chunk))
  expect(await once(child, 'close')).toEqual([2, null])
  expect(error).toMatch(/^198\.51\.100\.10\/32 cannot be added to lo: [^\n]*address: none \(--address none\)[^\n]*\n$/)
})
