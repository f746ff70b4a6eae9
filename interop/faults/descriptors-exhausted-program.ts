/**
 * A process that uses up its file descriptors on request, and reports its state. ROUTERS has two addresses: the first is
 * dialled at once, the second when no descriptor is left. A listener waits at the address US and the port PORT.
 */
import { closeSync, openSync } from 'node:fs'
import { Announcer } from '@softspoken/announcer'
import { Listener } from '@softspoken/session'

/** The messages of the parent process, and the answers. */
export type Request = 'exhaust' | 'release' | 'report'
export interface Report {
  held: number
  unconfiguredPeers: number
  peers: ReturnType<Announcer['status']>['peers'][number][]
}

const [before = '', during = ''] = (process.env.ROUTERS ?? '').split(' ')
const us = process.env.US ?? ''

const announcers = [announcer(before)]
const listener = new Listener({ address: us, port: Number(process.env.PORT) })
await listener.listen()
const held: number[] = []
let exhausting: NodeJS.Timeout | undefined

process.on('message', (request: Request) => {
  if (request === 'exhaust') {
    takeAll()
    exhausting = setInterval(takeAll, 10) // also takes descriptors that are closed elsewhere
    announcers.push(announcer(during))
  } else if (request === 'release') {
    clearInterval(exhausting)
    for (const descriptor of held.splice(0)) closeSync(descriptor)
  }
  const report: Report = {
    held: held.length,
    unconfiguredPeers: listener.unconfiguredPeers,
    peers: announcers.flatMap(announcer => announcer.status().peers),
  }
  process.send?.(report)
})
process.send?.('ready')

/** Opens every descriptor that is left. */
function takeAll(): void {
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
