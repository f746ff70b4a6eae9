/** What Kubernetes mounts into a Pod and puts into its environment. The token is replaced there about each hour. */
import { join } from 'node:path'
import { type Access, credentialsError } from './access.ts'
import { authorizationOf, certificatesIn, serverUrl } from './values.ts'
import type { WatchedFiles } from './watched-files.ts'

/** Where the files are in every Pod. */
export const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount'

/** @throws LeaseStoreError with reason `credentials` */
export async function readServiceAccount(
  environment: Readonly<Record<string, string | undefined>>,
  folder: string,
  files: WatchedFiles,
): Promise<Access> {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = environment
  const server = host === '' ? undefined : serverUrl(`https://${host.includes(':') ? `[${host}]` : host}:${port}`)
  if (server === undefined)
    throw credentialsError(
      'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be the host and the port of the API server, as in a Pod; elsewhere, set the option kubeconfig',
    )
  const [caFile, tokenFile] = [join(folder, 'ca.crt'), join(folder, 'token')]
  const ca = await files.read(caFile, caFile)
  if (certificatesIn(ca) === undefined)
    throw credentialsError(`${caFile} must be certificates in PEM, each of them whole`)
  const authorization = authorizationOf((await files.read(tokenFile, tokenFile)).toString())
  if (authorization === undefined) throw credentialsError(`${tokenFile} must be a file with one token on one line`)
  return { server, insecure: false, ca, authorization }
}
