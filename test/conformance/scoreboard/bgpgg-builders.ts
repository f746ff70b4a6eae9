/** The functions and names that bgpgg's tests use to build a message, by their names in Rust. */
import type { Scope, Value } from './rust.ts'

type Octets = readonly number[]
const u16 = (value: number): Octets => [value >> 8, value & 0xff]
const u32 = (value: number): Octets => [...u16(value >>> 16), ...u16(value & 0xffff)]
const octets = (value: Value): Octets => (value ?? []) as Octets // the tests pass arrays of octets

function message(marker: Value, length: Value, type: number, body: Octets): Octets {
  return [...octets(marker), ...u16(Number(length ?? 19 + body.length)), type, ...body]
}

/** @param constants the values of `pub const` of bgpgg, by name */
export function builders(constants: Scope): Scope {
  const constant = (name: string) => Number(constants.get(name))
  const attribute = (flags: number, name: string, value: Octets): Octets => [
    flags,
    constant(name),
    value.length,
    ...value,
  ]
  const [optional, transitive] = [constant('OPTIONAL'), constant('TRANSITIVE')]
  const marker = new Array<number>(16).fill(0xff)
  const open = (as: Value, hold: Value, id: Value, options: Record<string, Value> = {}): Octets =>
    message(options.marker_override ?? marker, options.length_override, Number(options.msg_type_override ?? 1), [
      Number(options.version_override ?? 4),
      ...u16(Number(as)),
      ...u16(Number(hold)),
      ...u32(Number(id)),
      0,
    ])
  const address = (...bytes: Value[]): Value => bytes.reduce<number>((sum, byte) => sum * 256 + Number(byte), 0)
  const functions: Record<string, (...args: Value[]) => Value> = {
    build_attr_bytes: (flags, type, length, value) => [Number(flags), Number(type), Number(length), ...octets(value)],
    attr_origin_igp: () => attribute(transitive, 'ORIGIN', [0]),
    attr_as_path_empty: () => attribute(transitive, 'AS_PATH', []),
    attr_next_hop: hop => attribute(transitive, 'NEXT_HOP', u32(Number(hop))),
    attr_local_pref: value => attribute(transitive, 'LOCAL_PREF', u32(Number(value))),
    attr_originator_id: id => attribute(optional, 'ORIGINATOR_ID', u32(Number(id))),
    attr_cluster_list: ids => attribute(optional, 'CLUSTER_LIST', octets(ids).flatMap(u32)),
    build_capability_4byte_asn: as => [65, 4, ...u32(Number(as))],
    build_raw_message: (marker, length, type, body) => message(marker, length, Number(type), octets(body)),
    build_raw_update(withdrawn, attributes, nlri, length) {
      const all = ((attributes ?? []) as readonly Octets[]).flat() // a list of attributes
      const fields = [
        ...u16(octets(withdrawn).length),
        ...octets(withdrawn),
        ...u16(Number(length ?? all.length)),
        ...all,
      ]
      return message(marker, undefined, 2, [...fields, ...octets(nlri)])
    },
    build_raw_open: (as, hold, id, options) => open(as, hold, id, options as Record<string, Value>), // a struct
    build_raw_keepalive: length => message(marker, length, 4, []),
    build_raw_notification: (code, subcode, data, length) =>
      message(marker, length, 3, [Number(code), Number(subcode), ...octets(data)]),
    'OpenMessage::new': (as, hold, id) => open(as, hold, id),
    'Ipv4Addr::new': address,
    'u32::from': value => value,
    'u16::from_be_bytes': bytes => address(...octets(bytes)),
    'Vec::new': () => [],
    Some: value => value,
    setup_server_and_fake_peer: () => ['server', { as: 65002 }],
    connect_and_handshake: (_address, _server, as, _id, capabilities) => ({ as, capabilities }),
  }
  return new Map<string, Value>([
    ...constants,
    ...Object.entries(functions),
    ['BGP_MARKER', marker],
    ['Origin::IGP', 0],
    ['MessageType::Update', 2],
    ['None', undefined],
    ['true', 1],
    ['false', 0],
  ])
}
