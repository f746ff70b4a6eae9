/** The reason and the sentence of an answer that is no success. */
import { describe, expect, it } from 'vitest'
import { type Answer, failureOf, isMissingLease } from './api-answer.ts'

const answer = (status: number, body: unknown = undefined, given: Partial<Answer> = {}): Answer => ({
  ...{ place: '127.0.0.1:6443', status, headers: {}, body },
  ...given,
})

describe('failureOf()', () => {
  it.each([
    [400, 'bad-answer'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not-found'],
    [409, 'conflict'],
    [422, 'bad-answer'],
    [429, 'server-error'],
    [499, 'bad-answer'],
    [500, 'server-error'],
    [503, 'server-error'],
    [302, 'bad-answer'],
  ])('%i is the reason %s', (status, reason) => {
    expect(failureOf(answer(status))).toMatchObject({ reason, detail: `127.0.0.1:6443 answered ${status}` })
  })
  it('the message of the server and when to come again are shown', () => {
    expect(failureOf(answer(429, { message: 'slow down' }, { headers: { 'retry-after': '5' } })).detail).toBe(
      '127.0.0.1:6443 answered 429 (Retry-After: 5): slow down',
    )
  })
  it.each([[null], ['text'], [{}], [{ message: 5 }], [['message']]])('the body %j has no message', body => {
    expect(failureOf(answer(500, body)).detail).toBe('127.0.0.1:6443 answered 500')
  })
  it('a token that the server repeats is not shown, not once', () => {
    const given = { secret: 'S3CR3T', headers: { 'retry-after': 'S3CR3T' } }
    expect(failureOf(answer(403, { message: 'S3CR3T, again S3CR3T' }, given)).detail).toBe(
      '127.0.0.1:6443 answered 403 (Retry-After: (secret)): (secret), again (secret)',
    )
    expect(failureOf(answer(403, { message: 'no' }, { secret: '' })).detail).toMatch(/: no$/)
  })
  it('a message is short, and without control characters', () => {
    expect(failureOf(answer(500, { message: 'a\u001b[31mb\u2028c\u202ed' })).detail).toMatch(
      /: a\ufffd\[31mb\ufffdc\ufffdd$/,
    )
    expect(failureOf(answer(500, { message: 'x'.repeat(300) })).detail).toMatch(/: x{300}$/)
    expect(failureOf(answer(500, { message: 'x'.repeat(301) })).detail).toMatch(/: x{300}…$/)
  })
})

describe('isMissingLease()', () => {
  const status = { kind: 'Status', reason: 'NotFound', details: { kind: 'leases' } }
  it('is the 404 of an API server for a Lease', () => {
    expect(isMissingLease(answer(404, status))).toBe(true)
  })
  it.each<[string, number, unknown]>([
    ['another status', 403, status],
    ['no JSON', 404, undefined],
    ['another kind', 404, { ...status, kind: 'Lease' }],
    ['another reason', 404, { ...status, reason: 'Forbidden' }],
    ['another resource, such as the namespace', 404, { ...status, details: { kind: 'namespaces' } }],
    ['no details', 404, { ...status, details: null }],
  ])('is no answer with %s', (_, code, body) => {
    expect(isMissingLease(answer(code, body))).toBe(false)
  })
})
