/** Graceful restart, and long-lived graceful restart, which begins when the restart time ends. */
import { assertWhole } from '../error.ts'
import { type AfiSafi, defineCapability, parts, readAfiSafi, writeAfiSafi } from './spec.ts'

/** How the sender restarts (RFC 4724 §3, RFC 8538 §2). */
export interface GracefulRestart {
  /** R: the sender has just restarted, so the peer need not wait for its End-of-RIB before sending routes. */
  readonly restarting: boolean
  /** N: routes are kept also after a NOTIFICATION (RFC 8538 §2). */
  readonly notification: boolean
  /** Seconds in which the session is re-established, 0 to 4095. */
  readonly restartTime: number
  readonly families: readonly GracefulFamily[]
}
/** A family whose routes the peer keeps. */
export interface GracefulFamily extends AfiSafi {
  /** F: the sender kept forwarding during the restart. */
  readonly forwarding: boolean
}
/** A family whose routes the peer keeps beyond the restart time (RFC 9494 §3.1). */
export interface LongLivedFamily extends GracefulFamily {
  /** Seconds for which stale routes are kept after the restart time, 0 to 16777215. */
  readonly staleTime: number
}

const RESTARTING = 0x8000
const NOTIFICATION = 0x4000
const FORWARDING = 0x80

/** RFC 4724 §3, RFC 8538 §2. */
export const gracefulRestart = defineCapability<GracefulRestart>({
  code: 64,
  length: 2,
  part: 4,
  read(r) {
    const head = r.u16()
    return {
      restarting: (head & RESTARTING) !== 0,
      notification: (head & NOTIFICATION) !== 0,
      restartTime: head & 0xfff,
      families: parts(r, () => ({ ...readAfiSafi(r), forwarding: (r.u8() & FORWARDING) !== 0 })),
    }
  },
  write(w, { restarting, notification, restartTime, families }) {
    const seconds = assertWhole(restartTime, 0xfff, 'restartTime')
    w.u16((restarting ? RESTARTING : 0) | (notification ? NOTIFICATION : 0) | seconds)
    for (const family of families) writeAfiSafi(w, family).u8(family.forwarding ? FORWARDING : 0)
  },
})

/** RFC 9494 §3.1. */
export const longLivedGracefulRestart = defineCapability<{ readonly families: readonly LongLivedFamily[] }>({
  code: 71,
  length: 0,
  part: 7,
  read: r => ({
    families: parts(r, () => ({
      ...readAfiSafi(r),
      forwarding: (r.u8() & FORWARDING) !== 0,
      staleTime: r.u8() * 0x10000 + r.u16(),
    })),
  }),
  write(w, { families }) {
    for (const { forwarding, staleTime, ...family } of families) {
      const seconds = assertWhole(staleTime, 0xffffff, 'staleTime')
      writeAfiSafi(w, family).u8(forwarding ? FORWARDING : 0)
      w.u8(seconds >> 16).u16(seconds & 0xffff)
    }
  },
})
