/**
 * What a crash loop costs a router: the program is killed as soon as its session is Established, and started again after
 * 5 s, once with the STATE_DIRECTORY of systemd and once without. Counts the dials of each minute at a router on loopback.
 * `npx --yes pnpm@12 bench:crash-loop`, with `--minutes` for another time than ten. docs/operations.md has the figures.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Decoder, encode } from '@softspoken/wire'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } })
const minutes = Number(values.minutes)
if (!(minutes >= 1 && minutes <= 60))
  throw new RangeError(`--minutes: ${values.minutes} is not allowed, it must be from 1 to 60`)

const RESTART = 5000 // milliseconds, RestartSec= of the unit in deploy/systemd
const program = fileURLToPath(new URL('../../packages/softspoken/src/main.ts', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'softspoken-crash-loop-'))
try {
  const [without, kept] = await Promise.all([loop({}), loop({ STATE_DIRECTORY: directory })])
  console.log(
    `minute${' '.repeat(24)}${Array.from({ length: minutes }, (_, i) => `${i + 1}`.padStart(4)).join('')}  all`,
  )
  for (const [name, dials] of [
    ['without a state directory', without],
    ['with a state directory', kept],
  ] as const)
    console.log(
      `${name.padEnd(30)}${perMinute(dials)
        .map(count => `${count}`.padStart(4))
        .join('')}${`${dials.length}`.padStart(5)}`,
    )
} finally {
  rmSync(directory, { recursive: true })
}

/** When the router was dialled, in milliseconds from the first dial on. */
async function loop(environment: NodeJS.ProcessEnv): Promise<readonly number[]> {
  const dials: number[] = []
  let first: number | undefined
  let child: ChildProcess | undefined
  const router = createServer(socket => {
    first ??= performance.now()
    dials.push(performance.now() - first)
    const decoder = new Decoder()
    socket.on('error', () => {}) // a killed process may reset it
    socket.on('data', chunk => {
      for (const result of decoder.push(chunk)) {
        if (!result.ok) throw new Error(result.detail)
        if (result.value.type === 'open') {
          socket.write(
            encode({
              ...result.value,
              as: 65000,
              id: '192.0.2.254',
              capabilities: result.value.capabilities.map(one =>
                one.name === 'four-octet-as' ? { ...one, as: 65000 } : one,
              ),
            }),
          )
          socket.write(encode({ type: 'keepalive' }))
        } else if (result.value.type === 'update') child?.kill('SIGKILL') // the session is Established, and the route is here
      }
    })
  })
  router.listen(0, '127.0.0.1')
  await once(router, 'listening')
  const { port } = router.address() as AddressInfo // a TCP server's address has one
  const flags = [
    '--prefix',
    '198.51.100.10/32',
    '--local-as',
    '65001',
    '--router-id',
    '192.0.2.1',
    '--next-hop',
    '192.0.2.1',
  ]
  const address = ['--address', 'none', '--require-address', 'false']
  const peer = ['--peer', '127.0.0.1', '--peer-as', '65000', '--port', String(port)]
  const end = performance.now() + minutes * 60_000
  const timer = setTimeout(() => child?.kill('SIGKILL'), minutes * 60_000)
  while (performance.now() < end) {
    child = spawn(process.execPath, ['--import', 'tsx', program, 'announce', ...flags, ...address, ...peer], {
      stdio: 'ignore',
      env: { ...process.env, ...environment },
    })
    await once(child, 'exit')
    await pause(Math.min(RESTART, Math.max(0, end - performance.now())))
  }
  clearTimeout(timer)
  router.close()
  return dials.filter(at => at < minutes * 60_000)
}
function perMinute(dials: readonly number[]): readonly number[] {
  return Array.from({ length: minutes }, (_, i) => dials.filter(at => Math.floor(at / 60_000) === i).length)
}
