/** What `softspoken manifest` prints: rights, files and options. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { readConfiguration } from '../../tools/configuration.ts'
import { deployCommands, printed } from '../../tools/deploy-manifests.ts'
import { kinds } from './manifest-options.ts'

const announce = ['--prefix', '198.51.100.10/32', '--local-as', '64515', '--peer', '10.0.5.1', '--peer-as', '65000']

const folder = mkdtempSync(join(tmpdir(), 'manifest-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Container {
  readonly image: string
  readonly args: readonly string[]
  readonly env?: readonly { readonly name: string }[]
  readonly startupProbe: Probe
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
  readonly securityContext: object
  readonly volumeMounts: readonly object[]
}
interface Probe {
  readonly httpGet: object
}
interface PodSpec {
  readonly terminationGracePeriodSeconds: number
  readonly securityContext: object
  readonly containers: readonly [Container]
  readonly volumes: readonly object[]
}

const deployed = (file: string) => readFileSync(new URL(`../../../../deploy/${file}`, import.meta.url), 'utf8')
it.each(Object.entries(deployCommands))('deploy/kubernetes/%s is what its command prints', async (file, command) => {
  expect((await printed(command.split(' '))).out).toBe(deployed(`kubernetes/${file}`))
})

it('manifest --help has each kind and its own options, and not those of announce', async () => {
  const { out } = await printed(['manifest', '--help'])
  for (const [kind, what] of Object.entries(kinds)) expect(out).toContain(`  ${kind.padEnd(23)}${what}\n`)
  expect(out).toMatch(/^Options:\n(.+\n)* +--image <name> /m)
  expect(out).not.toContain('--prefix')
})

async function text(kind: string, more: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, out, err } = await printed(['manifest', kind, ...announce, ...more], env)
  expect([code, err]).toEqual([0, ''])
  return out
}
/** The Pod, of a DaemonSet, too. */
async function podOf(kind: 'pod' | 'daemonset', ...more: string[]): Promise<PodSpec> {
  const { spec } = parse(await text(kind, more))
  return kind === 'pod' ? spec : spec.template.spec
}
/** Their flags as the program in the Pod gets them. */
function flagsOf([command, ...args]: readonly string[]): readonly string[] {
  expect(command).toBe('announce')
  return args.map(arg => arg.replace('$(NODE_NAME)', 'node-1'))
}

describe('a Pod of which the program adds the VIP', () => {
  it('is root with NET_ADMIN and nothing else', async () => {
    const { securityContext, containers } = await podOf('pod')
    expect(securityContext).toEqual({ runAsUser: 0, runAsGroup: 0, seccompProfile: { type: 'RuntimeDefault' } })
    expect(containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] },
    })
  })
  it('with address none is no root and has no right', async () => {
    const { securityContext, containers } = await podOf('pod', '--address', 'none')
    expect(securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532 })
    expect(containers[0].securityContext).toMatchObject({ capabilities: { drop: ['ALL'] } })
    expect(containers[0].securityContext).not.toHaveProperty('capabilities.add')
  })
})

describe('a Pod with ARP', () => {
  const segment = ['manifest', 'pod', '--prefix', '203.0.113.100/32', '--arp']
  it('without BGP has NET_RAW, no router and no state, and elects', async () => {
    const { code, out, err } = await printed(segment)
    expect([code, err]).toEqual([0, ''])
    const { containers, volumes } = parse(out).spec as PodSpec
    expect(containers[0].securityContext).toMatchObject({ capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } })
    expect(containers[0].args.join()).not.toMatch(/router-id|state-directory/)
    expect(volumes).toHaveLength(1)
    const { options } = await readConfiguration(flagsOf(containers[0].args), {})
    expect(options).toMatchObject({ arp: true, health: 'kubernetes', drainOnCordon: true })
  })
  it('and BGP has both', async () => {
    const [{ args }] = (await podOf('pod', '--arp')).containers
    expect(args).toEqual(expect.arrayContaining(['--arp=true', '--router-id=auto', '--state-directory=/state']))
  })
})

