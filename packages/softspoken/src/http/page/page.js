// Reads /status and /events every second while the page is visible. Text is inserted as text, never as HTML.

const byId = id => document.getElementById(id)
const ASK_EVERY = 1000 // milliseconds
const STALE = 5 // seconds; a node that campaigns looks at the Lease more often

watch()

async function watch() {
  if (document.visibilityState === 'visible') {
    try {
      const [status, events] = await Promise.all(['status', 'events'].map(ask))
      show(status, events)
    } catch {
      headline('bad', 'No answer', 'The program does not answer. Below is its last answer.')
      document.title = 'No answer: Softspoken'
    }
  }
  setTimeout(watch, ASK_EVERY)
}

async function ask(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(5000) })
  if (!response.ok) throw new Error(response.statusText)
  return response.json()
}

function show(status, events) {
  const { verdict, agent, peers, version } = status
  const name = agent?.nodeName ?? peers[0].local.id // so that pages of nodes differ
  const routes = [...status.announcements, ...Object.keys(status.withheld)]
  const gates = Object.entries(status.health)
  headline(verdict.kind, verdict.headline, verdict.detail, verdict.advice)
  document.title = `${verdict.headline}: ${name}`
  text('name', `Softspoken ${version}, ${name}`)
  text('version', `Softspoken ${version}, up for ${span(status.uptime)}`)
  text('node-title', agent?.election === undefined ? 'This node' : 'Cluster')
  fill('node', agent === undefined ? [] : cluster(agent))
  put(
    'routes',
    routes.length > 0
      ? routes.map(prefix => route(prefix, status))
      : [make('p', 'none', 'No route is configured now.')],
  )
  fill('routers', peers.map(router))
  fill('health', gates.map(gate))
  put('timeline', events.length > 0 ? events.map(eventItem) : [make('li', 'none', 'No event yet.')])
}

function headline(kind, words, detail, advice) {
  text('headline', words)
  document.querySelector('header').className = kind
  text('detail', detail)
  byId('advice').hidden = advice === undefined
  text('advice', advice ?? '')
}

/** This node, and the Lease if there is one. */
function cluster(agent) {
  const { nodeName, mode, part, why, drained, leases, address, arp, election, apiServer, lastElectionFailure } = agent
  const probed = Object.values(agent.vips ?? {}).filter(({ reason }) => reason !== 'off')
  const isOut = part !== 'leads' && part !== 'stands by' && part !== 'serves'
  const node = card(isOut || arp?.blockedBy ? (drained ? 'note' : 'bad') : 'good', nodeName, part, [
    ['Why', why],
    ['Since', drained?.since && since(drained.since)],
    ['Mode', mode],
    ['Address', whereIs(address)],
    ['Segment', arp && (arp.holds ? 'the VIP is claimed' : `not claimed: ${arp.why?.detail}`)],
    ['Blocked by', arp?.blockedBy],
    ...probed.flatMap(({ accepted, detail, probe, hints = [] }) => [
      ['Accepted', `${accepted}: ${detail}${probe ? `, ${moment(probe.at)}` : ''}`],
      ...hints.map(hint => ['Look', hint]),
    ]),
    ['Conflicts', arp?.conflicts || undefined],
    ['Frames sent', arp?.framesSent],
    ['Leads for', leases.election && `${span(leases.election)}, unless the Lease is renewed`],
    [
      'Kernel deadline',
      leases.kernelDeadline ? `ends a hanging process in ${span(leases.kernelDeadline)}` : 'not armed',
    ],
  ])
  if (election === undefined) return [node]
  const { lease, seen, secondsSinceRenewal, requestFailures } = election
  const failures = Object.entries(requestFailures).map(([reason, count]) => `${reason} ${count}`)
  const holder = seen?.holder
  return [
    card(holder ? (seen.secondsSinceSeen > STALE ? 'note' : 'good') : 'bad', 'Leader', holder || 'none', [
      ['Since', holder && since(seen.acquiredAt)],
      ['Epoch', seen?.epoch],
      ['Lease', lease],
      ['Written', seen ? `${span(seen.secondsSinceChange)} ago` : 'there is no Lease'],
      ['Last look', seen && seen.secondsSinceSeen > STALE ? `${span(seen.secondsSinceSeen)} ago` : undefined],
      ['By this node', secondsSinceRenewal === undefined ? undefined : `${span(secondsSinceRenewal)} ago`],
      ['Election fails', lastElectionFailure?.detail],
      ['Failed requests', failures.join(', ')],
      ['API server', apiServer?.server],
      ['Our certificate ends', apiServer?.certificateEnd && moment(apiServer.certificateEnd)],
    ]),
    node,
  ]
}

