/** Survivors that no test can notice, with the reason. One that no longer survives is removed. */
export interface Explained {
  readonly file: string
  /** As test:mutation prints it. */
  readonly code: string
  /** The line, if the same code is in others, too. */
  readonly line?: string
  readonly becomes: string
  readonly why: string
}

/** The files that decide what is sent to a router or to the segment, and when. */
export const crucial: readonly string[] = [
  ...['decoder', 'message', 'update', 'update-errors'].map(name => `wire/src/${name}.ts`),
  ...['backoff', 'collision', 'fsm', 'open-check'].map(name => `session/src/${name}.ts`),
  ...['health/gate', 'health/machine', 'lease', 'reconcile'].map(name => `announcer/src/${name}.ts`),
  ...['election/observe', 'election/state', 'election/step', 'segment/step'].map(name => `vip-agent/src/${name}.ts`),
  ...['change-address', 'ending', 'leases', 'on-segment', 'state', 'step'].map(
    name => `vip-agent/src/agent/${name}.ts`,
  ),
]

export const explanations: readonly Explained[] = [
  {
    file: 'session/src/fsm.ts',
    code: 's.negotiated === undefined',
    becomes: 'false',
    why: 'It throws in a state that cannot be: toOpenConfirm() sets the value.',
  },
  {
    file: 'session/src/fsm.ts',
    code: "'protocol'",
    becomes: '""',
    why: 'A class of failures without a rule of its own counts on the protocol track, and the types allow no other.',
  },
  {
    file: 'session/src/fsm.ts',
    code: "input.type === 'message'",
    becomes: 'true',
    why: 'Of the inputs that arrive there, only a message has the field that is read.',
  },
  {
    file: 'session/src/collision.ts',
    code: '(toNumber(local.id) - toNumber(id) || local.as - peer.as) > 0',
    becomes: '(toNumber(local.id) - toNumber(id) || local.as - peer.as) >= 0',
    why: 'If identifiers and AS numbers are equal, the OPEN was rejected with 2/3 before.',
  },
  {
    file: 'session/src/collision.ts',
    code: "'id'",
    becomes: '""',
    why: 'It names the argument in an error that an identifier cannot cause after its check.',
  },
  {
    file: 'session/src/collision.ts',
    code: "input.type === 'message'",
    becomes: 'true',
    why: 'Of the inputs that arrive there, only a message has the field that is read.',
  },
  {
    file: 'session/src/collision.ts',
    code: 'down === undefined',
    becomes: 'false',
    why: 'A pending connection has sent its OPEN, so that its end has a down event.',
  },
  {
    file: 'session/src/collision.ts',
    code: '{ main, ...rest }',
    becomes: '{}',
    why: 'What is lost is when our own connection began; for a pending one that comes later its own beginning counts.',
  },
  {
    file: 'session/src/open-check.ts',
    code: 'false',
    becomes: 'true',
    why: 'The only call without this argument counts the capabilities, and their number is the same.',
  },
  {
    file: 'session/src/open-check.ts',
    code: 'Math.max(local.as, peer.as) <= 0xffff',
    becomes: 'Math.max(local.as, peer.as) < 0xffff',
    why: 'AS 65535 is reserved (RFC 7300), so that no session has it.',
  },
  {
    file: 'wire/src/message.ts',
    code: 'true',
    becomes: 'false',
    why: 'All octets of a marker are equal, so that their order does not matter.',
  },
  {
    file: 'wire/src/message.ts',
    code: 'context === undefined',
    becomes: 'false',
    why: 'contextOf() makes the same context once more.',
  },
  {
    file: 'wire/src/decoder.ts',
    code: 'chunk.length - at >= HEADER_LENGTH',
    becomes: 'true',
    why: 'Beyond the chunk no header can be read, which ends the search, too.',
  },
  {
    file: 'wire/src/decoder.ts',
    code: 'chunk.length - at',
    becomes: 'chunk.length + at',
    why: 'Beyond the chunk no header can be read, which ends the search, too.',
  },
  {
    file: 'wire/src/decoder.ts',
    code: 'chunk.length - at >= HEADER_LENGTH',
    becomes: 'chunk.length - at > HEADER_LENGTH',
    why: 'A NOTIFICATION is longer than a header.',
  },
  {
    file: 'wire/src/update.ts',
    code: 'codes === -1',
    becomes: 'true',
    why: 'Of correct attributes checkAttributes() finds the same, and takes longer.',
  },
  {
    file: 'wire/src/attribute/mp-reach.ts',
    code: 'start < end',
    becomes: 'start <= end',
    why: 'Behind the last attribute nextAttribute() returns 0, which ends the loop, too.',
  },
  {
    file: 'wire/src/update.ts',
    code: 'this.#codes & mpBits',
    becomes: 'true',
    why: 'A walk over attributes without MP_REACH_NLRI and MP_UNREACH_NLRI visits nothing, and takes longer.',
  },
  {
    file: 'wire/src/update.ts',
    code: 'attributesAt < end',
    becomes: 'true',
    why: 'It saves a call: where the message ends, the check of the attributes returns 0, too.',
  },
  {
    file: 'wire/src/update.ts',
    code: 'attributesAt < end',
    becomes: 'attributesAt <= end',
    why: 'It saves a call: where the message ends, the check of the attributes returns 0, too.',
  },
  {
    file: 'wire/src/update-errors.ts',
    code: 'code === asPath.code',
    becomes: 'false',
    why: 'The row of its code has the same function, which V8 then does not inline.',
  },
  {
    file: 'wire/src/update-errors.ts',
    code: 'code === origin.code',
    becomes: 'false',
    why: 'The row of its code has the same function, which V8 then does not inline.',
  },
  {
    file: 'wire/src/update-errors.ts',
    code: '[]',
    becomes: '["Stryker was here"]',
    why: 'The list has places, and no attribute is at a text.',
  },
  {
    file: 'wire/src/update-errors.ts',
    code: "reach.family !== 'other' || unreach.family !== 'other'",
    becomes: "reach.family !== 'other' && unreach.family !== 'other'",
    why: 'A family with a name has neither AFI nor SAFI, so that it differs from one without in these, too.',
  },
  {
    file: 'wire/src/update-errors.ts',
    code: "reach.family !== 'other'",
    becomes: 'false',
    why: 'A family with a name has neither AFI nor SAFI, so that it differs from one without in these, too.',
  },
  {
    file: 'wire/src/update-errors.ts',
    code: "unreach.family !== 'other'",
    becomes: 'false',
    why: 'A family with a name has neither AFI nor SAFI, so that it differs from one without in these, too.',
  },
  {
    file: 'announcer/src/health/machine.ts',
    code: "'none'",
    line: "check: gate.check === 'none' ? 'none' : 'overdue',",
    becomes: '""',
    why: 'Only this line asks for it. At the next timeout it becomes overdue, abandoned in the past, which begins a check, too.',
  },
  {
    file: 'announcer/src/health/gate.ts',
    code: '{ return false }',
    becomes: '{}',
    why: 'It returns undefined, which counts as false wherever it is called.',
  },
  {
    file: 'vip-agent/src/election/step.ts',
    code: 's.observed?.lease',
    becomes: 's.observed.lease',
    why: 'A write or a release comes after an answer, which sets `observed`.',
  },
  {
    file: 'vip-agent/src/election/step.ts',
    code: "s.phase === 'resigning'",
    becomes: 'true',
    why: 'Only a candidate that resigns counts looks, and resign() sets how many.',
  },
  {
    file: 'vip-agent/src/election/step.ts',
    code: 's.writes.at(-1)?.sentAt',
    becomes: 's.writes.at(-1).sentAt',
    why: 'The line before ends a candidate that has not written.',
  },
  {
    file: 'vip-agent/src/election/step.ts',
    code: 'lease === undefined',
    becomes: 'false',
    why: 'No Lease is no write of ours, which is the next condition.',
  },
  {
    file: 'vip-agent/src/election/observe.ts',
    code: 'lease?.holder',
    becomes: 'lease.holder',
    why: 'The line before returns if the first answer has no Lease.',
  },
  {
    file: 'vip-agent/src/election/observe.ts',
    code: 'observed?.lease',
    becomes: 'observed.lease',
    why: 'A write comes after an answer, which sets `observed`.',
  },
  {
    file: 'vip-agent/src/election/step.ts',
    code: 'observed === undefined',
    becomes: 'false',
    why: 'Before it has seen a Lease, a candidate must look.',
  },
  {
    file: 'vip-agent/src/election/state.ts',
    code: 'observed !== undefined',
    becomes: 'true',
    why: 'If nothing was observed there is no other holder, which is the condition before.',
  },
  {
    file: 'vip-agent/src/election/state.ts',
    code: '[]',
    line: 'writes: [],',
    becomes: '["Stryker was here"]',
    why: 'A text has no times, so that no Lease is taken for it.',
  },
  {
    file: 'vip-agent/src/election/state.ts',
    code: 'true',
    line: 'mustLook: true,',
    becomes: 'false',
    why: 'start() sets `mustLook`.',
  },
  {
    file: 'vip-agent/src/election/state.ts',
    code: 'false',
    line: 'isRenewal: false,',
    becomes: 'true',
    why: 'The first look sets `isRenewal`.',
  },
  {
    file: 'vip-agent/src/segment/step.ts',
    code: '[]',
    line: 'const all: number[] = []',
    becomes: '["Stryker was here"]',
    why: 'A text is not later than any time.',
  },
  {
    file: 'vip-agent/src/agent/leases.ts',
    code: 'lastSessionAt === undefined',
    becomes: 'false',
    why: 'A time that is undefined makes NaN, and no time reaches it.',
  },
  {
    file: 'vip-agent/src/agent/leases.ts',
    code: 'lastCarrierAt === undefined',
    becomes: 'false',
    why: 'As for the session.',
  },
  {
    file: 'vip-agent/src/agent/leases.ts',
    code: 'whyNotServing(state, now) === undefined',
    becomes: 'true',
    why: 'A step in which a node stops serving ends its leadership before.',
  },
  {
    file: 'vip-agent/src/agent/leases.ts',
    code: 'leadership?.until',
    becomes: 'leadership.until',
    why: 'A node that leads has a leadership.',
  },
  {
    file: 'vip-agent/src/agent/change-address.ts',
    code: '[]',
    line: 'return changed(state, { ...absent, readded: [], blockedUntil: now + READD.pause, cause })',
    becomes: '["Stryker was here"]',
    why: 'A text is no time of the last minute.',
  },
  {
    file: 'vip-agent/src/agent/change-address.ts',
    code: "'unknown'",
    becomes: '""',
    why: 'While a removal runs, only other states than this one are asked for.',
  },
  {
    file: 'vip-agent/src/agent/ending.ts',
    code: "'releasing'",
    line: "case 'releasing':",
    becomes: '""',
    why: 'Only a node on a segment releases, and endOnSegment() ends that phase.',
  },
  {
    file: 'vip-agent/src/agent/on-segment.ts',
    code: 'segment?.mac',
    becomes: 'segment.mac',
    why: 'It is called for a node on a segment only.',
  },
  {
    file: 'vip-agent/src/agent/state.ts',
    code: '{ up: false, until: NEVER, detail: undefined }',
    becomes: '{}',
    why: 'Without a detail the node starts: nothing else of its health is read.',
  },
  {
    file: 'vip-agent/src/agent/state.ts',
    code: 'false',
    line: 'health: { up: false, until: NEVER, detail: undefined },',
    becomes: 'true',
    why: 'Without a detail the node starts: nothing else of its health is read.',
  },
  {
    file: 'vip-agent/src/agent/state.ts',
    code: 'false',
    line: 'hasLed: false,',
    becomes: 'true',
    why: 'Each step of a node that does not serve yet sets `hasLed`.',
  },
  {
    file: 'vip-agent/src/agent/state.ts',
    code: "'unknown'",
    line: "status: config.managesAddress ? 'unknown' : 'absent',",
    becomes: '""',
    why: 'What is neither present nor absent is removed, and only a removal that failed makes that wait.',
  },
  {
    file: 'vip-agent/src/segment/step.ts',
    code: "phase === 'holding'",
    line: "return phase === 'holding' ? { ...next, burstWaits: true } : next",
    becomes: 'true',
    why: 'Only a holder announces, and it begins with a burst.',
  },
  {
    file: 'vip-agent/src/segment/step.ts',
    code: 'probes === PROBES.count',
    becomes: 'true',
    why: 'A claim that can send has sent its last probe by then: probe() comes first.',
  },
  {
    file: 'vip-agent/src/segment/step.ts',
    code: 'claim?.isNew',
    becomes: 'claim.isNew',
    why: 'A holder has a claim.',
  },
  {
    file: 'vip-agent/src/segment/step.ts',
    code: 'claim && { ...claim, isNew: false }',
    becomes: 'true',
    why: 'After the first announcement nothing of the claim is read.',
  },
  {
    file: 'vip-agent/src/segment/step.ts',
    code: 'claim && { ...claim, isNew: false }',
    becomes: 'false',
    why: 'After the first announcement nothing of the claim is read.',
  },
  {
    file: 'vip-agent/src/segment/step.ts',
    code: '{ ...claim, isNew: false }',
    becomes: '{}',
    why: 'After the first announcement nothing of the claim is read.',
  },
]
