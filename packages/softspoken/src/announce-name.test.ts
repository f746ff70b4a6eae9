import { expect, it } from 'vitest'
import { isAnnounce } from './announce-name.ts'

it("isAnnounce() is true for announce and for kube-vip's manager alone", () => {
  expect(['announce', 'manager', 'check', '', undefined].map(isAnnounce)).toEqual([true, true, false, false, false])
})
