/** How each fault of the schedule is made and undone. */
import type { KubernetesLab } from '../lab.ts'
import { ip, type NodeName, nft, nodes } from '../network.ts'
import type { FaultKind, PlannedFault } from './schedule.ts'

interface Fault {
  inject(lab: KubernetesLab, node: NodeName, strength: number): void | Promise<void>
  undo(lab: KubernetesLab, node: NodeName): void | Promise<void>
}

/** An agent that has ended is started again by the program. */
const startsLater = (): void => {}

export const faults: Readonly<Record<FaultKind, Fault>> = {
  stop: {
    inject: (lab, node) => void lab.agent(node).child.kill('SIGSTOP'),
    undo: (lab, node) => void lab.agent(node).child.kill('SIGCONT'),
  },
  kill: { inject: (lab, node) => void lab.agent(node).child.kill('SIGKILL'), undo: startsLater },
  term: { inject: (lab, node) => void lab.agent(node).child.kill('SIGTERM'), undo: startsLater },
  api: { inject: (_, node, strength) => cutOff(node, 'eth1', strength), undo: (_, node) => connect(node, 'eth1') },
  router: { inject: (_, node, strength) => cutOff(node, 'eth0', strength), undo: (_, node) => connect(node, 'eth0') },
  rate: {
    inject: (lab, node, strength) => lab.tell(node, 'rate', (0.85 + strength * 0.35).toFixed(3)),
    undo: (lab, node) => lab.tell(node, 'rate', '1'),
  },
  latency: {
    inject: (lab, _, strength) => lab.api.latency?.set(Math.round(strength * 750)), // in each direction
    undo: lab => lab.api.latency?.set(0),
  },
  etcd: { inject: lab => lab.api.pauseEtcd(), undo: lab => lab.api.resumeEtcd() },
  server: { inject: lab => lab.api.killServer(), undo: lab => lab.api.startServer() },
  crash: {
    // A router that crashes has no routes after it, neither in the daemon nor in the kernel.
    inject: async lab => {
      await lab.router.stop('SIGKILL')
      ip('-n', 'rt', 'route', 'flush', 'table', 'all', 'proto', 'bird')
    },
    undo: lab => lab.startRouter(),
  },
}

/** Two faults of one slot are never in force at once. */
export function slotOf({ kind }: PlannedFault, node: NodeName): string {
  if (['stop', 'kill', 'term'].includes(kind)) return agentSlot(node)
  return ['api', 'router', 'rate'].includes(kind) ? `${kind} ${node}` : kind
}
export function agentSlot(node: NodeName): string {
  return `agent ${node}`
}
/** The nodes that a fault of this kind hits. */
export function hit(kind: FaultKind, node: NodeName): readonly NodeName[] {
  return ['latency', 'etcd', 'server', 'crash'].includes(kind) ? nodes : [node]
}

/** Drops what arrives, what is sent, or both. The interface keeps its carrier. */
function cutOff(node: NodeName, dev: 'eth0' | 'eth1', strength: number): void {
  const directions = [['input'], ['output'], ['input', 'output']][Math.floor(strength * 3)] ?? []
  const chains = directions.map(
    hook =>
      `chain ${hook} { type filter hook ${hook} priority 0; ${hook === 'input' ? 'iifname' : 'oifname'} ${dev} drop; }`,
  )
  nft(node, `table inet cut_${dev} { ${chains.join('; ')}; }`)
}
function connect(node: NodeName, dev: 'eth0' | 'eth1'): void {
  nft(node, `delete table inet cut_${dev}`)
}
