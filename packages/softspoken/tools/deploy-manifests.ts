/** The files of deploy/kubernetes, and the commands that print them. */
import { main } from '../src/cli.ts'
// The program loads these when it needs them. Here they are loaded before the tests begin, whose time is limited.
import '../src/manifest/manifest.ts'
import '../src/election/elected.ts'
import { Shutdown } from '../src/shutdown.ts'

const announce = '--prefix 198.51.100.10/32 --local-as 64515 --peer 10.0.5.1 --peer-as 65000'

/** The words after `softspoken`. */
export const deployCommands: Readonly<Record<string, string>> = {
  'control-plane.yaml': `manifest pod ${announce} --mode standby`,
  'control-plane-arp.yaml': 'manifest pod --prefix 203.0.113.100/32 --arp',
  'static-pod.yaml': `manifest pod ${announce} --address none`,
  'control-plane-daemonset.yaml': `manifest daemonset ${announce} --mode standby`,
  'daemonset.yaml': `manifest daemonset ${announce} --address none --health http://127.0.0.1:8080/healthz`,
  'kubeadm-control-plane.yaml': `manifest kubeadm-control-plane ${announce} --mode standby`,
  'role.yaml': 'manifest rbac',
  'role-in-cluster.yaml': 'manifest rbac --in-cluster',
}

interface Output {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** What the program prints for these words. */
export async function printed(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Output> {
  const output = { out: '', err: '' }
  const code = await main(words, env, {
    shutdown: new Shutdown(0, { on() {}, exit() {}, printError() {} }),
    print: text => void (output.out += text),
    printError: line => void (output.err += `${line}\n`),
  })
  return { code, ...output }
}
