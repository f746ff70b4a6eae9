/**
 * Lets the clocks and timers of the process that imports it run at the rate that the lab has written. The kernel's own timers keep
 * their rate: the lifetime of an address, the kernel deadline, and TCP.
 */

import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import { readSwitch } from './switches.mjs'

const { setTimeout, setInterval } = globalThis
const clocks = [
  { of: performance, name: 'now' },
  { of: Date, name: 'now' },
  { of: os, name: 'uptime' },
].map(({ of, name }) => {
  const read = of[name].bind(of)
  return { of, name, read, real: read(), shown: read() }
})
let rate = 1

const show = clock => clock.shown + (clock.read() - clock.real) * rate
for (const clock of clocks) {
  const value = clock.of === Date ? () => Math.floor(show(clock)) : () => show(clock)
  Object.defineProperty(clock.of, clock.name, { value, configurable: true })
}
syncBuiltinESMExports()
globalThis.setTimeout = (callback, delay, ...args) => setTimeout(callback, (delay ?? 0) / rate, ...args)
globalThis.setInterval = (callback, delay, ...args) => setInterval(callback, (delay ?? 0) / rate, ...args)

setInterval(() => {
  const next = Number(readSwitch('rate') ?? 1)
  if (next === rate) return
  for (const clock of clocks) [clock.shown, clock.real] = [show(clock), clock.read()]
  rate = next
}, 50).unref()
