import { expect, it, test } from 'vitest'
import { isAllowed } from './access-review.ts'

const answer = (status: number, body: unknown) => ({ place: '127.0.0.1:6443', status, headers: {}, body })

test.each([true, false])('an access review answers %s', allowed => {
  expect(isAllowed(answer(201, { kind: 'SelfSubjectAccessReview', status: { allowed } }))).toBe(allowed)
})
it.each([
  [403, { kind: 'Status', message: 'no' }, 'forbidden', '127.0.0.1:6443 answered 403: no'],
  [200, 'ok', 'bad-answer', '127.0.0.1:6443 answered with something else than an access review'],
  [201, { status: {} }, 'bad-answer', '127.0.0.1:6443 answered with something else than an access review'],
  [
    201,
    { status: { allowed: 'true' } },
    'bad-answer',
    '127.0.0.1:6443 answered with something else than an access review',
  ],
])('isAllowed() takes no other answer for a right: %i %j', (status, body, reason, message) => {
  expect(() => isAllowed(answer(status, body))).toThrow(expect.objectContaining({ reason, message }))
})
