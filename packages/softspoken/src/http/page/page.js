// Reads /status and /events every second while the page is visible. Text is inserted as text, never as HTML.

const byId = id => document.getElementById(id)
const ASK_EVERY = 1000 // milliseconds

watch()

async function watch() {
  if (document.visibilityState === 'visible') {
    try {
      const [status, events] = await Promise.all(['status', 'events'].map(ask))
      show(status, events)
    } catch {
      headline('bad', 'No answer', 'The program does not answer. Below is its last answer.')
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
  const routes = [...status.announcements, ...Object.keys(status.withheld)]
  summary(status, routes)
  const { agent } = status
  byId('name').textContent = `Softspoken, ${agent?.nodeName ?? status.peers[0].local.id}` // so that pages of nodes differ
  byId('node-section').hidden = agent === undefined
  put('node', agent === undefined ? [] : [node(agent)])
  byId('version').textContent = `Softspoken ${status.version}, up for ${span(status.uptime)}`
  put(
    'routes',
    routes.length > 0
      ? routes.map(prefix => route(prefix, status))
      : [make('p', 'none', 'No route is configured now.')],
  )
  put('sessions', status.peers.map(session))
  const gates = Object.entries(status.health)
  byId('health-section').hidden = gates.length === 0
  put('health', gates.map(gate))
  put('timeline', events.length > 0 ? events.map(eventItem) : [make('li', 'none', 'No event yet.')])
}

function summary({ announcements, withheld, peers, agent }, routes) {
  const [first] = routes
  document.title = first ?? 'Softspoken'
  const receivers = peers.filter(
    ({ sent }) => announcements.length > 0 && announcements.every(one => sent.includes(one)),
  )
  const [[heldBack, cause] = []] = Object.entries(withheld)
  if (first === undefined) headline('note', 'No route', 'No route is configured now.')
  else if (heldBack !== undefined && agent?.drained) headline('note', 'Drained', `${heldBack}, ${cause.detail}`)
  else if (agent?.arp?.why?.reason === 'not-leader') headline('note', 'Waiting', `${heldBack}, ${cause.detail}`)
  else if (heldBack !== undefined) headline('bad', 'Withheld', `${heldBack}, ${cause.detail}`)
  else if (peers.length === 0) headline('good', 'Claimed', `${announcements.join(', ')} on the segment`)
  else if (receivers.length === 0) headline('bad', 'Not sent', `${first} has been sent to no router.`)
  else
    headline(
      receivers.length === peers.length ? 'good' : 'part',
      receivers.length === peers.length ? 'Sent' : 'Sent to some',
      `${announcements.join(', ')} to ${receivers.length} of ${peers.length} ${peers.length === 1 ? 'router' : 'routers'}`,
    )
}

function headline(kind, words, detail) {
  const title = byId('headline')
  if (title.textContent !== words) title.textContent = words
  document.querySelector('header').className = kind
  byId('detail').textContent = withoutControls(detail)
}

function node({
  nodeName,
  mode,
  role,
  epoch,
  holder,
  serves,
  leases,
  address,
  arp,
  election,
  apiServer,
  lastElectionFailure,
}) {
  const failures = Object.entries(election?.requestFailures ?? {}).map(([reason, count]) => `${reason} ${count}`)
  const place = address.interface === undefined ? 'an interface of this node' : address.interface
  const advertises = role !== 'waiting'
  return card(advertises ? 'good' : 'bad', nodeName, role, [
    ['Mode', mode],
    ['Leads with epoch', epoch],
    ['Leader', role === 'leader' ? nodeName : holder],
    ['Does not serve', serves.detail],
    ['Address', address.present ? `on ${place}` : address.interface === undefined ? undefined : `not on ${place}`],
    ['Segment', arp && (arp.holds ? 'claimed' : 'not claimed')],
    ['Blocked by', arp?.blockedBy],
    ['Conflicts', arp?.conflicts || undefined],
    ['Frames sent', arp?.framesSent],
    ['Lease', election?.lease],
    ['API server', apiServer?.server],
    ['Leads for', leases.election === undefined ? undefined : `${span(leases.election)} unless it is renewed`],
    [
      'Last renewal',
      election?.secondsSinceRenewal === undefined ? undefined : `${span(election.secondsSinceRenewal)} ago`,
    ],
    ['Failed requests', failures.join(', ')],
    ['Last failure', lastElectionFailure?.detail],
    ['Our certificate ends', apiServer?.certificateEnd && moment(apiServer.certificateEnd)],
    [
      'Kernel deadline',
      leases.kernelDeadline === undefined ? 'not armed' : `in ${span(leases.kernelDeadline)} unless it is moved`,
    ],
  ])
}

function route(prefix, { withheld, leases, peers, routes }) {
  const { nextHop, med, localPref, communities = [], largeCommunities = [], prepend } = routes[prefix] ?? {}
  const receivers = peers.filter(({ sent }) => sent.includes(prefix)).map(({ peer }) => peer.address)
  const refusals = peers.flatMap(({ peer, unsendable }) =>
    unsendable[prefix] === undefined ? [] : [`${peer.address}: ${unsendable[prefix].detail}`],
  )
  const queued = peers.flatMap(({ peer, queued }) =>
    queued[prefix] === undefined ? [] : [`${peer.address}: ${change(queued[prefix])}`],
  )
  const isBgp = peers.length > 0
  const isOut = isBgp ? receivers.length > 0 : withheld[prefix] === undefined
  const state = isOut ? (isBgp ? 'sent' : 'claimed') : withheld[prefix] === undefined ? 'not sent' : 'withheld'
  return card(isOut ? 'good' : 'bad', prefix, state, [
    ['Sent to', isBgp ? receivers.join(', ') || 'no router' : undefined],
    ['Next hop', nextHop],
    ['MED', med],
    ['Queued', queued.join('; ')],
    ['Local preference', localPref],
    ['Communities', [...communities, ...largeCommunities].join(', ')],
    ['Prepended', prepend && `${prepend} times`],
    ['Withheld', withheld[prefix]?.detail],
    ['Cannot be sent', refusals.join('; ')],
    [
      'Valid for',
      leases[prefix] === undefined || withheld[prefix] !== undefined
        ? undefined
        : `${span(leases[prefix])} unless it is renewed`,
    ],
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

function session({ state, secondsInState, local, peer, negotiated, nextDialIn, counters, lastFailure }) {
  return card(state === 'Established' ? 'good' : 'bad', peer.address, state, [
    ['In this state', `for ${span(secondsInState)}`],
    ['Next dial', nextDialIn === undefined ? undefined : `in ${span(nextDialIn)}`],
    ['Peer', `AS ${peer.as}, port ${peer.port}${negotiated ? `, identifier ${negotiated.peerId}` : ''}`],
    ['Local', `AS ${local.as}, identifier ${local.id}${local.address ? `, from ${local.address}` : ''}`],
    ['Hold time', negotiated ? `${negotiated.holdTime} s` : undefined],
    ['Families', negotiated?.families.join(', ')],
    ['Messages', `${counters.inTotalMessages} in, ${counters.outTotalMessages} out`],
    [
      'Since the start',
      `${times('dialled', counters.dials)}, ${times('established', counters.fsmEstablishedTransitions)}`,
    ],
    ['Malformed UPDATEs', Object.values(counters.inMalformedUpdates).reduce((all, one) => all + one) || undefined],
    [
      'Last failure',
      lastFailure ? `${lastFailure.detail} (${moment(lastFailure.at)}, in ${lastFailure.from})` : undefined,
    ],
    ['Hint', lastFailure?.hint],
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
function times(verb, count) {
  return count === 0 ? `never ${verb}` : count === 1 ? `${verb} once` : `${verb} ${count} times`
}
/** Without the date if it is today. */
function moment(at) {
  const date = new Date(at)
  const today = date.toDateString() === new Date().toDateString()
  return today ? date.toTimeString().slice(0, 8) : `${date.toLocaleDateString('sv')} ${date.toTimeString().slice(0, 8)}`
}
