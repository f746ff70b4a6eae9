/** How long nothing of ours may leave before the connection is dropped (RFC 9687 §4). */
import type { SessionConfig } from './config.ts'

const SEND_HOLD_TIME = 480 // seconds

/** Seconds, for the hold time that both sides came to. */
export function sendHoldTimeFor({ sendHoldTime }: SessionConfig, holdTime: number): number {
  return sendHoldTime ?? Math.max(SEND_HOLD_TIME, 2 * holdTime)
}
