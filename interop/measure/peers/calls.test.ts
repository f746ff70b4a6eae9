import { describe, expect, it } from 'vitest'
import { callsScript, durations, latencies, readCalls, repeatScript } from './calls.ts'

const lines = [
  'begin',
  'announce 198.51.100.101/32 1000.100000 1000.112000',
  'withdraw 198.51.100.101/32 1000.400000 1000.410500',
  'query 198.51.100.101/32 1000.700000 1000.709000',
]
const calls = readCalls(lines)
const event = (at: number, gone: boolean) => ({ at, address: '198.51.100.101', nextHop: '203.0.113.2', gone })

describe('timed calls', () => {
  it('readCalls() reads times in milliseconds, and skips other lines', () => {
    expect(calls).toHaveLength(3)
    expect(calls[0]).toEqual({ what: 'announce', address: '198.51.100.101', begun: 1_000_100, ended: 1_000_112 })
  })
  it('durations() has the time of each call', () => {
    expect(durations(calls, 'withdraw')[0]).toBeCloseTo(10.5, 3)
    expect(durations(calls, 'run')).toEqual([])
  })
  it('latencies() has the time until the first event after the call', () => {
    const events = [event(1_000_050, false), event(1_000_103, false), event(1_000_402, true), event(1_000_500, false)]
    expect(latencies(calls, 'announce', events)).toEqual([3])
    expect(latencies(calls, 'withdraw', events)).toEqual([2])
  })
  it('latencies() throws if a call has no event', () => {
    expect(() => latencies(calls, 'withdraw', [event(1_000_103, false)])).toThrow('withdraw 198.51.100.101')
  })
})

describe('callsScript()', () => {
  const script = callsScript(
    { method: 'a client', announce: 'tell add $1', withdraw: 'tell delete $1', query: 'tell' },
    [
      { i: 1, route: '198.51.100.1/32' },
      { i: 2, route: '198.51.100.2/32' },
    ],
  )

  it('callsScript() times each call for each route, one after the other', () => {
    expect(script.split('\n').filter(line => /^(i=|timed )/.test(line))).toEqual([
      'i=1',
      'timed announce 198.51.100.1/32',
      'timed withdraw 198.51.100.1/32',
      'timed query 198.51.100.1/32',
      'i=2',
      'timed announce 198.51.100.2/32',
      'timed withdraw 198.51.100.2/32',
      'timed query 198.51.100.2/32',
    ])
  })
  it('callsScript() has no query if the call starts no process', () => {
    expect(
      callsScript({ method: 'a pipe', announce: 'echo', withdraw: 'echo' }, [{ i: 1, route: '198.51.100.1/32' }]),
    ).not.toContain('query')
  })
  it('repeatScript() repeats one command', () => {
    expect(repeatScript('node --eval 0', 3).match(/^timed run -$/gm)).toHaveLength(3)
  })
})
