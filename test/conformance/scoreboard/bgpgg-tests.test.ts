/** The reader of bgpgg's tests, with tests of our own in the same form. */
import { toHex } from '@softspoken/test-support/hex'
import { expect, it } from 'vitest'
import { builders } from './bgpgg-builders.ts'
import { sentBy } from './bgpgg-tests.ts'
import { evaluate, tokens } from './rust.ts'

const constants = new Map([
  ['OPTIONAL', 0x80],
  ['TRANSITIVE', 0x40],
  ['ORIGIN', 1],
  ['AS_PATH', 2],
  ['NEXT_HOP', 3],
])
const codes = new Map([
  ['HeaderError', 1],
  ['HeaderError::BadLength', 2],
])
const scope = builders(constants)

/** The cases of a test with this body. */
function cases(body: string) {
  return sentBy(tokens(`async fn test_own() { ${body} }`), scope, codes).map(({ bytes, ...rest }) => ({
    hex: bytes && toHex(Uint8Array.from(bytes)).slice(32),
    ...rest,
  }))
}
const peer = 'let (_server, mut peer) = setup_server_and_fake_peer().await;'

it.each([
  ['0x1f | 0b0', undefined],
  ['0x10 | 0x01', 17],
  ['[0xff; 2]', [255, 255]],
  ['vec![1u8, 2_0, Some(3)]', [1, 20, 3]],
  ['&[1, 2].len() as u16', 2],
  ['[[1], [2, 3]].iter().map(|a| a.len()).sum::<usize>()', 3],
  ['Case { name: "a", ..Default::default() }', { name: 'a' }],
  ['(258 as u16).to_be_bytes()', [1, 2]],
  ['attr_flags::OPTIONAL | attr_flags::TRANSITIVE', 0xc0],
  ['attr_next_hop(Ipv4Addr::new(192, 0, 2, 1))', [0x40, 3, 4, 192, 0, 2, 1]],
])('%s has its value', (source, value) => {
  if (value === undefined) expect(() => evaluate(tokens(source), scope)).toThrow(SyntaxError)
  else expect(evaluate(tokens(source), scope)).toEqual(value)
})

it('a test with a NOTIFICATION gives its code and its data', () => {
  const body = `${peer} let length = [0x00, 0x14]; peer.send_raw(&build_raw_keepalive(Some(20))).await;
    let notif = peer.read_notification().await;
    assert_eq!(notif.error(), &BgpError::HeaderError(HeaderError::BadLength), "it {}", name);
    assert_eq!(notif.data(), &length, "it");`
  expect(cases(body)).toEqual([
    {
      id: 'test_own',
      hex: '001404',
      expected: { outcome: 'notification', code: '1/2', data: '0014' },
      fourOctetAs: false,
      external: true,
    },
  ])
})

it('a loop gives a case for each of its items', () => {
  const body = `let all = vec![("one", [1]), ("two", [2])];
    for (name, nlri) in all { ${peer} let msg = build_raw_update(&[], &[], &nlri, None);
    peer.send_raw(&msg).await; assert!(routes.is_empty(), "it"); }`
  expect(cases(body)).toMatchObject([
    { id: 'test_own/one', hex: '001802' + '00000000' + '01', expected: { outcome: 'withdrawn' } },
    { id: 'test_own/two', hex: '001802' + '00000000' + '02', expected: { outcome: 'withdrawn' } },
  ])
})

it('a condition of a case decides which assertion counts', () => {
  const body = `let all = vec![
      Case { name: "a", as: 65001, bad: true, caps: None, discarded_attr: None },
      Case { name: "b", as: 65002, bad: false, caps: Some(vec![build_capability_4byte_asn(65002)]), discarded_attr: Some(Attr::MedValue) }];
    for case in all { let mut peer = FakePeer::connect_and_handshake(None, &server, case.as, id, case.caps).await;
    peer.send_raw(&build_raw_keepalive(None)).await;
    if case.bad { poll_route_withdrawal(&[&server]).await; }
    else { let route = routes.find(|r| route_has_prefix(r, "10.0.0.0/8")); } }`
  expect(cases(body)).toMatchObject([
    { expected: { outcome: 'withdrawn' }, external: false, fourOctetAs: false },
    { expected: { outcome: 'accepted', without: 'medValue' }, external: true, fourOctetAs: true },
  ])
})

it('octets that are put together and changed are sent so', () => {
  const body = `let mut marker = BGP_MARKER; marker[0] = 0x00; let mut body = Vec::new();
    body.extend_from_slice(&0u16.to_be_bytes()); let all = vec![[7], [8]];
    for one in all { body.extend_from_slice(one); }
    peer.send_raw(&build_raw_message(marker, None, 2, &body)).await;`
  const [one, ...others] = sentBy(tokens(`fn test_own() { ${body} }`), scope, codes)
  expect(others).toEqual([])
  expect(toHex(Uint8Array.from(one?.bytes ?? []))).toBe(`00${'ff'.repeat(15)}00170200000708`)
  expect(one?.expected).toBeUndefined()
})

it('a test that sends no message has no octets', () => {
  expect(cases('let server = start(0..3).await; assert!(server.ok());')).toMatchObject([
    { id: 'test_own', hex: undefined },
  ])
})
