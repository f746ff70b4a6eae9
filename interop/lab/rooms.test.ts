import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const interop = fileURLToPath(new URL('..', import.meta.url))

it('behaviours, faults and measure import from the lab, and never from each other', () => {
  const violations = ['behaviours', 'faults', 'measure', 'lab'].flatMap(room =>
    readdirSync(join(interop, room), { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.ts'))
      .flatMap(file =>
        importsOf(join(interop, room, file))
          .map(path => posix.join(room, posix.dirname(file), path).split('/')[0] ?? '')
          .filter(target => target !== room && target !== 'lab')
          .map(target => `${room}/${file} imports from ${target}/`),
      ),
  )
  expect(violations).toEqual([])
})

/** The relative paths that a file imports. */
function importsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/ from '(\.[^']+)'/g)].map(([, path = '']) => path)
}
