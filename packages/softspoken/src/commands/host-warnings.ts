/** Warnings of `check` about what this host does not have now and may have later. None of them is an error. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { drained, lookAt } from '@softspoken/vip-agent/internal'
import type { ProgramOptions } from '../config/options.ts'
import { placeOfPeer } from '../config/validate.ts'
import type { GivenValues } from '../config/values.ts'
import { httpAddress } from '../http/address.ts'

/** One sentence each. Nothing is sent: sockets are bound and closed again. */
export async function hostWarnings(options: ProgramOptions, given: GivenValues): Promise<readonly string[]> {
  const { localAddress, peers = [], http, disabledBy, stateDirectory } = options
  const warnings: string[] = []
  const local = [
    { from: given.localAddress?.from, address: localAddress },
    ...peers.map((peer, at) => ({ from: placeOfPeer(given, at), address: peer.localAddress })),
  ]
  for (const { from, address } of local)
    if (address !== undefined && !(await isHere(address)))
      warnings.push(`${from}: ${address} is not on this host now; the program cannot dial from it until it is`)
  for (const [name, from] of interfaces(options, given))
    if (existsSync('/sys/class/net') && !existsSync(`/sys/class/net/${name}`))
      warnings.push(`${from}: there is no interface ${name} on this host now`)
  const detail = http === undefined ? undefined : await listenError(http)
  if (detail !== undefined) warnings.push(`${given.http?.from}: ${http} cannot be used now, ${detail}`)
  if (stateDirectory !== undefined && !isWritableFolder(stateDirectory))
    warnings.push(
      `${given.stateDirectory?.from}: ${stateDirectory} is no directory that this user can write to now; until it is, a restart dials at once`,
    )
  const drain = disabledBy === undefined ? undefined : await drainNow(disabledBy)
  return drain === undefined ? warnings : [...warnings, `${given.disabledBy?.from}: ${drain}`]
}

async function drainNow(file: string): Promise<string | undefined> {
  try {
    const found = await lookAt(file)
    if (found.exists)
      return `this node is out of service: ${drained(found.since, found.text).detail}; softspoken resume puts it into service`
    return found.hasFolder ? undefined : `the folder ${dirname(file)} is not there now, so drain cannot make the file`
  } catch (error) {
    return `this node is out of service until ${file} can be looked at, ${codeOf(error)}`
  }
}

function isWritableFolder(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return statSync(folder).isDirectory()
  } catch {
    return false
  }
}

/** Each interface once, with its place: an option, or the part of a link-local address after the %. */
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

/** Also true if the check itself fails. */
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

async function listenError(http: string): Promise<string | undefined> {
  const server = createServer()
  try {
    server.listen({ ...httpAddress(http), exclusive: true })
    await once(server, 'listening')
    return undefined
  } catch (error) {
    const code = codeOf(error)
    return code === 'EADDRINUSE' ? 'the port is in use, perhaps by this program' : code
  } finally {
    server.close()
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
