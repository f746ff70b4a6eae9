//! One task of Rust codecs over a folder of corpora, one JSON line per codec: CORPUS RUNS TASK. Like codec.ts, each cuts the
//! messages out of the stream, and adds what it has read into a sum; a row is compared only if count and sum are ours.
mod codecs;
mod encode;

use bytes::Bytes;
use cpu_time::ProcessTime;
use serde_json::{json, Map, Value};
use std::fmt::Display;
use std::hint::black_box;
use std::net::Ipv4Addr;
use std::ops::Range;

const CORPORA: [&str; 4] = ["single", "withdraw", "table", "packed"];

/// What is read of an UPDATE.
#[derive(Clone, Copy, PartialEq)]
pub enum Task {
    /// Nothing: the message is validated only.
    Drop,
    /// AS path and next hop.
    Two,
    /// All attributes and routes, as numbers and octets.
    Values,
    /// The same, with a text of each route, next hop and community.
    Text,
}

pub trait Codec {
    const NAME: &'static str;
    /// The codec can check an UPDATE without decoding it.
    const DROPS: bool = false;
    fn new() -> Self;
    fn read(&self, octets: &Bytes, message: Range<usize>, into: &mut Read);
}

/// The count of routes, and the sum of everything read.
pub struct Read {
    pub task: Task,
    pub routes: u32,
    sum: u32,
}

impl Read {
    fn add(&mut self, value: u32) {
        self.sum = self.sum.wrapping_add(value);
    }
    fn text(&mut self, value: impl Display) {
        let text = value.to_string();
        self.add(black_box(&text).len() as u32);
    }
    pub fn as_number(&mut self, number: u32) {
        self.add(number);
    }
    pub fn next_hop(&mut self, address: Ipv4Addr) {
        match self.task {
            Task::Two => self.routes += 1,
            Task::Text => self.text(address),
            _ => self.add(black_box(1)),
        }
    }
    pub fn med(&mut self, value: u32) {
        self.add(value);
    }
    pub fn community(&mut self, value: u32) {
        match self.task {
            Task::Text => self.text(format_args!("{}:{}", value >> 16, value & 0xffff)),
            _ => self.add(value),
        }
    }
    pub fn large_community(&mut self, [global, first, second]: [u32; 3]) {
        self.text(format_args!("{global}:{first}:{second}")) // ours is a text in every task
    }
    pub fn route(&mut self, length: u8, address: Ipv4Addr, text: impl Display) {
        self.routes += 1;
        match self.task {
            Task::Text => self.text(text),
            _ => {
                let octets = &address.octets()[..usize::from(length).div_ceil(8)];
                self.add(octets.iter().fold(u32::from(length), |sum, octet| sum + u32::from(*octet)))
            }
        }
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, runs, task] = words.as_slice() else { panic!("CORPUS RUNS TASK") };
    let runs = runs.parse().expect("a number of runs");
    measure::<codecs::Zettabgp>(folder, runs, task);
    measure::<codecs::Netgauze>(folder, runs, task);
    measure::<codecs::Routecore>(folder, runs, task);
    measure::<codecs::Rustbgpd>(folder, runs, task);
    measure::<codecs::Bgpkit>(folder, runs, task);
}

fn measure<C: Codec>(folder: &str, runs: usize, name: &str) {
    let mut line = Map::new();
    line.insert("impl".into(), json!(C::NAME));
    let task = match name {
        "drop" => Some(Task::Drop).filter(|_| C::DROPS),
        "two" => Some(Task::Two),
        "values" => Some(Task::Values),
        "text" => Some(Task::Text),
        _ => None,
    };
    for corpus in CORPORA.into_iter().filter(|_| task.is_some()) {
        let codec = C::new();
        let octets = Bytes::from(std::fs::read(format!("{folder}/{corpus}.bin")).expect("a corpus"));
        line.insert(format!("{name}_{corpus}"), timed(runs, || decode(&codec, &octets, task.unwrap())));
    }
    if let Some(encode) = encode::encoder(C::NAME).filter(|_| name == "encode") {
        let route = |message: &[u8], sum: u32| message[message.len() - 5..].iter().fold(sum, |sum, octet| sum + u32::from(*octet));
        let routes = encode(&mut |message, sum| route(message, sum));
        let mut encoded = timed(runs, || (encode::MESSAGES, encode::MESSAGES, encode(&mut |message, sum| sum + message.len() as u32)));
        encoded["sum"] = json!(routes);
        line.insert("encode_single".into(), encoded);
    }
    println!("{}", Value::Object(line));
}

/// Messages, routes and sum.
fn decode<C: Codec>(codec: &C, octets: &Bytes, task: Task) -> (u32, u32, u32) {
    let mut read = Read { task, routes: 0, sum: 0 };
    let (mut messages, mut at) = (0, 0);
    while at < octets.len() {
        let end = at + usize::from(u16::from_be_bytes([octets[at + 16], octets[at + 17]]));
        codec.read(octets, at..end, &mut read);
        messages += 1;
        at = end;
    }
    (messages, read.routes, read.sum)
}

fn timed(runs: usize, run: impl Fn() -> (u32, u32, u32)) -> Value {
    let (messages, routes, sum) = run(); // warm-up
    let seconds: Vec<f64> = (0..runs)
        .map(|_| {
            let begun = ProcessTime::now();
            black_box(run());
            begun.elapsed().as_secs_f64()
        })
        .collect();
    json!({ "messages": messages, "routes": routes, "sum": sum, "seconds": seconds })
}
