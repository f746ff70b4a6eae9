/** What daemons did with malformed messages, as a section of docs/conformance.md. */
import type { Settlement } from '../scoreboard/suite.ts'
import { frequencies, table } from '../scoreboard/tables.ts'
import { daemonNames, type Reaction, type Reactions } from './reactions.ts'

/** A settlement, and the messages that it is about: of this kind, with this reaction of the daemons. */
type Settled = Settlement & { readonly kind: string; readonly theirs: Reaction }

const noRoute = {
  theirs: 'kept',
  why: 'the message has no route that could be withdrawn: perhaps it could not be read, so the session is reset',
  settledBy: 'RFC 7606 §5.2',
} as const

export const daemonsSettled: readonly Settled[] = [
  { ...noRoute, kind: 'UPDATE Message Error/Attribute Flags Error (3/4)' },
  { ...noRoute, kind: 'UPDATE Message Error/Attribute Length Error (3/5)' },
  { ...noRoute, kind: 'UPDATE Message Error/Malformed AS_PATH (3/11)' },
  {
    kind: 'AS4_PATH: attribute discard',
    theirs: 'withdrawn',
    why: 'a speaker with four-octet AS numbers discards AS4_PATH, malformed or not, and keeps the route',
    settledBy: 'RFC 6793 §6',
  },
]

/** The reaction that at least three of the five daemons have. */
function agreedOn({ reactions }: Message): Reaction | undefined {
  const [[reaction, times] = []] = frequencies(daemonNames.map(name => reactions[name]))
  return times !== undefined && times >= 3 ? reaction : undefined
}
type Message = Reactions['messages'][number]

/** The messages to which we react in another way than at least three daemons. */
function disagreements({
  messages,
}: Reactions): { message: Message; theirs: Reaction; settled: Settled | undefined }[] {
  return messages.flatMap(message => {
    const theirs = agreedOn(message)
    if (theirs === undefined || theirs === message.ours) return []
    const settled = daemonsSettled.find(one => one.kind === message.kind && one.theirs === theirs)
    return [{ message, theirs, settled }]
  })
}

/** The disagreements that no clause settles. */
export function unsettled(reactions: Reactions): string[] {
  return disagreements(reactions).flatMap(({ message: { id, kind, ours }, theirs, settled }) =>
    settled ? [] : [`${id} (${kind}): ours is ${ours}, theirs is ${theirs}`],
  )
}

export function daemonsSection(reactions: Reactions): string {
  const { date, daemons, messages } = reactions
  const names = daemonNames.map(name => `${daemons[name].name.replace(/ \d+$/, '')} ${daemons[name].version}`)
  const kinds = [...new Set(messages.map(({ kind }) => kind))]
  const agreed = messages.filter(message => agreedOn(message) !== undefined).length
  const found = disagreements(reactions)
  return `## Daemons on malformed messages

\`npx --yes pnpm@12 test:conformance --daemons\` sent ${messages.length} of these messages to five daemons on ${date}: of each kind that the
codec finds in the conformance vectors and in bgpgg's tests, the two shortest. Each message had an internal session of its own. An OPEN
got the AS number that the daemon expects, and an UPDATE with routes a LOCAL_PREF if it had none.

A cell has the NOTIFICATION with which the daemon ended the session (\`3/5\`), or what became of the route: \`kept\` in its table, or
\`withdrawn\`. If a message has no route, \`kept\` is the session. \`closed\` is an end without a NOTIFICATION. Ours is what the codec returns.

${table(
  ['what is wrong', 'ours', ...names],
  kinds.map(kind => {
    const some = messages.filter(message => message.kind === kind)
    return [
      kind,
      cell(some.map(({ ours }) => ours)),
      ...daemonNames.map(name => cell(some.map(one => one.reactions[name]))),
    ]
  }),
)}

At least three of the five daemons have the same reaction to ${agreed} of the messages. Ours is the same for ${agreed - found.length} of
them. These are the others:

${table(
  ['messages', 'what is wrong', 'theirs', 'why ours is another', 'settled by'],
  frequencies(found.map(({ settled }) => settled)).flatMap(([settled, times]) =>
    settled ? [[times, settled.kind, settled.theirs, settled.why, settled.settledBy]] : [],
  ),
)}`
}

/** `3/4`, or `3/4, kept` if the messages of a kind have different reactions. */
function cell(reactions: readonly Reaction[]): string {
  return [...new Set(reactions)].join(', ')
}
