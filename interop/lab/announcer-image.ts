/** Builds the program's image from its own Dockerfile. npm's package of Node 24 takes the place of the base image node:24-slim. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BUILD = 'softspoken-interop/node-npm'
const NODE = 'softspoken-interop/node24'
const root = fileURLToPath(new URL('../..', import.meta.url))

/** The base of an image with a shell, for what a lab runs in it. */
export const WITH_SHELL = 'debian:trixie-slim'

/** Returns the image's name, quickly if nothing has changed. */
export function buildAnnouncerImage(base?: typeof WITH_SHELL): string {
  const tag = base === undefined ? 'softspoken-interop/announcer' : 'softspoken-interop/announcer-with-shell'
  buildWithNpm()
  buildNode()
  const images = ['--build-arg', `NODE_IMAGE=${NODE}`, '--build-arg', `BUILD_IMAGE=${BUILD}`]
  if (base !== undefined) images.push('--build-arg', `BASE_IMAGE=${base}`)
  build({ tag }, ...images, '--file', join(root, 'deploy/container/Dockerfile'), root)
  return tag
}

/** An image with this host's npm and its trusted certificates, so that the build reaches the same registry. */
function buildWithNpm(): void {
  const context = mkdtempSync(join(tmpdir(), 'softspoken-npm-'))
  try {
    const npm = join(execFileSync('npm', ['root', '--global'], { encoding: 'utf8' }).trim(), 'npm')
    cpSync(npm, join(context, 'npm'), { recursive: true })
    const certificates = process.env.NODE_EXTRA_CA_CERTS
    if (certificates) cpSync(certificates, join(context, 'certificates'), { dereference: true })
    const dockerfile = [
      'FROM softspoken-interop/node',
      'ENV pnpm_config_trust_lockfile=true', // the lockfile was checked when this checkout was installed
      'COPY . /opt',
      'RUN ln -s /opt/npm/bin/npm-cli.js /usr/bin/npm && ln -s /opt/npm/bin/npx-cli.js /usr/bin/npx',
      ...(certificates ? ['ENV NODE_EXTRA_CA_CERTS=/opt/certificates'] : []),
    ]
    writeFileSync(join(context, 'Dockerfile'), dockerfile.join('\n'))
    build({ tag: BUILD }, context)
  } finally {
    rmSync(context, { recursive: true })
  }
}

/** An image with only Node, from npm's package of it. */
function buildNode(): void {
  const binary = `node-linux-${process.arch}`
  const dockerfile = [
    `FROM ${BUILD} AS npm`,
    `RUN npm install --prefix /node ${binary}@24`,
    'FROM debian:trixie-slim',
    `COPY --from=npm /node/node_modules/${binary}/bin/node /usr/local/bin/node`,
  ]
  build({ tag: NODE, input: dockerfile.join('\n') }, '-')
}

/** With the same options as images/build.sh, for the same reasons. */
function build({ tag, input = '' }: { tag: string; input?: string }, ...options: string[]): void {
  const { status, stdout, stderr, error } = spawnSync(
    'docker',
    ['build', '--network', 'host', '--tag', tag, ...options],
    { input, encoding: 'utf8', env: { DOCKER_BUILDKIT: '0', ...process.env } },
  )
  if (status !== 0) throw new Error(`${tag} could not be built:\n${stdout}${stderr}`, { cause: error })
}
