/** The container and the unit of deploy/. src/manifest has the tests of deploy/kubernetes, which `manifest` prints. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfiguration } from '../tools/configuration.ts'
import { printed } from '../tools/deploy-manifests.ts'

const LONGEST_STOP = 25 + 1 // seconds: the longest drainTime, and a second for the Cease to leave (docs/defaults.md)
const read = (file: string) => readFileSync(new URL(`../../../deploy/${file}`, import.meta.url), 'utf8')

describe('systemd/softspoken.service', () => {
  const unit = read('systemd/softspoken.service')
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1]

  const missing = spawnSync('systemd-analyze', ['--version']).error !== undefined
  it.skipIf(missing)('passes systemd-analyze verify without a warning', () => {
    const folder = mkdtempSync(join(tmpdir(), 'softspoken-unit-'))
    try {
      const file = join(folder, 'softspoken.service')
      writeFileSync(file, unit.replace('/usr/bin/node', process.execPath)) // because it checks that the program exists
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })
      expect([status, aboutOurUnit(stderr)]).toEqual([0, []])
      writeFileSync(file, unit.replace('WatchdogSec', 'WatchdogSecs'))
      expect(aboutOurUnit(spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' }).stderr)).not.toEqual([])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
  it('allows the time of the longest drain and the Cease', () => {
    expect(Number(value('TimeoutStopSec'))).toBeGreaterThanOrEqual(LONGEST_STOP)
  })
  it('has the same sandbox as softspoken manifest systemd prints', async () => {
    const words = 'manifest systemd --prefix 198.51.100.10/32 --local-as 64515 --peer 10.0.5.1 --peer-as 65000'
    const { out } = await printed([...words.split(' '), '--address', 'none'])
    const sandbox = (text: string) => text.slice(text.indexOf('\nDynamicUser='))
    expect(sandbox(out)).toContain('ProtectSystem=strict')
    expect(sandbox(unit)).toBe(sandbox(out))
  })
  it('accepts systemd-notify, and does not restart after a wrong option', () => {
    expect(['Type', 'NotifyAccess', 'RestartPreventExitStatus'].map(value)).toEqual(['notify', 'all', '2'])
  })
  it('has an environment file that the program accepts', async () => {
    const lines = read('systemd/softspoken.env').match(/^\w+=.*$/gm) ?? []
    const { options } = await readConfiguration([], Object.fromEntries(lines.map(line => line.split('=', 2))))
    expect(options).toMatchObject({ prefix: ['198.51.100.10/32'], routerId: '10.0.5.11', peerAs: 65000 })
  })
})

describe('the unit and the Dockerfile', () => {
  const source = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
  const dockerfile = read('container/Dockerfile')
  it('run the command announce of the file that bundle.mjs writes', () => {
    const [, bundle] = /outfile: `\$\{folder\}\/(.+)`/.exec(source('softspoken/bundle.mjs')) ?? []
    expect(bundle).toBe('softspoken.cjs')
    expect(read('systemd/softspoken.service')).toContain(`/usr/lib/softspoken/${bundle} announce\n`)
    expect(dockerfile).toContain(`ENTRYPOINT ["node", "/app/${bundle}"]\nCMD ["announce"]`)
    expect(dockerfile).toContain(`ln -s /app/${bundle} /image/usr/local/bin/softspoken`)
  })
  it.each(['MALLOC_ARENA_MAX=1', 'MALLOC_MMAP_THRESHOLD_=131072'])(
    'set %s for glibc, and so does the printed unit',
    async variable => {
      const words = 'manifest systemd --prefix 198.51.100.10/32 --local-as 64515 --peer 10.0.5.1 --peer-as 65000'
      const { out } = await printed(words.split(' '))
      expect(dockerfile).toContain(`\nENV ${variable}\n`)
      for (const unit of [read('systemd/softspoken.service'), out])
        expect(unit).toContain(`\nEnvironment=${variable}\n`)
    },
  )
  it('have the package.json of each package that the program needs', () => {
    const copied = [...dockerfile.matchAll(/^COPY packages\/([\w-]+)\/package\.json packages\/\1\/$/gm)].map(
      ([, name]) => name,
    )
    expect(copied).toContain('softspoken')
    for (const name of copied) {
      const { dependencies = {}, optionalDependencies = {} } = JSON.parse(source(`${name}/package.json`))
      const needed = Object.keys({ ...dependencies, ...optionalDependencies }).filter(one => /^@softspoken\//.test(one))
      expect(copied).toEqual(expect.arrayContaining(needed.map(one => one.replace('@softspoken/', ''))))
    }
  })
})

/** systemd-analyze also checks the units that ours needs. Their errors are left out. */
function aboutOurUnit(output: string): readonly string[] {
  return output.split('\n').filter(line => line.includes('softspoken.service'))
}
