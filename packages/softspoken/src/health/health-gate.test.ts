import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeLeaseServer } from '@softspoken/test-support/fake-lease-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProgramOptions } from '../config/options.ts'
import { rehearse } from '../config/rehearsal.ts'
import { UsageError } from '../config/usage-error.ts'
import { healthCheck, healthOf, rehearseHealth, timeoutOf } from './health-gate.ts'

const needed: ProgramOptions = { prefix: ['198.51.100.10/32'], localAs: 64515, routerId: '10.0.5.11', logLevel: 'info' }
const { signal } = new AbortController()

const server = createServer((request, response) => response.writeHead(request.url === '/livez' ? 200 : 503).end())
let port = 0
beforeAll(async () => {
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  port = (server.address() as AddressInfo).port // a TCP server's address has one
})
afterAll(() => void server.close())

describe('--health', () => {
  it('checks nothing if it is not given', () => {
    expect(healthCheck(needed)).toBeUndefined()
  })
  it('of tcp:// passes if the port listens', async () => {
    await healthCheck({ ...needed, health: `TCP://127.0.0.1:${port}/` })?.check(signal)
    await healthCheck({ ...needed, health: `tcp://127.0.0.1:${port}` })?.check(signal)
    await expect(healthCheck({ ...needed, health: 'tcp://[::1]:1' })?.check(signal)).rejects.toThrow(
      /^connect ECONNREFUSED ::1:1$/,
    )
  })
  it('of http:// passes if the status is good', async () => {
    await healthCheck({ ...needed, health: `http://127.0.0.1:${port}/livez` })?.check(signal)
    await expect(healthCheck({ ...needed, health: `http://127.0.0.1:${port}/` })?.check(signal)).rejects.toThrow('503')
  })
  it.each<[Partial<ProgramOptions>, string | RegExp]>([
    [
      { health: '127.0.0.1:6443' },
      /^health: '127.0.0.1:6443' is not allowed, it must be kubernetes, exec: and a command, or a URL such as tcp:/,
    ],
    [{ health: 'tcp://127.0.0.1' }, /^health: tcp:\/\/127.0.0.1 is not allowed/],
    [{ health: 'tcp://127.0.0.1:0' }, /^health: tcp:\/\/127.0.0.1:0 is not allowed/],
    [{ health: 'http://127.0.0.1:0/livez' }, /^health: http:\/\/127.0.0.1:0\/livez is not allowed/],
    [{ health: 'https://[::1]:0', healthVerify: 'none' }, /^health: https:\/\/\[::1\]:0\/ is not allowed/],
    [{ health: 'tcp://127.0.0.1:6443/livez' }, /^health: tcp:\/\/127.0.0.1:6443 is not allowed/],
    [{ health: 'tcp://user:word@127.0.0.1:6443' }, /^health: tcp:\/\/127.0.0.1:6443 is not allowed/],
    [{ health: 'https//user:word@127.0.0.1/' }, /^health: the given value is not allowed/],
    [{ health: 'user:word@127.0.0.1' }, /^health: the given value is not allowed/],
    [{ health: 'ftp://127.0.0.1/' }, /^health: 'ftp:/],
    [{ health: 'tcp://127.0.0.1:1', healthCa: 'ca.pem' }, /^healthCa: not allowed with tcp:\/\/127.0.0.1:1/],
    [
      { health: 'https://127.0.0.1/', healthCert: 'a.pem' },
      /^healthCert: give both healthCert and healthKey, or neither/,
    ],
    [
      { health: 'https://127.0.0.1/', healthKey: 'a.pem' },
      /^healthKey: give both healthCert and healthKey, or neither/,
    ],
    [
      { health: 'https://127.0.0.1/', healthCa: 'a.pem', healthVerify: 'none' },
      /^healthCa: not used with healthVerify/,
    ],
    [
      { health: 'http://127.0.0.1/', healthVerify: 'none' },
      /^healthVerify: not allowed with http:\/\/127.0.0.1\/, which/,
    ],
    [
      { health: 'kubernetes', healthCa: 'ca.pem' },
      'healthCa: not allowed with health kubernetes, which uses the kubec',
    ],
    [{ health: 'xhttps://user:word@127.0.0.1/' }, /^health: the given value is not allowed/],
    [{ healthVerify: 'none' }, 'healthVerify: not allowed without health'],
    [{ healthFall: 2 }, 'healthFall: not allowed without health'],
  ])('%j is refused', (given, sentence) => {
    expect(() => healthCheck({ ...needed, ...given })).toThrow(sentence)
  })
  it.each<[Partial<ProgramOptions>, string]>([
    [{ healthInterval: 0 }, '--health-interval: 0 is not allowed'],
    [{ healthTimeout: 5 }, '--health-timeout: 5 is not allowed, it must be less than interval, 5'],
    [{ healthHoldDown: { within: 1 } }, '--health-hold-down, within: 1 is not allowed'],
    [{ healthRise: 0 }, '--health-rise: 0 is not allowed'],
    [{ healthFall: 1.5 }, '--health-fall: 1.5 is not allowed, it must be a whole number'],
  ])('%j is refused before anything is checked', async (given, sentence) => {
    const options = { ...needed, peer: ['10.0.5.1'], peerAs: 65000, health: 'tcp://127.0.0.1:1', ...given }
    await expect(rehearse(options, {})).rejects.toThrow(sentence)
  })
  it('announces after healthRise checks', async () => {
    const passing = { ...needed, health: `http://127.0.0.1:${port}/livez`, healthRise: 1, healthInterval: 3600 }
    const gate = healthOf(passing, {})?.gate
    expect(gate).toMatchObject({ rise: 1, interval: 3600 })
    await gate?.check(signal)
  })
  it.each<[ProgramOptions['healthHoldDown']]>([[false], [undefined], [{ within: 60 }]])(
    'holds down as healthHoldDown says: %j',
    healthHoldDown => {
      const options = {
        ...needed,
        health: 'tcp://127.0.0.1:1',
        ...(healthHoldDown !== undefined && { healthHoldDown }),
      }
      expect(healthOf(options, {})?.gate.holdDown).toEqual(healthHoldDown)
    },
  )
  it.each([
    [{}, 3],
    [{ healthInterval: 3.5 }, 3],
    [{ healthInterval: 3 }, 1.5],
    [{ healthInterval: 1 }, 0.5],
    [{ healthInterval: 1, healthTimeout: 0.7 }, 0.7],
  ])('of %j ends after %s s, as the gate does', (given, seconds) => {
    expect(timeoutOf({ ...needed, ...given })).toBe(seconds)
  })
  it('of kubernetes knows the API server and when our certificate ends', async () => {
    const api = await FakeLeaseServer.listening()
    const folder = mkdtempSync(join(tmpdir(), 'health-kubernetes-'))
    try {
      const health = healthOf({ ...needed, health: 'kubernetes', kubeconfig: api.kubeconfig(folder) }, {})
      expect(health?.apiServer?.()).toEqual({})
      await health?.gate.check(signal)
      expect(health?.apiServer?.()).toEqual({ server: api.url, certificateEnd: expect.any(Date) })
    } finally {
      await api.stop()
      rmSync(folder, { recursive: true })
    }
  })
  it('of several passes if all do, and names those that do not', async () => {
    const good = `http://127.0.0.1:${port}/livez`
    const health = [good, ['exec:/bin/sh', '-c', 'echo secret; exit 1'], 'tcp://127.0.0.1:1']
    await expect(healthCheck({ ...needed, health })?.check(signal)).rejects.toThrow(
      /^exec:\/bin\/sh: exit code 1: secret; tcp:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/,
    )
    await healthCheck({ ...needed, health: [good, 'exec:/bin/true --flag'] })?.check(signal)
  })
  it('of https:// needs its files, and one of http:// beside it does not', async () => {
    const health = [`http://127.0.0.1:${port}/livez`, 'https://127.0.0.1:1/']
    await expect(healthCheck({ ...needed, health, healthCa: '/none/ca.pem' })?.check(signal)).rejects.toThrow(
      /^https:\/\/127\.0\.0\.1:1\/: healthCa: \/none\/ca\.pem cannot be read, ENOENT$/,
    )
  })
  it('a file of a check may be for one of several', async () => {
    const health = ['tcp://127.0.0.1:1', 'https://127.0.0.1/']
    expect(() => healthCheck({ ...needed, health, healthVerify: 'none' })).not.toThrow()
    expect(() => healthCheck({ ...needed, health: health.slice(0, 1), healthVerify: 'none' })).toThrow('not allowed')
  })
  it.each<[NonNullable<ProgramOptions['health']>, string]>([
    ['exec:check', 'health: a command must be exec: and an absolute path, such as exec:/usr/local/bin/check'],
    ['exec:', 'health: a command must be exec: and an absolute path'],
    [[], 'health: the list is empty'],
    [[[]], 'health: a command must be exec: and an absolute path'],
    [['kubernetesx', 'tcp://127.0.0.1:1'], 'health, number 1: it is no check'],
    [[['/bin/true'], 'tcp://127.0.0.1:1'], 'health: a command must be exec: and an absolute path'],
    [['exec:/bin/true', 'secret'], 'health, number 2: it is no check; a command with its arguments is a list in the'],
    [[['/bin/true', 'secret']], 'health: a command must be exec: and an absolute path'],
    ["exec:/bin/sh -c 'exit 1'", 'health: quotes in exec:/bin/sh are not removed, because there is no shell'],
    ['exec:/bin/true exec:/bin/false', 'health: an argument of exec:/bin/true looks like a second check'],
    ['exec:/bin/true\ntcp://127.0.0.1:1', 'health: an argument of exec:/bin/true looks like a second check'],
    [[['exec:/bin/sh', 'a\0b']], 'health: an argument of exec:/bin/sh has a NUL in it'],
  ])('%j is refused', (health, sentence) => {
    expect(() => healthCheck({ ...needed, health })).toThrow(sentence)
  })
  it.each<[NonNullable<ProgramOptions['health']>]>([
    [[['exec:/bin/true', "it's", 'tcp://127.0.0.1:1', 'exec:/bin/false']]],
    ['exec:/bin/true --to=tcp://127.0.0.1:1 --with=exec:/bin/false'],
  ])('%j is one command with its arguments', async health => {
    await healthCheck({ ...needed, health })?.check(signal)
  })
  it('of a command as a text has no empty arguments', async () => {
    await healthCheck({ ...needed, health: 'exec:/usr/bin/test  a  ' })?.check(signal) // it allows one argument
  })
  it.each<[string, readonly string[]]>([
    ['exec:/bin/true', []],
    [`tcp://127.0.0.1:1`, []],
    ['exec:/usr/bin', ['health: /usr/bin cannot be run, EACCES; the health check fails until it can be run']],
  ])('of %s has the warnings %j before the first check', async (health, warnings) => {
    expect(await rehearseHealth({ ...needed, health }, {})).toEqual(warnings)
  })
  it('that is not given has no warnings', async () => {
    expect(await rehearseHealth(needed, {})).toEqual([])
  })
  it('a command that cannot be run yet is a warning', async () => {
    const options = {
      ...needed,
      peer: ['10.0.5.1'],
      peerAs: 65000,
      health: ['exec:/none/check secret', 'exec:/bin/true'],
    }
    expect(await rehearse(options, {})).toEqual([
      'health: /none/check cannot be run, ENOENT; the health check fails until it can be run',
    ])
  })
  it('names the place of a wrong value', () => {
    const options = { ...needed, health: 'nonsense' }
    const given = { health: { value: 'nonsense', from: 'control_plane_health_check_address' } }
    expect(() => healthCheck(options, given)).toThrow(/^control_plane_health_check_address: 'nonsense' is not allowed/)
  })
})

describe('a file of a check', () => {
  const folder = mkdtempSync(join(tmpdir(), 'health-'))
  const pem = (name: string) =>
    readFileSync(new URL(`../../../../test/fixtures/tls/${name}.pem`, import.meta.url), 'utf8')
  const service = createTlsServer({ cert: pem('server'), key: pem('server-key') }, (_, response) => response.end('ok'))
  let secure: ProgramOptions = needed
  beforeAll(async () => {
    await new Promise<void>(done => service.listen(0, '127.0.0.1', done))
    const { port } = service.address() as AddressInfo // a TCP server's address has one
    secure = { ...needed, peer: ['10.0.5.1'], peerAs: 65000, health: `https://127.0.0.1:${port}/livez` }
  })
  afterAll(() => {
    service.close()
    rmSync(folder, { recursive: true })
  })
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }

  it('fails the check until it exists', async () => {
    const healthCa = join(folder, 'later.pem')
    const options = { ...secure, healthCa }
    expect(await rehearse(options, {})).toEqual([
      `healthCa: ${healthCa} cannot be read, ENOENT; the health check fails until it can be read`,
    ])
    const check = healthCheck(options)?.check
    await expect(check?.(signal)).rejects.toThrow(`healthCa: ${healthCa} cannot be read, ENOENT`)
    file('later.pem', pem('ca'))
    await check?.(signal)
  })
  it('is read again at the next check', async () => {
    const healthCa = file('rotated.pem', pem('client'))
    const check = healthCheck({ ...secure, healthCa })?.check
    await expect(check?.(signal)).rejects.toThrow('unable to verify')
    file('rotated.pem', pem('ca'))
    await check?.(signal)
    file('rotated.pem', '')
    await expect(check?.(signal)).rejects.toThrow('has no certificate in it')
  })
  it('is read, and not examined again while it stays the same', async () => {
    const health = healthCheck({ ...secure, healthCa: file('same.pem', pem('ca')) })
    expect(await health?.load()).toBe(await health?.load())
  })
  it('is not needed to trust any certificate, which healthVerify none does', async () => {
    await expect(healthCheck(secure)?.check(signal)).rejects.toThrow('unable to verify')
    await healthCheck({ ...secure, healthVerify: 'none' })?.check(signal)
  })
  it.each([
    ['', /^healthCa: .* has no certificate in it$/],
    ['nonsense', /^healthCa: .* has no certificate in it$/],
    [pem('client-key'), /^healthCa: .* has no certificate in it$/],
    [pem('ca').replace(/[a-z]/g, 'A'), /^healthCa: .* has a certificate in it that cannot be read$/],
  ])('with a wrong authority is refused (%#)', async (text, sentence) => {
    const run = rehearse({ ...secure, healthCa: file('wrong.pem', text) }, {})
    await expect(run).rejects.toThrow(sentence)
    await expect(run).rejects.toBeInstanceOf(UsageError)
  })
  it.each([
    [pem('client'), pem('server-key'), /^healthCert and healthKey: they must hold a certificate and its key/],
    [pem('client'), '', /^healthKey: .* has no private key in it$/],
    ['', pem('client-key'), /^healthCert: .* has no certificate in it$/],
    [pem('client-key'), pem('client-key'), /^healthCert: .* has no certificate in it$/],
    [pem('client'), 'nonsense', /^healthKey: .* has no private key in it$/],
    [pem('client'), pem('client'), /^healthKey: .* has no private key in it$/],
    [
      pem('client'),
      pem('server-key').replaceAll('PRIVATE', 'EC PRIVATE'),
      /^healthCert and healthKey: they must hold a certificate and its key/,
    ],
    [
      pem('client'),
      pem('client-key').replace(/[a-z]/g, 'A'),
      /^healthCert and healthKey: they must hold a certificate and its key/,
    ],
  ])('with a certificate and a wrong key is refused (%#)', async (cert, key, sentence) => {
    const files = { healthCert: file('cert.pem', cert), healthKey: file('key.pem', key) }
    const run = rehearse({ ...secure, ...files }, {})
    await expect(run).rejects.toThrow(sentence)
    await expect(run).rejects.toBeInstanceOf(UsageError)
  })
  it('that is a directory cannot be read', async () => {
    expect(await rehearse({ ...secure, healthCa: folder }, {})).toEqual([
      expect.stringMatching(/cannot be read, EISDIR/),
    ])
  })
})
