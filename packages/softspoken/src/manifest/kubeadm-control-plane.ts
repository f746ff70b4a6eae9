/** The part of a KubeadmControlPlane (Cluster API) that puts the static Pod on each node. */
import { posix } from 'node:path'
import { Scalar } from 'yaml'
import { distributions, FIRST_NODE_KUBECONFIG } from './distributions.ts'
import { noteAbove, yamlOf } from './yaml.ts'

const path = posix.join(distributions.kubeadm.folder, 'softspoken.yaml')

/** `pod`: the static Pod; `head`: a comment. */
export function kubeadmControlPlane(pod: string, head: string): string {
  const { kubeconfig } = distributions.kubeadm
  const swaps = pod.includes(`path: ${kubeconfig},`)
  return yamlOf(
    {
      apiVersion: 'controlplane.cluster.x-k8s.io/v1beta2',
      kind: 'KubeadmControlPlane',
      spec: {
        kubeadmConfigSpec: {
          files: [{ path, owner: 'root:root', permissions: '0600', content: literal(pod) }],
          ...(swaps && {
            preKubeadmCommands: noteAbove(
              [swap(kubeconfig, FIRST_NODE_KUBECONFIG)],
              'On the node that runs kubeadm init, which has this file: until init has ended, kubeadm 1.29 to 1.35 ' +
                'gives rights to super-admin.conf only. The Pod starts once more afterwards.',
            ),
            postKubeadmCommands: [swap(FIRST_NODE_KUBECONFIG, kubeconfig)],
          }),
        },
      },
    },
    head,
  )
}

function swap(from: string, to: string): Scalar {
  return literal(`if [ -f /run/kubeadm/kubeadm.yaml ]; then
  sed -i 's#path: ${from},#path: ${to},#' \\
    ${path}
fi
`)
}

/** Several lines, as they are. */
function literal(text: string): Scalar {
  return Object.assign(new Scalar(text), { type: Scalar.BLOCK_LITERAL })
}
