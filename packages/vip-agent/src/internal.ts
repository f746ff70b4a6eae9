/** For the program. Not part of the API. */
export { linuxSupport } from '@softspoken/linux'
export { VipAddresses } from './address/vip-addresses.ts'
export { apiServerCheck } from './kubernetes/api-server-check.ts'
export { isVip } from './kubernetes/options.ts'
