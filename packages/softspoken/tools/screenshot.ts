/**
 * Takes pictures of the page in headless Chromium: on a phone and on a desk, light and dark, with the route sent, withheld
 * and without a session. Writes them to the given folder. Exits with 1 if the browser reports an error of the page.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Listener, Session } from '@softspoken/session'
import { VipAgent } from '@softspoken/vip-agent'
import { elect } from '../src/election/elected.ts'
import { serve } from '../src/http/status-page.ts'
import { Browser } from './browser.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('give the folder for the pictures')
mkdirSync(folder, { recursive: true })

const VIP = '198.51.100.10/32'
const HEALTH = 'tcp://127.0.0.1:6443' // as in the command of the README
let healthy = true
const router = new Session({
  local: { as: 65000, id: '10.0.5.1' },
  peer: { as: 64515, address: '127.0.0.1' },
  passive: true,
}).start()
const listener = new Listener({ address: '127.0.0.1', port: 0 }).serve(router)
const leases = mkdtempSync(join(tmpdir(), 'softspoken-lease-'))
const nodeName = 'node-1'
const identity = { localAs: 64515, routerId: '10.0.5.11', nodeName }
const election = elect({ ...identity, prefix: [VIP], leaseDirectory: leases, logLevel: 'error' })
const elected = { ...election, name: 'kube-system/plndr-cp-lock' } // as most users see it
const agent = new VipAgent({
  vips: [VIP],
  announcer: {
    local: { as: 64515, id: '10.0.5.11' },
    peers: [{ as: 65000, address: '127.0.0.1', port: await listener.listen() }],
    nextHop: '10.0.5.11',
    drainTime: 0,
  },
  health: {
    check: async () => {
      if (!healthy) throw new Error('connect ECONNREFUSED 127.0.0.1:6443')
    },
    interval: 1,
  },
  election: elected.election,
  log: { debug() {}, info() {}, warn() {}, error() {} },
})
const { announcer, health: gate } = agent
if (announcer === undefined) throw new Error('the agent has no BGP')
const site = await serve('127.0.0.1:0')
site.attach(announcer, {
  gates: { [HEALTH]: gate },
  routes: { [VIP]: { nextHop: '10.0.5.11' } },
  agent: { agent, nodeName, elected },
})
await until(() => {
  const [peer] = announcer.status().peers
  return agent.status().role === 'leader' && peer?.sent.length === 1 && Object.keys(peer.queued).length === 0
})

const browser = await Browser.start()
try {
  await picture('phone-light', { width: 390, height: 844, scheme: 'light' })
  await picture('desk-light', { width: 1100, height: 800, scheme: 'light' })
  healthy = false
  await until(() => !gate.up)
  await picture('phone-dark-withheld', { width: 390, height: 844, scheme: 'dark' })
  await router.stop('maintenance until 06:00')
  await until(() => announcer.sessions[0]?.state === 'Idle')
  await picture('desk-dark-down', { width: 1100, height: 800, scheme: 'dark' })
} finally {
  await browser[Symbol.asyncDispose]()
  await agent.stop()
  rmSync(leases, { recursive: true })
  await listener.stop()
  await site[Symbol.asyncDispose]()
}
for (const complaint of browser.errors) console.error(complaint)
process.exitCode = browser.errors.length > 0 ? 1 : 0

/** After the page has read the status twice. */
async function picture(name: string, view: Parameters<Browser['open']>[1]): Promise<void> {
  const page = await browser.open(`http://127.0.0.1:${site.port}/`, view)
  await sleep(2500)
  writeFileSync(join(String(folder), `${name}.png`), await page.picture())
  await page.close()
}

async function until(happened: () => boolean): Promise<void> {
  for (let patience = 1000; !happened(); patience--) {
    if (patience === 0) throw new Error(`this did not happen within 10 s: ${happened}`)
    await sleep(10)
  }
}
