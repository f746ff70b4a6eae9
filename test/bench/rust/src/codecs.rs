//! How each codec is called, and how its values are read.
use crate::{Codec, Read, Task};
use bytes::Bytes;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;

pub struct Zettabgp(zettabgp::BgpSessionParams);
pub struct Netgauze;
pub struct Routecore(routecore::bgp::message::SessionConfig);
pub struct Rustbgpd;
pub struct Bgpkit;

pub fn zettabgp_session() -> zettabgp::BgpSessionParams {
    use zettabgp::prelude::*;
    let capabilities = vec![BgpCapability::SafiIPv4u, BgpCapability::CapASN32(64512)];
    BgpSessionParams::new(64512, 180, BgpTransportMode::IPv4, Ipv4Addr::new(1, 1, 1, 1), capabilities)
}

impl Codec for Zettabgp {
    const NAME: &'static str = "zettabgp 0.6.0";
    fn new() -> Self {
        Zettabgp(zettabgp_session())
    }
    fn read(&self, octets: &Bytes, message: Range<usize>, into: &mut Read) {
        use zettabgp::prelude::*;
        let message = &octets[message];
        let (BgpMessageType::Update, _) = self.0.decode_message_head(message).unwrap() else { return };
        let mut update = BgpUpdateMessage::new();
        update.decode_from(&self.0, &message[19..]).unwrap();
        for attribute in &update.attrs {
            match attribute {
                BgpAttrItem::ASPath(path) => {
                    for item in &path.value {
                        match item {
                            BgpASitem::Seq(sequence) => sequence.value.iter().for_each(|number| into.as_number(number.value)),
                            BgpASitem::Set(set) => set.value.iter().for_each(|number| into.as_number(number.value)),
                        }
                    }
                }
                BgpAttrItem::NextHop(BgpNextHop { value: IpAddr::V4(address) }) => into.next_hop(*address),
                _ if into.task == Task::Two => {}
                BgpAttrItem::MED(med) => into.med(med.value),
                BgpAttrItem::CommunityList(list) => list.value.iter().for_each(|one| into.community(one.value)),
                BgpAttrItem::LargeCommunityList(list) => {
                    list.value.iter().for_each(|one| into.large_community([one.ga, one.ldp1, one.ldp2]))
                }
                _ => {}
            }
        }
        if into.task == Task::Two {
            black_box(&update);
            return;
        }
        for routes in [&update.withdraws, &update.updates] {
            if let BgpAddrs::IPV4U(routes) = routes {
                routes.iter().for_each(|route| into.route(route.prefixlen, route.addr, route));
            }
        }
    }
}

impl Codec for Netgauze {
    const NAME: &'static str = "netgauze 0.13.0";
    fn new() -> Self {
        Netgauze
    }
    fn read(&self, octets: &Bytes, message: Range<usize>, into: &mut Read) {
        use netgauze_bgp_pkt::path_attribute::{AsPath, PathAttributeValue};
        use netgauze_bgp_pkt::{wire::deserializer::BgpParsingContext, BgpMessage};
        use netgauze_parse_utils::{reader::SliceReader, traits::ParseFromWithOneInput};
        let mut context = BgpParsingContext::asn2_default();
        context.set_asn4(true);
        let mut reader = SliceReader::new(&octets[message]);
        let BgpMessage::Update(update) = BgpMessage::parse(&mut reader, &mut context).unwrap() else { return };
        for attribute in update.path_attributes() {
            match attribute.value() {
                PathAttributeValue::AsPath(AsPath::As4PathSegments(segments)) => {
                    for segment in segments {
                        segment.as_numbers().iter().for_each(|number| into.as_number(*number));
                    }
                }
                PathAttributeValue::NextHop(hop) => into.next_hop(hop.next_hop()),
                _ if into.task == Task::Two => {}
                PathAttributeValue::MultiExitDiscriminator(med) => into.med(med.metric()),
                PathAttributeValue::Communities(list) => {
                    list.communities().iter().for_each(|one| into.community(one.value()))
                }
                PathAttributeValue::LargeCommunities(list) => {
                    for one in list.communities() {
                        into.large_community([one.global_admin(), one.local_data1(), one.local_data2()]);
                    }
                }
                _ => {}
            }
        }
        if into.task == Task::Two {
            black_box(&update);
            return;
        }
        for route in update.withdraw_routes().iter().chain(update.nlri()) {
            let network = route.network().address();
            into.route(network.prefix_len(), network.addr(), network);
        }
    }
}

