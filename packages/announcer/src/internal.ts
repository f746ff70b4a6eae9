/** For the tests of docs/defaults.md and for the program. Not part of the API. */
export { announceOptions } from './announcement.ts'
export { announcerOptions } from './config.ts'
export { healthOptions } from './health/options.ts'
