import { decode, encode } from '@softspoken/wire'
import { expect, it } from 'vitest'
import { toJson } from './json.ts'

it("--json escapes control and bidi characters of a peer's text", () => {
  const text = 'a\u0000\u001b[2J\u007f\u0085\u009b\u061c\u200e\u2028\u2029\u202e\u2066\u2069\ufeff\u{e0041}z'
  const capabilities = [{ name: 'fqdn', hostName: text, domainName: text }] as const
  const bytes = encode({ type: 'open', version: 4, as: 65000, holdTime: 90, id: '203.0.113.1', capabilities })
  const line = toJson({ offset: 0, of: 'input', bytes, result: decode(bytes) })
  expect(line).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*\n$/u)
  expect(line).toContain('\\u202e')
  expect(JSON.parse(line).message.capabilities).toEqual(capabilities)
})
