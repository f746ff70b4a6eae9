/** docs/recipes/two-routers.md: the program on two nodes with the options of the page, and its FRR and BIRD as routers. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { Lab } from '../lab/lab.ts'
import type { Router } from '../lab/router.ts'
import { waitFor } from '../lab/wait-for.ts'

const page = readFileSync(new URL('../../docs/recipes/two-routers.md', import.meta.url), 'utf8')
const program = fileURLToPath(new URL('../../packages/softspoken/src/main.ts', import.meta.url))
const vips = ['198.51.100.10', '2001:db8:100::10'] as const

let folder = ''
const running: { kill(): unknown }[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'softspoken-two-routers-'))
})
afterEach(() => {
  for (const one of running.splice(0)) one.kill()
  rmSync(folder, { recursive: true })
})

describe.skipIf(!inject('engine'))('the recipe of two routers', () => {
  it('has both nodes in both kernels, and outlives a router and a node', { timeout: 240_000 }, async () => {
    await using lab = await Lab.create()
    const nodes = [
      { address: lab.host, address6: lab.host6 },
      { address: lab.otherHost, address6: lab.otherHost6 },
    ] as const
    const start = (daemon: 'frr' | 'bird', own: string) =>
      lab.start(daemon, {
        config: addresses =>
          snippet(`<!-- tested: ${daemon} -->\n`)
            .replaceAll('10.0.5.11', nodes[0].address)
            .replaceAll('10.0.5.12', nodes[1].address)
            .replaceAll(own, addresses.own),
      })
    const routers = [await start('frr', '10.0.5.1'), await start('bird', '10.0.5.2')] as const
    const [first, second] = [await startNode(nodes[0], routers), await startNode(nodes[1], routers)]

    for (const router of routers) await nextHops(router, nodes)
    expect(await first.ready()).toBe('200 ready\n')

    await routers[1].stop()
    await waitFor(() => first.output(), { until: lines => lines.includes('session down'), within: 30, what: 'the end' })
    expect(await first.ready()).toBe('200 ready\n')

    second.child.kill('SIGKILL')
    await nextHops(routers[0], [nodes[0]])

    first.service.close()
    await nextHops(routers[0], [])
    expect(await first.ready()).toMatch(/^503 not ready: /)

    await routers[0].exec(
      ...['vtysh', '-c', 'configure terminal', '-c', 'router bgp'],
      ...['-c', 'neighbor nodes shutdown message upgrade'],
    )
    await waitFor(() => first.output(), { until: lines => lines.includes('upgrade'), within: 30, what: 'the message' })
  })
})

interface Node {
  readonly address: string
  readonly address6: string
}

/** The program with the page's options; the VIP is on no interface, because both nodes are this host. */
async function startNode(
  { address, address6 }: Node,
  [{ address: one }, { address: other }]: readonly [Router, Router],
) {
  const service = createServer().listen(0, '127.0.0.1')
  const free = createServer().listen(0, '127.0.0.1')
  await Promise.all([once(service, 'listening'), once(free, 'listening')])
  const [health, http] = [portOf(service), portOf(free)]
  await new Promise(closed => free.close(closed))
  const own = ['address: none', 'requireAddress: false', `localAddress: ${address}`, 'healthInterval: 1']
  const options = snippet('')
    .replaceAll('10.0.5.11', address)
    .replaceAll('2001:db8:5::11', address6)
    .replace('10.0.5.1,', `${one},`)
    .replace('10.0.5.2]', `${other}]`)
    .replace('6443', `${health}`)
    .replace('9179', `${http}`)
  const file = join(folder, `${address}.yaml`)
  writeFileSync(file, [options, ...own].join('\n'))
  const command = ['--import', 'tsx', program]
  await promisify(execFile)(process.execPath, [...command, 'check', '--config', file])
  const child: ChildProcess = spawn(process.execPath, [...command, 'announce', '--config', file])
  running.push({ kill: () => child.kill('SIGKILL') }, { kill: () => service.close() })
  let lines = ''
  child.stdout?.on('data', chunk => (lines += chunk))
  child.stderr?.on('data', chunk => (lines += chunk))
  const ready = async () => {
    const response = await fetch(`http://127.0.0.1:${http}/readyz`)
    return `${response.status} ${await response.text()}`
  }
  return { child, service, ready, output: async () => lines }
}

/** Waits until the router's kernel forwards both VIPs to these nodes, and to no other. */
async function nextHops(router: Router, nodes: readonly Node[]): Promise<void> {
  for (const [i, vip] of vips.entries()) {
    const expected = nodes.map(({ address, address6 }) => (i === 0 ? address : address6)).sort()
    const kernel = async () => {
      const text = await router.exec('ip', i === 0 ? '-4' : '-6', 'route', 'show', vip)
      return [...text.matchAll(/via (\S+)/g)].map(([, via = '']) => via).sort()
    }
    await waitFor(kernel, {
      until: found => `${found}` === `${expected}`,
      within: 60,
      what: `${router.daemon.name} to use ${expected.join(' and ') || 'no node'} for ${vip}`,
    })
  }
}

/** The fenced block after a marker; without one, the first in YAML. */
function snippet(marker: string): string {
  const [, text] = new RegExp(`${marker}\`\`\`${marker ? 'text' : 'yaml'}\\n(.*?)\`\`\``, 's').exec(page) ?? []
  if (text === undefined) throw new Error(`docs/recipes/two-routers.md has no block ${marker || 'in YAML'}`)
  return text
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}
