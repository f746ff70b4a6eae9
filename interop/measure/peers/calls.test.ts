import { describe, expect, it } from 'vitest'
import { callsScript, durations, latencies, readCalls, repeatScript } from './calls.ts'

const lines = [
  'begin',
  'announce 198.51.100.101/32 1000.100000 1000.112000',
  'withdraw 198.51.100.101/32 1000.400000 1000.410500',
  'ask 198.51.100.101/32 1000.700000 1000.709000',
]
const calls = readCalls(lines)
const event = (at: number, gone: boolean) => ({ at, address: '198.51.100.101', nextHop: '203.0.113.2', gone })

describe('calls that were timed', () => {
  it('are read in milliseconds, and what else was printed is not', () => {
    expect(calls).toHaveLength(3)
    expect(calls[0]).toEqual({ what: 'announce', address: '198.51.100.101', begun: 1_000_100, ended: 1_000_112 })
  })
  it('take as long as they take', () => {
    expect(durations(calls, 'withdraw')[0]).toBeCloseTo(10.5, 3)
    expect(durations(calls, 'run')).toEqual([])
  })
  it('are followed by the first event of their kind after they began', () => {
    const events = [event(1_000_050, false), event(1_000_103, false), event(1_000_402, true), event(1_000_500, false)]
    expect(latencies(calls, 'announce', events)).toEqual([3])
    expect(latencies(calls, 'withdraw', events)).toEqual([2])
  })
  it('without such an event are an error, which names the call', () => {
    expect(() => latencies(calls, 'withdraw', [event(1_000_103, false)])).toThrow('withdraw 198.51.100.101')
  })
})

describe('the script', () => {
  const script = callsScript({ by: 'a client', announce: 'tell add $1', withdraw: 'tell delete $1', ask: 'tell' }, [
    { i: 1, route: '198.51.100.1/32' },
    { i: 2, route: '198.51.100.2/32' },
  ])

  it('makes and times each call for each route, one after the other', () => {
    expect(script.split('\n').filter(line => /^(i=|timed )/.test(line))).toEqual([
      'i=1',
      'timed announce 198.51.100.1/32',
      'timed withdraw 198.51.100.1/32',
      'timed ask 198.51.100.1/32',
      'i=2',
      'timed announce 198.51.100.2/32',
      'timed withdraw 198.51.100.2/32',
      'timed ask 198.51.100.2/32',
    ])
  })
  it('asks nothing where the call starts no process', () => {
    expect(
      callsScript({ by: 'a pipe', announce: 'echo', withdraw: 'echo' }, [{ i: 1, route: '198.51.100.1/32' }]),
    ).not.toContain('ask')
  })
  it('or repeats one command', () => {
    expect(repeatScript('node --eval 0', 3).match(/^timed run -$/gm)).toHaveLength(3)
  })
})
