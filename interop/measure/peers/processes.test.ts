import { expect, it } from 'vitest'
import { readProcesses, total } from './processes.ts'

const text = `process zebra
1500000000 2000 30
500000000 10 2
Rss:               12000 kB
Pss:                7000 kB
process bgpd
250000000 0 1
Rss:               18000 kB
Pss:               15000 kB
`

it('adds up the threads of each process and the processes of a daemon', () => {
  const processes = readProcesses(text)
  expect(processes).toEqual([
    { name: 'zebra', cpu: 2, rss: 12_000, pss: 7_000 },
    { name: 'bgpd', cpu: 0.25, rss: 18_000, pss: 15_000 },
  ])
  expect(total(processes)).toEqual({ cpu: 2.25, rss: 30_000, pss: 22_000 })
})
