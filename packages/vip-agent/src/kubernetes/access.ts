/** The address of one API server and the credentials for it, from a kubeconfig or a Pod's service account. */
import { LeaseStoreError } from '../election/lease-store.ts'

/** A snapshot of the files. If they change, they are read into a new one. */
export interface Access {
  /** The URL of the API server, without a slash at its end. */
  readonly server: string
  /** In PEM. Undefined: the authorities that Node trusts. */
  readonly ca?: Buffer
  /** The name in the server's certificate, if it is not the host of `server`. */
  readonly serverName?: string
  /** The server's certificate is not verified. */
  readonly insecure: boolean
  /** Our certificate and its key, in PEM. */
  readonly certificate?: ClientCertificate
  /** The value of the header Authorization. A secret. */
  readonly authorization?: string
  /** A command that gives a certificate or a token. */
  readonly exec?: ExecPlugin
}

export interface ClientCertificate {
  readonly cert: Buffer
  /** A secret. */
  readonly key: Buffer
}

/** `user.exec` of a kubeconfig (client.authentication.k8s.io). Arguments and environment may be secrets. */
export interface ExecPlugin {
  /** The file and the field, for messages. */
  readonly from: string
  readonly apiVersion: string
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** `spec` of the ExecCredential that the command finds in its environment. */
  readonly spec: object
}

/** A mistake in the configuration, or a file of it that cannot be read. `detail` is a sentence without any value of a file. */
export function credentialsError(detail: string, cause?: unknown): LeaseStoreError {
  return new LeaseStoreError('credentials', detail, { cause })
}
