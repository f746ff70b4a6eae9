/** The routers of announcer-scale.ts: says how many routes they have, all together, a hundred times a second while that changes. */
import { Listener } from '@softspoken/session'
import { routes } from '@softspoken/wire'
import { monotonic, sendToParent } from './children.ts'
import { passive } from './scale-plan.ts'

let count = 0
let at = 0
let reported = 0
const listener = new Listener({ address: '0.0.0.0', port: 0 })
for (let n = 0; n < Number(process.argv[2]); n++) {
  const session = passive(n)
  session.on('update', ({ update }) => {
    const { announced, withdrawn } = routes(update)
    count += announced.length - withdrawn.length
    at = monotonic()
  })
  listener.serve(session)
}
sendToParent({ port: await listener.listen() })
setInterval(() => {
  if (reported === count) return
  reported = count
  sendToParent({ count, at })
}, 10)
process.once('disconnect', () => process.exit())
