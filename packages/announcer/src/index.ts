export type { FailureReason, SessionFailure } from '@softspoken/session'
export { OptionError } from '@softspoken/wire'
export type { Epoch, Preference } from './advertise.ts'
export type { Announcement, AnnounceOptions, Gate } from './announcement.ts'
export { Announcer } from './announcer.ts'
export type { AnnouncerSession } from './announcer-session.ts'
export type { AnnouncerLocal, AnnouncerOptions, AnnouncerPeer } from './config.ts'
export type { AnnouncerEvents } from './events.ts'
export { type HealthEvents, HealthGate, type HealthResult, type HealthStatus } from './health/gate.ts'
export { type HttpCheckOptions, httpCheck } from './health/http-check.ts'
export type { Check, HealthGateOptions, HoldDown } from './health/options.ts'
export { type TcpCheckOptions, tcpCheck } from './health/tcp-check.ts'
export { type HostRoute, hostRoute } from './host-route.ts'
export type { ProcessDeadline } from './kernel-deadline.ts'
export type { PerFamily } from './per-family.ts'
export type {
  Explanation,
  GateReason,
  HealthDownReason,
  UnsendableReason,
  WithdrawnReason,
  WithheldReason,
} from './reasons.ts'
export type { AnnouncerStatus, QueuedChange, SentRoutes } from './status.ts'
export { version } from './version.ts'
