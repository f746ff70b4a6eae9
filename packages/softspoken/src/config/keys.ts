/** Keys of TCP MD5: reads them from files, and warns about characters that may be a mistake. No key is shown. */
import type { ProgramOptions } from './options.ts'
import { readSmallFile, whyUnreadable } from './small-file.ts'
import { RetryableError, UsageError } from './usage-error.ts'
import { placeOfPeer } from './validate.ts'
import type { GivenValues } from './values.ts'

/**
 * The options with each `tcpMd5Key` in place of its file.
 * @throws RetryableError if a file cannot be read; UsageError if a file has no key in it, or if the key itself is given as well.
 */
export async function readKeyFiles(options: ProgramOptions, given: GivenValues): Promise<ProgramOptions> {
  const { tcpMd5KeyFile, peers } = options
  return {
    ...options,
    ...(tcpMd5KeyFile !== undefined && { tcpMd5Key: await readKey(tcpMd5KeyFile, String(given.tcpMd5KeyFile?.from)) }),
    ...(peers && { peers: await Promise.all(peers.map((peer, at) => withKey(peer, placeOfPeer(given, at)))) }),
  }
}

type Peer = NonNullable<ProgramOptions['peers']>[number]
async function withKey(peer: Peer, from: string): Promise<Peer> {
  const { tcpMd5KeyFile, tcpMd5Key } = peer
  if (tcpMd5KeyFile === undefined) return peer
  if (tcpMd5Key !== undefined) throw new UsageError(`${from}: give tcpMd5Key or tcpMd5KeyFile, not both`)
  return { ...peer, tcpMd5Key: await readKey(tcpMd5KeyFile, `${from}, tcpMd5KeyFile`) }
}

/** The path is not shown: it may be a key in the wrong place. Editors end a file with a line feed, which is removed. */
async function readKey(file: string, from: string): Promise<string> {
  const octets = await readSmallFile(file).catch(error => {
    throw new RetryableError(`${from}: the file cannot be read, ${whyUnreadable(error)}`)
  })
  let key: string
  try {
    key = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets).replace(/\n$/, '')
  } catch {
    throw new UsageError(`${from}: the file is not a text in UTF-8`)
  }
  if (key === '') throw new UsageError(`${from}: the file is empty`)
  return key
}

/** Each octet counts, so white space or a quote around a key changes it. */
export function keyWarnings({ tcpMd5Key, peers = [] }: ProgramOptions, given: GivenValues): readonly string[] {
  const keys = [
    { from: (given.tcpMd5Key ?? given.tcpMd5KeyFile)?.from, key: tcpMd5Key },
    ...peers.map(({ tcpMd5Key: key, tcpMd5KeyFile }, at) => ({
      from: `${placeOfPeer(given, at)}, ${tcpMd5KeyFile === undefined ? 'tcpMd5Key' : 'tcpMd5KeyFile'}`,
      key,
    })),
  ]
  return keys.flatMap(({ from, key }) => {
    if (key === undefined) return []
    if (key.trim() !== key) return [`${from}: white space at the beginning or end is part of the key`]
    if (/[\p{Cc}\p{Cf}]/u.test(key)) return [`${from}: an invisible character in it is part of the key`]
    const quotes = [key.slice(0, 1), key.slice(-1)].filter(end => /["'`\p{Pi}\p{Pf}]/u.test(end))
    if (quotes.length === 2 && key.length > 1) return [`${from}: the quotes around it are part of the key`]
    return quotes.length > 0 ? [`${from}: the quote at the beginning or end is part of the key`] : []
  })
}