describe('a static Pod', () => {
  it('refers to no object of the API server, and has no priority', async () => {
    const pod = await text('pod', ['--mode', 'leader'])
    expect(pod).not.toMatch(/serviceAccount|configMap|secretKeyRef|secretName|^ *priority/m)
    expect(parse(pod).spec).toMatchObject({ hostNetwork: true, automountServiceAccountToken: false })
    expect(parse(pod).spec).toMatchObject({ enableServiceLinks: false })
  })
  it('has time for the longest stop that its options allow', async () => {
    expect((await podOf('pod')).terminationGracePeriodSeconds).toBe(11)
    expect((await podOf('pod', '--mode', 'leader')).terminationGracePeriodSeconds).toBe(15)
    const longer = await podOf('pod', '--mode', 'leader', '--drain-time', '20', '--graceful-shutdown-time', '2')
    expect(longer.terminationGracePeriodSeconds).toBe(34)
  })
  const digest = `sha256:${'0123456789abcdef'.repeat(4)}`
  it.each([
    'softspoken:1.2.3',
    'registry.example:5000/a-b/softspoken:1.2.3',
    `registry.example/softspoken:1.2.3@${digest}`,
    `registry.example/softspoken@${digest}`,
    `registry.example/softspoken:latest@${digest}`,
  ])('has the image %s', async image => {
    expect((await podOf('pod', '--image', image)).containers[0].image).toBe(image)
  })
  it('has the name of its node only if it needs it', async () => {
    const { out } = await printed(['manifest', 'pod', ...announce, '--router-id', '10.0.5.11'])
    expect(out).not.toContain('NODE_NAME')
    expect(parse(out).spec.containers[0]).not.toHaveProperty('env')
    expect(await text('pod', ['--router-id', 'auto'])).toContain('--node-name=$(NODE_NAME)')
  })
  it('explains its own options, and none that was given', async () => {
    const http = /# .*need --http-host/
    const cordon = /# .*a cordon takes the VIP away/
    const own = await text('pod', ['--mode', 'leader'])
    expect([http.test(own), cordon.test(own)]).toEqual([true, true])
    const given = await text('pod', ['--mode', 'leader', '--http', '127.0.0.1:9000', '--drain-on-cordon', 'true'])
    expect([http.test(given), cordon.test(given)]).toEqual([false, false])
  })
  it('of root may use the kubeconfig of root', async () => {
    const path = '/etc/kubernetes/admin.conf'
    const { volumes } = await podOf('pod', '--mode', 'standby', '--kubeconfig', path)
    expect(volumes[0]).toMatchObject({ hostPath: { path } })
  })
  it('shows a command that has a URL as its argument', async () => {
    const health = 'exec:/usr/bin/curl http://user@10.0.5.11/'
    expect((await podOf('pod', '--health', health)).containers[0].args).toContain(`--health=${health}`)
  })
  it('probes only the page of the program', async () => {
    const [{ startupProbe, livenessProbe, readinessProbe }] = (await podOf('pod')).containers
    const at = { host: '127.0.0.1', port: 9179 }
    expect([startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet)).toEqual([
      { ...at, path: '/healthz' },
      { ...at, path: '/healthz' },
      { ...at, path: '/readyz' },
    ])
  })
  it.each(['0.0.0.0:9000', '[::]:9000'])('needs no host in its probes with http %s', async http => {
    const [{ livenessProbe }] = (await podOf('pod', '--http', http)).containers
    expect(livenessProbe.httpGet).toEqual({ port: 9000, path: '/healthz' })
  })
  it.each(['[::1]:9000', '[2001:db8::]:9000'])('quotes what go-yaml would read otherwise: http %s', async http => {
    const host = http.slice(1, -6)
    const printed = await text('pod', ['--http', http, '--disabled-by', '/run/a?/drained'])
    expect(printed).toContain(`httpGet: { host: "${host}", port: 9000, path: /healthz }`)
    expect(printed).toContain('{ path: "/run/a?", type: DirectoryOrCreate }')
    expect(parse(printed).spec.containers[0].livenessProbe.httpGet.host).toBe(host)
  })
  it.each([
    ['/run/my/state/drained', 'state-0'],
    [`/run/${'x'.repeat(39)}-y/drained`, 'x'.repeat(39)],
    ['/run/ä/drained', 'files'],
  ])('with the file %s has volumes with names of their own', async (file, name) => {
    const { volumes, containers } = await podOf('pod', '--disabled-by', file)
    const names = volumes.map(volume => (volume as { readonly name: string }).name)
    expect(names[0]).toBe(name)
    expect(new Set(names).size).toBe(names.length)
    expect(containers[0].volumeMounts).toContainEqual({ name, mountPath: dirname(file) })
  })
  it.each([
    ['kubeadm', '/etc/kubernetes/admin.conf', 'https://127.0.0.1:6443', '/etc/kubernetes/manifests'],
    ['k3s', '/etc/rancher/k3s/k3s.yaml', 'https://127.0.0.1:6444', '/var/lib/rancher/k3s/agent/pod-manifests'],
    ['rke2', '/etc/rancher/rke2/rke2.yaml', 'https://127.0.0.1:6443', '/var/lib/rancher/rke2/agent/pod-manifests'],
  ])('of %s mounts %s, asks %s, and says where it goes', async (distribution, kubeconfig, apiServer, where) => {
    const printed = await text('pod', ['--distribution', distribution, '--mode', 'standby'])
    const { containers, volumes } = parse(printed).spec as PodSpec
    expect(containers[0].args).toEqual(
      expect.arrayContaining([`--kubeconfig=${kubeconfig}`, `--api-server=${apiServer}`]),
    )
    expect(containers[0].volumeMounts[0]).toMatchObject({ mountPath: kubeconfig, readOnly: true })
    expect(volumes[0]).toMatchObject({ hostPath: { path: kubeconfig, type: 'File' } })
    expect(printed.split('\napiVersion')[0]?.replaceAll('\n# ', ' ')).toContain(`${where}/softspoken.yaml`)
  })
  it('of the first node differs in one path and a comment', async () => {
    const health = ['--health', 'https://10.0.5.11/', '--health-ca', '/etc/kubernetes/pki/ca.crt']
    const lines = async (...more: string[]) =>
      new Set((await text('pod', ['--mode', 'standby', ...health, ...more])).split('\n'))
    const [first, others] = [await lines('--first-node'), await lines()]
    expect([...first].filter(line => !others.has(line) && !line.startsWith('#'))).toEqual([
      '      hostPath: { path: /etc/kubernetes/super-admin.conf, type: File }',
    ])
    expect([...others].filter(line => !first.has(line))).toEqual([
      '      hostPath: { path: /etc/kubernetes/admin.conf, type: File }',
    ])
  })
  it('mounts the folder of files, and of a shared folder only the file', async () => {
    const check = ['--health', 'https://10.0.5.11/', '--health-ca', '/etc/kubernetes/pki/ca.crt']
    const pair = ['--health-cert', '/etc/vip/tls.crt', '--health-key', '/etc/vip/tls.key']
    const { containers, volumes } = await podOf('pod', ...check, ...pair)
    expect(containers[0].volumeMounts).toEqual([
      { name: 'ca-crt', mountPath: '/etc/kubernetes/pki/ca.crt', readOnly: true },
      { name: 'vip-1', mountPath: '/etc/vip', readOnly: true },
      { name: 'state', mountPath: '/state' },
    ])
    expect(volumes).toEqual([
      { name: 'ca-crt', hostPath: { path: '/etc/kubernetes/pki/ca.crt', type: 'File' } },
      { name: 'vip-1', hostPath: { path: '/etc/vip', type: 'Directory' } },
      { name: 'state', emptyDir: {} },
    ])
  })
})

