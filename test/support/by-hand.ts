/** Messages made of hex, so that a test can put any fault into them. */
import { type Context, decode, type Message, type Result, type Update } from '@softspoken/wire'
import { hex, toHex } from './hex.ts'

export const size = (octets: string): number => hex(octets).length
export const number = (value: number, octets: number): string => value.toString(16).padStart(octets * 2, '0')

/** A message with a valid header and this body. */
export function message(type: number, body: string): Uint8Array {
  return hex(`${'ff'.repeat(16)} ${number(19 + size(body), 2)} ${number(type, 1)} ${body}`)
}
export function open(fields: string, parameters = ''): Uint8Array {
  return message(1, `${fields} ${number(size(parameters), 1)} ${parameters}`)
}
export function update(attributes: string, nlri = route, withdrawn = ''): Uint8Array {
  return message(2, `${number(size(withdrawn), 2)} ${withdrawn} ${number(size(attributes), 2)} ${attributes} ${nlri}`)
}
/** One path attribute; `head` is its flags and its code. */
export function attribute(head: string, value: string): string {
  return `${head} ${number(size(value), 1)} ${value}`
}

/** The NOTIFICATION that answers a message: code, subcode, data. */
export function refusal(result: Result<Message>): [code: number, subcode: number, data: string] | 'nothing' {
  return result.ok
    ? 'nothing'
    : [result.notification.code, result.notification.subcode, toHex(result.notification.data)]
}
/** Decodes the octets, which must be a valid UPDATE. */
export function received(bytes: Uint8Array, context?: Partial<Context>): Update {
  const result = decode(bytes, context)
  if (!result.ok) throw new Error(`${result.notification.code}/${result.notification.subcode} ${result.detail}`)
  if (result.value.type !== 'update') throw new Error(result.value.type)
  return result.value
}

export const sound = '04 fde9 005a c0000201' // version 4, AS 65001, hold time 90, identifier 192.0.2.1
export const origin = '40 01 01 00'
export const path = '40 02 06 02 01 0000fde9'
export const nextHop = '40 03 04 c0000201'
export const base = `${origin} ${path} ${nextHop}`
export const route = '20 c633640a' // 198.51.100.10/32
export const reach = '80 0e 1a 0002 01 10 20010db8000000000000000000000001 00 20 20010db8' // 2001:db8::/32
export const unreach = '80 0f 08 0002 01 20 20010db9' // 2001:db9::/32
