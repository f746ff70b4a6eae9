/**
 * Runs in the lab's container: `nemesis-program.ts <mode> <seed> <seconds>`. Prints what the router sees and each fault, a JSON object
 * per line.
 */
import { type ChildProcess, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { KubernetesLab, VIP } from '../lab.ts'
import { nodes, start } from '../network.ts'
import { SHORT_WAIT } from '../scenarios/router.ts'
import type { Mode } from '../softspoken.ts'
import { pause } from '../until.ts'
import { agentSlot, faults, slotOf } from './faults.ts'
import { HOLD_TIME, type Observed } from './observed.ts'
import { type PlannedFault, schedule } from './schedule.ts'

const [mode = 'leader', seed = '1', seconds = '60'] = process.argv.slice(2)
const print = (line: Observed): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

/** Seconds after the last fault until one node serves: also after long waits before a dial. */
const RECOVERY = 180

await using lab = await KubernetesLab.create({
  holdTime: HOLD_TIME,
  hasTables: true,
  hasLatency: true,
  agent: { mode: mode as Mode, profile: 'fast', options: SHORT_WAIT, vips: [VIP], preloads: ['rate'] },
})
const watchers = [
  watch('route', ['ip', '-ts', '-oneline', 'monitor', 'route']),
  // Requests and answers of the client, on each interface of the router: the port of the answer says which node sent it.
  watch('packet', [
    ...['tcpdump', '-ni', 'any', '-tt', '-l', '--immediate-mode', '-B', '8192'],
    `host ${VIP} and tcp port 8080 and (tcp[13] & 0x17 == 0x02 or tcp[13] & 0x17 == 0x12)`,
  ]),
]
lab.startAgent()
await lab.steady()

const busy = new Set<string>()
/** What ends by itself is started again, as systemd and the kubelet do. */
const keeper = setInterval(() => {
  if (!busy.has('server')) lab.api.startServer()
  for (const node of nodes) if (!busy.has(agentSlot(node)) && !lab.agent(node).running) lab.startAgent(node)
}, 500)
const begun = Date.now()
print({ kind: 'begin', at: begun, versions: versions() })
const running: Promise<void>[] = []
for (const fault of schedule(Number(seed), Number(seconds))) {
  await pause(Math.max(0, (begun - Date.now()) / 1000 + fault.at))
  running.push(happen(fault))
}
await Promise.all(running)
await pause(Math.max(0, (begun - Date.now()) / 1000 + Number(seconds)))
const at = Date.now()
const node = await lab.steady(RECOVERY).catch(() => undefined)
print({ kind: 'end', at, recovered: node && (Date.now() - at) / 1000 })
clearInterval(keeper)
for (const child of watchers) child.kill()

async function happen(fault: PlannedFault): Promise<void> {
  const node = fault.target === 'used' ? (lab.active ?? 'n1') : fault.target
  const slot = slotOf(fault, node)
  if (busy.has(slot)) return
  busy.add(slot)
  const at = Date.now()
  await faults[fault.kind].inject(lab, node, fault.strength)
  await pause(fault.until - fault.at)
  await faults[fault.kind].undo(lab, node)
  busy.delete(slot)
  print({ kind: 'fault', fault: fault.kind, node, at, until: Date.now() })
}

function watch(kind: 'route' | 'packet', command: readonly string[]): ChildProcess {
  const child = start('rt', command, { stdio: ['ignore', 'pipe', 'ignore'] })
  if (child.stdout) createInterface(child.stdout).on('line', line => print({ kind, line }))
  return child
}

function versions(): readonly string[] {
  const names = { bird: 'BIRD', etcd: 'etcd', 'kube-apiserver': 'kube-apiserver', node: 'Node' }
  return Object.entries(names).map(([program, name]) => {
    const { stdout, stderr } = spawnSync(program, ['--version'], { encoding: 'utf8' })
    return `${name} ${/\d+(\.\d+)+/.exec(stdout + stderr)?.[0]}`
  })
}
