/** A control group for an agent, as a container has one: with little memory, or frozen. Only cgroup v1 (cgroups(7)). */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of a new group of this controller, or undefined if the machine has no cgroup v1. */
export function makeCgroup(controller: 'memory' | 'freezer'): string | undefined {
  // 4:memory:/docker/0123…
  const [, path] = new RegExp(`^\\d+:${controller}:(.*)$`, 'm').exec(readFileSync('/proc/self/cgroup', 'utf8')) ?? []
  if (path === undefined) return undefined
  const mount = `/tmp/cgroup-${controller}`
  if (!existsSync(mount)) {
    mkdirSync(mount)
    execFileSync('mount', ['-t', 'cgroup', '-o', controller, 'cgroup', mount])
  }
  const folder = join(mount, path, 'agent')
  mkdirSync(folder, { recursive: true })
  return folder
}

/** As `docker run --memory`. Without the killer, a process that needs more waits until there is some. */
export function limitMemory(folder: string, mebibytes: number, killer: boolean): void {
  writeFileSync(join(folder, 'memory.limit_in_bytes'), `${mebibytes}M`)
  writeFileSync(join(folder, 'memory.oom_control'), killer ? '0' : '1')
}
/** As `docker pause`. */
export function freeze(folder: string, frozen: boolean): void {
  writeFileSync(join(folder, 'freezer.state'), frozen ? 'FROZEN' : 'THAWED')
}

/** A command that runs in the group from its first instruction on, so that all its memory is counted. */
export function inCgroup(folder: string, command: readonly string[]): readonly string[] {
  return ['sh', '-c', 'echo $$ >"$0"/cgroup.procs && exec "$@"', folder, ...command]
}
