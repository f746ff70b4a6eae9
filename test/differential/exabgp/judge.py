"""ExaBGP's decoder on messages from standard input, one JSON object to a line; the answers likewise."""
import json
import sys
from ipaddress import ip_network

from exabgp.configuration.setup import environment

environment.setup('')
environment.settings().log.enable = False
environment.settings().log.all = False
environment.settings().cache.attributes = False

from exabgp.bgp.message import EOR, Message, Notification, Open, Update  # noqa: E402
from exabgp.bgp.message.direction import IN, Direction  # noqa: E402
from exabgp.bgp.message.notification import Notify  # noqa: E402
from exabgp.bgp.message.open.asn import ASN  # noqa: E402
from exabgp.bgp.message.open.capability.negotiated import Negotiated  # noqa: E402
from exabgp.bgp.message.refresh import RouteRefresh  # noqa: E402
from exabgp.bgp.message.update.attribute import Attribute, Attributes  # noqa: E402
from exabgp.protocol.family import AFI, SAFI  # noqa: E402

CODE = Attribute.CODE
Attributes.merge_attributes = lambda self: None  # AS_PATH as it came, not what AS4_PATH makes of it
FAMILIES = [(AFI.create(afi), SAFI.create(safi)) for afi in (1, 2) for safi in (1, 2)]


class Neighbor:
    aigp = False  # with True it fails on every AIGP


def negotiated(context):
    result = Negotiated(Neighbor)
    result.asn4 = context['fourOctetAs']
    result.local_as = ASN(64512)
    result.peer_as = ASN(64513) if context['external'] else ASN(64512)
    result.families = FAMILIES
    result.nexthop = [(AFI.create(1), SAFI.create(1), AFI.create(2))]  # RFC 8950
    for family in context['addPath']:
        afi = AFI.create(1 if family.startswith('ipv4') else 2)
        result.addpath._receive[(afi, SAFI.create(2 if family.endswith('multicast') else 1))] = True
    return result


def opened(message):
    return {
        'type': 'open',
        'version': int(message.version),
        'as': int(message.asn),
        'holdTime': int(message.hold_time),
        'id': str(message.router_id),
        'codesOnce': sorted(int(code) for code in message.capabilities),
        'fourOctetAs': int(message.capabilities[65]) if 65 in message.capabilities else None,
    }


def numbers(values):
    return [int(value) for value in values]


def next_hops(data):
    """How many of them MP_REACH_NLRI has."""
    at = 21 + int.from_bytes(data[19:21], 'big')
    end = at + 2 + int.from_bytes(data[at : at + 2], 'big')
    at += 2
    while at < end:
        head = 4 if data[at] & 0x10 else 3
        if data[at + 1] == 14:
            return 2 if data[at + head + 3] == 32 else 1
        at += head + int.from_bytes(data[at + 2 : at + head], 'big')
    return 0


def updated(message, hops):
    attributes = message.attributes
    get = attributes.get
    path = get(CODE.AS_PATH)

    def prefixes(action):
        result = []
        pair = None
        for nlri in message.nlris:
            if nlri.action != action:
                continue
            info = nlri.path_info.path_info
            path_id = '#%d' % int.from_bytes(info, 'big') if info else ''
            # It keeps bits beyond the prefix's length, which mean nothing (RFC 4271 §4.3).
            network = ip_network('%s/%d' % (nlri.cidr.top(), nlri.cidr.mask), strict=False)
            prefix = '%s%s' % (network, path_id)
            # It makes two routes of one with two next hops.
            if hops == 2 and pair is not None and pair[0] == prefix and pair[1] != str(nlri.nexthop):
                pair = None
                continue
            pair = (prefix, str(nlri.nexthop))
            result.append(prefix)
        return result

    def communities(code, size):
        value = get(code)
        if value is None:
            return None
        packed = [each.pack() for each in value.communities]
        return [':'.join(str(int.from_bytes(each[at : at + size], 'big')) for at in range(0, len(each), size))
                for each in packed]

    hop = get(CODE.NEXT_HOP)
    aggregator = get(CODE.AGGREGATOR)
    clusters = get(CODE.CLUSTER_LIST)
    return {
        'type': 'update',
        'allWithdrawn': prefixes(IN.WITHDRAWN),
        'allAnnounced': prefixes(IN.ANNOUNCED),
        'origin': None if get(CODE.ORIGIN) is None else int(get(CODE.ORIGIN).origin),
        **({} if path is None else {  # an empty one is None, too
            'asSequence': numbers(path.as_seq),
            'asSet': numbers(path.as_set),
            'asConfedSequence': numbers(path.as_cseq),
            'asConfedSet': numbers(path.as_cset),
        }),
        'nextHop': None if hop is None else str(hop),
        'med': None if get(CODE.MED) is None else int(get(CODE.MED).med),
        'localPref': None if get(CODE.LOCAL_PREF) is None else int(get(CODE.LOCAL_PREF).localpref),
        'atomicAggregate': 1 if CODE.ATOMIC_AGGREGATE in attributes else None,
        'aggregator': None if aggregator is None else '%d %s' % (aggregator.asn, aggregator.speaker),
        'originatorId': None if get(CODE.ORIGINATOR_ID) is None else str(get(CODE.ORIGINATOR_ID)),
        'clusterList': None if clusters is None else [str(each) for each in clusters.clusters],
        'communities': communities(CODE.COMMUNITY, 2),
        'largeCommunities': communities(CODE.LARGE_COMMUNITY, 4),
    }


def judge(case):
    data = bytes.fromhex(case['hex'])
    Attributes.cached, Attributes.previous = None, ''
    try:
        message = Message.unpack(data[18], data[19:], Direction.IN, negotiated(case))
    except Notify as fault:
        return {'verdict': 'refuses', 'detail': '%d/%d %s' % (fault.code, fault.subcode, fault.data.decode('latin1'))}
    except Exception as fault:  # it lets more than Notify escape
        return {'verdict': 'refuses', 'detail': '%s: %s' % (type(fault).__name__, fault)}
    if isinstance(message, EOR):
        afi, safi = message.nlris[0].afi, message.nlris[0].safi
        return {'verdict': 'accepts', 'values': {'type': 'update', 'allWithdrawn': [], 'allAnnounced': [],
                                               'endOfRib': '%d/%d' % (afi, safi)}}
    if isinstance(message, Update):
        withdraws = CODE.INTERNAL_TREAT_AS_WITHDRAW in message.attributes
        return {'verdict': 'withdraws' if withdraws else 'accepts', 'values': updated(message, next_hops(data))}
    if isinstance(message, Open):
        return {'verdict': 'accepts', 'values': opened(message)}
    if isinstance(message, Notification):
        return {'verdict': 'accepts',
                'values': {'type': 'notification', 'code': message.code, 'subcode': message.subcode}}
    if isinstance(message, RouteRefresh):
        return {'verdict': 'accepts', 'values': {'type': 'route-refresh', 'afi': int(message.afi),
                                               'safi': int(message.safi), 'subtype': int(message.reserved)}}
    return {'verdict': 'accepts', 'values': {'type': type(message).__name__.lower()}}


for line in sys.stdin:
    print(json.dumps(judge(json.loads(line))))
