/** Starts a speaker and its two routers in a lab. */
import { docker } from '../../lab/docker.ts'
import type { Lab } from '../../lab/lab.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { announcers } from '../peers/announcers.ts'
import { CHECKOUT, ROUTE, type Speaker } from '../speakers.ts'
import { network, type Outage } from './outages.ts'
import { type Addresses, everyResponse } from './responses.ts'

/** Starts the command of the speaker's image, after the container has its address in the network of the outages. */
export async function startSpeaker(
  lab: Lab,
  { name, image, config, options = [] }: Speaker,
  { own, routers, outages }: { own: string; routers: Addresses; outages: readonly Outage[] },
): Promise<string> {
  const tag = `softspoken-interop/${image}`
  const quiet = outages.filter(({ dials }) => !dials).map(({ address }) => address)
  const dialling = outages.filter(({ dials }) => dials).map(({ address }) => address)
  // Our program does not listen, so the library meets the routers that dial.
  const isOurs = name === 'Softspoken'
  const text = isOurs
    ? `node --import tsx interop/measure/politeness/listening.ts ${own} ${dialling.join(' ')} &
      ${config(own, [...Object.values(routers), ...quiet])}`
    : config(own, [...Object.values(routers), ...quiet, ...dialling])
  const capabilities = ['--cap-add', 'NET_ADMIN', '--cap-add', 'NET_RAW']
  const idle = ['--interactive', '--entrypoint', 'cat', '--env', `CONFIG=${text}`]
  const container = await lab.container(tag, own, ...capabilities, ...idle, ...options)
  await docker('exec', container, 'ip', 'address', 'add', `${network.speaker}/${network.bits}`, 'dev', 'eth0')
  const command: string[] = JSON.parse(await docker('image', 'inspect', '--format', '{{json .Config.Cmd}}', tag))
  await docker('exec', '--detach', container, 'sh', '-c', 'exec "$@" >/proc/1/fd/1 2>&1', 'sh', ...command)
  const { addRoute } = announcers.find(announcer => announcer.name === name) ?? {}
  if (addRoute !== undefined)
    await waitFor(async () => [await docker('exec', container, 'sh', '-c', addRoute, 'sh', ROUTE)], {
      within: 30,
      what: `${name} to take a route`,
    })
  return container
}

export async function startRouter(
  lab: Lab,
  { own, routers: { ...at }, signal }: { own: string; routers: Addresses; signal: AbortSignal },
): Promise<void> {
  const [first, ...others] = everyResponse.map(response => at[response])
  const drop = `nft add rule ip router input ip daddr ${at.dropped} drop`
  await startProgram(lab, first!, 'router.ts', {
    prepare: [...others.map(address => `ip address add ${address}/28 dev eth0`), NFT, drop],
    signal,
    environment: { SPEAKER: own, ADDRESSES: JSON.stringify(at) },
  })
}

/** Resolves with the container's name. */
export function startRecoveringRouter(
  lab: Lab,
  { outages, signal }: { outages: readonly Outage[]; signal: AbortSignal },
): Promise<string> {
  const addresses = outages.map(({ address }) => `ip address add ${address}/${network.bits} dev eth0`)
  const drop = [
    "nft add set ip router dropped '{ type ipv4_addr ; }'",
    'nft add rule ip router input ip daddr @dropped drop',
    'nft add rule ip router output ip saddr @dropped drop',
  ]
  return startProgram(lab, lab.spare(), 'recovering-router.ts', {
    prepare: [...addresses, NFT, ...drop],
    signal,
    environment: { SPEAKER: network.speaker, OUTAGES: JSON.stringify(outages) },
  })
}

const NFT = ['input', 'output']
  .map(chain => `nft add chain ip router ${chain} '{ type filter hook ${chain} priority 0 ; }'`)
  .reduce((before, chain) => `${before} && ${chain}`, 'nft add table ip router')

/** Starts a program of this directory after these commands, and resolves with the container's name when it is ready. */
async function startProgram(
  lab: Lab,
  address: string,
  program: string,
  {
    prepare,
    environment,
    signal,
  }: { prepare: readonly string[]; environment: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<string> {
  const script = [...prepare, `exec node --import tsx interop/measure/politeness/${program}`].join(' && ')
  const name = await lab.container(
    'softspoken-interop/node',
    address,
    ...['--cap-add', 'NET_ADMIN', ...CHECKOUT],
    ...Object.entries({ ...environment, CONFIG: script }).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
  )
  const log = () => {
    signal.throwIfAborted()
    return docker('logs', name)
  }
  await waitFor(log, { until: log => log.includes('ready'), within: 60, what: `${program} to be ready` })
  return name
}
