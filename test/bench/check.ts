/**
 * Whether the codec is slower than another version of it: `npx --yes pnpm@12 bench:check [REVISION]`, by default the last release,
 * which is the last tag. It measures both in turns, prints a line for each row, and fails if one takes more than 10 % longer.
 * A row in which both read different things, because what decode() returns has changed, is left out.
 */
import { rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { corpus, isSlower, ours, ratio, root, run, spreadOf, type Task, tasks, work } from './codec-turns.ts'
import { writeCorpora } from './corpus.ts'

const TURNS = 7

const revision = process.argv[2] ?? run('git', ['tag', '--merged', 'HEAD', '--sort=-creatordate']).split('\n')[0]
if (!revision) throw new Error('bench:check REVISION: there is no release yet, so it needs a revision')
const other = otherVersion(revision)
writeCorpora(corpus)
const ratios = new Map<string, number[]>()
for (let turn = 0; turn < TURNS; turn++)
  for (const task of Object.keys(tasks) as Task[]) {
    const sides = [[], [other]] // each is first in every other turn
    if (turn % 2 === 1) sides.reverse()
    const both = sides.map(wire => ours(task, process.execPath, wire))
    if (turn % 2 === 1) both.reverse()
    const [here, there] = [both[0]!, both[1]!] // two sides
    for (const row of Object.keys(here.rows)) {
      const value = ratio(here, there, row)
      ratios.set(row, [...(ratios.get(row) ?? []), ...(value === undefined ? [] : [value])])
    }
  }
for (const [row, values] of ratios) {
  const spread = spreadOf(values)
  const [median, least, greatest] = [spread?.median, spread?.least, spread?.greatest].map(value => value?.toFixed(2))
  const rate = spread ? `${median} times the rate of ${revision} (${least} to ${greatest})` : 'reads something else'
  console.log(`${row}: ${rate}${isSlower(values) ? ', SLOWER' : ''}`)
  if (isSlower(values)) process.exitCode = 1
}

/** packages/wire/src of the revision, in a folder of its own, with the dependencies of this version. */
function otherVersion(revision: string): string {
  const folder = join(work, 'other')
  rmSync(folder, { recursive: true, force: true })
  run('sh', ['-ec', 'mkdir -p "$1"; git archive "$2" packages/wire | tar -x -C "$1"', 'sh', folder, revision])
  symlinkSync(join(root, 'packages/wire/node_modules'), join(folder, 'packages/wire/node_modules'))
  return join(folder, 'packages/wire/src')
}
