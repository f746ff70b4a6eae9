/** For the tests of docs/defaults.md and of the program. Not part of the API. */
export { healthOptions } from './health/options.ts'