/** Undefined if another program adds the VIP, and it is not there. */
function whereIs({ present, interface: place }) {
  if (present) return `on ${place ?? 'this node'}`
  return place && `not on ${place}`
}

function route(prefix, { verdict, withheld, leases, peers, routes, advertised }) {
  const sent = peers.flatMap(({ peer: { address }, sent }) =>
    sent.includes(prefix) ? [{ address, ...advertised[address]?.[prefix] }] : [],
  )
  // What was sent; before that, what is configured.
  const all = sent.length > 0 ? sent.map(({ attributes }) => attributes ?? {}) : [routes[prefix] ?? {}]
  const each = value => [...new Set(all.flatMap(attributes => value(attributes) ?? []))].join(', ')
  const ofPeers = words => peers.flatMap(one => words(one) ?? []).join('; ')
  const isBgp = peers.length > 0
  const isHeld = withheld[prefix] !== undefined
  const isOut = isBgp ? sent.length > 0 : !isHeld
  const isPart = isOut && sent.length < peers.length
  const out = isPart ? `sent to ${sent.length} of ${peers.length}` : isBgp ? 'sent' : 'claimed'
  const kind = isPart ? 'part' : isOut ? 'good' : verdict.kind === 'note' ? 'note' : 'bad'
  return card(kind, prefix, isOut ? out : isHeld ? 'withheld' : 'not sent', [
    ['Withheld', withheld[prefix]?.detail],
    ...sent.map(({ address, since: at }) => [`To ${address}`, at ? `since ${since(at)}` : 'sent']),
    ['To', isBgp && sent.length === 0 ? 'no router' : undefined],
    ['Next hop', each(({ nextHop, mpReach }) => nextHop ?? mpReach?.nextHop)],
    ['MED', each(({ med }) => med)],
    ['Communities', each(({ communities = [], largeCommunities = [] }) => [...communities, ...largeCommunities])],
    ['Local preference', each(({ localPref }) => localPref)],
    ['Prepended', routes[prefix]?.prepend && `${routes[prefix].prepend} times`],
    ['Queued', ofPeers(({ peer, queued }) => queued[prefix] && `${peer.address}: ${change(queued[prefix])}`)],
    [
      'Cannot be sent',
      ofPeers(({ peer, unsendable }) => unsendable[prefix] && `${peer.address}: ${unsendable[prefix].detail}`),
    ],
    ['Valid for', leases[prefix] === undefined || isHeld ? undefined : `${span(leases[prefix])}, unless it is renewed`],
  ])
}

/** A change that waits for the advertisement interval. */
function change({ sent, next, secondsLeft }) {
  const names = Object.keys({ ...sent, ...next }).filter(name => value(sent, name) !== value(next, name))
  return `${names.map(name => `${name} ${value(next, name)} instead of ${value(sent, name)}`).join(', ')}, in ${span(secondsLeft)}`
}
function value(attributes, name) {
  return attributes[name] === undefined ? 'none' : JSON.stringify(attributes[name])
}

