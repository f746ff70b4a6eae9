/** Where a distribution of Kubernetes has what a static Pod needs. */

interface Distribution {
  /** The kubelet runs the Pods in this folder. */
  readonly folder: string
  /** Only root can read it. Its server may be the VIP. */
  readonly kubeconfig: string
  /** The API server of the node itself. */
  readonly apiServer: string
}

export const distributions = {
  kubeadm: {
    folder: '/etc/kubernetes/manifests',
    kubeconfig: '/etc/kubernetes/admin.conf',
    apiServer: 'https://127.0.0.1:6443',
  },
  k3s: {
    folder: '/var/lib/rancher/k3s/agent/pod-manifests',
    kubeconfig: '/etc/rancher/k3s/k3s.yaml',
    apiServer: 'https://127.0.0.1:6444', // 6443 is its supervisor, which also answers for other servers
  },
  rke2: {
    folder: '/var/lib/rancher/rke2/agent/pod-manifests',
    kubeconfig: '/etc/rancher/rke2/rke2.yaml',
    apiServer: 'https://127.0.0.1:6443',
  },
} as const satisfies Record<string, Distribution>

export type DistributionName = keyof typeof distributions

/** kubeadm 1.29 to 1.35 gives admin.conf its rights through the VIP, so the first node needs another file until then. */
export const FIRST_NODE_KUBECONFIG = '/etc/kubernetes/super-admin.conf'

/** For an agent that is not root, or for rights of its own. */
export const OWN_KUBECONFIG = '/etc/softspoken/kubeconfig'
