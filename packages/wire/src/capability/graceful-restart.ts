/** Graceful restart, and the long-lived one which takes over where its time ends. */
import { type AfiSafi, defineCapability, parts, readAfiSafi, whole, writeAfiSafi } from './spec.ts'

/** What the sender asks for when it restarts (RFC 4724 §3, RFC 8538 §2). */
export interface GracefulRestart {
  /** R: the sender has just restarted, and asks not to be waited for. */
  readonly restarting: boolean
  /** N: a NOTIFICATION, too, keeps the routes (RFC 8538 §2). */
  readonly notification: boolean
  /** Seconds until the session is to be up again, 0 to 4095. */
  readonly restartTime: number
  readonly families: readonly GracefulFamily[]
}
export interface GracefulFamily extends AfiSafi {
  /** F: forwarding went on while the sender restarted. */
  readonly forwarding: boolean
}
export interface LongLivedFamily extends GracefulFamily {
  /** Seconds for which stale routes are kept when the restart time is over, 0 to 16777215. */
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
    const seconds = whole(restartTime, 0xfff, 'restartTime')
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
      const seconds = whole(staleTime, 0xffffff, 'staleTime')
      writeAfiSafi(w, family).u8(forwarding ? FORWARDING : 0)
      w.u8(seconds >> 16).u16(seconds & 0xffff)
    }
  },
})
