/** Runs a program of this folder inside a container of its own, in which it is root and makes network namespaces. */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { kubeApiserver } from './assets.ts'

const checkout = fileURLToPath(new URL('../..', import.meta.url))
const dist = join(checkout, 'packages/softspoken/dist')

/**
 * Starts `program` of this folder with `args`. Yields each line that it prints; rejects if it ends with another code than 0.
 * `options`: more arguments of `docker run`.
 */
export async function* inContainer(
  program: string,
  args: readonly string[],
  { image = 'softspoken-interop/kubernetes', options = [] }: { image?: string; options?: readonly string[] } = {},
): AsyncGenerator<string> {
  const bundle = makeBundle()
  const child = spawn(
    'docker',
    [
      ...['run', '--rm', '--init', '--network', 'none', '--label', `softspoken.lab=${process.pid}-kubernetes`],
      // Namespaces need these, and NET_BROADCAST a listener to several of them; a machine that is itself a container cannot grant --privileged.
      ...['NET_ADMIN', 'NET_RAW', 'NET_BROADCAST', 'SYS_ADMIN'].flatMap(name => ['--cap-add', name]),
      ...['seccomp=unconfined', 'apparmor=unconfined', 'systempaths=unconfined'].flatMap(name => [
        '--security-opt',
        name,
      ]),
      ...['--volume', `${checkout}:${checkout}:ro`, '--volume', `${kubeApiserver()}:/usr/local/bin/kube-apiserver:ro`],
      ...['--volume', `${bundle}:${dist}:ro`],
      ...['--workdir', checkout, '--env', 'NO_COLOR=1', ...options, image],
      ...['node', '--import', 'tsx', `interop/kubernetes/${program}`, ...args],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  try {
    yield* createInterface(child.stdout)
    const code = await ended
    if (code !== 0) throw new Error(`interop/kubernetes/${program} ended with code ${code}`)
  } finally {
    rmSync(bundle, { recursive: true })
  }
}

/** What the agents run, in a folder of its own: two containers may start at once. */
function makeBundle(): string {
  const folder = mkdtempSync(join(tmpdir(), 'softspoken-bundle-'))
  execFileSync(process.execPath, ['bundle.mjs', folder], { cwd: join(dist, '..'), stdio: ['ignore', 'ignore', 'pipe'] })
  mkdirSync(dist, { recursive: true }) // for the mount, because the checkout is read-only
  return folder
}
