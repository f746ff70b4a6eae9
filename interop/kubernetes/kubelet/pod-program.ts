/** Runs in the lab's container: the agent of one node is the Pod that `softspoken manifest` prints. Prints what came of each step. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { execInNamespace } from '../exec.ts'
import { KubernetesLab, VIP } from '../lab.ts'
import { softspoken } from '../softspoken.ts'
import { pause, until } from '../until.ts'
import { IMAGE, Kubelet } from './kubelet.ts'

const PROGRAM = ['--full', '^node /app/softspoken.cjs announce'] // for pgrep and pkill
const others = ['n2', 'n3'] as const
const settings = { mode: 'standby', profile: 'fast', vips: [VIP], options: [] } as const
await using lab = await KubernetesLab.create({ agent: settings })
await using kubelet = await Kubelet.start('n1', lab.folder)

kubelet.run(manifest())
await step('the kubelet runs the Pod, and its startup and readiness probes pass', async () => {
  await until(() => lab.active === 'n1', 60, 'the Pod leads', 0.2)
  await ready(true)
  return undefined
})
await step('a kubelet that is killed and started changes nothing', async () => {
  const before = await kubelet.status()
  const at = Date.now()
  await kubelet.kill()
  await pause(3)
  kubelet.startAgain()
  await ready(true)
  assert.equal((await kubelet.status())?.containerID, before?.containerID)
  await lab.assertAnswered(at)
  assert.deepEqual(lab.routesSince(at), [], 'the route stays')
  return undefined
})
await leads()
await step('softspoken drain in the Pod hands over, and the Pod is not ready until softspoken resume', async () => {
  assert.match(await kubelet.exec('softspoken', 'drain', 'kernel upgrade'), /^drained since /)
  const seconds = await handedOver()
  await ready(false)
  assert.match(await kubelet.exec('softspoken', 'resume'), /^in service: /)
  await ready(true)
  return seconds
})
await leads()
await step('a failing liveness probe ends the program in order, and the kubelet starts it again', async () => {
  await nft('add table inet lab; add chain inet lab in { type filter hook input priority 0; }')
  await nft('add rule inet lab in tcp dport 9179 reject')
  const seconds = await handedOver()
  await nft('delete table inet lab')
  await restarted(1, 0)
  return seconds
})
await leads()
await step('the kernel ends a program that is stopped, and the kubelet starts it again', async () => {
  execFileSync('pkill', ['-STOP', ...PROGRAM])
  const seconds = await movedAway()
  await restarted(2, 14)
  return seconds
})
await leads()
await step('a manifest that is removed ends the program in order', async () => {
  kubelet.removeManifest()
  const seconds = await handedOver()
  await until(() => !lab.holders.includes('n1'), 8, 'the VIP is gone')
  await until(() => spawnSync('pgrep', PROGRAM).status === 1, 8, 'the program has ended')
  return seconds
})

/** `run` resolves with the seconds until another node had the route, if one had. */
async function step(title: string, run: () => Promise<number | undefined>): Promise<void> {
  const seconds = await run()
  console.log(seconds === undefined ? title : `${title} (${seconds.toFixed(1)} s to another node)`)
}

/** Printed by the bundle, as in the image, with the options of the other nodes. */
function manifest(): string {
  const [node = '', program = '', , ...options] = softspoken('n1', lab, settings)
  for (const flag of ['--node-name', '--router-id']) options.splice(options.indexOf(flag), 2) // the Pod makes its own
  const own = ['--disabled-by', '/var/lib/softspoken/drained', '--image', IMAGE]
  return execFileSync(node, [program, 'manifest', 'pod', ...options, ...own], { encoding: 'utf8' })
}

/** The Pod leads, and the other two nodes wait. */
async function leads(): Promise<void> {
  for (const node of others) if (lab.agents.has(node)) await lab.agent(node).kill('SIGTERM')
  await until(() => lab.active === 'n1', 60, 'the Pod leads')
  lab.startAgent(...others)
  await until(async () => (await lab.router.sessions()) === 3, 60, 'three sessions')
  await until(() => others.every(node => lab.vipsOn(node).length === 1), 30, 'the others wait')
  await pause(2)
}

/** Another node has the route, and the client noticed nothing. */
async function handedOver(): Promise<number> {
  const at = Date.now()
  const seconds = await movedAway()
  await pause(2)
  await lab.assertAnswered(at)
  return seconds
}
async function movedAway(): Promise<number> {
  const began = performance.now()
  await until(() => lab.movedFrom('n1'), 60, 'another node has the route')
  return (performance.now() - began) / 1000
}

async function ready(expected: boolean): Promise<void> {
  await until(async () => (await kubelet.status())?.ready === expected, 60, `ready ${expected}`, 0.5)
}
async function restarted(times: number, exitCode: number): Promise<void> {
  await until(async () => (await kubelet.status())?.restartCount === times, 60, `restart ${times}`, 0.5)
  assert.equal((await kubelet.status())?.lastState.terminated?.exitCode, exitCode)
  await ready(true)
}
function nft(commands: string) {
  return execInNamespace('n1', ['nft', commands])
}
