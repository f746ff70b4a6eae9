/** The Ansible role, run on this host in a temporary folder. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { printed } from '../../tools/deploy-manifests.ts'

const timeout = 60_000
const missing = spawnSync('ansible-playbook', ['--version']).error !== undefined
const folder = mkdtempSync(join(tmpdir(), 'ansible-'))
afterAll(() => rmSync(folder, { recursive: true }))
const manifests = join(folder, 'kubernetes', 'manifests')

const variables = {
  softspoken_manifests: manifests,
  softspoken_image: 'registry.example/softspoken:1.2.3',
  softspoken_prefix: ['198.51.100.10/32', '198.51.100.11/32'],
  softspoken_local_as: 64515,
  softspoken_peer: ['10.0.5.1', '10.0.6.1'],
  softspoken_peer_as: 65000,
  softspoken_mode: 'leader',
  softspoken_kubeconfig: '/etc/rancher/k3s/k3s.yaml',
  softspoken_api_server: 'https://127.0.0.1:6444',
  softspoken_flags: ['--hold-time=30', '--lease=infra/vip'],
}

function play(given: object): { readonly status: number | null; readonly out: string } {
  const playbook = join(folder, 'playbook.json')
  const vars = { ansible_python_interpreter: '{{ ansible_playbook_python }}' }
  const roles = [{ role: 'softspoken', ...given }]
  writeFileSync(
    playbook,
    JSON.stringify([{ hosts: 'localhost', connection: 'local', gather_facts: false, vars, roles }]),
  )
  const { status, stdout } = spawnSync('ansible-playbook', ['--inventory', 'localhost,', playbook], {
    encoding: 'utf8',
    env: {
      ...process.env,
      ...{ ANSIBLE_ROLES_PATH: fileURLToPath(new URL('../../../../deploy/ansible/roles', import.meta.url)) },
      ...{
        ANSIBLE_HOME: join(folder, 'home'),
        ANSIBLE_NOCOLOR: '1',
        ANSIBLE_LOCALHOST_WARNING: 'False',
        LC_ALL: 'C.UTF-8',
      },
    },
  })
  return { status, out: stdout }
}

/** The Pod that the role wrote, and the one that the program prints; the order of arguments and the names of volumes apart. */
async function pods(words: readonly string[]): Promise<readonly object[]> {
  const written = readFileSync(join(manifests, 'softspoken.yaml'), 'utf8')
  const image = ['--image', variables.softspoken_image, '--distribution', 'k3s']
  const { out, err } = await printed(['manifest', 'pod', ...image, ...words])
  expect(err).toBe('')
  return [written, out].map(text => {
    const pod = parse(text)
    pod.spec.containers[0].args.sort()
    for (const list of [pod.spec.volumes, pod.spec.containers[0].volumeMounts]) delete list[0].name
    return pod
  })
}
const bgp = ['--local-as', '64515', '--peer-as', '65000', '--peer', ...variables.softspoken_peer]
const flags = ['--hold-time', '30', '--lease', 'infra/vip']
const noRouter = { softspoken_peer: [], softspoken_local_as: 0, softspoken_peer_as: 0, softspoken_flags: [] }
const arp = { softspoken_arp: true, softspoken_prefix: ['203.0.113.100/32', '2001:db8::100/128'] }

describe.skipIf(missing)('the Ansible role', () => {
  it('writes the Pod that manifest prints, and a second run changes nothing', { timeout }, async () => {
    expect(play(variables).out).toMatch(/localhost +: ok=8 +changed=2 .* failed=0/)
    expect(readdirSync(manifests)).toEqual(['softspoken.yaml'])
    const [pod, expected] = await pods([
      '--mode',
      'leader',
      '--prefix',
      ...variables.softspoken_prefix,
      ...bgp,
      ...flags,
    ])
    expect(pod).toEqual(expected)
    expect(execFileSync('stat', ['--format', '%a', join(manifests, 'softspoken.yaml')], { encoding: 'utf8' })).toBe(
      '600\n',
    )
    expect(play(variables).out).toMatch(/localhost +: ok=8 +changed=0 .* failed=0/)
  })
  it.each<[string, object, readonly string[]]>([
    ['ARP', { ...arp, ...noRouter }, ['--arp', '--prefix', ...arp.softspoken_prefix, '--mode', 'leader']],
    [
      'ARP and BGP',
      { softspoken_arp: true },
      ['--arp', '--prefix', ...variables.softspoken_prefix, '--mode', 'leader', ...bgp, ...flags],
    ],
    [
      'a standby',
      { softspoken_mode: undefined, softspoken_flags: ['--health=exec:/bin/sh -c $(NODE_NAME) #:'] },
      [
        ...['--mode', 'standby', '--prefix', ...variables.softspoken_prefix, ...bgp],
        '--health=exec:/bin/sh -c $(NODE_NAME) #:',
      ],
    ],
  ])('writes the Pod of %s, and a second run changes nothing', { timeout }, async (_, given, words) => {
    expect(play({ ...variables, softspoken_mode: undefined, ...given }).out).toMatch(/ok=8 +changed=[12] .* failed=0/)
    const [pod, expected] = await pods(words)
    expect(pod).toEqual(expected)
    expect(play({ ...variables, softspoken_mode: undefined, ...given }).out).toMatch(/ok=8 +changed=0 .* failed=0/)
  })
  it.each<[object, string]>([
    [{ softspoken_prefix: '198.51.100.10/32' }, 'softspoken_prefix must be a list of host routes'],
    [{ softspoken_prefix: ['198.51.100.0/24'] }, 'softspoken_prefix must be a list of host routes'],
    [
      { softspoken_image: 'registry.example/softspoken:latest' },
      'softspoken_image must be a name with an exact version',
    ],
    [{ softspoken_image: 'registry.example:5000/softspoken' }, 'softspoken_image must be a name with an exact version'],
    [{ softspoken_peer: [] }, 'softspoken_peer must be a list of addresses'],
    [{ softspoken_peer_as: 'AS65000' }, 'softspoken_peer must be a list of addresses'],
    [{ softspoken_mode: 'all-nodes' }, 'softspoken_mode must be standby or leader'],
    [{ ...arp, softspoken_mode: 'standby' }, 'softspoken_mode must be standby or leader'],
    [{ softspoken_flags: ['--http=0.0.0.0:9179'] }, 'softspoken_flags must be a list of flags'],
    [{ softspoken_flags: ['--health-ca=/etc/ca.crt'] }, 'softspoken_flags must be a list of flags'],
    [{ softspoken_kubeconfig: 'admin.conf' }, 'softspoken_kubeconfig must be absolute paths'],
  ])('stops with %j, and writes nothing', { timeout }, (given, sentence) => {
    rmSync(join(folder, 'kubernetes'), { recursive: true, force: true })
    const { status, out } = play({ ...variables, ...given })
    expect([status, out.replaceAll(/\s+/g, ' ')]).toEqual([2, expect.stringContaining(sentence)])
    expect(readdirSync(folder)).not.toContain('kubernetes')
  })
})

it('the Ansible role refuses each flag that the Pod has already', async () => {
  const tasks = readFileSync(
    new URL('../../../../deploy/ansible/roles/softspoken/tasks/main.yml', import.meta.url),
    'utf8',
  )
  const all = /of_template: (.*)/.exec(tasks)?.[1] ?? ''
  const words = ['manifest', 'pod', '--arp', '--prefix', ...variables.softspoken_prefix, ...bgp, '--mode', 'leader']
  const { args } = parse((await printed(words)).out).spec.containers[0]
  for (const arg of args.slice(1)) expect(arg).toMatch(new RegExp(all))
})
