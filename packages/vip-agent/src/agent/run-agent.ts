/** An agent for as long as a signal is not aborted. */
import { OptionError } from '@softspoken/wire'
import { VipAgent } from './agent.ts'
import type { AgentOptions } from './options.ts'

/**
 * Runs an agent until the signal is aborted, and resolves after its planned end.
 * @throws The promise rejects before anything starts with an OptionError if an option is not allowed, and with an Error if another agent
 * has a VIP on this host.
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  if (!(signal instanceof AbortSignal)) throw new OptionError('signal', signal, 'an AbortSignal')
  const agent = new VipAgent(options)
  await new Promise<void>(resolve => {
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (signal.aborted) resolve()
  })
  await agent.stop()
}
