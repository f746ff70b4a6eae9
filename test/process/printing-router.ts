/** A router for 10.0.5.11 of AS 64515, at 10.0.5.1 port 179. Prints each prefix that comes, and `withdrawn`, a line each. */
import { Listener, Session } from '@softspoken/session'
import { routes } from '@softspoken/wire'

const session = new Session({
  ...{ local: { as: 65000, id: '10.0.5.1' }, peer: { as: 64515, address: '10.0.5.11' }, passive: true },
})
session.start().on('update', ({ update }) => {
  const { announced, withdrawn } = routes(update)
  for (const { prefix } of announced) console.log(prefix)
  for (const _ of withdrawn) console.log('withdrawn')
})
await new Listener({ address: '10.0.5.1' }).serve(session).listen()
