/**
 * A process that runs out of file descriptors when it is told to, and talks about itself. ROUTERS are two addresses: one
 * is dialled at once, the other when nothing is left. US is ours, where a listener waits at PORT.
 */
import { closeSync, openSync } from 'node:fs'
import { Announcer } from '@softspoken/announcer'
import { Listener } from '@softspoken/session'

/** What the parent says, and what it hears. */
export type Request = 'starve' | 'feed' | 'report'
export interface Report {
  held: number
  strangers: number
  peers: ReturnType<Announcer['status']>['peers'][number][]
}

const [before = '', during = ''] = (process.env.ROUTERS ?? '').split(' ')
const us = process.env.US ?? ''

const announcers = [announcer(before)]
const listener = new Listener({ address: us, port: Number(process.env.PORT) })
await listener.listen()
const held: number[] = []
let hungry: NodeJS.Timeout | undefined

process.on('message', (request: Request) => {
  if (request === 'starve') {
    take()
    hungry = setInterval(take, 10) // what is closed elsewhere is taken, too
    announcers.push(announcer(during))
  } else if (request === 'feed') {
    clearInterval(hungry)
    for (const descriptor of held.splice(0)) closeSync(descriptor)
  }
  const report: Report = {
    held: held.length,
    strangers: listener.strangers,
    peers: announcers.flatMap(announcer => announcer.status().peers),
  }
  process.send?.(report)
})
process.send?.('ready')

/** All that is left. */
function take(): void {
  try {
    for (;;) held.push(openSync('/dev/null', 'r'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error
  }
}

function announcer(router: string): Announcer {
  const announcer = new Announcer({
    local: { as: 65010, id: us, address: us },
    peers: [{ as: 65001, address: router }],
    holdTime: 9,
  })
  announcer.announce('198.51.100.10/32')
  return announcer
}
