/** The kernel's answer to one request, which may have several parts: netlink(7). */
import { systemError, withDetail } from './libc.ts'
import { attributesIn, messagesIn, type NetlinkMessage, readText, viewOf } from './netlink-message.ts'
import { littleEndian } from './sockaddr.ts'

const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NLM_F_DUMP_INTR = 0x10
const NLM_F_ACK_TLVS = 0x200
const NLMSGERR_ATTR_MSG = 1
const CAPPED_ERROR = 20 // octets of struct nlmsgerr without the request: the error, and struct nlmsghdr of the request
export const EPROTO = 71

/** What one datagram adds to an answer. */
export interface AnswerPart {
  readonly messages: readonly NetlinkMessage[]
  /** This is the last part. */
  readonly isLast: boolean
  /** The table changed while the kernel listed it, so that the list may lack an entry. */
  readonly isInconsistent: boolean
}

/**
 * Messages of another sequence number are not part of the answer and are ignored.
 * @param request The name of the request for an error, such as `RTM_GETADDR`.
 * @throws Error with `code`, `errno` and `syscall`: the kernel's error, or EPROTO if the octets are no netlink messages.
 */
export function readAnswer(datagram: Uint8Array, sequence: number, request: string): AnswerPart {
  const messages: NetlinkMessage[] = []
  let isLast = false
  let isInconsistent = false
  for (const message of messagesIn(datagram) ?? notUnderstood(request)) {
    if (message.sequence !== sequence) continue
    isInconsistent ||= (message.flags & NLM_F_DUMP_INTR) !== 0
    if (message.type !== NLMSG_ERROR && message.type !== NLMSG_DONE) {
      messages.push(message)
      continue
    }
    throwIfError(message, request)
    isLast = true
  }
  return { messages, isLast, isInconsistent }
}

/** An error of 0 is the acknowledgement. NLMSG_DONE has an error, too, if a list ends early. */
function throwIfError({ type, flags, body }: NetlinkMessage, request: string): void {
  if (body.length < 4) notUnderstood(request)
  const errno = -viewOf(body).getInt32(0, littleEndian)
  if (errno <= 0) return
  const attributes =
    type === NLMSG_ERROR && flags & NLM_F_ACK_TLVS ? attributesIn(body.subarray(CAPPED_ERROR)) : undefined
  throw withDetail(systemError(request, errno), readText(attributes?.get(NLMSGERR_ATTR_MSG)))
}

/** @throws Error with the code EPROTO. */
export function notUnderstood(request: string): never {
  throw withDetail(systemError(request, EPROTO), 'the answer is not a netlink message')
}
