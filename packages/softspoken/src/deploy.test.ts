/** The files of deploy/ allow enough time to stop, give no rights, and have options that the program accepts. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compilerErrors } from '@softspoken/test-support/compiler-errors'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readConfiguration } from '../tools/configuration.ts'

const LONGEST_STOP = 25 + 1 // seconds: the longest drainTime, and a second for the Cease to leave (docs/defaults.md)
const read = (file: string) => readFileSync(new URL(`../../../deploy/${file}`, import.meta.url), 'utf8')

// Only the parts that are used below.
const probe = (path: string) =>
  v.object({ httpGet: v.object({ host: v.literal('127.0.0.1'), port: v.literal(9179), path: v.literal(path) }) })
const podSpec = v.object({
  hostNetwork: v.literal(true),
  terminationGracePeriodSeconds: v.pipe(v.number(), v.minValue(LONGEST_STOP), v.maxValue(30)),
  automountServiceAccountToken: v.literal(false),
  enableServiceLinks: v.literal(false),
  securityContext: v.object({ runAsNonRoot: v.literal(true), runAsUser: v.literal(65532) }),
  containers: v.tuple([
    v.object({
      args: v.array(v.string()),
      env: v.array(v.object({ name: v.string(), value: v.optional(v.string()) })),
      livenessProbe: probe('/healthz'),
      readinessProbe: probe('/readyz'),
      securityContext: v.object({
        allowPrivilegeEscalation: v.literal(false),
        readOnlyRootFilesystem: v.literal(true),
        capabilities: v.strictObject({ drop: v.tuple([v.literal('ALL')]) }),
      }),
    }),
  ]),
})

describe.each([
  ['kubernetes/static-pod.yaml', v.object({ kind: v.literal('Pod'), spec: podSpec })],
  [
    'kubernetes/daemonset.yaml',
    v.pipe(
      v.object({ kind: v.literal('DaemonSet'), spec: v.object({ template: v.object({ spec: podSpec }) }) }),
      v.transform(({ spec }) => spec.template),
    ),
  ],
] as const)('%s', (file, schema) => {
  const { spec } = v.parse(schema, parse(read(file))) // throws if a part is missing or different
  const [{ args, env, ...container }] = spec.containers

  it('allows the time of the longest drain and the Cease', () => {
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(LONGEST_STOP)
  })
  it('has no unknown name and no wrong type, by the types of Kubernetes', { timeout: 60_000 }, () => {
    const manifest = parse(read(file)) as { kind: string; metadata: object }
    const mistaken = { ...manifest, metadata: { ...manifest.metadata, labls: {} } } // the only error to find
    expect(formFaults([manifest, mistaken])).toEqual([expect.stringContaining('labls')])
  })
  it('probes the address of --http', () => {
    const { host, port } = container.livenessProbe.httpGet
    expect(args).toContain(`--http=${host}:${port}`)
  })
  it('has options that the program accepts without a warning', async () => {
    const [command, ...flags] = args
    expect(command).toBe('announce')
    const words = flags.map(arg => arg.replaceAll('$(HOST_IP)', '203.0.113.2'))
    const variables = Object.fromEntries(env.map(({ name, value }) => [name, value ?? '203.0.113.2']))
    const { options, warnings } = await readConfiguration(words, variables)
    expect(warnings).toEqual([])
    expect(options).toMatchObject({ prefix: ['198.51.100.10/32'], routerId: '203.0.113.2' })
    expect(options.health).toMatch(/^https?:/) // it fails closed
  })
})

describe('kubernetes/control-plane.yaml', () => {
  const manifest = parse(read('kubernetes/control-plane.yaml'))
  it('has no unknown name and no wrong type, by the types of Kubernetes', { timeout: 60_000 }, () => {
    const mistaken = { ...manifest, metadata: { ...manifest.metadata, labls: {} } } // the only error to find
    expect(formFaults([manifest, mistaken])).toEqual([expect.stringContaining('labls')])
  })
  it('has options that the program accepts, and NET_ADMIN as its only right', async () => {
    const [{ args, env, securityContext }] = manifest.spec.containers
    const words = args
      .slice(1)
      .map((arg: string) => arg.replace('$(HOST_IP)', '203.0.113.2').replace('$(NODE_NAME)', 'node-1'))
    const { options, warnings } = await readConfiguration(words, {})
    expect(warnings).toEqual([])
    expect(options).toMatchObject({ mode: 'standby', health: 'kubernetes', apiServer: 'https://127.0.0.1:6443' })
    expect(env.map(({ name }: { name: string }) => name)).toEqual([
      'HOST_IP',
      'NODE_NAME',
      'SOFTSPOKEN_STATE_DIRECTORY',
    ])
    expect(securityContext.capabilities).toEqual({ drop: ['ALL'], add: ['NET_ADMIN'] })
  })
})

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
    expect(dockerfile).toContain(`ln -s /app/${bundle} /usr/local/bin/softspoken`)
    expect(dockerfile).toContain('RUN softspoken check ')
  })
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

/** The errors of manifests of one kind, by the types made of Kubernetes' OpenAPI. */
function formFaults(manifests: readonly [{ readonly kind: string }, ...object[]]): readonly string[] {
  const [{ kind }] = manifests
  const types = { Pod: 'core/v1', DaemonSet: 'apps/v1' }[kind]
  const name = fileURLToPath(new URL('manifest.ts', import.meta.url)) // the file does not exist
  return compilerErrors(
    name,
    `import type { ${kind} } from 'kubernetes-types/${types}'
    export const manifests: ${kind}[] = ${JSON.stringify(manifests)}`,
  )
}
