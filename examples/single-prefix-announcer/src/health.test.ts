import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { healthCheck, healthGate } from './health.ts'
import { rehearse } from './rehearsal.ts'
import type { Settings } from './settings.ts'

const needed: Settings = { prefix: '198.51.100.10/32', localAs: 64515, routerId: '10.0.5.11', logLevel: 'info' }
const { signal } = new AbortController()
const silence = { debug() {}, info() {}, warn() {}, error() {} }

const server = createServer((request, response) => response.writeHead(request.url === '/livez' ? 200 : 503).end())
let port = 0
beforeAll(async () => {
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  port = (server.address() as AddressInfo).port // a TCP server's address has one
})
afterAll(() => void server.close())

describe('--health', () => {
  it('asks nobody where it is not given', () => {
    expect(healthCheck(needed)).toBeUndefined()
  })
  it('tcp:// passes where somebody listens', async () => {
    await healthCheck({ ...needed, health: `tcp://127.0.0.1:${port}` })?.(signal)
    await expect(healthCheck({ ...needed, health: 'tcp://[::1]:1' })?.(signal)).rejects.toThrow('ECONNREFUSED ::1:1')
  })
  it('http:// passes where the answer is good', async () => {
    await healthCheck({ ...needed, health: `http://127.0.0.1:${port}/livez` })?.(signal)
    await expect(healthCheck({ ...needed, health: `http://127.0.0.1:${port}/` })?.(signal)).rejects.toThrow('503')
  })
  it.each<[Partial<Settings>, string | RegExp]>([
    [{ health: '127.0.0.1:6443' }, /^health: '127.0.0.1:6443' is not allowed, it must be such as tcp:/],
    [{ health: 'tcp://127.0.0.1' }, /^health: 'tcp:\/\/127.0.0.1' is not allowed/],
    [{ health: 'ftp://127.0.0.1/' }, /^health: 'ftp:/],
    [{ health: 'tcp://127.0.0.1:1', healthCa: 'ca.pem' }, /^healthCa: not allowed with tcp:\/\/127.0.0.1:1/],
    [{ health: 'https://127.0.0.1/', healthCa: '/none.pem' }, /^healthCa: \/none.pem cannot be read: ENOENT/],
    [{ health: 'http://127.0.0.1/', healthVerify: 'none' }, /^http.verify: not allowed with http:/],
    [{ healthVerify: 'none' }, 'healthVerify: not allowed without health'],
    [{ healthFall: 2 }, 'healthFall: not allowed without health'],
  ])('%j is refused', (given, sentence) => {
    expect(() => healthCheck({ ...needed, ...given })).toThrow(sentence)
  })
  it.each<[Partial<Settings>, string]>([
    [{ healthInterval: 0 }, 'SOFTSPOKEN_HEALTH_INTERVAL: 0 is not allowed'],
    [{ healthTimeout: 5 }, 'SOFTSPOKEN_HEALTH_TIMEOUT: 5 is not allowed, it must be less than interval, 5'],
    [{ healthRise: 0 }, 'SOFTSPOKEN_HEALTH_RISE: 0 is not allowed'],
    [{ healthFall: 1.5 }, 'SOFTSPOKEN_HEALTH_FALL: 1.5 is not allowed, it must be a whole number'],
  ])('%j is refused before anything is checked', (given, sentence) => {
    const settings = { ...needed, peer: ['10.0.5.1'], peerAs: 65000, health: 'tcp://127.0.0.1:1', ...given }
    expect(() => rehearse(settings, {})).toThrow(sentence)
  })
  it('announces after healthRise checks', async () => {
    const passing = { ...needed, health: `http://127.0.0.1:${port}/livez`, healthRise: 1, healthInterval: 3600 }
    const gate = healthGate(passing, silence)
    await expect.poll(() => gate?.up).toBe(true)
    gate?.close()
  })
})
