/** Finds kube-apiserver: in KUBEBUILDER_ASSETS, or else builds the version in apiserver/go.mod once and keeps it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { accessSync, constants, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const module = fileURLToPath(new URL('apiserver', import.meta.url))
const GO_NEEDED = '1.26'

/** The path of an executable kube-apiserver. The first build takes some minutes. */
export function kubeApiserver(): string {
  const { KUBEBUILDER_ASSETS } = process.env
  if (KUBEBUILDER_ASSETS !== undefined) {
    const given = join(KUBEBUILDER_ASSETS, 'kube-apiserver')
    if (!isExecutable(given)) throw new Error(`KUBEBUILDER_ASSETS: there is no executable ${given}`)
    return given
  }
  const version = pinnedVersion()
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'softspoken')
  const kept = join(folder, `kube-apiserver-${version}`)
  if (!isExecutable(kept)) build(kept, folder, version)
  return kept
}

function pinnedVersion(): string {
  const [, version] =
    /^require k8s\.io\/kubernetes (v[\d.]+)$/m.exec(readFileSync(join(module, 'go.mod'), 'utf8')) ?? []
  if (version === undefined) throw new Error('apiserver/go.mod does not name the version of k8s.io/kubernetes')
  return version
}

function build(kept: string, folder: string, version: string): void {
  assertGo()
  console.log(`Building kube-apiserver ${version}, which takes some minutes. It is kept as ${kept}.`)
  const variable = `-X k8s.io/component-base/version.gitVersion=${version}`
  const options = ['-trimpath', '-ldflags', `-s -w ${variable}`, '-o', `${kept}.${process.pid}`]
  mkdirSync(folder, { recursive: true })
  execFileSync('go', ['build', ...options, 'k8s.io/kubernetes/cmd/kube-apiserver'], {
    cwd: module,
    env: { ...process.env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  renameSync(`${kept}.${process.pid}`, kept) // whole or not at all: two runs may build at once
}

function assertGo(): void {
  const { stdout } = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' })
  const [, version] = /^go(\d+\.\d+)/.exec(stdout ?? '') ?? []
  if (version === undefined || version.localeCompare(GO_NEEDED, 'en', { numeric: true }) < 0)
    throw new Error(
      `The lab needs kube-apiserver. Set KUBEBUILDER_ASSETS to a folder that has it, or install Go ${GO_NEEDED} to build it${version === undefined ? '' : ` (this is Go ${version})`}.`,
    )
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
