/** `softspoken check --arp <address>`: which MAC addresses answer for an address on the segment. It claims nothing. */
import { isIP } from 'node:net'
import { errorText } from '@softspoken/session/internal'
import { askSegment, linuxSupport } from '@softspoken/vip-agent/internal'
import { OptionError } from '@softspoken/wire'
import { notAllowed, RetryableError, UsageError } from '../config/usage-error.ts'
import { MOST_MACS } from '../findings/segment.ts'

/** The value of --arp asks a question, and is not the option. */
export function isQuestion(arp: unknown): arp is string {
  return typeof arp === 'string' && arp !== 'true' && arp !== 'false'
}

/** What a test replaces. */
const parts = { linuxSupport, askSegment }

/**
 * One line for each MAC address that answers.
 * @throws UsageError for a wrong address; RetryableError if this host cannot ask now.
 */
export async function whoHas(
  text: string,
  interfaces?: readonly string[],
  { linuxSupport, askSegment }: typeof parts = parts,
): Promise<string> {
  const address = text.replace(/(?<=\.\d+)\/32$|(?<=:.*)\/128$/, '')
  if (isIP(address) === 0) throw notAllowed('--arp', text, 'true or false, or with check the address to ask for')
  const support = linuxSupport()
  if (!support.supported) throw new UsageError(`--arp: this host cannot ask: ${support.detail}`)
  const found = await askSegment(address, interfaces?.join(',') ?? 'auto').catch(error => {
    if (error instanceof OptionError)
      throw new RetryableError(`--interface: ${interfaces ? error.detail : `it must be ${error.allowed}`}`)
    const needs = (error as NodeJS.ErrnoException).code === 'EPERM' ? ' (it needs the capability NET_RAW)' : ''
    throw new RetryableError(`--arp: this host cannot ask${needs}: ${errorText(error)}`)
  })
  return answerText(address, found)
}

export function answerText(address: string, found: Awaited<ReturnType<typeof askSegment>>): string {
  const { own, answers, interface: name } = found
  const lines = answers
    .slice(0, MOST_MACS)
    .map(({ mac, after }) => `${address} on ${name}: ${mac} answers, after ${Math.round(after)} ms`)
  if (answers.length > MOST_MACS) lines.push(`and ${answers.length - MOST_MACS} more: the frames may be forged`)
  if (own !== undefined)
    lines.push(`${address} is on ${own} of this host, whose own answer is not seen here; ask from another node, too`)
  else if (answers.length === 0)
    lines.push(
      `${address} on ${name}: nothing answers within 1 s; no host has it, or the network holds back frames (anti-spoofing, another VLAN)`,
    )
  const holders = answers.length + (own === undefined ? 0 : 1)
  if (holders > 1) lines.push(`warning: ${holders} hosts have ${address}, or one answers for another (proxy ARP)`)
  return lines.map(line => `${line}\n`).join('')
}
