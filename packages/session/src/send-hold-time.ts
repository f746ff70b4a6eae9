/** The SendHoldTimer's time: if nothing that we sent has left this process for that long, the connection is closed (RFC 9687 §4). */
import type { SessionConfig } from './config.ts'

const SEND_HOLD_TIME = 480 // seconds

/** In seconds. `holdTime` is the negotiated one. */
export function sendHoldTimeFor({ sendHoldTime }: SessionConfig, holdTime: number): number {
  return sendHoldTime ?? Math.max(SEND_HOLD_TIME, 2 * holdTime)
}
