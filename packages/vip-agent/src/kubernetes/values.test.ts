/** Values of a kubeconfig or of a command: which are used, and in which form. */
import { readFileSync } from 'node:fs'
import { tlsFile } from '@softspoken/test-support/fake-lease-server'
import { describe, expect, it } from 'vitest'
import { authorizationOf, certificatesIn, hostOf, isAddress, isKeyOf, isLoopback, serverUrl } from './values.ts'

const [ca, cert, key, otherKey] = ['ca.pem', 'client.pem', 'client-key.pem', 'server-key.pem'].map(name =>
  readFileSync(tlsFile(name)),
) as [Buffer, Buffer, Buffer, Buffer]

describe('serverUrl()', () => {
  it.each([
    ['https://192.0.2.1:6443', 'https://192.0.2.1:6443'],
    ['https://192.0.2.1:6443/', 'https://192.0.2.1:6443'],
    ['https://h/k8s/c-1//', 'https://h/k8s/c-1'],
    ['https://[2001:db8::1]:443/', 'https://[2001:db8::1]'],
  ])('%s is used as %s', (given, expected) => {
    expect(serverUrl(given)).toBe(expected)
  })
  it.each([
    'http://192.0.2.1',
    '192.0.2.1:6443',
    '',
    'https://',
    'https://name@h',
    'https://:password@h',
    'https://h/?token=x',
    'https://h/#x',
  ])('%j is not used', given => {
    expect(serverUrl(given)).toBeUndefined()
  })
})

describe('authorizationOf()', () => {
  it.each(['tok', 'tok\n', ' tok\r\n'])('the token %j is used without what is around it', token => {
    expect(authorizationOf(token)).toBe('Bearer tok')
  })
  it.each(['', '\n', 'a b', 'a\nb', 'tök', 'a\u0000'])('%j is no token', token => {
    expect(authorizationOf(token)).toBeUndefined()
  })
})

describe('certificatesIn()', () => {
  const count = (...parts: readonly Buffer[]) => certificatesIn(Buffer.concat(parts))?.length
  it('has each certificate, also beside a key', () => {
    expect([count(cert), count(ca, cert), count(key, cert), count(cert, key, ca)]).toEqual([1, 2, 1, 2])
    expect(certificatesIn(cert)?.[0]?.subject).toContain('client')
  })
  it('has none of a text whose last block is not whole', () => {
    for (const end of [30, 300, cert.length - 30]) expect(count(ca, cert.subarray(0, end))).toBeUndefined()
  })
  it('has none of a key alone, of nothing, and of a broken certificate', () => {
    const broken = Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    expect([count(key), count(), count(broken)]).toEqual([undefined, undefined, undefined])
  })
})

describe('isKeyOf()', () => {
  it.each<[string, Buffer, Buffer, boolean]>([
    ['its key', key, cert, true],
    ['the key of the first of two', key, Buffer.concat([cert, ca]), true],
    ['the key of the second of two', key, Buffer.concat([ca, cert]), false],
    ['another key', otherKey, cert, false],
    ['no key', cert, cert, false],
    ['no certificate', key, key, false],
  ])('%s', (_, given, certificate, expected) => {
    expect(isKeyOf(given, certificate)).toBe(expected)
  })
})

describe('the host of a server', () => {
  it.each([
    ['https://192.0.2.1:6443', '192.0.2.1', true, false],
    ['https://[2001:db8::1]:6443', '2001:db8::1', true, false],
    ['https://127.0.0.1:6443', '127.0.0.1', true, true],
    ['https://127.8.0.1', '127.8.0.1', true, true],
    ['https://[::1]', '::1', true, true],
    ['https://localhost', 'localhost', false, true],
    ['https://127.example', '127.example', false, false],
  ])('%s', (url, host, address, loopback) => {
    expect(hostOf(url)).toBe(host)
    expect([isAddress(host), isLoopback(host)]).toEqual([address, loopback])
  })
})
