export type { BackOff } from './backoff.ts'
export { shown } from './check-options.ts'
export {
  type CapabilitySettings,
  type Config,
  configure,
  type GracefulRestartSettings,
  type Local,
  type Peer,
  type Settings,
  settings,
} from './config.ts'
export { type DialBudget, dialBudget } from './dial-budget.ts'
export { checkEnvironment } from './environment.ts'
export type { Down, SessionEvent, State } from './fsm.ts'
export { errorText, guardLog, notify } from './guard.ts'
export { Listener, type ListenerOptions, type ServedSession } from './listener.ts'
export type { MalformedUpdate, MalformedUpdates } from './malformed.ts'
export type { Md5Key } from './md5-key.ts'
export type { Negotiated } from './open-check.ts'
export type { OtherProtocol } from './other-protocol.ts'
export {
  type Clock,
  type Counters,
  type DownEvent,
  type LastError,
  type Logger,
  realTime,
  Session,
  type SessionOptions,
  type Status,
  type StopOptions,
  type Surroundings,
} from './session.ts'
export type { Tally } from './tally.ts'
