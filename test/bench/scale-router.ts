/** The router of scale.ts: a session for each neighbor there will be. */
import { Listener } from '@softspoken/session'
import { sendToParent } from './children.ts'
import { passive } from './scale-plan.ts'

const listener = new Listener({ address: '127.0.0.1', port: 0 })
for (let n = 0; n < Number(process.argv[2]); n++) listener.serve(passive(n))
sendToParent({ port: await listener.listen() })
process.once('disconnect', () => process.exit())
