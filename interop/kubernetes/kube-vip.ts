/**
 * kube-vip v1.2.3 in a lab of the same shape on 2026-11-25: lease 5/3/1, BIRD, three runs each. It was measured elsewhere, and is not
 * measured again by this command: seconds until the route was at another node, and for which no request was answered.
 */
import type { FaultName } from './faults.ts'

export const kubeVip: Readonly<Record<FaultName, readonly [route: string, gap: string]>> = {
  kill: ['6.7, 6.3, 6.8', '6.8, 6.3, 6.9'],
  stop: ['29.6, 6.3, 4.7', '0'],
  term: ['0.7, 0.9, 1.2', '0.7, 0.9, 1.3'],
  health: ['never', 'no end seen'],
  apidown: ['6.9, 5.0, 5.4', '3.7, 1.4, 2.4'],
  apihang: ['not measured', 'not measured'],
  uplink: ['not measured', 'not measured'],
  power: ['25.5, 6.6, 5.7', '25.4, 6.7, 5.8'],
}

/** The row of the table of processes that hang. Only when the router used another node was measured. */
export const kubeVipStopped: readonly string[] = [
  'SIGSTOP',
  'kube-vip, 5/3/1 s, three runs',
  'at another node after 29.6, 6.3, 4.7',
  'not measured; with ARP two nodes had it',
  'not measured',
]
