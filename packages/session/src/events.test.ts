import { cease } from '@softspoken/wire'
import { expect, it } from 'vitest'
import { isSameFailure, type SessionFailure } from './events.ts'

const failure: SessionFailure = { reason: 'closed', detail: 'the connection was closed', from: 'Connect' }
const [deconfigured, rejected] = [cease(3), cease(5)]

it.each<[string, Partial<SessionFailure>, Partial<SessionFailure>]>([
  ['without a NOTIFICATION', {}, {}],
  ['in another state and with another sentence', {}, { from: 'OpenSent', detail: 'reset', retryIn: 5 }],
  ['with the same NOTIFICATION sent', { sent: cease(2) }, { sent: cease(2, 'with a text') }],
  ['with the same NOTIFICATION received', { received: cease(5) }, { received: cease(5) }],
])('a failure %s is the same failure again', (_, one, other) => {
  expect(isSameFailure({ ...failure, ...one }, { ...failure, ...other })).toBe(true)
})

it.each<[string, Partial<SessionFailure>, Partial<SessionFailure>]>([
  ['for another reason', {}, { reason: 'reset' }],
  ['with a NOTIFICATION sent', {}, { sent: rejected }],
  ['with another subcode sent', { sent: deconfigured }, { sent: rejected }],
  ['with another subcode received', { received: deconfigured }, { received: rejected }],
  ['with another code received', { received: rejected }, { received: { ...rejected, code: 2 } }],
  ['with another code sent', { sent: rejected }, { sent: { ...rejected, code: 2 } }],
  ['with a NOTIFICATION sent that was received before', { received: rejected }, { sent: rejected }],
])('a failure %s is another failure', (_, one, other) => {
  expect(isSameFailure({ ...failure, ...one }, { ...failure, ...other })).toBe(false)
})
