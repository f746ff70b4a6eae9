/** Whether the credentials of the Lease may do what the election asks for. */
import type { Right } from '@softspoken/vip-agent/internal'
import { leaseOf, nodeNameOf } from '../config/election-options.ts'
import type { ProgramOptions } from '../config/options.ts'
import type { Findings } from './finding.ts'

/** On the Node of the agent, by the option that needs it. */
const nodeRights = [
  { option: 'drainOnCordon', verb: 'get' },
  { option: 'labelNode', verb: 'patch' },
] as const

/** Those that `manifest rbac` gives. */
export function neededRights(options: ProgramOptions): readonly Right[] {
  const [namespace = '', name = ''] = leaseOf(options).split('/')
  const node = { group: '', resource: 'nodes', name: nodeNameOf(options) }
  const leases = { group: 'coordination.k8s.io', resource: 'leases', namespace }
  return [
    { ...leases, verb: 'create' }, // RBAC cannot name what does not exist yet
    ...['get', 'update', 'list', 'watch'].map(verb => ({ ...leases, verb, name })),
    ...nodeRights.filter(({ option }) => options[option]).map(({ verb }) => ({ ...node, verb })),
  ]
}

export function rightsFindings(missing: readonly Right[], options: ProgramOptions): Findings {
  const lease = leaseOf(options)
  const verbs = missing.filter(({ resource }) => resource === 'leases').map(({ verb }) => verb)
  const ofNode = missing.filter(({ resource }) => resource === 'nodes')
  const [namespace = ''] = lease.split('/')
  const objects = [
    ...(verbs.includes('create') ? [`create Leases in the namespace ${namespace}`] : []),
    ...(verbs.some(isOfName) ? [`${verbs.filter(isOfName).join(', ')} the Lease ${lease}`] : []),
    ...nodeRights
      .filter(right => ofNode.some(({ verb }) => verb === right.verb))
      .map(({ option, verb }) => `${verb} the Node ${nodeNameOf(options)}, which ${option} needs`),
  ]
  if (objects.length === 0)
    return { lines: [`Rights: the credentials may do all that ${needs(options)}`], warnings: [] }
  return {
    lines: [`Rights: the credentials may not ${objects.join('; ')}`],
    warnings: [
      `the credentials for the API server may not ${objects.join('; ')}; ${grantedBy(options)} prints what grants it`,
    ],
  }
}

/** Its rules include those of drainOnCordon. */
function grantedBy({ lease, kubeconfig, labelNode }: ProgramOptions): string {
  const named = lease === undefined ? '' : ` --lease ${lease}`
  const labels = labelNode ? ' --label-node true' : ''
  return `softspoken manifest rbac${named}${labels}${kubeconfig === undefined ? ' --in-cluster' : ''}`
}
function isOfName(verb: string): boolean {
  return verb !== 'create'
}
function needs(options: ProgramOptions): string {
  const all = ['the Lease', ...nodeRights.map(({ option }) => option).filter(option => options[option])]
  return `${all.length > 1 ? `${all.slice(0, -1).join(', ')} and ` : ''}${all.at(-1)} need${all.length > 1 ? '' : 's'}`
}
