/** Whether the credentials of the Lease may do what the election asks for. */
import type { Right } from '@softspoken/vip-agent/internal'
import { leaseOf, nodeNameOf } from '../config/election-options.ts'
import type { ProgramOptions } from '../config/options.ts'
import type { Findings } from './finding.ts'

/** Those that `manifest rbac` gives. */
export function neededRights(options: ProgramOptions): readonly Right[] {
  const [namespace = '', name = ''] = leaseOf(options).split('/')
  const leases = { group: 'coordination.k8s.io', resource: 'leases', namespace }
  return [
    { ...leases, verb: 'create' }, // RBAC cannot name what does not exist yet
    ...['get', 'update', 'list', 'watch'].map(verb => ({ ...leases, verb, name })),
    ...(options.drainOnCordon ? [{ group: '', resource: 'nodes', verb: 'get', name: nodeNameOf(options) }] : []),
  ]
}

export function rightsFindings(missing: readonly Right[], options: ProgramOptions): Findings {
  const lease = leaseOf(options)
  const verbs = missing.filter(({ resource }) => resource === 'leases').map(({ verb }) => verb)
  const [node] = missing.filter(({ resource }) => resource === 'nodes')
  const [namespace = ''] = lease.split('/')
  const objects = [
    ...(verbs.includes('create') ? [`create Leases in the namespace ${namespace}`] : []),
    ...(verbs.some(isOfName) ? [`${verbs.filter(isOfName).join(', ')} the Lease ${lease}`] : []),
    ...(node ? [`get the Node ${node.name}, which drainOnCordon needs`] : []),
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
function grantedBy({ lease, kubeconfig }: ProgramOptions): string {
  const named = lease === undefined ? '' : ` --lease ${lease}`
  return `softspoken manifest rbac${named}${kubeconfig === undefined ? ' --in-cluster' : ''}`
}
function isOfName(verb: string): boolean {
  return verb !== 'create'
}
function needs({ drainOnCordon }: ProgramOptions): string {
  return drainOnCordon ? 'the Lease and drainOnCordon need' : 'the Lease needs'
}
