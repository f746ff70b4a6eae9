/** What this host lacks now and may have later: said by `--check`, and no reason to refuse anything. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import type { ProgramOptions } from '../config/options.ts'
import type { GivenValues } from '../config/values.ts'
import { httpAddress } from '../http/address.ts'

/** A sentence each. Nothing is sent: a socket is bound, and closed again. */
export async function hostWarnings(options: ProgramOptions, given: GivenValues): Promise<readonly string[]> {
  const { localAddress, http } = options
  const warnings: string[] = []
  if (localAddress !== undefined && !(await isHere(localAddress)))
    warnings.push(
      `${given.localAddress?.from}: ${localAddress} is not on this host now, and no router is dialled until it is`,
    )
  for (const [name, from] of interfaces(options, given))
    if (existsSync('/sys/class/net') && !existsSync(`/sys/class/net/${name}`))
      warnings.push(`${from}: there is no interface ${name} on this host now`)
  const why = http === undefined ? undefined : await whyNotServed(http)
  if (why !== undefined) warnings.push(`${given.http?.from}: ${http} cannot be served now, ${why}`)
  return warnings
}

/** Each that is named, once: by itself, or behind the % of a link-local address. */
function interfaces(
  { bindDevice, peer = [], peers = [] }: ProgramOptions,
  given: GivenValues,
): ReadonlyMap<string, string> {
  const zones = (addresses: readonly string[]) => addresses.map(address => address.split('%')[1])
  const named = [
    ...[...zones(peers.map(({ address }) => address)), ...peers.map(one => one.bindDevice)].map(
      name => [name, given.peers?.from] as const,
    ),
    ...zones(peer).map(name => [name, given.peer?.from] as const),
    [bindDevice, given.bindDevice?.from] as const,
  ]
  return new Map(named.flatMap(([name, from = '']) => (name === undefined ? [] : [[name, from]])))
}

/** Where the system cannot be asked, it is taken to be here. */
async function isHere(address: string): Promise<boolean> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  try {
    socket.bind({ address, port: 0, exclusive: true })
    await once(socket, 'listening')
    return true
  } catch (error) {
    return codeOf(error) !== 'EADDRNOTAVAIL'
  } finally {
    socket.close()
  }
}

async function whyNotServed(http: string): Promise<string | undefined> {
  const server = createServer()
  try {
    server.listen({ ...httpAddress(http), exclusive: true })
    await once(server, 'listening')
    return undefined
  } catch (error) {
    const code = codeOf(error)
    return code === 'EADDRINUSE' ? 'the port is in use, perhaps by this program itself' : code
  } finally {
    server.close()
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
