//! Sends requests at a constant rate, whatever the server does (an open loop), and says how long the answers took.
//!
//!     rustc -O --edition 2024 pace.rs && ./pace 127.0.0.1:PORT FILE RATE SECONDS OFFSET
//!
//! FILE is the one that requests.lua reads. A time is counted from the moment at which a request was due, so a server
//! that stalls is charged for those that had to wait meanwhile. One thread a connection, nothing but the standard
//! library; a sleeping thread wakes up to 0.1 ms late, which is counted too.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 16;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, file, rate, seconds, offset] = arguments.as_slice() else {
        panic!("pace ADDRESS FILE RATE SECONDS OFFSET");
    };
    let text = std::fs::read_to_string(file).expect("the requests");
    let requests: Arc<Vec<Vec<u8>>> = Arc::new(text.lines().map(request).collect());
    let rate: f64 = rate.parse().expect("a rate");
    let seconds: f64 = seconds.parse().expect("seconds");
    let offset: usize = offset.parse().expect("an offset");
    let total = (rate * seconds) as usize;
    let next = Arc::new(AtomicUsize::new(0));
    let begin = Instant::now() + Duration::from_millis(20);
    // Those that are still due a while after the end count as lost: a server that falls behind must not hold us up.
    let end = begin + Duration::from_secs_f64(seconds * 1.5 + 1.0);

    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (requests, next, address) = (Arc::clone(&requests), Arc::clone(&next), address.clone());
            std::thread::spawn(move || {
                let mut connection = Connection::open(&address);
                let (mut micros, mut refused) = (Vec::new(), 0_usize);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= total || Instant::now() > end {
                        return (micros, refused);
                    }
                    let due = begin + Duration::from_secs_f64(number as f64 / rate);
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    let status = connection.ask(&requests[(offset + number) % requests.len()]);
                    micros.push(u64::try_from(due.elapsed().as_micros()).expect("a time"));
                    refused += usize::from(!(200..300).contains(&status));
                }
            })
        })
        .collect();

    let (mut micros, mut refused) = (Vec::new(), 0);
    for thread in threads {
        let (times, others) = thread.join().expect("a thread");
        micros.extend(times);
        refused += others;
    }
    micros.sort_unstable();
    let quantile = |q: f64| micros.get(((micros.len() as f64 * q) as usize).min(micros.len().saturating_sub(1)));
    println!(
        "{{\"requests\": {}, \"refused\": {refused}, \"lost\": {}, \"p50\": {}, \"p99\": {}}}",
        micros.len(),
        total - micros.len(),
        quantile(0.5).unwrap_or(&0),
        quantile(0.99).unwrap_or(&0),
    );
}

fn request(line: &str) -> Vec<u8> {
    let mut parts = line.splitn(4, '\t');
    let [method, path, token, body] = [(); 4].map(|()| parts.next().expect("four parts"));
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    if !token.is_empty() {
        text += &format!("Authorization: Bearer {token}\r\n");
    }
    if !body.is_empty() {
        text += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    }
    (text + "\r\n" + body).into_bytes()
}

struct Connection {
    reader: BufReader<TcpStream>,
    line: String,
    body: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out");
        Self { reader: BufReader::with_capacity(64 * 1024, stream), line: String::new(), body: Vec::new() }
    }

    /// Sends a request, reads its answer whole; the status.
    fn ask(&mut self, request: &[u8]) -> u16 {
        self.reader.get_mut().write_all(request).expect("sending");
        let status = self.header_line().split(' ').nth(1).and_then(|text| text.parse().ok()).expect("a status");
        let mut length = 0;
        loop {
            let line = self.header_line().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(text) = line.strip_prefix("content-length:") {
                length = text.trim().parse().expect("a length");
            }
            assert!(!line.starts_with("transfer-encoding"), "answers in chunks can't be read here");
        }
        self.body.resize(length, 0);
        self.reader.read_exact(&mut self.body).expect("a body");
        status
    }

    fn header_line(&mut self) -> &str {
        self.line.clear();
        self.reader.read_line(&mut self.line).expect("a header");
        self.line.trim_end()
    }
}
