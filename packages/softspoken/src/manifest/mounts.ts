/** The files of the node that a container sees, at the same path. It writes only into the folders of `written`. */
import { posix } from 'node:path'
import { UsageError } from '../config/usage-error.ts'

interface Mount {
  readonly name: string
  /** On the node, and in the container. */
  readonly path: string
  readonly type: 'File' | 'Directory' | 'DirectoryOrCreate'
}

/** They hold the keys of the cluster. Their owners rewrite a file in place, so that the one that is mounted changes, too. */
const shared =
  /^\/(etc|root|var|home\/[^/]+|(etc\/(kubernetes|rancher|ssl)|var\/lib\/rancher)\/.*|etc\/(kubernetes|rancher|ssl))?$/

/** The Pod would hide what the image has there, or could write what is not its own. */
const notOwn = /^\/([^/]*|var\/(lib|log|run)|(app|dev|proc|sys|usr)\/.*)$/
/** Whether a file of the Pod may be the only one that is in its folder. */
export function hasOwnFolder(file: string): boolean {
  const folder = posix.dirname(posix.normalize(file))
  return !shared.test(folder) && !notOwn.test(folder)
}

/**
 * A folder is mounted as a whole, because a file that is replaced by rename is another file: the container would keep the old
 * one, with a certificate that ends. Of a folder that others use, only the file is mounted.
 * @throws UsageError for a path that Kubernetes does not mount.
 */
export function mountsOf(files: readonly string[], written: readonly string[]): readonly Mount[] {
  const paths = files.map(file => {
    const folder = posix.dirname(posix.normalize(file))
    return shared.test(folder)
      ? ({ path: file, type: 'File' } as const)
      : ({ path: folder, type: 'Directory' } as const)
  })
  const all = [...written.map(path => ({ path, type: 'DirectoryOrCreate' }) as const), ...paths]
  const once = all.filter(({ path }, at) => all.findIndex(other => other.path === path) === at)
  const withColon = once.find(({ path }) => path.includes(':'))
  if (withColon) throw new UsageError(`${withColon.path}: Kubernetes mounts no path with a colon; give another one`)
  return once.map(({ path, type }, at) => ({ name: nameOf(path, at), path, type }))
}

/** A label of DNS: `admin-conf` of /etc/kubernetes/admin.conf. The Pod has a volume `state` of its own. */
function nameOf(path: string, at: number): string {
  const text = posix
    .basename(path)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-|-$/g, '')
  return `${text || 'files'}${at === 0 && text !== 'state' ? '' : `-${at}`}`
}
