import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import { readConfiguration } from '../../tools/configuration.ts'
import { check } from '../commands/check.ts'
import { announcerOptions } from './agent-options.ts'
import { rehearse } from './rehearsal.ts'

const argv = ['--prefix', '198.51.100.10', '--local-as', '64515', '--router-id', '10.0.5.11']
const peer = ['--peer', '203.0.113.1', '--peer-as', '65000']
const given = (env: NodeJS.ProcessEnv = {}) => readConfiguration([...argv, ...peer], env)
const folder = mkdtempSync(join(tmpdir(), 'softspoken-'))
afterAll(() => rmSync(folder, { recursive: true }))

it.each([
  ['nothing', {}, undefined],
  ['an empty variable of systemd', { STATE_DIRECTORY: '' }, undefined],
  ['systemd', { STATE_DIRECTORY: '/var/lib/softspoken' }, '/var/lib/softspoken'],
  ['systemd, the first of several', { STATE_DIRECTORY: '/var/lib/a:/var/lib/b' }, '/var/lib/a'],
  ['a variable of ours before that', { STATE_DIRECTORY: '/a', SOFTSPOKEN_STATE_DIRECTORY: '/b' }, '/b'],
])('the state directory comes from %s', async (_, env, directory) => {
  const { options } = await given(env)
  expect(options.stateDirectory).toBe(directory)
  expect(announcerOptions(options).stateDirectory).toBe(directory)
})
it('the checks before the first dial, and check, do not touch the state directory', async () => {
  const record = join(folder, 'dial-203.0.113.1-179.json')
  writeFileSync(record, 'of the program that runs')
  const configuration = await given({ STATE_DIRECTORY: folder })
  await rehearse(configuration.options, configuration.given)
  await setImmediate()
  await expect(check(configuration)).resolves.toMatch(/stateDirectory .* STATE_DIRECTORY/)
  expect(readdirSync(folder)).toEqual(['dial-203.0.113.1-179.json'])
  expect(readFileSync(record, 'utf8')).toBe('of the program that runs')
})
