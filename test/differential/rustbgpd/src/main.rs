//! Plays sequences of events in the state machine of rustbgpd, for packages/session/tools/machine-beside.ts.
//!
//! Each line of stdin has the name of a session and then events: a name, or a message of the peer in hexadecimal. A session
//! begins in Idle with its first line; `-` is a new one each time. The answer is one line: what the last event made the
//! machine do, and its state. Words are separated by spaces.
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufWriter, Write as _};
use std::net::Ipv4Addr;

use bytes::Bytes;
use rustbgpd_fsm::{Action, Event, PeerConfig, Session};
use rustbgpd_wire::{Afi, Message, RouteRefreshMessage, Safi, decode_message};

fn main() {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut sessions: HashMap<String, Session> = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line of text");
        let mut words = line.split(' ');
        let mut fresh = Session::new(config());
        let session = match words.next().expect("a name") {
            "-" => &mut fresh,
            name => sessions.entry(name.into()).or_insert(fresh),
        };
        let mut actions = Vec::new();
        for word in words {
            actions = session.handle_event(event(word));
        }
        let words: Vec<String> = actions.iter().filter_map(text).collect();
        writeln!(out, "{} {}", words.join(" "), session.state()).expect("stdout is open");
        out.flush().expect("stdout is open");
    }
}

/// The options of the session that machine-beside.ts compares with.
fn config() -> PeerConfig {
    let mut config = PeerConfig::new(65001, 65002, Ipv4Addr::new(192, 0, 2, 1));
    config.connect_retry_secs = 10;
    config.families = vec![(Afi::Ipv4, Safi::Unicast)];
    config
}

fn event(word: &str) -> Event {
    match word {
        "start" => Event::ManualStart,
        "stop" => Event::ManualStop { reason: None },
        "accepted" => Event::TcpConnectionConfirmed,
        "connected" => Event::TcpConnectionAcknowledged,
        "disconnected" => Event::TcpConnectionFails,
        "connectRetryTimer" => Event::ConnectRetryTimerExpires,
        "holdTimer" => Event::HoldTimerExpires,
        "keepaliveTimer" => Event::KeepaliveTimerExpires,
        _ => received(word),
    }
}

fn received(hex: &str) -> Event {
    let octets: Vec<u8> = (0..hex.len() / 2)
        .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("a known event, or hexadecimal"))
        .collect();
    match decode_message(&mut Bytes::from(octets), 4096) {
        Ok(Message::Open(open)) => Event::OpenReceived(open),
        Ok(Message::Keepalive) => Event::KeepaliveReceived,
        Ok(Message::Update(_)) => Event::UpdateReceived,
        Ok(Message::Notification(notification)) => Event::NotificationReceived(notification),
        Ok(Message::RouteRefresh(refresh)) => family(&refresh),
        Ok(other) => panic!("{other:?}: this harness does not know it"),
        Err(error) => Event::DecodeError(error),
    }
}

fn family(refresh: &RouteRefreshMessage) -> Event {
    let (afi, safi) = (refresh.afi(), refresh.safi());
    Event::RouteRefreshReceived { afi: afi.expect("a known AFI"), safi: safi.expect("a known SAFI") }
}

/// None for what only its metrics read.
fn text(action: &Action) -> Option<String> {
    Some(match action {
        Action::SendOpen(_) => "open".into(),
        Action::SendKeepalive => "keepalive".into(),
        Action::SendNotification(sent) => {
            let mut text = format!("{}/{}:", sent.code.as_u8(), sent.subcode);
            for octet in &sent.data {
                write!(text, "{octet:02x}").expect("a string takes it");
            }
            text
        }
        Action::StartTimer(timer, seconds) => format!("{timer:?}={seconds}"),
        Action::StopTimer(timer) => format!("{timer:?}=never"),
        Action::InitiateTcpConnection => "dial".into(),
        Action::CloseTcpConnection => "close".into(),
        Action::SessionEstablished(_) => "established".into(),
        _ => return None,
    })
}
