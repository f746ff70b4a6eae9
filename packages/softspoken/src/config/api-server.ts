/** The API server that the Lease and the health check ask: what can be wrong with it before a connection is opened. */
import { hostRoute } from '@softspoken/announcer'
import { errorText } from '@softspoken/session/internal'
import { apiServerCheck, isVip } from '@softspoken/vip-agent/internal'
import { apiServerOptions } from './agent-options.ts'
import { asksApiServer } from './election-options.ts'
import type { ProgramOptions } from './options.ts'
import { UsageError } from './usage-error.ts'

const SERVICE_ADDRESS =
  "apiServer is not given: the address of the service in a Pod needs the cluster's network first, and may lead to another node's API server; give this node's own, such as https://127.0.0.1:6443 (--api-server)"

/**
 * Reads the kubeconfig, or the Pod's service account. Resolves with a warning if it cannot be read yet, as before `kubeadm init`, and with
 * one if the address of the service is used.
 * @throws UsageError if its server is a VIP, which needs this program first.
 */
export async function rehearseApiServer(options: ProgramOptions): Promise<readonly string[]> {
  if (!asksApiServer(options)) return []
  const { load, status } = apiServerCheck(apiServerOptions(options))
  const isService = options.kubeconfig === undefined && options.apiServer === undefined
  const hints = isService ? [SERVICE_ADDRESS] : []
  try {
    await load()
    return hints
  } catch (error) {
    const { server } = status()
    const vips = options.prefix.map(prefix => hostRoute(prefix).address)
    if (server !== undefined && isVip(server, vips))
      throw new UsageError(
        `apiServer is missing: ${server}, as the kubeconfig or the Pod has it, is a VIP; give this node's own API server, such as https://127.0.0.1:6443`,
      )
    const cure = options.kubeconfig === undefined ? ' (a static Pod has no service account: give it a kubeconfig)' : ''
    return [
      ...hints,
      `${errorText(error)}${cure}; until it can be read, the API server is not asked, and nothing is announced`,
    ]
  }
}
