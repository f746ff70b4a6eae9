/** Performs the actions of step.ts on the Lease, the address, the segment, the route and the kernel deadline. It decides nothing. */
import type { Announcement, Announcer } from '@softspoken/announcer'
import type { KernelDeadline } from '@softspoken/linux'
import type { Logger } from '@softspoken/session'
import { errorText } from '@softspoken/session/internal'
import type { VipAddresses } from '../address/vip-addresses.ts'
import type { VipSteps } from '../address/vip-interface.ts'
import type { JumpWatch } from '../clocks.ts'
import type { Election } from '../election/election.ts'
import type { Segment } from '../segment/segment.ts'
import { Campaign } from './campaign.ts'
import type { AgentOptions } from './options.ts'
import type { RouteGate } from './route-gate.ts'
import type { AgentAction, AgentInput } from './state.ts'
import type { Reporter } from './status.ts'

/** What the actions act on. Undefined: the options have none. */
export interface ActionParts {
  readonly election: Election | undefined
  readonly announcer: Announcer | undefined
  readonly announcements: readonly Announcement[]
  readonly preference: AgentOptions['preference']
  readonly gate: RouteGate
  readonly addresses: VipAddresses | undefined
  readonly steps: VipSteps | undefined
  readonly segment: Segment | undefined
  readonly jumps: JumpWatch
  readonly deadline: Pick<KernelDeadline, 'arm' | 'disarm'> | undefined
  readonly reporter: Reporter
  readonly log: Logger
  /** Of the announcer's stop(). */
  stopOptions(): Parameters<Announcer['stop']>
  feed(input: AgentInput): void
  done(): void
}

export class Actions {
  readonly #parts: ActionParts
  #campaign: Campaign | undefined

  constructor(parts: ActionParts) {
    this.#parts = parts
  }

  /** One action that fails keeps no other one from being performed. */
  perform(actions: readonly AgentAction[], now: number): void {
    for (const action of actions)
      try {
        this.#perform(action, now)
      } catch (error) {
        this.#parts.log.error({ action: action.type, error: errorText(error) }, 'action failed')
      }
  }

  #perform(action: AgentAction, now: number): void {
    const { election, announcer, gate, addresses, steps, segment, jumps, deadline, reporter, feed } = this.#parts
    switch (action.type) {
      case 'campaign':
        this.#campaign?.abandon()
        this.#campaign = election && this.#startCampaign(election)
        break
      case 'listen':
        jumps.restart()
        segment?.listen()
        break
      case 'end-listening':
        segment?.endListening()
        break
      case 'probe':
        segment?.probe()
        break
      case 'announce':
        segment?.announce()
        break
      case 'look':
        election?.look?.()
        break
      case 'conflict':
        reporter.conflict(action.mac)
        break
      case 'tell-election':
        election?.advertises?.(action.mac, action.hasClaimed)
        break
      case 'last-resort':
        election?.lastResort?.(action.is)
        break
      case 'resign':
        this.#campaign?.resign(action.watch)
        break
      case 'set-address':
        steps?.set(action.until).then(
          until => feed({ type: 'address-set', until }),
          error => this.#addressFailed(error),
        )
        break
      case 'remove-address':
        steps?.remove().then(
          () => feed({ type: 'address-removed' }),
          error => this.#addressFailed(error),
        )
        break
      case 'destroy-connections':
        addresses?.destroyConnections()
        break
      case 'advertise':
        this.#advertise(action)
        break
      case 'withdraw':
        gate.close()
        break
      case 'drain':
        void announcer?.drain()
        break
      case 'arm':
        deadline?.arm((action.at - now) / 1000)
        break
      case 'disarm':
        deadline?.disarm()
        break
      case 'stop-announcer':
        void Promise.resolve(announcer?.stop(...this.#parts.stopOptions())).then(() =>
          feed({ type: 'announcer-stopped' }),
        )
        break
      case 'done':
        this.#campaign?.abandon()
        this.#parts.done()
        break
    }
  }

  #startCampaign(election: Election): Campaign {
    const { reporter, feed } = this.#parts
    return new Campaign(election, {
      leadership: leadership => {
        if (!leadership.leader && leadership.reason !== undefined)
          reporter.electionFailed({ reason: leadership.reason, detail: leadership.detail ?? leadership.reason })
        else reporter.electionWorks(leadership.leader)
        feed({ type: 'leadership', leadership })
      },
      ended: error => {
        if (error !== undefined) reporter.electionFailed({ reason: 'failed', detail: errorText(error) })
        feed({ type: 'campaign-ended' })
      },
    })
  }

  #addressFailed(error: unknown): void {
    const detail = errorText(error)
    this.#parts.reporter.addressFailed(detail)
    this.#parts.feed({ type: 'address-failed', detail })
  }

  #advertise({ med, until }: Extract<AgentAction, { type: 'advertise' }>): void {
    const { election, announcer, announcements, preference, gate, feed } = this.#parts
    // First the MED: the gate may be closed, and then nothing is sent yet.
    if (med !== undefined) for (const announcement of announcements) announcement.update({ ...preference, med })
    gate.open(until)
    if (announcer && election) feed({ type: 'unsendable', detail: whyUnsendable(announcer, announcements) })
  }
}

/** Why no established session can carry any of the VIPs. Undefined: one can, or none is established. */
function whyUnsendable(announcer: Announcer, announcements: readonly Announcement[]): string | undefined {
  const established = announcer.status().peers.filter(({ state }) => state === 'Established')
  const causes = established.map(({ unsendable }) => {
    const each = announcements.map(({ prefix }) => unsendable[prefix])
    return each.includes(undefined) ? undefined : each[0]?.detail
  })
  return causes.includes(undefined) ? undefined : causes[0]
}
