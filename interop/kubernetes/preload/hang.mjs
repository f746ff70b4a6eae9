/** Hangs the event loop of the process that imports it once the lab says so. */
import { readSwitch } from './switches.mjs'

setInterval(() => {
  if (readSwitch('hang') !== undefined) for (;;);
}, 20).unref()
