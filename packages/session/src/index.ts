export { OptionError } from '@softspoken/wire'
export type { BackOff } from './backoff.ts'
export type { SessionConfig } from './config.ts'
export { type DialBudget, dialBudget } from './dial-budget.ts'
export type { SessionEvents, SessionFailure, SessionState } from './events.ts'
export { Listener, type ListenerOptions } from './listener.ts'
export type { MalformedUpdate, MalformedUpdates } from './malformed.ts'
export type { Md5Key } from './md5-key.ts'
export type { MessageCounters, NotificationCounter } from './message-counters.ts'
export type { Negotiated } from './open-check.ts'
export type {
  CapabilityOptions,
  GracefulRestartOptions,
  LocalOptions,
  PeerOptions,
  SessionOptions,
} from './options.ts'
export { type FailureReason, failureReasons } from './reasons.ts'
export { type Clock, type Logger, realTime } from './runtime.ts'
export { Session, type StopOptions } from './session.ts'
export type { SessionCounters, SessionStatus } from './status.ts'
