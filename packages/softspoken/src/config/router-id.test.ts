import { isIPv4 } from 'node:net'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { routerIdOf } from './router-id.ts'

it('a name always has the same router id, which differs from those of similar names', () => {
  const names = Array.from({ length: 1000 }, (_, at) => `node-${at}`)
  const ids = names.map(routerIdOf)
  expect(ids).toEqual(names.map(routerIdOf))
  expect(new Set(ids).size).toBe(names.length)
})

it('a router id looks like the address of a host', () => {
  fc.assert(
    fc.property(fc.string(), name => {
      const id = routerIdOf(name)
      const first = Number(id.split('.')[0])
      expect(isIPv4(id) && first >= 1 && first <= 223 && first !== 127, id).toBe(true)
    }),
  )
})

it('the first octets of router ids are 1 to 223 without 127', () => {
  const firsts = new Set(Array.from({ length: 5000 }, (_, at) => Number(routerIdOf(`node-${at}`).split('.')[0])))
  const all = Array.from({ length: 223 }, (_, at) => at + 1)
  expect([...firsts].sort((a, b) => a - b)).toEqual(all.filter(first => first !== 127))
})

it('a router id stays the same in each version, because routers know it', () => {
  expect([routerIdOf('node-1'), routerIdOf('cp-a.example')]).toEqual(['172.200.118.36', '213.202.252.166'])
})
