import { OptionError } from '@softspoken/wire'
import { expect, it } from 'vitest'
import { httpAddress, httpHosts } from './address.ts'

it.each([
  ['127.0.0.1:0', '127.0.0.1', 0],
  ['0.0.0.0:65535', '0.0.0.0', 65_535],
  ['[::1]:9179', '::1', 9179],
])('httpAddress() reads %s', (text, host, port) => {
  expect(httpAddress(text)).toEqual({ host, port })
})
it.each([
  ...['', '127.0.0.1', '127.0.0.1:', ':9179', '127.0.0.1:65536', '127.0.0.1:100000', '127.0.0.1:9179x', '::1:9179'],
  ...['x[::1]:9179', '1:127.0.0.1:80', '[127.0.0.1]:80', '[::1]', 'localhost:80', '127.0.0.1:80\n'],
])('httpAddress() throws for %j', text => {
  expect(() => httpAddress(text)).toThrow(OptionError)
})
it('httpHosts() adds localhost, and takes names in any form', () => {
  expect([...httpHosts()]).toEqual(['localhost'])
  expect([...httpHosts(['Node-1.', 'a_b.example'])]).toEqual(['localhost', 'node-1', 'a_b.example'])
})
it.each(['', '.', 'node-1:80', 'a..b', '.a', 'a b', '[::1]'])('httpHosts() throws for %j', name => {
  expect(() => httpHosts([name])).toThrow(OptionError)
})
