/** The commands of docs/recipes/systemd.md, in their order, on a host with systemd as process 1. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, inject, it } from 'vitest'
import { docker } from '../lab/docker.ts'
import { Lab } from '../lab/lab.ts'
import { vipRouter } from '../lab/vip-router.ts'
import { waitFor } from '../lab/wait-for.ts'

const page = readFileSync(new URL('../../docs/recipes/systemd.md', import.meta.url), 'utf8')
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, code = '']) => code)

const [build = '', install = '', configure = '', look = '', upgrade = '', remove = '', ...others] = blocks('sh')

/** What systemd has on a machine. PrivateUsers= with ProtectProc= needs SYS_PTRACE. */
const rights = [
  ...['SYS_ADMIN', 'SYS_PTRACE', 'NET_ADMIN'].flatMap(name => ['--cap-add', name]),
  ...['seccomp', 'apparmor', 'systempaths'].flatMap(name => ['--security-opt', `${name}=unconfined`]),
  ...['/run', '/run/lock', '/tmp'].flatMap(folder => ['--tmpfs', folder]),
  ...['--cgroupns', 'private'],
]

/** A host with systemd, and the archive of the program, beside a router. */
async function start(lab: Lab) {
  const address = lab.spare()
  const router = await vipRouter(lab, address)
  const host = await lab.container('softspoken-interop/systemd', address, ...rights)
  const shell = (commands: string) => docker('exec', '--workdir', '/root', host, 'bash', '-euc', commands)
  await docker('cp', archive(), `${host}:/root/softspoken.tar.gz`)
  await waitFor(() => shell('systemctl is-system-running'), { within: 30, what: 'systemd to be ready' })
  const hasRoute = (has: boolean, within: number) =>
    waitFor(() => router.routes('198.51.100.10/32'), {
      until: routes => routes.length === Number(has),
      within,
      what: has ? 'the route' : 'the route to be gone',
    })
  const withOwnAddresses = (text: string) =>
    text.replaceAll('10.0.5.11', address).replace(/10\.0\.5\.1$/gm, router.address)
  const property = (name: string) => shell(`systemctl show --property ${name} --value softspoken`)
  return { address, router, host, shell, hasRoute, withOwnAddresses, property }
}

describe.skipIf(!inject('engine'))('a host with systemd', () => {
  it('installs, runs, upgrades and removes the program by the recipe', async () => {
    const [options = ''] = blocks('yaml')
    expect(others).toEqual([])
    await using lab = await Lab.create()
    const { address, router, host, shell, hasRoute, withOwnAddresses, property } = await start(lab)

    expect(await shell(install)).toMatch(/^softspoken \d+\.\d+\.\d+, Node /m)
    await shell(`cat >/etc/softspoken/config.yaml <<'END'\n${withOwnAddresses(options)}END`)
    await docker(
      'exec',
      '--detach',
      host,
      'node',
      '--eval',
      'require("http").createServer((_, answer) => answer.end()).listen(8080)',
    )
    expect(await shell(`(${configure}) 2>&1`)).not.toContain('softspoken.service:')
    const [route] = await hasRoute(true, 60)
    expect(route).toMatchObject({ nextHop: address, asPath: [64515] })

    const seen = await shell(look)
    expect(seen).toContain('Active: active (running)')
    expect(seen).toContain('198.51.100.10/32')
    expect(await shell('systemd-analyze security --no-pager --threshold 19 softspoken')).toContain('exposure level')
    expect(await shell('ps -o user= -p $(systemctl show --property MainPID --value softspoken)')).toBe('softspoken')

    await shell(upgrade)
    expect(await router.log()).toContain('Received: Administrative shutdown: "softspoken got SIGTERM"')
    await hasRoute(true, 60)
    await shell('systemctl kill --signal SIGKILL softspoken')
    await hasRoute(false, 5)
    await waitFor(async () => `${await property('NRestarts')} ${await property('ActiveState')}`, {
      until: state => state === '1 active',
      within: 30,
      what: 'systemd to start the program again',
    })
    await shell(remove)
    expect(await shell('find / -xdev -name "*softspoken*" -not -path "/root/*" 2>/dev/null')).toBe('')
    expect(await shell('ip address show dev lo')).not.toContain('198.51.100.10')
  })

  it('runs the unit of deploy/systemd with a dynamic user and without rights', async () => {
    await using lab = await Lab.create()
    const { shell, hasRoute, withOwnAddresses, property } = await start(lab)
    await shell(install)
    const [unit, environment] = ['softspoken.service', 'softspoken.env'].map(name =>
      readFileSync(new URL(`../../deploy/systemd/${name}`, import.meta.url), 'utf8'),
    )
    await shell(`cat >/etc/systemd/system/softspoken.service <<'END'\n${unit}END`)
    await shell(`cat >/etc/softspoken/softspoken.env <<'END'\n${withOwnAddresses(environment ?? '')}END`)
    await shell(
      'userdel softspoken; ip address add 198.51.100.10/32 dev lo; systemctl daemon-reload; systemctl start softspoken',
    )
    await hasRoute(true, 60)
    const status = await shell(`cat /proc/${await property('MainPID')}/status`)
    expect(status).toMatch(/^CapBnd:\t0+$/m)
    expect(Number(/^Uid:\t(\d+)/m.exec(status)?.[1])).toBeGreaterThan(61_000) // of systemd's dynamic users
    await shell('systemctl stop softspoken')
    await hasRoute(false, 5)
    expect(await property('Result')).toBe('success')
  })
})

/** What the page builds in a clone, with folders of its own. */
function archive(): string {
  const folder = mkdtempSync(join(tmpdir(), 'softspoken-systemd-'))
  const file = join(folder, 'softspoken.tar.gz')
  const script = build.replaceAll('/tmp/softspoken', join(folder, 'bundle')).replaceAll('softspoken.tar.gz', file)
  execFileSync('bash', ['-euc', script], { cwd: fileURLToPath(new URL('../..', import.meta.url)), stdio: 'pipe' })
  process.once('exit', () => rmSync(folder, { recursive: true }))
  return file
}
