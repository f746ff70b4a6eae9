/** The SendHoldTimer's time: after it the connection is dropped if nothing we sent has left (RFC 9687 §4). */
import type { SessionConfig } from './config.ts'

const SEND_HOLD_TIME = 480 // seconds

/** In seconds. `holdTime` is the negotiated one. */
export function sendHoldTimeFor({ sendHoldTime }: SessionConfig, holdTime: number): number {
  return sendHoldTime ?? Math.max(SEND_HOLD_TIME, 2 * holdTime)
}
