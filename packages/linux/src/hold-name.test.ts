import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { hasNamespaces, inNetworkNamespace } from '../test/network-namespace.ts'
import { holdName } from './hold-name.ts'

describe.runIf(hasNamespaces)('holdName()', () => {
  it('holds a name once in a network namespace, until it is let go', () =>
    inNetworkNamespace(async () => {
      const letGo = holdName('softspoken-test')
      expect(holdName('softspoken-test')).toBeUndefined()
      expect(holdName('softspoken-tes')).toBeTypeOf('function')
      await inNetworkNamespace(() => expect(holdName('softspoken-test')).toBeTypeOf('function'))
      letGo?.()
      expect(holdName('softspoken-test')).toBeTypeOf('function')
    }))
  it('lets go once, though the descriptor is in use again', () =>
    inNetworkNamespace(() => {
      const letGo = holdName('softspoken-test')
      letGo?.()
      holdName('softspoken-test')
      letGo?.()
      expect(holdName('softspoken-test')).toBeUndefined()
    }))
  it('no child process has the name', () =>
    inNetworkNamespace(() => {
      const letGo = holdName('softspoken-test')
      const child = spawn('sleep', ['60'])
      letGo?.()
      expect(holdName('softspoken-test')).toBeTypeOf('function')
      child.kill()
    }))
  it('throws if a name is too long', () => {
    expect(() => holdName('x'.repeat(108))).toThrow('bind EINVAL')
  })
})
