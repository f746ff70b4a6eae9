/** What the output of an exec command means. The commands themselves are in exec-plugin.test.ts. */
import { readFileSync } from 'node:fs'
import { tlsFile } from '@softspoken/test-support/fake-lease-server'
import { describe, expect, test } from 'vitest'
import { LeaseStoreError } from '../election/lease-store.ts'
import { credentialIn } from './exec-plugin.ts'

const apiVersion = 'client.authentication.k8s.io/v1'
const [cert, key, otherKey] = ['client.pem', 'client-key.pem', 'server-key.pem'].map(name =>
  readFileSync(tlsFile(name), 'utf8'),
)
const certificate = { clientCertificateData: cert, clientKeyData: key }

/** Of an output with this status. */
function credential(status: unknown, top: object = {}) {
  return of(JSON.stringify({ apiVersion, kind: 'ExecCredential', status, ...top }))
}
function of(text: string) {
  return credentialIn(text, { from: 'config: users[0].user.exec', apiVersion })
}

describe('what a command gives', () => {
  test.each([
    ['a token', { token: 'tok' }, { authorization: 'Bearer tok' }],
    [
      'a token with the time of its end',
      { token: 'tok\n', expirationTimestamp: '2026-01-31T12:00:00Z' },
      { authorization: 'Bearer tok', expiresAt: Date.parse('2026-01-31T12:00:00Z') },
    ],
    [
      'empty fields beside a token',
      { token: 'tok', clientCertificateData: '', clientKeyData: '', expirationTimestamp: null },
      { authorization: 'Bearer tok' },
    ],
  ])('%s', (_, status, expected) => {
    expect(credential(status)).toStrictEqual(expected)
  })
  test('a certificate and its key, also beside a token', () => {
    const expected = { certificate: { cert: Buffer.from(cert!), key: Buffer.from(key!) } }
    expect(credential(certificate)).toStrictEqual(expected)
    expect(credential({ ...certificate, token: '' })).toStrictEqual(expected)
    expect(credential({ ...certificate, token: 'tok' })).toStrictEqual({ authorization: 'Bearer tok', ...expected })
  })
})

describe('mistakes of a command', () => {
  const secret = 'S3CR3T'
  const wrong = (act: () => unknown): string => {
    try {
      act()
    } catch (error) {
      expect(error).toBeInstanceOf(LeaseStoreError)
      expect(error).toMatchObject({ reason: 'credentials' })
      expect(`${error}`).not.toContain(secret)
      return (error as LeaseStoreError).detail.replace('config: users[0].user.exec: the command must print ', '')
    }
    return 'accepted'
  }
  test.each([secret, '', '[]', 'null', '5'])('the output %j is no ExecCredential', text => {
    expect(wrong(() => of(text))).toBe(`an ExecCredential of ${apiVersion} with a status`)
  })
  test.each<[string, object]>([
    ['of another kind', { kind: 'Other' }],
    ['of another version', { apiVersion: 'client.authentication.k8s.io/v1beta1' }],
    ['without a status', { status: undefined }],
    ['with a status that is a text', { status: secret }],
  ])('an object %s is no ExecCredential', (_, top) => {
    expect(wrong(() => credential({ token: secret }, top))).toBe(`an ExecCredential of ${apiVersion} with a status`)
  })
  test.each<[string, object]>([
    ['a token, or a certificate and its key', {}],
    ['a token, or a certificate and its key', { token: '' }],
    ['a token without spaces', { token: `${secret} x` }],
    ['a token without spaces', { token: [secret] }],
    ['a token without spaces', { ...certificate, token: `${secret} x` }],
    ['a certificate in PEM as clientCertificateData, and its key as clientKeyData', { clientCertificateData: cert }],
    ['a certificate in PEM as clientCertificateData, and its key', { clientKeyData: key }],
    ['a certificate in PEM as clientCertificateData, and its key', { ...certificate, clientKeyData: otherKey }],
    ['a certificate in PEM', { clientCertificateData: secret, clientKeyData: secret }],
    ['a certificate in PEM', { token: 'tok', clientCertificateData: cert, clientKeyData: 5 }],
    ['a certificate in PEM', { token: 'tok', clientCertificateData: [cert], clientKeyData: key }],
    ['expirationTimestamp as a time such as 2026-01-31T12:00:00Z', { token: 'tok', expirationTimestamp: secret }],
  ])('%s: %#', (sentence, status) => {
    expect(wrong(() => credential(status)).slice(0, sentence.length)).toBe(sentence)
  })
})
