/** The page in headless Chromium, as wide as a phone: what it shows, its updates, and no error of the browser. */
import { spawnSync } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { Announcer, HealthGate } from '@softspoken/announcer'
import { Listener, Session } from '@softspoken/session'
import type { AgentStatus, VipAgent } from '@softspoken/vip-agent'
import { expect, test } from 'vitest'
import { Browser, chromium } from '../../tools/browser.ts'
import { serve } from './status-page.ts'

const VIP = '198.51.100.10/32'
const soon = { timeout: 15_000 }
const missing = spawnSync(chromium, ['--version']).error !== undefined

test.skipIf(missing)(
  'the page in Chromium shows a sent route, a queued change, and a withheld route',
  { timeout: 120_000 },
  async () => {
    let healthy = true
    const check = async () => {
      if (!healthy) throw new Error('<b>answered 503</b>')
    }
    using gate = new HealthGate({ check, interval: 1, rise: 1, fall: 2 })
    await using announcer = new Announcer({
      local: { as: 64515, id: '10.0.5.11' },
      peers: [{ as: 65000, address: '127.0.0.1' }],
      nextHop: '10.0.5.11',
      firstDialDelay: 60,
      drainTime: 0,
    })
    await using site = await serve('127.0.0.1:0')
    site.attach(announcer, { gates: { apiserver: gate }, routes: { [VIP]: { nextHop: '10.0.5.11', med: 100 } } })
    const announcement = announcer.announce(VIP, { gate })
    await using listener = new Listener({ address: '127.0.0.1', port: 0 }).serve(announcer.sessions[0]!) // it has one peer
    await using _router = new Session({
      local: { as: 65000, id: '10.0.5.1' },
      peer: { as: 64515, address: '127.0.0.1', port: await listener.listen() },
    }).start()

    await using browser = await Browser.start()
    const page = await browser.open(`http://127.0.0.1:${site.port}/`, { width: 390, height: 844, scheme: 'dark' })
    const text = (id: string) => page.evaluate(`document.getElementById('${id}').innerText`)
    await expect.poll(() => text('headline'), soon).toBe('Sent')
    expect(await text('detail')).toBe(`${VIP} to 127.0.0.1.`)
    const kind = () => page.evaluate("document.querySelector('header').className")
    expect(await kind()).toBe('good')
    expect(await text('name')).toMatch(/^Softspoken \d+\.\d+\.\d+, 10\.0\.5\.11$/)
    expect(await text('routes')).toMatch(/To 127\.0\.0\.1\s+since \d\d:.*\s+Next hop\s+10\.0\.5\.11/)
    expect(await text('routers')).toContain('Established')
    expect(await text('timeline')).toContain(`${VIP} sent to 127.0.0.1`)
    expect(await page.evaluate('document.documentElement.scrollWidth'), 'nothing to scroll sideways').toBe(390)
    expect(await page.evaluate('getComputedStyle(document.body).fontSize'), 'readable').toBe('16px')

    announcement.update({ med: 7 })
    await expect.poll(() => text('routes'), soon).toMatch(/Queued\s+127\.0\.0\.1: med 7 instead of none, in [23]\d s/)
    expect(await text('headline')).toBe('Sent')

    healthy = false
    await expect.poll(() => text('headline'), soon).toBe('Withheld')
    await expect.poll(() => text('health'), soon).toContain('<b>answered 503</b>') // text, never HTML
    expect(await kind()).toBe('bad')
    expect(await page.evaluate('document.title')).toBe('Withheld: 10.0.5.11')
    expect(await text('routes')).toContain('no router')
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
    expect(browser.errors).toEqual([])

    await site[Symbol.asyncDispose]()
    await expect.poll(() => text('headline'), soon).toBe('No answer')
  },
)

test.skipIf(missing)(
  'the page in Chromium shows what the probes of the VIP found, and where to look',
  { timeout: 120_000 },
  async () => {
    await using announcer = new Announcer({
      local: { as: 64515, id: '10.0.5.11' },
      peers: [{ as: 65000, address: '127.0.0.1' }],
      firstDialDelay: 60,
    })
    const status: AgentStatus = {
      ...{ mode: 'leader', role: 'waiting', holder: 'cp-1', serves: {}, leases: {} },
      ...{ address: { interface: 'lo', present: false } },
    }
    const agent = Object.assign(new EventEmitter(), { status: () => status }) as unknown as VipAgent // what the page reads of it
    const probe = { by: 'cp-2', at: new Date(), holder: 'cp-1', failures: 3 }
    const no = {
      accepted: 'no',
      reason: 'timeout',
      detail: 'no answer',
      probe,
      hints: ['on the router', 'a filter'],
    } as const
    await using site = await serve('127.0.0.1:0')
    site.attach(announcer, { agent: { agent, nodeName: 'cp-2', vips: () => ({ [VIP]: no }) } })

    await using browser = await Browser.start()
    const page = await browser.open(`http://127.0.0.1:${site.port}/`, { width: 390, height: 844, scheme: 'dark' })
    const text = () => page.evaluate("document.getElementById('node').innerText")
    await expect
      .poll(text, soon)
      .toMatch(/Accepted\s+no: no answer, \d\d:\d\d:\d\d\s+Look\s+on the router\s+Look\s+a filter/)
    expect(browser.errors).toEqual([])
  },
)
