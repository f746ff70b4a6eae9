import { afterEach, expect, it, vi } from 'vitest'
import { linuxSupport, supportWith } from './libc.ts'
import { openSocket } from './tcp-socket.ts'

const { platform } = process
afterEach(() => on(platform))

it('Linux alone is supported', () => {
  on('darwin')
  expect(linuxSupport()).toEqual({ supported: false, reason: 'platform', detail: 'this is darwin' })
  expect(() => openSocket('ipv4')).toThrow('no system calls here: this is darwin')
})
it('Deno and Bun are not supported, because they make sockets of their own', () => {
  on('linux')
  const load = vi.fn()
  expect(supportWith(load, { v8: '13', deno: '2.9.6' })).toEqual({
    supported: false,
    reason: 'runtime',
    detail: 'this is deno, which does not use a socket made elsewhere',
  })
  expect(supportWith(load, { bun: '1.4.5' })).toMatchObject({ reason: 'runtime' })
  expect(supportWith(load, { node: '24.21.0', v8: '13' })).toEqual({ supported: true })
  expect(load).toHaveBeenCalledTimes(1)
})
it('without koffi, the detail has the command that adds it', () => {
  on('linux')
  const missing = new Error("Cannot find module 'koffi'")
  const load = () => {
    throw missing
  }
  expect(supportWith(load, {})).toEqual({
    supported: false,
    reason: 'koffi-missing',
    detail: 'koffi cannot be loaded (npm install koffi)',
    cause: missing,
  })
})

function on(platform: NodeJS.Platform): void {
  Object.defineProperty(process, 'platform', { value: platform })
}
