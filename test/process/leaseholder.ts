/** Announces a route with a lease that is never renewed. Arguments: the announcer's options as JSON, and the lease. */
import { Announcer, type AnnouncerOptions } from '@softspoken/announcer'

const [options, ttl] = process.argv.slice(2)
const announcer = new Announcer(JSON.parse(options!) as AnnouncerOptions)
announcer.once('sent', () => announcement.renew()) // the lease runs from when the router has the route
const announcement = announcer.announce('198.51.100.10/32', { ttl: Number(ttl) })