describe('a DaemonSet', () => {
  it('that asks the API server has a ServiceAccount, on control plane nodes only', async () => {
    const spec = await podOf('daemonset', '--mode', 'standby')
    expect(spec).toMatchObject({ serviceAccountName: 'softspoken', priorityClassName: 'system-node-critical' })
    expect(spec).toHaveProperty('affinity.nodeAffinity')
    expect(spec.containers[0].args).toContain('--api-server=https://127.0.0.1:6443')
    expect(spec.containers[0].args.join()).not.toContain('--kubeconfig')
  })
  it.each([
    ['https://127.0.0.1:6443', true],
    ['https://[::1]:6443', true],
    ['https://localhost:6443', true],
    ['https://192.0.2.1:6443', false],
    ['https://localhosts.example:6443', false],
  ])('that asks %s is on control plane nodes only: %s', async (url, only) => {
    const spec = await podOf('daemonset', '--mode', 'standby', '--api-server', url)
    expect('affinity' in spec).toBe(only)
  })
  it('with a kubeconfig has no ServiceAccount', async () => {
    const spec = await podOf('daemonset', '--mode', 'standby', '--kubeconfig', '/etc/softspoken/kubeconfig')
    expect(spec).toMatchObject({ automountServiceAccountToken: false })
    expect(spec.volumes[0]).toMatchObject({ hostPath: { path: '/etc/softspoken', type: 'Directory' } })
  })
  it('with a health check of its own runs on every node, unless --taint is given', async () => {
    const health = ['--health', 'http://127.0.0.1:8080/healthz']
    expect(await podOf('daemonset', ...health)).not.toHaveProperty('affinity')
    expect(await podOf('daemonset', ...health)).not.toHaveProperty('serviceAccountName')
    expect(await podOf('daemonset', ...health, '--taint')).toHaveProperty('affinity.nodeAffinity')
  })
})

