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

describe.skipIf(missing)('the Ansible role', () => {
  it('writes the Pod that manifest prints, and a second run changes nothing', { timeout }, async () => {
    const first = play(variables)
    expect(first.out).toMatch(/localhost +: ok=3 +changed=2 .* failed=0/)
    expect(readdirSync(manifests)).toEqual(['softspoken.yaml'])
    const text = readFileSync(join(manifests, 'softspoken.yaml'), 'utf8')
    const words = [
      ...['manifest', 'pod', '--image', variables.softspoken_image, '--distribution', 'k3s', '--mode', 'leader'],
      ...['--prefix', ...variables.softspoken_prefix, '--peer', ...variables.softspoken_peer],
      ...['--local-as', '64515', '--peer-as', '65000', '--hold-time', '30', '--lease', 'infra/vip'],
    ]
    const expected = parse((await printed(words)).out)
    const pod = parse(text)
    for (const { spec } of [expected, pod]) {
      spec.containers[0].args.sort()
      for (const list of [spec.volumes, spec.containers[0].volumeMounts]) delete list[0].name
    }
    expect(pod).toEqual(expected)
    expect(execFileSync('stat', ['--format', '%a', join(manifests, 'softspoken.yaml')], { encoding: 'utf8' })).toBe(
      '600\n',
    )
    expect(play(variables).out).toMatch(/localhost +: ok=3 +changed=0 .* failed=0/)
  })
  it.each([
    ['softspoken_prefix', []],
    ['softspoken_image', 'registry.example/softspoken:latest'],
    ['softspoken_image', 'registry.example:5000/softspoken'],
  ])('stops with %s %j, and writes nothing', { timeout }, (name, value) => {
    rmSync(join(folder, 'kubernetes'), { recursive: true, force: true })
    const { status, out } = play({ ...variables, [name]: value })
    expect(status).toBe(2)
    expect(out).toContain('softspoken_image with an exact version')
    expect(readdirSync(folder)).not.toContain('kubernetes')
  })
})
