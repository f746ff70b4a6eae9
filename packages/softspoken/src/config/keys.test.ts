import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readConfiguration } from '../../tools/configuration.ts'
import { announcerOptions } from './agent-options.ts'
import { RetryableError, UsageError } from './usage-error.ts'

const flags = ['--prefix', '198.51.100.10/32', '--local-as', '64515', '--router-id', '10.0.5.11']
const router = ['--peer', '10.0.5.1', '--peer-as', '65000']
const folder = mkdtempSync(join(tmpdir(), 'keys-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

describe('tcpMd5KeyFile', () => {
  it.each([
    ['a key', 'a key'],
    ['a key\n', 'a key'],
    ['a key\n\n', 'a key\n'],
    ['a key\r\n', 'a key\r'],
    ['\ufeffa key', '\ufeffa key'],
  ])('makes of %j the key %j', async (text, key) => {
    const { options } = await readConfiguration([...flags, ...router, '--tcp-md5-key-file', file('key', text)], {})
    expect(options.tcpMd5Key).toBe(key)
    expect(announcerOptions(options)).toMatchObject({ tcpMd5Key: key })
    expect(announcerOptions(options)).not.toHaveProperty('tcpMd5KeyFile')
  })
  it('belongs to one router in a list of routers', async () => {
    const peers = [
      { address: '10.0.5.1', as: 65000, tcpMd5KeyFile: file('one', 'its key\n') },
      { address: '10.0.5.2', as: 65000 },
    ]
    const config = file('peers.json', JSON.stringify({ peers }))
    const { options, warnings } = await readConfiguration([...flags, '--config', config], {})
    expect(announcerOptions(options).peers).toEqual([
      { address: '10.0.5.1', as: 65000, tcpMd5Key: 'its key' },
      { address: '10.0.5.2', as: 65000 },
    ])
    expect(warnings).toEqual([])
  })
  it('causes a warning if the key has white space at its end', async () => {
    const env = { SOFTSPOKEN_TCP_MD5_KEY_FILE: file('odd', 'a key\r\n') }
    expect((await readConfiguration([...flags, ...router], env)).warnings).toEqual([
      'SOFTSPOKEN_TCP_MD5_KEY_FILE: white space at the beginning or end is part of the key',
    ])
  })
  it.each([
    ['none', /^SOFTSPOKEN_TCP_MD5_KEY_FILE: the file cannot be read, ENOENT$/],
    ['.', /^SOFTSPOKEN_TCP_MD5_KEY_FILE: the file cannot be read, EISDIR$/],
  ])('is retried at the next start if it cannot be read (%s)', async (name, sentence) => {
    const run = readConfiguration([...flags, ...router], { SOFTSPOKEN_TCP_MD5_KEY_FILE: join(folder, name) })
    await expect(run).rejects.toThrow(sentence)
    await expect(run).rejects.toBeInstanceOf(RetryableError)
  })
  it.each([
    ['', /: the file is empty$/],
    ['\n', /: the file is empty$/],
    [Buffer.from('caf\xe9', 'latin1'), /: the file is not a text in UTF-8$/],
  ])('is refused if there is no key in it (%#)', async (content, sentence) => {
    const run = readConfiguration([...flags, ...router, '--tcp-md5-key-file', file('wrong', content)], {})
    await expect(run).rejects.toThrow(sentence)
    await expect(run).rejects.toBeInstanceOf(UsageError)
  })
  it('is refused together with tcpMd5Key', async () => {
    const argv = [...flags, ...router, '--tcp-md5-key-file', file('key', 'a key')]
    await expect(readConfiguration(argv, { SOFTSPOKEN_TCP_MD5_KEY: 'b' })).rejects.toThrow(
      '--tcp-md5-key-file: not allowed together with SOFTSPOKEN_TCP_MD5_KEY',
    )
    const peers = [{ address: '10.0.5.1', as: 65000, tcpMd5Key: 'b', tcpMd5KeyFile: join(folder, 'key') }]
    const config = file('both.json', JSON.stringify({ peers }))
    await expect(readConfiguration([...flags, '--config', config], {})).rejects.toThrow(
      /^peers in .*, number 1: give tcpMd5Key or tcpMd5KeyFile, not both$/,
    )
  })
})
