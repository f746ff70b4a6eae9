/** What the processes of a container take, read from a container beside it that shares its PIDs, so that reading costs it nothing. */
import { bird } from '../../lab/bird.ts'
import { docker } from '../../lab/docker.ts'

export interface Process {
  name: string
  /** Seconds that its threads have run. */
  cpu: number
  /** In KiB. */
  rss: number
  pss: number
}

/** PID 1 is the container's keeper, not the daemon. */
const script = `
for process in /proc/[0-9]*; do
  case \${process#/proc/} in 1 | $$) continue ;; esac
  echo "process $(cat $process/comm)"
  cat $process/task/*/schedstat
  grep -E '^(Rss|Pss):' $process/smaps_rollup
done
`

/** All but the keeper. */
export async function processes(container: string): Promise<Process[]> {
  const place = ['--rm', '--pid', `container:${container}`, '--network', 'none', '--cap-add', 'SYS_PTRACE']
  return readProcesses(await docker('run', ...place, bird.image, 'sh', '-c', script))
}

/** A thread's schedstat is its nanoseconds on the processor, those it waited for one, and how often it had one. */
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
