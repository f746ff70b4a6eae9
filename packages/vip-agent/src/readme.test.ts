import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { compilerErrors } from '@softspoken/test-support/compiler-errors'
import { expect, it } from 'vitest'

it("the kernel deadline in the announcer's README compiles, and true does not", { timeout: 60_000 }, () => {
  const readme = readFileSync(new URL('../../announcer/README.md', import.meta.url), 'utf8')
  const [, code] = /```ts\n([^`]*@softspoken\/linux.*?)```/s.exec(readme) ?? []
  const wrong = "new Announcer({ local: { as: 1, id: '10.0.5.11' }, peers: [], kernelDeadline: true })"
  const file = fileURLToPath(new URL('readme.ts', import.meta.url)) // it does not exist; this package has both others
  expect(compilerErrors(file, `${code}\n${wrong}`)).toEqual([expect.stringMatching(/boolean|true/)])
})

it('the code in the README compiles, and a wrong option does not', { timeout: 60_000 }, () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const blocks = Array.from(readme.matchAll(/```ts\n(.*?)```/gs), ([, code]) => code)
  expect(blocks.length).toBeGreaterThanOrEqual(2)
  const wrong = "runAgent({ vip: '198.51.100.10/32' }, ending.signal)" // shows that the compiler checks the block at all
  const file = fileURLToPath(new URL('readme.ts', import.meta.url)) // it does not exist
  expect(compilerErrors(file, [...blocks, wrong].join('\n'))).toEqual([expect.stringContaining('vip')])
})
