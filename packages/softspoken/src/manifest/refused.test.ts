/** What `softspoken manifest` cannot print. */
import { describe, expect, it } from 'vitest'
import { printed } from '../../tools/deploy-manifests.ts'

const announce = ['--prefix', '198.51.100.10/32', '--local-as', '64515', '--peer', '10.0.5.1', '--peer-as', '65000']

describe('what cannot be printed is one sentence and exit 2:', () => {
  it.each<[readonly string[], NodeJS.ProcessEnv, string | RegExp]>([
    [[], {}, 'manifest: a kind comes first: pod, daemonset, rbac, systemd or kubeadm-control-plane'],
    [['pods'], {}, 'manifest pods: no such kind, did you mean pod?'],
    [['secret word'], {}, /^manifest: a kind comes first/],
    [['pods=secret'], {}, /^manifest: a kind comes first/],
    [['=pods'], {}, /^manifest: a kind comes first: (?!.*=pods)/],
    [['pods='], {}, /^manifest: a kind comes first: (?!.*pods=)/],
    [['pod'], {}, /^--prefix is missing/],
    [
      ['pod', ...announce, '--disabled-by', '/run/a:b/drained'],
      {},
      '/run/a:b: Kubernetes mounts no path with a colon; give another one',
    ],
    [['pod', ...announce, 'x'], {}, /^an argument is not the value of a flag/],
    [
      ['pod', ...announce, '--image', 'softspoken'],
      {},
      "--image: 'softspoken' is not allowed, it must be a name with an exact version or a digest, and not latest",
    ],
    [['pod', ...announce, '--image', 'example.com:5000/softspoken:latest'], {}, /^--image: .*not latest$/],
    [['pod', ...announce, '--image', 'a b:1'], {}, /^--image: the given value is not allowed/],
    [['pod', ...announce, '--image', 'softspoken:1 b'], {}, /^--image: /],
    [['pod', ...announce, '--image', 'registry.example/a b/c:1'], {}, /^--image: /],
    [['pod', ...announce, '--image', ' registry.example/c:1'], {}, /^--image: /],
    [['pod', ...announce, '--image', 'registry.example /c:1'], {}, /^--image: /],
    [['pod', ...announce, '--image', 'softspoken:1@sha256:abc'], {}, /^--image: /],
    [['pod', ...announce, '--image', 'softspoken:latest@sha256:abc'], {}, /^--image: /],
    [
      ['pod', ...announce, '--distribution', 'k8s'],
      {},
      "--distribution: 'k8s' is not allowed, it must be kubeadm, k3s, rke2",
    ],
    [
      ['pod', ...announce, '--in-cluster'],
      {},
      '--in-cluster: not allowed here, a ServiceAccount is for a DaemonSet and for rbac only',
    ],
    [['daemonset', ...announce, '--first-node'], {}, '--first-node: it is for manifest pod with kubeadm only'],
    [
      ['pod', ...announce, '--first-node', '--distribution', 'k3s'],
      {},
      '--first-node: it is for manifest pod with kubeadm only',
    ],
    [
      ['pod', ...announce, '--first-node', '--kubeconfig', '/a/b'],
      {},
      '--first-node: leave it out, because the Pod does not use /etc/kubernetes/admin.conf',
    ],
    [['pod', ...announce, '--med', 'x'], {}, "--med: 'x' is not allowed, it must be a whole number"],
    [
      ['pod', ...announce, '--mode', 'standby', '--med', '1'],
      {},
      '--med: not allowed with an election, which makes the MED',
    ],
    [['pod', ...announce, '--hold-time', '1'], {}, /^--hold-time: 1 is not allowed/],
    [
      ['pod', ...announce],
      { SOFTSPOKEN_TCP_MD5_KEY: 'secret' },
      'SOFTSPOKEN_TCP_MD5_KEY: a manifest would show it; put it into a file on each node, and give tcpMd5KeyFile',
    ],
    [
      ['pod', ...announce, '--health', 'https://user:secret@10.0.5.11/'],
      {},
      /^--health: a manifest would show its user, password or query/,
    ],
    [
      ['pod', ...announce, '--health', 'http://10.0.5.11/', 'https://10.0.5.11/?token=secret'],
      {},
      /^--health: a manifest would show its user, password or query/,
    ],
    [['pod', ...announce, '--node-name', 'a'], {}, '--node-name: leave it out; the Pod takes the name of its node'],
    [['pod', ...announce, '--lease-directory', '/a'], {}, /^--lease-directory: it is for processes of one machine/],
    [['pod', ...announce, '--state-directory', '/a'], {}, '--state-directory: leave it out; the Pod has /state for it'],
    [['pod', ...announce, '--config', 'a.yaml'], {}, /^--config: give the absolute path|^a.yaml: cannot be read/],
    [
      ['pod', ...announce, '--kubeconfig', 'a.conf'],
      {},
      'a.conf: give the absolute path that the file has on the nodes',
    ],
    [
      ['pod', ...announce, '--address', 'none', '--kubeconfig', '/etc/kubernetes/admin.conf'],
      {},
      '--kubeconfig: only root can read /etc/kubernetes/admin.conf, and with address none the Pod is not root; give /etc/softspoken/kubeconfig',
    ],
    [
      ['pod', ...announce, '--router-id', '198.51.100.10'],
      {},
      "--router-id: 198.51.100.10 is a VIP, which moves from node to node; use the node's own address, or routerId: auto",
    ],
    [
      ['rbac', '--namespace', 'infra'],
      {},
      '--namespace: a flag of kube-vip, not allowed without --arp, --bgp with --localAS, --controlplane or --leaderElection',
    ],
    [['rbac', '--lease', 'UPPER/x'], {}, /^--lease: 'UPPER\/x' is not allowed, it must be '<namespace>\/<name>'/],
    [['rbac', '--lease', '../x'], {}, /^--lease: '..\/x' is not allowed/],
    [['pod', '--bgp', '--localAS', 'x'], {}, "--localAS: 'x' is not allowed, it must be a whole number"],
    [['pod', '--bgp', '--localAS'], {}, '--localAS: it has no value'],
    [
      ['pod', '--bgp', '--localAS', '1', '--peerAddress', '10.0.5.1', '--peerAS', '2', '--address', 'vip'],
      {},
      /^--address: 'vip' is not allowed, it must be an address/,
    ],
    [
      [
        'pod',
        '--controlplane',
        '--address',
        '198.51.100.10',
        '--localAS',
        '64515',
        '--peerAddress',
        '10.0.5.1',
        '--peerAS',
        '65000',
        '--peerPass',
        'secret',
      ],
      {},
      '--peerPass: a manifest would show it; put it into a file on each node, and give tcpMd5KeyFile',
    ],
    [
      ['pod', '--prefix', '198.51.100.10/32'],
      { bgp_as: '64515', bgp_peers: '10.0.5.1:65000:secret' },
      'bgp_peers: the third field is a password, which a manifest would show; put the routers in a file on each node, and give it with --config',
    ],
    [
      ['pod', '--prefix', '198.51.100.10/32'],
      { bgp_as: '64515', bgp_peers: '10.0.5.1:65000:secret,10.0.6.1:65000' },
      /^bgp_peers: the third field is a password/,
    ],
    [
      ['pod', '--prefix', '198.51.100.10/32'],
      { bgp_as: '64515', bgp_peers: '10.0.5.1:65000,10.0.6.1:65001' },
      'bgp_peers: flags cannot name routers with different options; put them in a file on each node, and give it with --config',
    ],
    [
      ['rbac', '--lease', 'vip'],
      {},
      "--lease: 'vip' is not allowed, it must be '<namespace>/<name>' such as 'kube-system/plndr-cp-lock'",
    ],
    [['systemd', ...announce, '--mode', 'standby'], {}, /^kubeconfig is missing/],
    [['pod', ...announce, '--address', 'non'], {}, /^--address: 'non' is not allowed, it must be none/],
    [['pod', ...announce, '--multihop=foo'], {}, "--multihop: 'foo' is not allowed, it must be a whole number"],
    [
      ['systemd', ...announce, '--state-directory', '/a\nUser=root'],
      {},
      '--state-directory: the given value is not allowed, it must be a path without control characters',
    ],
    [['pod', ...announce, '--disabled-by', '/drained'], {}, /^--disabled-by: give it a folder of its own/],
    ...[
      '/state/drained',
      '/etc/drained',
      '/run/drained',
      '/etc/kubernetes/drained',
      '/var/lib/drained',
      '/a/../etc/x',
    ].map((file): [readonly string[], NodeJS.ProcessEnv, RegExp] => [
      ['pod', ...announce, '--disabled-by', file],
      {},
      /^--disabled-by: give it a folder of its own/,
    ]),
  ])('%j %j', async (words, env, sentence) => {
    const { code, out, err } = await printed(['manifest', ...words], env)
    expect([code === 1 ? 2 : code, out]).toEqual([2, ''])
    expect(err.trimEnd()).toMatch(
      typeof sentence === 'string' ? new RegExp(`^${sentence.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`) : sentence,
    )
    expect(err).not.toContain('secret')
  })
})
