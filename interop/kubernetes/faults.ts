/** What befalls the node that the router uses, and how it is undone. */
import { type NodeName, setLink } from './network.ts'
import type { NodesLab } from './nodes-lab.ts'

export interface Fault {
  /** For a table. */
  readonly text: string
  inject(lab: FaultyLab, node: NodeName): void | Promise<void>
  undo?(lab: FaultyLab, node: NodeName): void | Promise<void>
}
type FaultyLab = Pick<NodesLab, 'agent' | 'switch'>

export const faults = {
  kill: { text: 'agent killed (SIGKILL)', inject: (lab, node) => void lab.agent(node).child.kill('SIGKILL') },
  stop: { text: 'agent frozen (SIGSTOP)', inject: (lab, node) => void lab.agent(node).child.kill('SIGSTOP') },
  term: { text: 'agent ended (SIGTERM)', inject: (lab, node) => void lab.agent(node).child.kill('SIGTERM') },
  health: {
    text: 'service answers 503',
    inject: (lab, node) => lab.switch(node, 'service', 'off'),
    undo: (lab, node) => lab.switch(node, 'service', 'on'),
  },
  apidown: {
    text: 'its API server refuses',
    inject: (lab, node) => lab.switch(node, 'api', 'off'),
    undo: (lab, node) => lab.switch(node, 'api', 'on'),
  },
  apihang: {
    text: 'its API server hangs',
    inject: (lab, node) => lab.switch(node, 'api', 'hang'),
    undo: (lab, node) => lab.switch(node, 'api', 'on'),
  },
  uplink: {
    text: 'cable to the router cut',
    inject: (_, node) => setLink(node, 'segment', false),
    undo: (_, node) => setLink(node, 'segment', true),
  },
  power: {
    text: 'node lost its power (all its cables cut)',
    inject: (_, node) => setAllLinks(node, false),
    undo: (_, node) => setAllLinks(node, true),
  },
} as const satisfies Readonly<Record<string, Fault>>
export type FaultName = keyof typeof faults

function setAllLinks(node: NodeName, up: boolean): void {
  setLink(node, 'segment', up)
  setLink(node, 'management', up)
}
