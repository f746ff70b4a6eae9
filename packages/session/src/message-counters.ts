/** Messages of one direction, counted by what they are. */
import { describeNotification, type Message, type Notification } from '@softspoken/wire'

/** Counted since construction. */
export interface MessageCounters {
  /** `malformed` is what could not be read as any of the others. */
  readonly byType: { readonly [type in Message['type'] | 'malformed']: number }
  /** By their names in the registries, as `Cease/Administrative Shutdown` or `Hold Timer Expired`; those that came or went. */
  readonly notifications: { readonly [name: string]: number }
}

export const nothingCounted: MessageCounters = {
  byType: { open: 0, update: 0, notification: 0, keepalive: 0, 'route-refresh': 0, malformed: 0 },
  notifications: {},
}

/** With one message more; undefined is one that could not be read. */
export function counted({ byType, notifications }: MessageCounters, message: Message | undefined): MessageCounters {
  const type = message?.type ?? 'malformed'
  const name = message?.type === 'notification' ? nameOf(message) : undefined
  return {
    byType: { ...byType, [type]: byType[type] + 1 },
    notifications: name === undefined ? notifications : { ...notifications, [name]: (notifications[name] ?? 0) + 1 },
  }
}

/** No numbers and none of the peer's text: there are no more names than the registries have, whatever a peer sends. */
function nameOf(notification: Notification): string {
  return describeNotification({ ...notification, data: new Uint8Array() }).replace(/ \(.*/, '')
}
