import type { Output } from './output.ts'

export interface Packet {
  /** Seconds since the epoch. */
  at: number
  text: string
}

/** What `lab.capture(filter, '-v')` has seen: a packet begins with its time, and goes on in lines that are indented. */
export function packets(capture: Output): Packet[] {
  return capture
    .lines()
    .join('\n')
    .split(/\n(?=\d)/)
    .map(text => ({ at: Number.parseFloat(text), text }))
}

/** Seconds from the withdrawal of a route to the Cease, on the wire; undefined while there is no Cease. */
export function goodbye(capture: Output): number | undefined {
  const first = (words: string) => packets(capture).find(({ text }) => text.includes(words))?.at
  const cease = first('Notification Message')
  return cease && cease - (first('Withdrawn routes') ?? cease)
}
