export type { BackOff } from './backoff.ts'
export { shown } from './check-options.ts'
export {
  type CapabilityOptions,
  configure,
  type GracefulRestartOptions,
  type LocalOptions,
  type PeerOptions,
  type SessionConfig,
  type SessionOptions,
  settings,
} from './config.ts'
export { type DialBudget, dialBudget } from './dial-budget.ts'
export { checkEnvironment } from './environment.ts'
export type { SessionEvents, SessionFailure, SessionState } from './events.ts'
export { errorText, guardLog, notify } from './guard.ts'
export { Listener, type ListenerOptions, type ServedSession } from './listener.ts'
export type { MalformedUpdate, MalformedUpdates } from './malformed.ts'
export type { Md5Key } from './md5-key.ts'
export type { MessageCounters, NotificationCounter } from './message-counters.ts'
export type { Negotiated } from './open-check.ts'
export { type FailureReason, failureReasons } from './reasons.ts'
export { type Clock, type Logger, realTime } from './runtime.ts'
export { Session, type StopOptions } from './session.ts'
export type { SessionCounters, SessionStatus } from './status.ts'
