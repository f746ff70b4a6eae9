/**
 * Where the state machine differs from that of rustbgpd (crate rustbgpd-fsm 0.14), and the clause that settles it. docs/rfc.md
 * has the table; `npx --yes pnpm@12 test:machine` fails at a difference that is not here, and at a row that it does not find.
 */
import type { Difference } from './machine-beside.ts'

interface Settled {
  readonly states: readonly string[]
  readonly input: string
  /** Whose names it matches, if there are several. */
  readonly inputs?: RegExp
  readonly ours: string
  readonly theirs: string
  readonly clause: string
}

const fsmError = '5/0, close, Idle'
const connected = ['OpenSent', 'OpenConfirm', 'Established']
const valid =
  /^(OPEN( with hold time [03]|.*capabilities|.* only|.* AS.*| with our identifier)?|KEEPALIVE|UPDATE.*|ROUTE.*)$/

export const settled: readonly Settled[] = [
  {
    states: ['Idle', 'Idle, waiting'],
    input: 'start',
    ours: 'nothing',
    theirs: 'dial, Connect',
    clause: 'RFC 4271 §8.1.1: DampPeerOscillations. A start does not shorten the back-off; ours waits, then dials',
  },
  {
    states: ['Idle, waiting'],
    input: 'accepted',
    ours: 'open, OpenSent',
    theirs: 'nothing',
    clause: '§8.2.2 Idle refuses it. Ours differs: a connection of the peer costs it no dial of ours',
  },
  {
    states: ['Connect', ...connected],
    input: 'start',
    ours: 'nothing',
    theirs: fsmError,
    clause: '§8.2.2: the start events are ignored in each of these states',
  },
  {
    states: ['Connect'],
    input: 'accepted',
    ours: 'nothing',
    theirs: 'open, OpenSent',
    clause: '§8.2.1, §6.8: two connections have two machines. The dial goes on beside it (`collision.ts`)',
  },
  {
    states: connected,
    input: 'accepted',
    ours: 'nothing',
    theirs: fsmError,
    clause: '§8.2.2: the second connection is tracked as in §6.8 until its OPEN arrives; in `collision.ts`',
  },
  {
    states: ['Connect'],
    input: 'disconnected',
    ours: 'Idle',
    theirs: 'Active',
    clause: '§8.2.2 Connect, event 18: Active only if the DelayOpenTimer runs, otherwise Idle',
  },
  {
    states: ['Connect'],
    input: 'connectRetryTimer',
    ours: 'close, Idle',
    theirs: 'close, dial',
    clause: '§8.2.2 Connect, event 9, dials again. Ours differs: the back-off comes first (§8.1.1)',
  },
  {
    states: ['Connect'],
    input: 'a message',
    inputs: /^(OPEN|KEEPALIVE|UPDATE|ROUTE|NOTIFICATION)/,
    ours: 'close, Idle',
    theirs: fsmError,
    clause: '§8.2.2 Connect, any other event: drops the connection, without a NOTIFICATION',
  },
  {
    states: ['OpenSent'],
    input: 'disconnected',
    ours: 'Idle',
    theirs: 'Active',
    clause: '§8.2.2 OpenSent, event 18, goes to Active. Ours differs: every failure waits in Idle (§8.1.1)',
  },
  {
    states: ['OpenSent'],
    input: 'OPEN with hold time 0',
    ours: '2/6, close, Idle',
    theirs: 'keepalive, OpenConfirm',
    clause: '§4.2, §6.2: any hold time may be rejected with 2/6; `allowZeroHoldTime` accepts 0',
  },
  {
    states: ['OpenSent'],
    input: 'OPEN with hold time 0, and `allowZeroHoldTime`',
    inputs: /^OPEN with hold time 0$/,
    ours: 'keepalive, OpenConfirm, holdTimer runs on',
    theirs: 'keepalive, OpenConfirm, no holdTimer',
    clause: '§8.2.2 starts no timer for 0. Ours differs: without a KEEPALIVE, OpenConfirm would have no end',
  },
  {
    states: ['OpenSent'],
    input: 'a message other than OPEN',
    inputs: valid,
    ours: '5/1, close, Idle',
    theirs: fsmError,
    clause: 'RFC 6608 §3: subcode 1',
  },
  {
    states: ['OpenConfirm'],
    input: 'a message other than KEEPALIVE',
    inputs: valid,
    ours: '5/2, close, Idle',
    theirs: fsmError,
    clause: 'RFC 6608 §3: subcode 2',
  },
  {
    states: ['Established'],
    input: 'OPEN',
    inputs: valid,
    ours: '5/3, close, Idle',
    theirs: fsmError,
    clause: 'RFC 6608 §3: subcode 3',
  },
  {
    states: ['OpenConfirm', 'Established'],
    input: 'OPEN with hold time 2',
    ours: '2/6, close, Idle',
    theirs: fsmError,
    clause: 'RFC 4271 §6.2: each error in an OPEN is an OPEN error. (§8.2.2 Established names a state machine error)',
  },
  {
    states: ['OpenConfirm', 'Established'],
    input: 'OPEN with identifier 0.0.0.0',
    ours: '2/3, close, Idle',
    theirs: fsmError,
    clause: 'RFC 4271 §6.2, likewise',
  },
  {
    states: connected,
    input: 'a KEEPALIVE of 20 octets',
    ours: '1/2 with 0014, close, Idle',
    theirs: '1/2, close, Idle',
    clause: 'RFC 4271 §6.1: the data must have the wrong length',
  },
  {
    states: ['Established'],
    input: 'ROUTE-REFRESH',
    ours: 'holdTimer runs on',
    theirs: 'holdTimer begins again',
    clause: '§8.2.2 Established, §4.4: KEEPALIVE and UPDATE restart it; RFC 2918 adds nothing',
  },
]

/** The row that settles a difference. */
export function settles({ states, input, inputs, ours, theirs }: Settled, difference: Difference): boolean {
  return (
    states.includes(difference.state) &&
    (inputs ? inputs.test(difference.input) : input === difference.input) &&
    ours === difference.ours &&
    theirs === difference.theirs
  )
}

/** docs/rfc.md with the table made anew. */
export function rfcPage(page: string): string {
  const rows = settled.map(
    ({ states, input, ours, theirs, clause }) =>
      `| ${states.join('; ')} | ${input} | ${ours} | ${theirs} | ${clause} |`,
  )
  const table = ['| state | input | ours | theirs | settled by |', '| --- | --- | --- | --- | --- |', ...rows]
  return page.replace(/\| state \| input \|[\s\S]*?\n(?=\n)/, `${table.join('\n')}\n`)
}
