/**
 * A line of the log as a sentence, for a terminal. It begins with the words of its row in docs/operations.md, so that a person
 * finds them there, and ends with the reason's code, if it has one: `not serving: no BGP session is established [no-session]`.
 * Fields that are true or false, such as the capabilities of a session, are only in the JSON of the log and in /status.
 */
import { fieldText } from './field-text.ts'

type Fields = Readonly<Record<string, unknown>>
/** What follows the words of the line. The fields that it uses are in `use`; the others are added in brackets. */
type Rest = (use: (name: string) => string) => string

const list = (...parts: readonly string[]): string => parts.filter(part => part !== '').join(', ')
const around = (start: string, text: string, end: string): string => (text === '' ? '' : `${start}${text}${end}`)
const before = (start: string, text: string): string => around(start, text, '')

const rests: Readonly<Record<string, Rest>> = {
  starting: use => {
    const waits = before(' waits for ', use('waitsFor'))
    use('health') // it is in waitsFor
    const from = list(before('AS ', use('localAs')), before('router id ', use('routerId')))
    const to = before(' to ', use('peers')) + (use('arp') === 'yes' ? ' on the segment' : '')
    return ` Softspoken ${use('version')}:${waits === '' ? '' : `${waits}, then`} announces ${use('prefix')}${to}${before('; ', from)}`
  },
  mode: use => {
    const lease = before('; Lease ', use('lease')) + before(' of ', seconds(use('leaseDuration')))
    const renewal =
      before(', renewed each ', seconds(use('retryPeriod'))) +
      before(', given up after ', seconds(use('renewDeadline')))
    return ` ${use('mode')}: this node is ${use('nodeName')}${lease}${renewal}`
  },
  'interface of the address': use => `: ${use('interface')}`,
  'no address is added': use => (use('required') === 'yes' ? '; the route waits until an interface has it' : ''),
  'kernel deadline on': () => ': the kernel ends this process if it hangs',
  'router id of the node name': use => ` ${use('nodeName')}: ${use('routerId')}`,
  serving: () => ': this node may hold what its mode allows',
  'session established': use => ` with ${use('peer')}${negotiated(use)}`,
  'session down': use => `, ${use('peer')}`,
  'route sent': use => ` to ${use('peer')}: ${list(use('prefix'), ...attributes(use))}`,
  'withdrawal sent': use => ` to ${use('peer')}: ${use('prefix')}`,
  'route withheld': use => `, ${use('prefix')}`,
  'route cannot be sent': use => `${before(' to ', use('peer'))}, ${use('prefix')}`,
  leading: use => ` with epoch ${use('epoch')}`,
  'no longer leading': use => ` with epoch ${use('epoch')}${before('; the leader is ', use('holder'))}`,
  'VIP added': use => `${before(' to ', use('interface'))}: ${use('vips')}`,
  'VIP removed': use => `${before(' from ', use('interface'))}: ${use('vips')}`,
  'VIP is gone from the interface': use => ` ${use('interface')}: ${use('vips')}`,
  'VIP does not answer': use => `, ${use('vip')} port ${use('port')}, while ${use('holder')} leads`,
  'VIP answers again': use => `, ${use('vip')} port ${use('port')}, while ${use('holder')} leads`,
  'withdrawing and stopping': use => before(': got ', use('signal')),
  'signal ignored': use => `: ${use('signal')}`,
  'page listens': use => ` at ${use('address')}`,
  'page cannot listen': use => ` at ${use('address')}`,
  'host refused': use => `: ${use('host')}`,
}

export function sentence({ msg, ...fields }: Fields): string {
  const used = new Set<string>()
  const use = (name: string): string => {
    used.add(name)
    return fields[name] === undefined ? '' : fieldText(fields[name])
  }
  const words = `${msg}${rests[`${msg}`]?.(use) ?? ''}`
  const detail = ['detail', 'error', 'err'].map(name => before(': ', use(name))).join('')
  const end = [
    before('; ', use('hint')),
    before('; sent ', use('sent')),
    before('; held down for ', seconds(use('heldFor'))),
    before('; next try in ', seconds(use('retryIn'))),
    around(' [', use('reason'), ']'),
  ]
  const others = Object.keys(fields).filter(name => !used.has(name) && typeof fields[name] !== 'boolean')
  const rest = list(...others.map(name => `${name} ${fieldText(fields[name])}`))
  return `${words}${around(' (', rest, ')')}${detail}${end.join('')}`
}

function seconds(text: string): string {
  return text === '' ? '' : `${text} s`
}
function negotiated(use: (name: string) => string): string {
  return before(
    ': ',
    list(before('hold time ', seconds(use('holdTime'))), use('families'), before('identifier ', use('peerId'))),
  )
}
function attributes(use: (name: string) => string): readonly string[] {
  use('origin') // always igp
  const asPath = use('asPath')
  return [
    before('next hop ', use('nextHop')),
    before('MED ', use('med')),
    before('local preference ', use('localPref')),
    asPath.includes(' ') ? `AS path ${asPath}` : '', // else it is our own AS, as always
    before('communities ', list(use('communities'), use('largeCommunities'))),
  ]
}