/** What to do comes first; a hint of a failure that is over is left out. */
function router({ state, secondsInState, local, peer, negotiated, nextDialIn, counters, lastFailure }) {
  const isUp = state === 'Established'
  const malformed = Object.values(counters.inMalformedUpdates).reduce((all, one) => all + one)
  return card(isUp ? 'good' : 'bad', `${peer.address}, AS ${peer.as}`, `${state} for ${span(secondsInState)}`, [
    ['Do', isUp ? undefined : lastFailure?.hint],
    ['Last failure', lastFailure && `${lastFailure.detail} (${moment(lastFailure.at)}, in ${lastFailure.from})`],
    ['Next dial', nextDialIn === undefined ? undefined : `in ${span(nextDialIn)}`],
    ['Identifier', negotiated?.peerId],
    ['Port', peer.port === 179 ? undefined : peer.port],
    ['Local', `AS ${local.as}, identifier ${local.id}${local.address ? `, from ${local.address}` : ''}`],
    ['Hold time', negotiated && `${negotiated.holdTime} s`],
    ['Families', negotiated?.families.join(', ')],
    ['Messages', `${counters.inTotalMessages} in, ${counters.outTotalMessages} out`],
    [
      'Since the start',
      `${times('dialled', counters.dials)}, ${times('established', counters.fsmEstablishedTransitions)}`,
    ],
    ['Malformed UPDATEs', malformed || undefined],
  ])
}

function gate([name, { up, streak, detail, secondsLeft, heldFor }]) {
  return card(up ? 'good' : 'bad', name, up ? 'up' : 'down', [
    ['Reason', detail],
    [up ? 'Failed checks' : 'Passed checks', streak === 0 ? undefined : `${streak} in a row`],
    ['Held down for', heldFor === undefined ? undefined : span(heldFor)],
    ['Valid for', secondsLeft === undefined ? undefined : `${span(secondsLeft)}; a passed check renews it`],
  ])
}

function card(kind, title, state, rows) {
  const list = make('dl', '')
  for (const [term, value] of rows)
    if (value !== undefined && value !== '') list.append(make('dt', '', term), make('dd', '', value))
  const head = make('h3', '', title)
  head.append(make('span', `state ${kind}`, state))
  const box = make('article', '')
  box.append(head, list)
  return box
}

function eventItem({ at, kind, text, times }) {
  const item = make('li', kind)
  const when = make('time', '', moment(at))
  when.dateTime = at
  const what = make('span', 'what', text)
  if (times > 1) what.append(make('span', 'times', ` × ${times}`))
  item.append(when, what)
  return item
}

/** A section that is hidden while it is empty. */
function fill(id, children) {
  byId(`${id}-section`).hidden = children.length === 0
  put(id, children)
}
function text(id, words) {
  const place = byId(id)
  const shown = withoutControls(words)
  if (place.textContent !== shown) place.textContent = shown
}
/** Replaces only what has changed, so that a selection and a screen reader's place are kept. */
function put(id, children) {
  const place = byId(id)
  if (children.map(({ outerHTML }) => outerHTML).join('') !== place.innerHTML) place.replaceChildren(...children)
}
function make(tag, className, text) {
  const element = document.createElement(tag)
  if (className) element.className = className
  if (text !== undefined) element.textContent = withoutControls(text)
  return element
}

/** Some text comes from a peer or a service, and may have characters that reverse text in a browser. */
function withoutControls(text) {
  return String(text).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd')
}

function span(seconds) {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
}
function since(at) {
  return `${moment(at)} (${span(Math.max(0, Date.now() - Date.parse(at)) / 1000)})`
}
function times(verb, count) {
  return count === 0 ? `never ${verb}` : count === 1 ? `${verb} once` : `${verb} ${count} times`
}
/** Without the date if it is today. */
function moment(at) {
  const date = new Date(at)
  const today = date.toDateString() === new Date().toDateString()
  return today ? date.toTimeString().slice(0, 8) : `${date.toLocaleDateString('sv')} ${date.toTimeString().slice(0, 8)}`
}
