/** The router of the pages: AS 65000 waits for a speaker of AS 64515, and takes every route that it sends. */
import type { Lab } from './lab.ts'
import type { Router } from './router.ts'

/** @param address That of the speaker */
export function vipRouter(lab: Lab, address: string): Promise<Router> {
  return lab.bird({
    config: ({ own }) => `
      router id ${own};
      protocol device {}
      protocol bgp us { local ${own} as 65000; neighbor ${address} as 64515; passive; ipv4 { import all; export none; }; }
    `,
  })
}
