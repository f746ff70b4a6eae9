/** The command of a printed Pod, in a network namespace without DNS, CNI, Service network or API server, which needs root. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { deployCommands, printed } from '../../tools/deploy-manifests.ts'

const entry = fileURLToPath(new URL('../main.ts', import.meta.url))
const inNamespace = ['--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
const possible = spawnSync('unshare', [...inNamespace, 'true']).status === 0
const state = mkdtempSync(join(tmpdir(), 'alone-'))
afterAll(() => rmSync(state, { recursive: true }))
const timeout = 60_000

it.skipIf(!possible)(
  'the program of a static Pod starts and waits before anything else is there',
  { timeout },
  async () => {
    const { out } = await printed((deployCommands['control-plane.yaml'] ?? '').split(' '))
    const [{ args }] = parse(out).spec.containers as [{ args: readonly string[] }]
    const words = args.map(arg =>
      arg.replace('$(NODE_NAME)', 'node-1').replace('/state', state).replace('/etc/kubernetes', state),
    )
    const child = spawn('unshare', [...inNamespace, process.execPath, '--import', 'tsx', entry, ...words], {
      env: { PATH: process.env.PATH },
    })
    let log = ''
    child.stdout.on('data', chunk => (log += chunk))
    child.stderr.on('data', chunk => (log += chunk))
    const exit = once(child, 'close')
    try {
      await expect.poll(() => log, { timeout }).toMatch(/"starting".*"lease":"kube-system\/plndr-cp-lock".*"mode"/s)
      // It is written by kubeadm init later.
      await expect.poll(() => log, { timeout }).toMatch(/admin\.conf cannot be read: ENOENT/)
      child.kill('SIGTERM')
      expect(await exit).toEqual([0, null])
    } finally {
      child.kill('SIGKILL')
    }
    expect(log).not.toMatch(/"VIP added"/)
  },
)
