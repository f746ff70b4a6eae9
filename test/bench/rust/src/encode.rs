//! The encoders that are compared: each makes the same UPDATEs as `single()` in codec.ts, and a buffer of its own for each.
use std::net::{IpAddr, Ipv4Addr};

pub const MESSAGES: u32 = 100_000;

/// What is made of a message and the sum so far.
type Sum<'a> = &'a mut dyn FnMut(&[u8], u32) -> u32;

pub fn encoder(name: &str) -> Option<fn(Sum) -> u32> {
    match name.split(' ').next() {
        Some("zettabgp") => Some(zettabgp),
        Some("netgauze") => Some(netgauze),
        _ => None,
    }
}

const NEXT_HOP: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 2);
fn address(i: u32) -> Ipv4Addr {
    Ipv4Addr::from((11 << 24) | i)
}

fn zettabgp(add: Sum) -> u32 {
    use zettabgp::prelude::*;
    let session = crate::codecs::zettabgp_session();
    let mut buffer = [0_u8; 4096];
    (0..MESSAGES).fold(0, |sum, i| {
        let mut update = BgpUpdateMessage::new();
        update.attrs.push(BgpAttrItem::Origin(BgpOrigin::new(BgpAttrOrigin::Igp)));
        update.attrs.push(BgpAttrItem::ASPath(BgpASpath { value: vec![BgpASitem::Seq(BgpASseq { value: vec![BgpAS::new(64512)] })] }));
        update.attrs.push(BgpAttrItem::NextHop(BgpNextHop::new(IpAddr::V4(NEXT_HOP))));
        update.updates = BgpAddrs::IPV4U(vec![BgpAddrV4::new(address(i), 32)]);
        let body = update.encode_to(&session, &mut buffer[19..]).unwrap();
        let length = session.prepare_message_buf(&mut buffer, BgpMessageType::Update, body).unwrap();
        add(&buffer[..length].to_vec(), sum)
    })
}

fn netgauze(add: Sum) -> u32 {
    use netgauze_bgp_pkt::nlri::{Ipv4Unicast, Ipv4UnicastAddress};
    use netgauze_bgp_pkt::path_attribute::{
        As4PathSegment, AsPath, AsPathSegmentType, NextHop, Origin, PathAttribute, PathAttributeValue,
    };
    use netgauze_bgp_pkt::{update::BgpUpdateMessage, BgpMessage};
    use netgauze_parse_utils::WritablePdu;
    let attribute = |value| PathAttribute::from(false, true, false, false, value).unwrap();
    (0..MESSAGES).fold(0, |sum, i| {
        let path = AsPath::as4_path_segments(vec![As4PathSegment::new(AsPathSegmentType::AsSequence, vec![64512])]);
        let attributes = vec![
            attribute(PathAttributeValue::Origin(Origin::IGP)),
            attribute(PathAttributeValue::AsPath(path)),
            attribute(PathAttributeValue::NextHop(NextHop::new(NEXT_HOP))),
        ];
        let network = Ipv4Unicast::from_net(ipnet::Ipv4Net::new(address(i), 32).unwrap()).unwrap();
        let routes = vec![Ipv4UnicastAddress::new_no_path_id(network)];
        let update = BgpMessage::Update(BgpUpdateMessage::new(vec![], attributes, routes));
        let mut octets = Vec::with_capacity(update.len());
        update.write(&mut octets).unwrap();
        add(&octets, sum)
    })
}
