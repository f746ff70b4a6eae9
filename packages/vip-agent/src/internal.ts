/** For the program. Not part of the API. */
export { linuxSupport, reapGroup } from '@softspoken/linux'
export { refuseOnlyAddress } from './address/only-address.ts'
export { VipAddresses } from './address/vip-addresses.ts'
export { apiServerCheck } from './kubernetes/api-server-check.ts'
export { isVip } from './kubernetes/options.ts'
export { drained } from './maintenance/drained.ts'
export { lookAt } from './maintenance/look-at.ts'
export { MOST_SHOWN, shownText } from './maintenance/shown-text.ts'
