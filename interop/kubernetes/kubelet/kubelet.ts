/** A node whose agent is a static Pod: containerd, and a kubelet without an API server, in the namespace of the node. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { NodeName } from '../network.ts'
import { until } from '../until.ts'

export const IMAGE = 'softspoken.example/softspoken:lab'
export const PAUSE = 'softspoken.example/pause:1'
const SOCKET = '/run/lab-containerd.sock'
const PODS = '/etc/kubernetes/manifests'
const MANIFEST = join(PODS, 'softspoken.yaml')

const containerdConfiguration = `
version = 2
root = "/var/lib/containerd"
[grpc]
  address = "${SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE}"
  disable_apparmor = true
  restrict_oom_score_adj = true
`
const kubeletConfiguration = `
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: ${PODS}
containerRuntimeEndpoint: unix://${SOCKET}
authentication: { anonymous: { enabled: true }, webhook: { enabled: false } }
authorization: { mode: AlwaysAllow }
cgroupDriver: cgroupfs
failSwapOn: false
failCgroupV1: false
resolvConf: ""
makeIPTablesUtilChains: false
localStorageCapacityIsolation: false
enforceNodeAllocatable: []
evictionHard: { memory.available: "0%", nodefs.available: "0%", imagefs.available: "0%" }
`
/** The kubelet would set them for the whole machine; it finds them set. */
const kernelFlags = { 'vm/overcommit_memory': 1, 'kernel/panic': 10, 'kernel/panic_on_oops': 1 }

interface ContainerStatus {
  readonly ready: boolean
  readonly restartCount: number
  readonly containerID: string
  readonly state: { readonly running?: object }
  readonly lastState: { readonly terminated?: { readonly exitCode: number } }
}

export class Kubelet implements AsyncDisposable {
  readonly #node: NodeName
  readonly #folder: string
  readonly #containerd: ChildProcess
  #kubelet!: ChildProcess

  static async start(node: NodeName, folder: string): Promise<Kubelet> {
    prepare()
    const kubelet = new Kubelet(node, folder)
    await until(() => kubelet.#ctr('version') !== undefined, 30, 'containerd answers', 0.5)
    for (const file of readdirSync('/images')) kubelet.#ctr('images', 'import', join('/images', file))
    kubelet.startAgain()
    return kubelet
  }

  private constructor(node: NodeName, folder: string) {
    this.#node = node
    this.#folder = folder
    mkdirSync(PODS, { recursive: true })
    writeFileSync(join(folder, 'kubelet.yaml'), kubeletConfiguration)
    writeFileSync(join(folder, 'containerd.toml'), containerdConfiguration)
    this.#containerd = this.#start(['containerd', '--config', join(folder, 'containerd.toml')])
  }

  startAgain(): void {
    const options = ['--config', join(this.#folder, 'kubelet.yaml'), '--hostname-override', this.#node, '--v', '2']
    this.#kubelet = this.#start(['kubelet', ...options])
  }
  async kill(): Promise<void> {
    await killed(this.#kubelet)
  }

  run(manifest: string): void {
    writeFileSync(MANIFEST, manifest)
  }
  removeManifest(): void {
    rmSync(MANIFEST)
  }

  /** Of the program in the Pod; undefined: there is none. */
  async status(): Promise<ContainerStatus | undefined> {
    const text = this.#inNamespace('curl', '--silent', '--insecure', 'https://127.0.0.1:10250/pods')
    const { items } = JSON.parse(text || '{}') as { items?: { status: { containerStatuses?: ContainerStatus[] } }[] }
    return items?.[0]?.status.containerStatuses?.[0]
  }

  /** As `kubectl exec` does. Returns what it printed. */
  async exec(...command: string[]): Promise<string> {
    const { containerID = '' } = (await this.status()) ?? {}
    const id = containerID.replace('containerd://', '')
    return this.#ctr('tasks', 'exec', '--exec-id', `exec-${Date.now()}`, id, ...command) ?? ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await killed(this.#kubelet)
    await killed(this.#containerd)
  }

  /** Undefined if it fails. */
  #ctr(...args: string[]): string | undefined {
    try {
      return execFileSync('ctr', ['--address', SOCKET, '--namespace', 'k8s.io', ...args], { encoding: 'utf8' })
    } catch {
      return undefined
    }
  }
  #inNamespace(...command: string[]): string {
    try {
      return execFileSync('nsenter', [`--net=/run/netns/${this.#node}`, ...command], { encoding: 'utf8' })
    } catch {
      return '' // the kubelet is away
    }
  }
  /** With nsenter, because `ip netns exec` mounts a new /sys, which has no control groups. */
  #start(command: readonly string[]): ChildProcess {
    const log = openSync(join(this.#folder, `${basename(command[0] ?? '')}.log`), 'a')
    return spawn('nsenter', [`--net=/run/netns/${this.#node}`, ...command], { stdio: ['ignore', log, log] })
  }
}

/** What a machine that boots has, and a container has not. */
function prepare(): void {
  execFileSync('mount', ['--make-rshared', '/'])
  for (const name of ['', ...readdirSync('/sys/fs/cgroup')]) remountForWriting(join('/sys/fs/cgroup', name))
  for (const [name, value] of Object.entries(kernelFlags)) {
    const file = `/run/${basename(name)}`
    writeFileSync(file, `${value}\n`)
    execFileSync('mount', ['--bind', file, `/proc/sys/${name}`])
  }
}
function remountForWriting(path: string): void {
  try {
    execFileSync('mount', ['-o', 'remount,rw,bind', path], { stdio: 'ignore' })
  } catch {} // with cgroup v2 the first one is the only mount
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
