/** For the other packages and the tests of docs/defaults.md. Not part of the API. */
export { announceOptions } from './announcement.ts'
export { announcerOptions } from './config.ts'
export { healthOptions } from './health/options.ts'
export { leasesFirst } from './lease.ts'
