import { VirtualClock } from '@softspoken/session/testing'
import { describe, expect, it } from 'vitest'
import { News } from './news.ts'

describe('what a log says of a failure that goes on', () => {
  it('words that change each second are said twice a minute', async () => {
    const clock = new VirtualClock()
    const news = new News(clock)
    let said = 0
    for (let second = 0; second < 600; second++) {
      if (news.isNew({ reason: 'timeout', detail: `port ${second}` })) said++
      if (news.isNew({ reason: 'unreachable', detail: `port ${second}` })) said++
      await clock.advance(1)
    }
    expect(said).toBe(2 * 2 * 10)
  })
  it('the same words are said once, and again after the failure was over', () => {
    const news = new News(new VirtualClock())
    const failure = { reason: 'timeout', detail: 'no answer' }
    expect([1, 2, 3].map(() => news.isNew(failure))).toEqual([true, false, false])
    news.over()
    expect(news.isNew(failure)).toBe(true)
  })
  it('the same words of a failure that comes and goes are said twice a minute', async () => {
    const clock = new VirtualClock()
    const news = new News(clock)
    let said = 0
    for (let second = 0; second < 120; second++) {
      if (news.isNew({ reason: 'timeout', detail: 'no answer' })) said++
      news.paused()
      await clock.advance(1)
    }
    expect(said).toBe(4)
  })
  it('words that were not said for a while are said later', async () => {
    const clock = new VirtualClock()
    const news = new News(clock)
    const said = ['first', 'second', 'third'].map(detail => news.isNew({ reason: 'timeout', detail }))
    await clock.advance(60)
    expect([...said, news.isNew({ reason: 'timeout', detail: 'third' })]).toEqual([true, true, false, true])
  })
})
