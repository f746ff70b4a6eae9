/** The programs of Kubernetes that the lab runs: found, or built by Go once, in the version of their go.mod, and kept. */
import { execFileSync, spawnSync } from 'node:child_process'
import { accessSync, constants, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const GO_NEEDED = '1.26'

/** The path of an executable kube-apiserver: that of KUBEBUILDER_ASSETS, or one that is built, which takes some minutes. */
export function kubeApiserver(): string {
  const { KUBEBUILDER_ASSETS } = process.env
  if (KUBEBUILDER_ASSETS === undefined) return built('kube-apiserver', 'apiserver')
  const given = join(KUBEBUILDER_ASSETS, 'kube-apiserver')
  if (!isExecutable(given)) throw new Error(`KUBEBUILDER_ASSETS: there is no executable ${given}`)
  return given
}

/** The path of an executable kubelet. The first build takes some minutes. */
export function kubelet(): string {
  return built('kubelet', 'kubelet')
}

/** The program of this name, built in a folder with a go.mod. */
function built(name: string, folder: string): string {
  const module = fileURLToPath(new URL(folder, import.meta.url))
  const version = pinnedVersion(module)
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'softspoken')
  const kept = join(cache, `${name}-${version}`)
  if (isExecutable(kept)) return kept
  assertGo(name)
  console.log(`Building ${name} ${version}, which takes some minutes. It is kept as ${kept}.`)
  const variable = `-X k8s.io/component-base/version.gitVersion=${version}`
  const options = ['-trimpath', '-ldflags', `-s -w ${variable}`, '-o', `${kept}.${process.pid}`]
  mkdirSync(cache, { recursive: true })
  execFileSync('go', ['build', ...options, `k8s.io/kubernetes/cmd/${name}`], {
    cwd: module,
    env: { ...process.env, CGO_ENABLED: '0' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  renameSync(`${kept}.${process.pid}`, kept) // whole or not at all: two runs may build at once
  return kept
}

function pinnedVersion(module: string): string {
  const [, version] =
    /^require k8s\.io\/kubernetes (v[\d.]+)$/m.exec(readFileSync(join(module, 'go.mod'), 'utf8')) ?? []
  if (version === undefined) throw new Error(`${module}/go.mod does not name the version of k8s.io/kubernetes`)
  return version
}

function assertGo(name: string): void {
  const { stdout } = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' })
  const [, version] = /^go(\d+\.\d+)/.exec(stdout ?? '') ?? []
  if (version === undefined || version.localeCompare(GO_NEEDED, 'en', { numeric: true }) < 0)
    throw new Error(
      `The lab needs ${name}. ${name === 'kubelet' ? 'Install' : 'Set KUBEBUILDER_ASSETS to a folder that has it, or install'} Go ${GO_NEEDED} to build it${version === undefined ? '' : ` (this is Go ${version})`}.`,
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
