/** A place for the commands of a page: a network, processes and a /run of its own. Nothing of it is left at the end. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const namespaces = ['--net', '--mount', '--pid']
const setup = 'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up && echo ready && exec sleep infinity'

/** Whether this host can make a sandbox: Linux, and root. */
export const canSandbox = process.platform === 'linux' && process.getuid?.() === 0

/** @param root The repository, which is the folder of the commands */
export async function makeSandbox(root: string) {
  const holder = spawn('unshare', [...namespaces, '--fork', '--kill-child', '--mount-proc', 'sh', '-c', setup], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(holder, 'exit')
  const failure = exit.then(() => Promise.reject(new Error('unshare makes no sandbox')))
  await Promise.race([once(holder.stdout, 'data'), failure])
  failure.catch(() => {}) // the end of the page
  const first = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim()

  const programs = mkdtempSync(join(tmpdir(), 'page-'))
  const program = `exec ${process.execPath} --import ${import.meta.resolve('tsx')} ${root}packages/softspoken/src/main.ts "$@"`
  writeFileSync(join(programs, 'softspoken'), `#!/bin/sh\n${program}\n`)
  chmodSync(join(programs, 'softspoken'), 0o755)

  // Ctrl-C ends the command in the terminal, and not nsenter.
  const enter = [
    ...['env', '--ignore-signal=INT', 'nsenter', '--target', first, ...namespaces, `--wdns=${root}`],
    ...['env', '--default-signal=INT'],
  ]
  return {
    /** Of its first process. */
    pid: first,
    enter,
    /** Runs a command before those of the page. */
    prepare: (command: string): void => void execFileSync('env', [...enter.slice(1), 'sh', '-ec', command]),
    environment: {
      PATH: `${programs}:${process.env.PATH}`,
      npm_config_offline: 'true', // the sandbox has no way out
    },
    [Symbol.dispose]: () => {
      holder.kill('SIGKILL') // the kernel then ends all processes of the sandbox
      rmSync(programs, { recursive: true })
    },
  }
}
