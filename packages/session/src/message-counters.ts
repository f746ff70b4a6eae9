/** Messages of one direction, counted by type. */
import type { Message, Notification } from '@softspoken/wire'
import { textsOf } from '@softspoken/wire/internal'

/** Counted since the session was constructed. */
export interface MessageCounters {
  /** `malformed` counts messages that could not be decoded. */
  readonly byType: { readonly [type in Message['type'] | 'malformed']: number }
  /** One row per code and subcode that was sent or received, with the names of the IANA registries. */
  readonly notifications: readonly NotificationCounter[]
}

/** How often one NOTIFICATION was sent or received. */
export interface NotificationCounter {
  /** `Cease`, or `Unknown error`. */
  readonly code: string
  /** `Administrative Shutdown`; empty if the code has no subcodes; `unknown subcode` if it is not registered. */
  readonly subcode: string
  readonly count: number
}

export const zeroCounters: MessageCounters = {
  byType: { open: 0, update: 0, notification: 0, keepalive: 0, 'route-refresh': 0, malformed: 0 },
  notifications: [],
}

/** The counters after one more message; undefined is a message that could not be decoded. */
export function countMessage(
  { byType, notifications }: MessageCounters,
  message: Message | undefined,
): MessageCounters {
  const type = message?.type ?? 'malformed'
  return {
    byType: { ...byType, [type]: byType[type] + 1 },
    notifications: message?.type === 'notification' ? countNotification(notifications, message) : notifications,
  }
}

/** Names only: a peer that sends every number makes no more rows than the registries have. */
function countNotification(
  rows: readonly NotificationCounter[],
  notification: Notification,
): readonly NotificationCounter[] {
  const [code = 'Unknown error', subcode = notification.subcode === 0 ? '' : 'unknown subcode'] = textsOf(
    notification.code,
    notification.subcode,
  )
  const known = rows.findIndex(row => row.code === code && row.subcode === subcode)
  if (known < 0) return [...rows, { code, subcode, count: 1 }]
  return rows.map((row, i) => (i === known ? { ...row, count: row.count + 1 } : row))
}
