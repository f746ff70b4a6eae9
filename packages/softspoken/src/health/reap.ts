/**
 * Children of a command whose parent has ended become ours if this process is number 1 of a container, and Node waits only for
 * the children that it has started. Without this, each of them would stay as a zombie.
 */
import { linuxSupport, reapGroup } from '@softspoken/vip-agent/internal'

/** Process groups with children that have not ended yet, as far as is known. */
const groups = new Set<number>()

/** Call it when Node has seen the end of the first process of the group, and again later: the others may end after it. */
export function reapGroups(
  ended?: number,
  { isFirst = process.pid === 1 && linuxSupport().supported, reap = reapGroup } = {},
): void {
  if (!isFirst) return
  if (ended !== undefined) groups.add(ended)
  for (const group of groups) if (!reap(group)) groups.delete(group)
}
