import { docker } from './docker.ts'
import { TOOLS } from './lab.ts'
import type { Router } from './router.ts'

/** Takes the router's link down: no packet passes in either direction, and neither side is informed. */
export async function linkDown(router: Router): Promise<void> {
  await onHost(`ip link set ${await hostInterface(router)} down`)
}

export async function linkUp(router: Router): Promise<void> {
  await onHost(`ip link set ${await hostInterface(router)} up`)
}

/** The host's end of the veth pair whose other end is the router's eth0, as a shell expression. */
async function hostInterface(router: Router): Promise<string> {
  const index = await router.exec('cat', '/sys/class/net/eth0/iflink')
  return `$(ip -o link | sed -n 's/^${index}: \\([^@:]*\\).*/\\1/p')`
}

/** Removes an address of this host from the lab's bridge. `stays` is another address on that bridge. */
export async function removeAddress(address: string, stays: string): Promise<void> {
  await onHost(`ip address del ${address}/28 dev ${bridgeOf(stays)}`)
}

export async function addAddress(address: string, stays: string): Promise<void> {
  await onHost(`ip address add ${address}/28 dev ${bridgeOf(stays)}`)
}

function bridgeOf(address: string): string {
  return `$(ip -o -4 address show to ${address}/32 | awk '{ print $2 }')`
}

/** In a container, so that this process needs no privileges. */
async function onHost(script: string): Promise<void> {
  await docker('run', '--rm', '--network', 'host', '--cap-add', 'NET_ADMIN', TOOLS, 'sh', '-c', script)
}