describe('rbac', () => {
  it.each(['on', 'no', 'y', 'null', 'true', '010', '1e3'])('names %s as a text also in YAML 1.1', async name => {
    const { out } = await printed([
      'manifest',
      'rbac',
      '--lease',
      `${name}/${name}`,
      '--node-name',
      name,
      '--label-node',
      'true',
    ])
    const documents = parseAllDocuments(out, { version: '1.1' }).map(one => one.toJS())
    expect(documents[0].metadata.namespace).toBe(name)
    expect(documents.flatMap(({ rules = [] }) => rules).flatMap(({ resourceNames = [] }) => resourceNames)).toEqual([
      name,
      name,
    ])
  })
  it('gives a user the rights on the one Lease, which is answered under overload', async () => {
    const { code, out, err } = await printed(['manifest', 'rbac', '--lease', 'infra/vip'])
    expect([code, err]).toEqual([0, ''])
    const [role, binding, , , flow] = parseAllDocuments(out).map(document => document.toJS())
    expect(role).toMatchObject({ kind: 'Role', metadata: { namespace: 'infra' } })
    expect(role.rules).toEqual([
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        resourceNames: ['vip'],
        verbs: ['get', 'update', 'list', 'watch'],
      },
    ])
    expect(binding.subjects).toMatchObject([{ kind: 'User', name: 'softspoken' }])
    expect(flow).toMatchObject({
      kind: 'FlowSchema',
      spec: { rules: [{ subjects: [{ user: { name: 'softspoken' } }] }] },
    })
  })
  it('with --in-cluster makes the ServiceAccount of the DaemonSet', async () => {
    const { out } = await printed(['manifest', 'rbac', '--in-cluster'])
    const objects = parseAllDocuments(out).map(document => document.toJS())
    const [, , binding] = objects
    expect(objects.map(({ kind }) => kind)).toEqual([
      ...['ServiceAccount', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'],
    ])
    expect(binding.subjects).toEqual([{ kind: 'ServiceAccount', name: 'softspoken', namespace: 'kube-system' }])
  })
})

describe('labelNode', () => {
  it('is an argument, and rbac has the right to patch Nodes, or the one that is named', async () => {
    const argv = ['--mode', 'leader', '--label-node', 'true']
    expect((await podOf('pod', ...argv)).containers[0].args).toContain('--label-node=true')
    const ruleOf = async (...more: string[]) => {
      const documents = parseAllDocuments((await printed(['manifest', 'rbac', ...argv, ...more])).out)
      return documents.map(document => document.toJS()).find(({ kind }) => kind === 'ClusterRole').rules[0]
    }
    expect(await ruleOf()).toEqual({ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'patch'] })
    expect(await ruleOf('--drain-on-cordon', 'false', '--node-name', 'CP-1')).toEqual({
      ...{ apiGroups: [''], resources: ['nodes'], resourceNames: ['cp-1'], verbs: ['patch'] },
    })
    const theirs = ['--interface', 'eth0', '--address', '203.0.113.100', '--arp', '--leaderElection']
    const { out } = await printed(['manifest', 'pod', ...theirs, '--enableNodeLabeling'])
    expect(parse(out).spec.containers[0].args).toContain('--label-node=true')
  })
})

