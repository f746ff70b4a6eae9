//! The decode rate of bgpkit-parser over a folder of corpora, as one JSON line: CORPUS [RUNS].
use bgpkit_parser::models::{AsnLength, BgpMessage};
use bgpkit_parser::parser::bgp::parse_bgp_message;
use bytes::Bytes;
use std::time::Instant;

fn decode(bytes: &Bytes) -> (usize, usize) {
    let (mut messages, mut prefixes, mut at) = (0, 0, 0);
    while at < bytes.len() {
        let length = usize::from(u16::from_be_bytes([bytes[at + 16], bytes[at + 17]]));
        let mut message = bytes.slice(at..at + length);
        if let BgpMessage::Update(update) =
            parse_bgp_message(&mut message, false, &AsnLength::Bits32).expect("a sound message")
        {
            prefixes += update.announced_prefixes.len() + update.withdrawn_prefixes.len();
        }
        messages += 1;
        at += length;
    }
    (messages, prefixes)
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let runs: usize = words.get(2).map_or(7, |runs| runs.parse().expect("a number of runs"));
    let mut fields = vec!["\"impl\": \"bgpkit-parser (Rust)\"".to_string(), format!("\"runs\": {runs}")];
    for name in ["keepalive", "single", "withdraw", "table", "packed"] {
        let bytes = Bytes::from(std::fs::read(format!("{}/{name}.bin", words[1])).expect("a corpus"));
        let (messages, prefixes) = decode(&bytes);
        let mut seconds: Vec<f64> = (0..runs)
            .map(|_| {
                let begun = Instant::now();
                decode(&bytes);
                begun.elapsed().as_secs_f64()
            })
            .collect();
        seconds.sort_by(f64::total_cmp);
        let s = seconds[runs / 2];
        fields.push(format!(
            "\"decode_{name}\": {{\"messages\": {messages}, \"prefixes\": {prefixes}, \"s\": {s}, \"best_s\": {}, \"msg_per_s\": {}, \"prefix_per_s\": {}}}",
            seconds[0],
            messages as f64 / s,
            prefixes as f64 / s
        ));
    }
    println!("{{{}}}", fields.join(", "));
}
