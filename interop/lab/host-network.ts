import { bird } from './bird.ts'
import { docker } from './docker.ts'
import type { Router } from './router.ts'

/** Pulls the router's cable: nothing passes, in either direction, and nobody is told. */
export async function unplug(router: Router): Promise<void> {
  await onHost(`ip link set ${await cable(router)} down`)
}

export async function plugIn(router: Router): Promise<void> {
  await onHost(`ip link set ${await cable(router)} up`)
}

/** The host's end of the pair that ends in the router's eth0, for a shell. */
async function cable(router: Router): Promise<string> {
  const index = await router.exec('cat', '/sys/class/net/eth0/iflink')
  return `$(ip -o link | sed -n 's/^${index}: \\([^@:]*\\).*/\\1/p')`
}

/** Takes an address of ours from the bridge that has it, while another of ours, in the same network, stays. */
export async function removeAddress(address: string, stays: string): Promise<void> {
  await onHost(`ip address del ${address}/28 dev ${bridge(stays)}`)
}

export async function addAddress(address: string, stays: string): Promise<void> {
  await onHost(`ip address add ${address}/28 dev ${bridge(stays)}`)
}

function bridge(address: string): string {
  return `$(ip -o -4 address show to ${address}/32 | awk '{ print $2 }')`
}

/** In a container, so that this process needs no rights of its own. */
async function onHost(script: string): Promise<void> {
  await docker('run', '--rm', '--network', 'host', '--cap-add', 'NET_ADMIN', bird.image, 'sh', '-c', script)
}
