export { type Address, formatAddress, parseAddress } from './address.ts'
export { AS_TRANS } from './as-number.ts'
export type { Aggregator } from './attribute/aggregator.ts'
export type { Aigp, AigpTlv } from './attribute/aigp.ts'
export type { AsSegment } from './attribute/as-path.ts'
export { type Community, communityText } from './attribute/communities.ts'
export type { MpReach, MpUnreach } from './attribute/mp-reach.ts'
export type { Origin } from './attribute/origin.ts'
export type { Attributes, RawAttribute } from './attribute/registry.ts'
export type { AddPath } from './capability/add-path.ts'
export type { GracefulFamily, GracefulRestart, LongLivedFamily } from './capability/graceful-restart.ts'
export type { ExtendedNextHop } from './capability/multiprotocol.ts'
export { type Capability, encodeCapability } from './capability/registry.ts'
export type { Role } from './capability/role.ts'
export type { AfiSafi } from './capability/spec.ts'
export type { Context } from './context.ts'
export { Decoder } from './decoder.ts'
export { type Family, familyByName } from './family.ts'
export { cutToFit, decode, Encoder, encode, type Keepalive, type Message } from './message.ts'
export {
  cease,
  describeNotification,
  hardReset,
  type Notification,
  shutdownText,
  withoutHardReset,
} from './notification.ts'
export { notificationCode, subcode } from './notification-codes.ts'
export type { Open } from './open.ts'
export { OptionError } from './option-error.ts'
export type { Prefix } from './prefix.ts'
export type { Result } from './result.ts'
export type { RouteRefresh } from './route-refresh.ts'
export { endOfRib, type Route, routes } from './routes.ts'
export type { Update } from './update.ts'
export type { Issue } from './update-errors.ts'
