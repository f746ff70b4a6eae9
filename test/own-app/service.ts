import { Announcer, type AnnouncerOptions, HealthGate } from '@softspoken/announcer'

/** Announces the address of a service while the service is healthy. The last argument is for tests. */
export function announceService(isReady: () => boolean, environment: Partial<AnnouncerOptions> = {}) {
  const { clock } = environment
  const check = async () => {
    if (!isReady()) throw new Error('the service is not ready')
  }
  const gate = new HealthGate({ check, interval: 1, ...(clock && { clock }) })
  const announcer = new Announcer({
    local: { as: 65001, id: '192.0.2.1' },
    peers: [{ as: 65000, address: '192.0.2.254' }],
    ...environment,
  })
  announcer.announce('198.51.100.10/32', { gate })
  return {
    stop: async () => {
      gate.stop()
      await announcer.stop('maintenance')
    },
  }
}
