/** For the other packages, benchmarks and fuzzers of Softspoken, without any promise to others. */

export { textsOf } from './notification-codes.ts'
export { hiddenValue, nearest, renamed, shown, unknownOption, withoutControls } from './option-error.ts'
export { encodeAll } from './pack.ts'
export type { Visit } from './prefix.ts'
export { visitRoutes } from './update.ts'