describe('drainOnCordon', () => {
  it('is on with an election, needs the right to get a Node, and can be switched off', async () => {
    const argsOf = async (...more: string[]) => (await podOf('pod', ...more)).containers[0].args
    expect(await argsOf('--mode', 'leader')).toContain('--drain-on-cordon=true')
    expect((await argsOf()).join()).not.toContain('cordon')
    expect(await argsOf('--mode', 'leader', '--drain-on-cordon', 'false')).toContain('--drain-on-cordon=false')
    const rights = parseAllDocuments((await printed(['manifest', 'rbac'])).out).map(document => document.toJS())
    expect(rights.find(({ kind }) => kind === 'ClusterRole').rules).toEqual([
      { apiGroups: [''], resources: ['nodes'], verbs: ['get'] },
    ])
    const without = await printed(['manifest', 'rbac', '--drain-on-cordon', 'false'])
    expect(without.out).not.toContain('ClusterRole')
  })
  it('and the file of disabledBy has a folder of the node that the Pod can write into', async () => {
    const { containers, volumes } = await podOf('pod', '--disabled-by', '/var/lib/softspoken/drained')
    expect(containers[0].volumeMounts[0]).toEqual({ name: 'softspoken', mountPath: '/var/lib/softspoken' })
    expect(volumes[0]).toEqual({
      name: 'softspoken',
      hostPath: { path: '/var/lib/softspoken', type: 'DirectoryOrCreate' },
    })
    // As a variable, because kubectl exec of softspoken drain has no arguments of the Pod.
    expect(containers[0].env).toContainEqual({ name: 'SOFTSPOKEN_DISABLED_BY', value: '/var/lib/softspoken/drained' })
    expect(containers[0].args.join()).not.toContain('disabled-by')
  })
})

describe('kubeadm-control-plane', () => {
  it('has the static Pod, and swaps the kubeconfig of the first node and back', async () => {
    const { spec } = parse(await text('kubeadm-control-plane', ['--mode', 'standby']))
    const { files, preKubeadmCommands, postKubeadmCommands } = spec.kubeadmConfigSpec
    const pod = files[0].content as string
    expect(parse(pod)).toEqual(parse(await text('pod', ['--mode', 'standby'])))
    const file = join(folder, 'softspoken.yaml')
    const run = ([command]: string[]) => {
      const script = command?.replaceAll('/run/kubeadm/kubeadm.yaml', file).replaceAll(files[0].path, file) ?? ''
      expect(spawnSync('sh', ['-c', script]).status).toBe(0)
      return readFileSync(file, 'utf8')
    }
    writeFileSync(file, pod)
    const changed = run(preKubeadmCommands)
    expect(parse(changed).spec.volumes[0].hostPath.path).toBe('/etc/kubernetes/super-admin.conf')
    expect(parse(changed).spec.containers).toEqual(parse(pod).spec.containers)
    expect(run(postKubeadmCommands)).toBe(pod)
  })
  it('has no command without admin.conf', async () => {
    const { spec } = parse(await text('kubeadm-control-plane', ['--kubeconfig', '/etc/softspoken/kubeconfig']))
    expect(Object.keys(spec.kubeadmConfigSpec)).toEqual(['files'])
  })
})

