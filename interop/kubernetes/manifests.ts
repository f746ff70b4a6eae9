/** The manifests that a real API server checks. */
export type Command = readonly string[]

/** What the API server said of one object. */
export interface Verdict {
  readonly command: string
  readonly kind: string
  readonly status: number
  readonly message?: string
}

const bgp = ['--prefix', '198.51.100.10/32', '--local-as', '64515', '--peer', '10.0.5.1', '--peer-as', '65000']

/** The words after `softspoken manifest`. */
export const commands: readonly Command[] = [
  ['pod', ...bgp, '--mode', 'standby'],
  ['pod', ...bgp, '--mode', 'standby', '--first-node', '--disabled-by', '/var/lib/softspoken/drained'],
  ['pod', ...bgp, '--address', 'none'],
  ['pod', ...bgp, '--distribution', 'k3s', '--mode', 'leader', '--http', '[::]:9179'],
  ['pod', '--prefix', '203.0.113.100/32', '2001:db8::100/128', '--arp'],
  ['daemonset', ...bgp, '--mode', 'standby'],
  ['daemonset', ...bgp, '--address', 'none', '--health', 'http://127.0.0.1:8080/healthz'],
  ['kubeadm-control-plane', ...bgp, '--mode', 'standby'],
  ['rbac'],
  ['rbac', '--in-cluster', '--drain-on-cordon', 'false'],
]
