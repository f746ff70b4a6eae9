/** docs/errors.md, made from the tables of reasons and of NOTIFICATION codes. */
import { type FailureReason, failureReasons } from '@softspoken/session'
import { failureLevel } from '@softspoken/session/internal'
import { describeNotification, notificationCode, subcode } from '@softspoken/wire'
import {
  type Explanation,
  type HealthDownReason,
  healthDownReason,
  type UnsendableReason,
  unsendableReason,
  type WithdrawnReason,
  type WithheldReason,
  withdrawnReason,
  withheldReason,
} from '../src/reasons.ts'

const withheld: Record<WithheldReason, Explanation<string>> = {
  'lease-expired': withheldReason('lease-expired', 20),
  unhealthy: withheldReason('unhealthy', 'HTTP 500 (3 checks in a row)'),
  'gate-down': withheldReason('gate-down', 'this node does not lead'),
}
const withdrawn: Record<WithdrawnReason, Explanation<string>> = {
  ...withheld,
  'withdraw-called': withdrawnReason('withdraw-called'),
  'signal-aborted': withdrawnReason('signal-aborted'),
  draining: withdrawnReason('draining'),
}
const unsendable: Record<UnsendableReason, Explanation<string>> = {
  'family-not-configured': unsendableReason('family-not-configured', '192.0.2.254', ['ipv4-unicast'], 'ipv6-unicast'),
  'family-not-negotiated': unsendableReason('family-not-negotiated', 'ipv6-unicast'),
  'no-address-of-family': unsendableReason('no-address-of-family', '192.0.2.254', 'IPv6'),
  'local-address-unknown': unsendableReason('local-address-unknown'),
  'interface-unknown': unsendableReason('interface-unknown', 'fe80::1'),
  'interface-has-no-address': unsendableReason('interface-has-no-address', 'fe80::1', 'eth0', 'global IPv6'),
  'next-hop-of-another-family': unsendableReason('next-hop-of-another-family', '192.0.2.1', '2001:db8::10/128'),
  'next-hop-is-announced': unsendableReason('next-hop-is-announced', '198.51.100.10'),
  'next-hop-is-peer': unsendableReason('next-hop-is-peer', '192.0.2.254'),
  'next-hop-is-no-host': unsendableReason('next-hop-is-no-host', '0.0.0.0'),
  'send-failed': unsendableReason('send-failed', 'cannot send in Idle'),
}
const healthDown: Record<HealthDownReason, Explanation<string>> = {
  'not-checked': healthDownReason('not-checked'),
  misconfigured: healthDownReason('misconfigured', 'https://127.0.0.1:6443/livez answered 404', 3),
  'check-failed': healthDownReason('check-failed', 'connect ECONNREFUSED 127.0.0.1:6443', 3),
  'check-timeout': healthDownReason('check-timeout', 2, 3),
  'result-expired': healthDownReason('result-expired', 10),
  'held-down': healthDownReason('held-down', '2026-01-31T12:05:00Z'),
  stopped: healthDownReason('stopped'),
}

/** A section that another package has. */
interface Section {
  readonly title: string
  readonly text: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** `others` are the sections of packages that depend on this one. */
export function errorsPage(others: readonly Section[]): string {
  return `# Errors and reasons

Every failure has a \`reason\` and a \`detail\`. The reason is a code from a fixed list; programs can use it. The detail is a
sentence for people. It may change in any version, so programs must not depend on it. \`npx --yes pnpm@12 docs:pages\` makes this
page from the code.

## Your mistakes

If an option or an argument is not allowed, the call throws an \`OptionError\` before it sends or changes anything. The error has:

- \`option\`: its name, for example \`peers[1].as\`
- \`value\`: the value that you gave; undefined if it may contain a secret
- \`allowed\`: what is allowed, as the end of the sentence "it must be …"

## Why a session is down

A session has these values in \`reason\` of the event \`down\` and of \`status().lastFailure\`. The last column is the level of the log
line \`session down\`. If the same failure repeats, its level is debug.

${table(
  ['reason', 'meaning', 'level'],
  (Object.entries(failureReasons) as [FailureReason, string][]).map(([reason, meaning]) => [
    code(reason),
    meaning,
    failureLevel(reason),
  ]), // its own keys
)}

## Why a route is withheld

An announcer has these values in \`status().withheld\`, for each prefix.

${details(withheld)}

## Why a route was withdrawn

An announcer emits these values with the event \`withdrawn\`.

${details(withdrawn)}

## Why a route cannot be sent to a peer

An announcer emits these values with the event \`unsendable\`, and has them in \`status().peers[].unsendable\`, for each prefix.

${details(unsendable)}

## Why a health gate is down

A health gate has these values in \`status()\`, and emits them with the event \`down\`.

${details(healthDown)}
${others.map(({ title, text, head, rows }) => `\n## ${title}\n\n${text}\n\n${table(head, rows)}\n`).join('')}
## NOTIFICATION codes

The failure of a session has the NOTIFICATION that was \`sent\` or \`received\`, if there was one, with \`code\`, \`subcode\` and \`data\`.
\`@softspoken/wire\` exports these numbers by name as \`notificationCode\` and \`subcode\`, for example
\`subcode.cease.administrativeShutdown\`.

${table(['code', 'subcode', 'name', 'text'], notifications())}
`
}

function notifications(): string[][] {
  return Object.entries(notificationCode).flatMap(([name, code]) => {
    const subcodes = Object.entries(subcode).find(([owner]) => owner === name)?.[1] ?? {}
    const rows = Object.entries<number>(subcodes)
    const text = (number: number): string =>
      describeNotification({ type: 'notification', code, subcode: number, data: new Uint8Array() })
    return rows.length === 0
      ? [[`${code}`, '', `\`${name}\``, text(0)]]
      : rows.map(([subname, number]) => [`${code}`, `${number}`, `\`${name}.${subname}\``, text(number)])
  })
}
function details(rows: Readonly<Record<string, Explanation<string>>>): string {
  return table(
    ['reason', 'detail, for example'],
    Object.entries(rows).map(([reason, { detail }]) => [code(reason), detail]),
  )
}
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')
}
function code(text: string): string {
  return `\`${text}\``
}