describe('systemd', () => {
  const missing = spawnSync('systemd-analyze', ['--version']).error !== undefined
  it
    .skipIf(missing)
    .each([[['--address', 'none']], [['--mode', 'leader', '--kubeconfig', '/etc/softspoken/kubeconfig']]])(
    'prints a unit that systemd accepts with %j',
    async more => {
      const file = join(folder, 'softspoken.service')
      writeFileSync(file, (await text('systemd', more)).replace('/usr/bin/node', process.execPath))
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })
      expect([status, stderr.split('\n').filter(line => line.includes('softspoken.service'))]).toEqual([0, []])
    },
  )
  it('prints the unit of deploy/systemd, with the options as arguments', async () => {
    const unit = await text('systemd', ['--address', 'none'])
    const [, command = ''] = /^ExecStart=((.*\\\n)*.*)$/m.exec(unit) ?? []
    expect(command.split(' \\\n  ')).toEqual([
      '/usr/bin/node /usr/lib/softspoken/softspoken.cjs announce',
      ...['--prefix=198.51.100.10/32', '--local-as=64515', '--router-id=auto'],
      ...['--peer=10.0.5.1', '--peer-as=65000', '--address=none'],
    ])
    const others = (text: string) =>
      text
        .replace(command, '')
        .split('\n')
        .filter(line => !/^(#|ExecStart|EnvironmentFile)/.test(line))
    expect(others(unit)).toEqual(others(deployed('systemd/softspoken.service')))
    expect(unit).toMatch(/^EnvironmentFile=-\/etc\/softspoken\/softspoken\.env$/m)
    expect(unit).toMatch(/^# Copy this to /)
  })
  it('gives a longer stop its time, and names the files that the group must read', async () => {
    const more = ['--mode', 'leader', '--kubeconfig', '/etc/softspoken/kubeconfig', '--drain-time', '20']
    const unit = await text('systemd', [...more, '--graceful-shutdown-time', '2'])
    expect(unit).toMatch(/^TimeoutStopSec=34$/m)
    expect(unit).toMatch(/ must be able to read \/etc\/softspoken\/kubeconfig\.\nSupplementaryGroups=softspoken$/m)
    expect(unit).toMatch(/^# No PrivateUsers=/m)
    expect(unit).not.toMatch(/^PrivateUsers/m)
    expect(await text('systemd', ['--address', 'none'])).not.toContain('SupplementaryGroups')
  })
  it('gives the unit NET_ADMIN only if the program adds the VIP', async () => {
    const values = (unit: string) => unit.match(/^\w*Capabilit\w*=.*$/gm)
    expect(values(await text('systemd'))).toEqual([
      'AmbientCapabilities=CAP_NET_ADMIN',
      'CapabilityBoundingSet=CAP_NET_ADMIN',
    ])
    expect(values(await text('systemd', ['--address', 'none']))).toEqual(['CapabilityBoundingSet='])
  })
  it('with ARP has NET_RAW and may open a packet socket', async () => {
    const unit = await text('systemd', ['--arp', '--kubeconfig', '/etc/softspoken/kubeconfig'])
    expect(unit).toMatch(/^AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW$/m)
    expect(unit).toMatch(/^RestrictAddressFamilies=.* AF_PACKET$/m)
  })
  it('quotes what systemd would read otherwise', async () => {
    const unit = await text('systemd', ['--lease-directory', '/var/lib/v "p', '--health', 'http://[::1]/%24$(X)'])
    expect(unit).toContain('\n  "--lease-directory=/var/lib/v \\"p"')
    expect(await text('systemd', ['--health', 'exec:/bin/a\nUser=root'])).toContain(
      '"--health=exec:/bin/a\\x0aUser=root"',
    )
    expect(unit).toContain('"--health=http://[::1]/%%24$$(X)"')
    expect(unit).toContain('ReadWritePaths="/var/lib/v \\"p"')
  })
})

describe('each printed command', () => {
  it.each([
    [[]],
    [['--mode', 'leader', '--lease', 'infra/vip', '--lease-profile', 'fast', '--drain-time', '5']],
    [['--back-off', 'minInterval=10', 'transportCap=300', '--health-hold-down', 'false']],
    [['--peer', '10.0.5.1', '10.0.6.1', '--interface', 'bond0.48', 'eno*', '--community', '65000:1']],
    [['--health', 'https://10.0.5.11/$(PATH)', '--health-verify', 'none']],
    [['--health', 'https://10.0.5.11/', 'exec:/usr/bin/check --all']],
  ])('gives the program the options of the command line %j', async more => {
    const given = more.includes('--peer')
      ? ['--prefix', '198.51.100.10/32', '--local-as', '64515', '--peer-as', '65000']
      : announce
    const { out } = await printed(['manifest', 'pod', ...given, ...more])
    const [{ args }] = (parse(out).spec as PodSpec).containers
    expect(args.join(' ').replaceAll('$(NODE_NAME)', '')).not.toMatch(/(?<!\$)\$\(/) // Kubernetes would replace it
    const flags = flagsOf(args).map(flag => flag.replaceAll('$$(', '$('))
    const { options } = await readConfiguration(flags, {})
    const expected = await readConfiguration([...given, '--router-id', 'auto', ...more], {})
    expect(options).toMatchObject(expected.options)
  })
  it('takes variables, ours and those of kube-vip, and prints flags', async () => {
    const env = { SOFTSPOKEN_PREFIX: '198.51.100.10/32', SOFTSPOKEN_MED: '7' }
    const kubeVip = {
      bgp_as: '64515',
      bgp_routerid: '10.0.5.11',
      bgp_peers: '10.0.5.1:65000::true,10.0.6.1:65000::true',
    }
    const { code, out, err } = await printed(['manifest', 'pod'], { ...env, ...kubeVip })
    expect(code).toBe(0)
    expect(err).toMatch(/^bgp_routerid: each node needs one of its own/)
    const { options } = await readConfiguration(flagsOf((parse(out).spec as PodSpec).containers[0].args), {})
    expect(options).toMatchObject({ med: 7, peer: ['10.0.5.1', '10.0.6.1'], peerAs: 65000, multihop: 255 })
  })
  it('leaves the options of a file in the file, which is mounted', async () => {
    const file = join(folder, 'options.json')
    const peers = [{ address: '10.0.5.1', as: 65000, tcpMd5KeyFile: '/etc/keys/router' }]
    writeFileSync(file, JSON.stringify({ prefix: '198.51.100.10/32', localAs: 64515, peers, tcpMd5Key: 'secret' }))
    const { code, out } = await printed(['manifest', 'pod', '--config', file, '--med', '7'])
    expect(code).toBe(0)
    const { containers, volumes } = parse(out).spec as PodSpec
    expect(containers[0].args.slice(0, 4)).toEqual([
      'announce',
      `--config=${file}`,
      '--router-id=auto',
      '--state-directory=/state',
    ])
    expect(containers[0].args).toContain('--med=7')
    expect(volumes).toMatchObject([{ hostPath: { path: folder } }, {}, { hostPath: { path: '/etc/keys' } }, {}])
    expect(out).not.toContain('secret')
  })
  it('is refused with a file whose path is another one on each node', async () => {
    const file = join(folder, 'options.json')
    writeFileSync(file, '{}')
    const path = relative(process.cwd(), file)
    expect(await printed(['manifest', 'pod', ...announce, '--config', path])).toEqual({
      ...{ code: 2, out: '', err: '--config: give the absolute path that the file has on the nodes\n' },
    })
  })
  it('does not show the password of a health check that is in the file', async () => {
    const file = join(folder, 'options.json')
    writeFileSync(file, JSON.stringify({ health: 'http://user:secret@127.0.0.1:8080/' }))
    const { code, out } = await printed(['manifest', 'pod', ...announce, '--config', file])
    expect([code, out.includes('secret')]).toEqual([0, false])
  })
  it('has no warning about the router id of a file, which is of one node', async () => {
    const file = join(folder, 'options.json')
    const options = {
      prefix: '198.51.100.10/32',
      localAs: 64515,
      routerId: '10.0.5.11',
      peer: '10.0.5.1',
      peerAs: 65000,
    }
    writeFileSync(file, JSON.stringify({ ...options, health: 'http://127.0.0.1:8080/' }))
    expect(await printed(['manifest', 'systemd', '--config', file])).toMatchObject({ code: 0, err: '' })
  })
  it('is the same on another machine, and in a Pod', async () => {
    for (const kind of Object.keys(kinds).filter(kind => kind !== 'systemd')) {
      const here = await text(kind, ['--mode', 'standby'])
      const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', STATE_DIRECTORY: '/var/lib/x', HOSTNAME: 'y' }
      expect(await text(kind, ['--mode', 'standby'], env)).toBe(here)
    }
  })
})
