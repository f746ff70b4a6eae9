/** Softspoken's library with a Listener, which the program does not have: `listening.ts OWN ROUTER...` */
import { Announcer } from '@softspoken/announcer'
import { Listener } from '@softspoken/session'
import { as, ROUTE } from '../speakers.ts'

const [own = '', ...routers] = process.argv.slice(2)
const announcer = new Announcer({
  local: { as: as.speaker, id: own },
  peers: routers.map(address => ({ as: as.router, address })),
})
announcer.announce(ROUTE)
const listener = new Listener()
for (const session of announcer.sessions) listener.serve(session)
await listener.listen()
