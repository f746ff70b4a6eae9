/** For the other packages, the tests and the pages of Softspoken, without any promise to others. */
export {
  assertBoolean,
  assertInteger,
  assertMethods,
  assertObject,
  assertPath,
  assertRange,
  assertString,
  checkEnvironment,
  environmentNames,
  rejectUnknown,
} from './checks.ts'
export { configure } from './config.ts'
export { DeadlineTimer } from './deadline-timer.ts'
export { errorText, guardLog, notify } from './guard.ts'
export { omitUndefined } from './omit-undefined.ts'
export { numberOption, type OptionTable, optionNames, partsOption, rejectUnknownParts } from './option-table.ts'
export { sessionOptions } from './options.ts'
export { RateLimit } from './rate-limit.ts'
export { failureLevel } from './reasons.ts'
export { canonicalAddress, isIpv6, isLinkLocal, isOneHost, splitZone, unmapIpv4 } from './socket-address.ts'
