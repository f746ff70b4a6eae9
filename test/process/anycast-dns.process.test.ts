/** docs/recipes/anycast-dns.md in a network namespace: Unbound, dig, the program, and a router. It needs root and these programs. */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'

const page = readFileSync(new URL('../../docs/recipes/anycast-dns.md', import.meta.url), 'utf8')
const router = fileURLToPath(new URL('printing-router.ts', import.meta.url))
const program = fileURLToPath(new URL('../../packages/softspoken/src/main.ts', import.meta.url))
const node = [process.execPath, '--import', 'tsx'] as const
const installed = ['unbound', 'dig', 'ip', 'nsenter'].every(name => spawnSync('which', [name]).status === 0)
const possible = installed && spawnSync('unshare', ['--net', 'true']).status === 0

const folder = mkdtempSync(join(tmpdir(), 'softspoken-anycast-dns-'))
const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

describe.skipIf(!possible)('the recipe of anycast DNS', () => {
  it('announces while the server answers, and withdraws if it hangs', { timeout: 90_000 }, async () => {
    const namespace = start('unshare', '--net', 'sh', '-c', 'echo made; exec sleep 120')
    await once(namespace.stdout ?? namespace, 'data')
    const inside = ['nsenter', `--net=/proc/${namespace.pid}/ns/net`] as const
    const shell = async (commands: string): Promise<string> =>
      (await promisify(execFile)(inside[0], [inside[1], 'bash', '-c', `set -eu\n${commands}`])).stdout
    const run = (...words: readonly string[]) => start(...inside, ...words)

    const [address = '', script = '', look = '', ...others] = blocks('sh')
    expect(others).toEqual([])
    await shell('ip link set lo up; ip address add 10.0.5.1/32 dev lo; ip address add 10.0.5.11/32 dev lo')
    await shell(address)
    const check = write('dns-answers', script, 0o755)
    const server = run('unbound', '-d', '-c', write('unbound.conf', `${blocks('text')[0]}${unprivileged}`))
    let log = ''
    run(...node, router).stdout?.on('data', chunk => (log += chunk))

    const options = `${blocks('yaml')[0]}localAddress: 10.0.5.11\n`.replace('/usr/local/bin/dns-answers', check)
    const agent = run(...node, program, 'announce', '--config', write('config.yaml', options))
    await expect.poll(() => log, { timeout: 30_000 }).toBe('198.51.100.53/32\n')
    const status = `softspoken() { '${process.execPath}' --import tsx '${program}' "$@"; }\n${look}`
    expect(await shell(status)).toMatch(/198\.51\.100\.53\/32 +sent .*NSID: .*"node-1".*health\.test\..*TXT\s+"ok"/s)
    await expect(shell(`${check} 198.51.100.53 other.health.test TXT`)).rejects.toMatchObject({
      ...{ code: 1, stdout: 'status: NXDOMAIN\n' },
    })

    server.kill('SIGSTOP')
    await expect.poll(() => log, { timeout: 30_000 }).toBe('198.51.100.53/32\nwithdrawn\n')
    expect(await shell(status.replace(/^dig.*$/m, ''))).toContain('198.51.100.53 does not answer')
    expect(await shell('ip -oneline address show to 198.51.100.53'), 'the address stays').toContain('lo')
    agent.kill('SIGTERM')
    expect(await once(agent, 'exit')).toEqual([0, null])
  })
})

/** Unbound as a process of the test: no change of user, of folder, and no files of the system. */
const unprivileged = `  username: ""\n  chroot: ""\n  pidfile: ""\n  use-syslog: no\n  do-ip6: no\n`

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, code = '']) => code)
}

function write(name: string, text: string, mode = 0o644): string {
  const file = join(folder, name)
  writeFileSync(file, text, { mode })
  return file
}

function start(...[command = '', ...words]: readonly string[]): ChildProcess {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'ignore'] })
  running.push(child)
  return child
}
