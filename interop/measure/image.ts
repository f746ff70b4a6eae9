/**
 * Builds the program's image as interop/behaviours/container.test.ts does, and measures its size and its start: from the moment
 * that the container's process begins to its first SYN on the wire; for this the image has a shell. Writes the figures into
 * deploy/container/README.md. Needs a Docker engine.
 *
 *     npx --yes pnpm@12 bench:image              twenty starts of each kind
 *     npx --yes pnpm@12 bench:image --times 5
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { intoMarkers, measuredBy, table } from '@softspoken/test-support/page-markers'
import { buildAnnouncerImage, WITH_SHELL } from '../lab/announcer-image.ts'
import { docker } from '../lab/docker.ts'
import { DIAL, Lab } from '../lab/lab.ts'
import { Output } from '../lab/output.ts'
import { build } from '../lab/setup.ts'
import { waitFor } from '../lab/wait-for.ts'
import { summary } from './summary.ts'

const { values } = parseArgs({ options: { times: { type: 'string', default: '20' } } })
const times = Number(values.times)
if (!(Number.isInteger(times) && times >= 1 && times <= 100))
  throw new RangeError(`--times: ${values.times} is not allowed, it must be from 1 to 100`)

/** The user and rights, and the options, of the two ways to run it. */
const kinds = {
  'root adds the VIP': { place: ['--user', '0', '--cap-drop', 'ALL', '--cap-add', 'NET_ADMIN'], flags: [] },
  'user 65532, `--address none`': {
    place: ['--cap-drop', 'ALL'],
    flags: ['--address=none', '--require-address=false'],
  },
} as const

/** The first that matches counts. */
const kindsOfFiles = {
  'Node, without symbols': /^usr\/local\/bin\/node$/,
  'libraries of C and C++': /^(usr\/)?lib/,
  koffi: /^app\/node_modules\//,
  'code that V8 has compiled': /^app\/program\.code$/,
  'the program, with its list of packages': /^app\//,
  'licences, list of Debian packages': /./,
} as const

build()
const image = buildAnnouncerImage()
const withShell = buildAnnouncerImage(WITH_SHELL)
const compressed = Number(execFileSync('sh', ['-c', 'docker save "$1" | gzip | wc -c', 'sh', image]))
const parts = sizes(contents(image))

await using lab = await Lab.create()
const alone: number[] = []
const starts = new Map<string, number[]>([['Node alone, from its start to its end', alone]])
for (const [kind, { place, flags }] of Object.entries(kinds)) {
  const address = lab.spare()
  const waiting = ['--read-only', '--interactive', '--entrypoint', 'cat']
  const container = await lab.container(withShell, address, ...waiting, ...place)
  await using dials = await lab.capture(`(${DIAL}) and src host ${address}`)
  const own = ['--prefix=198.51.100.10/32', '--local-as=65010', `--router-id=${address}`]
  const options = [...own, `--peer=${lab.host}`, '--peer-as=65001', ...flags]
  const took: number[] = []
  for (let i = 0; i < times; i++) took.push(await start(container, options, dials))
  starts.set(kind, took)
  console.log(`${kind}, to the first SYN: ${summary(took, 0)}`)
}
const page = new URL('../../deploy/container/README.md', import.meta.url)
writeFileSync(page, intoMarkers(readFileSync(page, 'utf8'), report()))

/** Milliseconds of one start. A shell starts Node alone, then prints the time just before it becomes the program. */
async function start(container: string, options: readonly string[], dials: Output): Promise<number> {
  const before = dials.lines().length
  const command = [
    'sh',
    '-c',
    'date +%s.%N; node --eval 0; date +%s.%N; exec softspoken announce "$@"',
    'sh',
    ...options,
  ]
  await using program = new Output(['exec', container, ...command])
  const dialled = await waitFor(() => dials.lines()[before], { within: 20, what: 'a SYN' })
  await docker('exec', container, 'sh', '-c', 'kill -KILL -1')
  const [began = Number.NaN, started = Number.NaN] = program.lines().map(Number)
  alone.push((started - began) * 1000)
  return (Number.parseFloat(dialled) - started) * 1000
}

/** Every file of the image: octets and path. */
function contents(image: string): readonly (readonly [number, string])[] {
  const container = execFileSync('docker', ['create', image], { encoding: 'utf8' }).trim()
  const list = execFileSync('sh', ['-c', 'docker export "$1" | tar --list --verbose', 'sh', container], {
    encoding: 'utf8',
  })
  execFileSync('docker', ['rm', container], { stdio: 'ignore' })
  return list.split('\n').flatMap(line => {
    const [, octets, path] = /^-\S+ \S+ +(\d+) \S+ \S+ (.+)$/.exec(line) ?? []
    return path === undefined ? [] : [[Number(octets), path] as const]
  })
}
function sizes(files: readonly (readonly [number, string])[]): Map<string, number> {
  const sums = new Map(Object.keys(kindsOfFiles).map(part => [part, 0]))
  for (const [octets, path] of files) {
    const [part = 'other'] = Object.entries(kindsOfFiles).find(([, pattern]) => pattern.test(path)) ?? []
    sums.set(part, (sums.get(part) ?? 0) + octets)
  }
  return sums
}

function report(): string {
  const megabytes = (octets: number) => `${(octets / 1e6).toFixed(1)} MB`
  const version = execFileSync('docker', ['run', '--rm', '--entrypoint', 'node', image, '--version'], {
    encoding: 'utf8',
  }).trim()
  return [
    measuredBy('bench:image', `Node ${version} on a Debian trixie made by mmdebstrap`),
    table(
      ['in the image', 'installed'],
      [
        ...[...parts].map(([part, octets]) => [part, megabytes(octets)]),
        ['sum', megabytes([...parts.values()].reduce((sum, octets) => sum + octets, 0))],
        ['sum, compressed (gzip)', megabytes(compressed)],
      ],
    ),
    table(
      ['start of the process to its first SYN', 'median, 95th percentile, longest'],
      [...starts].map(([kind, took]) => [kind, summary(took, 0)]),
    ),
  ].join('\n\n')
}