impl Codec for Routecore {
    const NAME: &'static str = "routecore 0.7.2";
    const DROPS: bool = true;
    fn new() -> Self {
        Routecore(routecore::bgp::message::SessionConfig::modern())
    }
    fn read(&self, octets: &Bytes, message: Range<usize>, into: &mut Read) {
        use routecore::bgp::message::UpdateMessage;
        use routecore::bgp::nlri::afisafi::{IsPrefix, Nlri};
        use routecore::bgp::types::NextHop;
        let message = &octets[message];
        if message[18] != 2 {
            return;
        }
        let update = UpdateMessage::from_octets(message, &self.0).unwrap();
        if into.task == Task::Drop {
            black_box(&update);
            return;
        }
        if let Some(path) = update.aspath().unwrap() {
            for segment in path.segments() {
                segment.asns().for_each(|number| into.as_number(number.into_u32()));
            }
        }
        if let Some(NextHop::Unicast(IpAddr::V4(address))) = update.conventional_next_hop().unwrap() {
            into.next_hop(address);
        }
        if into.task == Task::Two {
            return;
        }
        if let Some(med) = update.multi_exit_disc().unwrap() {
            into.med(med.0);
        }
        for one in update.communities().unwrap().into_iter().flatten() {
            into.community(one.to_u32());
        }
        for one in update.large_communities().unwrap().into_iter().flatten() {
            into.large_community([one.global(), one.local1(), one.local2()]);
        }
        let (withdrawn, announced) = (update.conventional_withdrawals(), update.conventional_announcements());
        for route in withdrawn.unwrap().chain(announced.unwrap()) {
            if let Nlri::Ipv4Unicast(route) = route.unwrap() {
                let prefix = route.prefix();
                if let IpAddr::V4(address) = prefix.addr() {
                    into.route(prefix.len(), address, prefix);
                }
            }
        }
    }
}

impl Codec for Rustbgpd {
    const NAME: &'static str = "rustbgpd-wire 0.27.0";
    fn new() -> Self {
        Rustbgpd
    }
    fn read(&self, octets: &Bytes, message: Range<usize>, into: &mut Read) {
        use rustbgpd_wire::{decode_message, AsPathSegment, Message, PathAttribute};
        let mut octets = octets.slice(message);
        let Message::Update(update) = decode_message(&mut octets, 4096).unwrap() else { return };
        let parsed = update.parse_revised(true, false, false, &[]).unwrap().update;
        for attribute in &parsed.attributes {
            match attribute {
                PathAttribute::AsPath(path) => {
                    for AsPathSegment::AsSet(numbers) | AsPathSegment::AsSequence(numbers) in &path.segments {
                        numbers.iter().for_each(|number| into.as_number(*number));
                    }
                }
                PathAttribute::NextHop(address) => into.next_hop(*address),
                _ if into.task == Task::Two => {}
                PathAttribute::Med(med) => into.med(*med),
                PathAttribute::Communities(list) => list.iter().for_each(|one| into.community(*one)),
                PathAttribute::LargeCommunities(list) => {
                    for one in list {
                        into.large_community([one.global_admin, one.local_data1, one.local_data2]);
                    }
                }
                _ => {}
            }
        }
        if into.task == Task::Two {
            black_box(&parsed);
            return;
        }
        for route in parsed.withdrawn.iter().chain(&parsed.announced) {
            into.route(route.prefix.len, route.prefix.addr, route.prefix);
        }
    }
}

impl Codec for Bgpkit {
    const NAME: &'static str = "bgpkit-parser 0.23.0";
    fn new() -> Self {
        Bgpkit
    }
    fn read(&self, octets: &Bytes, message: Range<usize>, into: &mut Read) {
        use bgpkit_parser::models::{AsnLength, AttributeValue, BgpMessage, Community};
        let mut octets = octets.slice(message);
        let parsed = bgpkit_parser::parser::bgp::parse_bgp_message(&mut octets, false, &AsnLength::Bits32).unwrap();
        let BgpMessage::Update(update) = parsed else { return };
        for attribute in update.attributes.iter() {
            match attribute {
                AttributeValue::AsPath(path) => {
                    for segment in &path.segments {
                        segment.as_ref().iter().for_each(|number| into.as_number((*number).into()));
                    }
                }
                AttributeValue::NextHop(IpAddr::V4(address)) => into.next_hop(*address),
                _ if into.task == Task::Two => {}
                AttributeValue::MultiExitDiscriminator(med) => into.med(*med),
                AttributeValue::Communities(list) => {
                    for one in list {
                        into.community(match one {
                            Community::Custom(number, value) => (u32::from(*number) << 16) | u32::from(*value),
                            Community::NoExport => 0xffff_ff01,
                            Community::NoAdvertise => 0xffff_ff02,
                            Community::NoExportSubConfed => 0xffff_ff03,
                        })
                    }
                }
                AttributeValue::LargeCommunities(list) => {
                    for one in list {
                        into.large_community([one.global_admin, one.local_data[0], one.local_data[1]]);
                    }
                }
                _ => {}
            }
        }
        if into.task == Task::Two {
            black_box(&update);
            return;
        }
        for route in update.withdrawn_prefixes.iter().chain(&update.announced_prefixes) {
            if let IpAddr::V4(address) = route.prefix.addr() {
                into.route(route.prefix.prefix_len(), address, route);
            }
        }
    }
}
