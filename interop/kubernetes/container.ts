/** Runs a program of this folder inside a container of its own, in which it is root and makes network namespaces. */
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { kubeApiserver } from './assets.ts'

const checkout = fileURLToPath(new URL('../..', import.meta.url))

/** Starts `program` of this folder with `args`. Yields each line that it prints; rejects if it ends with another code than 0. */
export async function* inContainer(program: string, args: readonly string[]): AsyncGenerator<string> {
  execFileSync(process.execPath, ['bundle.mjs'], { cwd: join(checkout, 'packages/softspoken'), stdio: 'ignore' }) // what the agents run
  const child = spawn(
    'docker',
    [
      ...['run', '--rm', '--init', '--network', 'none', '--label', `softspoken.lab=${process.pid}-kubernetes`],
      // Namespaces need these; a machine that is itself a container cannot grant --privileged.
      ...['NET_ADMIN', 'NET_RAW', 'SYS_ADMIN'].flatMap(name => ['--cap-add', name]),
      ...['seccomp=unconfined', 'apparmor=unconfined', 'systempaths=unconfined'].flatMap(name => [
        '--security-opt',
        name,
      ]),
      ...['--volume', `${checkout}:${checkout}:ro`, '--volume', `${kubeApiserver()}:/usr/local/bin/kube-apiserver:ro`],
      ...['--workdir', checkout, '--env', 'NO_COLOR=1', 'softspoken-interop/kubernetes'],
      ...['node', '--import', 'tsx', `interop/kubernetes/${program}`, ...args],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  yield* createInterface(child.stdout)
  const code = await ended
  if (code !== 0) throw new Error(`interop/kubernetes/${program} ended with code ${code}`)
}
