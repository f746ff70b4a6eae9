import { expect, it } from 'vitest'
import { descriptorLimit, limitIn } from './descriptor-limit.ts'

const limits = (soft: string) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             7823                 7823                 processes
Max open files            ${soft.padEnd(20)} 524288               files
Max locked memory         8388608              8388608              bytes
`

it.each([
  ['1024', 1024],
  ['20000', 20_000],
  ['unlimited', Number.POSITIVE_INFINITY],
])('of %s open files is the soft limit', (soft, limit) => {
  expect(limitIn(limits(soft))).toBe(limit)
})
it('is unknown if the system does not say it', () => {
  expect(limitIn('')).toBeUndefined()
  expect(limitIn('Max processes   7823   7823   processes\n')).toBeUndefined()
})
it('is the one that Node knows', () => {
  const report = process.report?.getReport() as { readonly userLimits: { readonly open_files: { soft: unknown } } }
  const { soft } = report.userLimits.open_files
  expect(descriptorLimit()).toBe(soft === 'unlimited' ? Number.POSITIVE_INFINITY : soft)
})
