import type { Output } from './output.ts'

export interface Packet {
  /** Seconds since the epoch. */
  at: number
  text: string
}

/** The packets that `lab.capture(filter, '-v')` has printed. Each begins with its time; its further lines are indented. */
export function packets(capture: Output): Packet[] {
  return capture
    .lines()
    .join('\n')
    .split(/\n(?=\d)/)
    .map(text => ({ at: Number.parseFloat(text), text }))
}

/** From the withdrawal of a route to the Cease, on the wire. Undefined until there is a Cease. */
export function secondsFromWithdrawalToCease(capture: Output): number | undefined {
  const first = (part: string) => packets(capture).find(({ text }) => text.includes(part))?.at
  const cease = first('Notification Message')
  return cease && cease - (first('Withdrawn routes') ?? cease)
}
