/** An agent for as long as a signal is not aborted. */
import { OptionError } from '@softspoken/wire'
import { VipAgent } from './agent.ts'
import type { AgentOptions } from './options.ts'

/**
 * Runs an agent until the signal is aborted, and resolves after its planned end.
 * @throws OptionError (the promise rejects with it) if an option is not allowed, before anything starts.
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
