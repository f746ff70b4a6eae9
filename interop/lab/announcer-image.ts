/** The announcer's image, from its own Dockerfile, with what can be had here in the place of node:24-slim: Node's own build. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BUILD = 'softspoken-interop/node-npm'
const NODE = 'softspoken-interop/node24'
const root = fileURLToPath(new URL('../..', import.meta.url))

/** Resolves at once where nothing has changed. Returns the image's name. */
export function buildAnnouncerImage(): string {
  const tag = 'softspoken-interop/announcer'
  buildWithNpm()
  buildNode()
  const images = ['--build-arg', `NODE_IMAGE=${NODE}`, '--build-arg', `BUILD_IMAGE=${BUILD}`]
  build({ tag }, ...images, '--file', join(root, 'deploy/container/Dockerfile'), root)
  return tag
}

/** This host's npm and the certificates that it trusts: what reaches the registry here reaches it there. */
function buildWithNpm(): void {
  const context = mkdtempSync(join(tmpdir(), 'softspoken-npm-'))
  try {
    const npm = join(execFileSync('npm', ['root', '--global'], { encoding: 'utf8' }).trim(), 'npm')
    cpSync(npm, join(context, 'npm'), { recursive: true })
    const certificates = process.env.NODE_EXTRA_CA_CERTS
    if (certificates) cpSync(certificates, join(context, 'certificates'), { dereference: true })
    const dockerfile = [
      'FROM softspoken-interop/node',
      'ENV pnpm_config_trust_lockfile=true', // this checkout was installed from it, and it was judged then
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

/** Nothing but Node, out of npm's package of it. */
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

/** As images/build.sh does it, and for its reasons. */
function build({ tag, input = '' }: { tag: string; input?: string }, ...options: string[]): void {
  const { status, stdout, stderr, error } = spawnSync(
    'docker',
    ['build', '--network', 'host', '--tag', tag, ...options],
    { input, encoding: 'utf8', env: { DOCKER_BUILDKIT: '0', ...process.env } },
  )
  if (status !== 0) throw new Error(`${tag} could not be built:\n${stdout}${stderr}`, { cause: error })
}
