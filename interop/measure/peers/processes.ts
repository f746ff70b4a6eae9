/** CPU time and memory of the processes in a container, read from a second container that shares its PIDs. */
import { docker } from '../../lab/docker.ts'
import { TOOLS } from '../../lab/lab.ts'

export interface Process {
  name: string
  /** Seconds of CPU time of all threads. */
  cpu: number
  /** In KiB. */
  rss: number
  pss: number
}

/** PID 1 only keeps the container alive; it is not the daemon. */
const script = `
for process in /proc/[0-9]*; do
  case \${process#/proc/} in 1 | $$) continue ;; esac
  echo "process $(cat $process/comm)"
  cat $process/task/*/schedstat
  grep -E '^(Rss|Pss):' $process/smaps_rollup
done
`

/** All processes except PID 1. */
export async function processes(container: string): Promise<Process[]> {
  const place = ['--rm', '--pid', `container:${container}`, '--network', 'none', '--cap-add', 'SYS_PTRACE']
  return readProcesses(await docker('run', ...place, TOOLS, 'sh', '-c', script))
}

/** A thread's schedstat has nanoseconds on a CPU, nanoseconds waiting for one, and the number of time slices. */
export function readProcesses(text: string): Process[] {
  return text
    .split(/^process /m)
    .slice(1)
    .map(block => {
      const [name = '', ...lines] = block.split('\n')
      const kib = (field: string) => Number(new RegExp(`^${field}: +(\\d+) kB$`, 'm').exec(block)?.[1])
      const cpu = lines.reduce((sum, line) => sum + Number(/^(\d+) \d+ \d+$/.exec(line)?.[1] ?? 0) / 1e9, 0)
      return { name, cpu, rss: kib('Rss'), pss: kib('Pss') }
    })
}

export function total(processes: readonly Process[]): Omit<Process, 'name'> {
  const sum = (field: 'cpu' | 'rss' | 'pss') => processes.reduce((sum, process) => sum + process[field], 0)
  return { cpu: sum('cpu'), rss: sum('rss'), pss: sum('pss') }
}
