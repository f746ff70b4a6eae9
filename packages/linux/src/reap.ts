/** waitpid(2) for the children of one process group. */
import { assertInteger } from './arguments.ts'
import { cFunction } from './libc.ts'

const WNOHANG = 1
const ECHILD = 10 // libuv has no name for it
let waitpid: ReturnType<typeof cFunction> | undefined

/**
 * Reaps the children of this process in that group that have ended, without waiting. False if it has no other child in the group.
 * Node waits for the processes that it starts itself: call this for their groups only after Node has reported their end.
 * @throws RangeError; Error if linuxSupport() reports no support.
 */
export function reapGroup(group: number): boolean {
  assertInteger('group', group, 2, 0x7fffffff) // 1 and less mean other processes, too
  waitpid ??= cFunction('int', 'waitpid', 'int pid, void *status, int options')
  try {
    while (waitpid(-group, null, WNOHANG) > 0) {}
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).errno === -ECHILD) return false
    throw error
  }
}
