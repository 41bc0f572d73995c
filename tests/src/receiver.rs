//! A receiver of webhooks and notifications on loopback, which answers as tests say and remembers what came.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// How long to wait for a message.
const TIMEOUT: Duration = Duration::from_secs(15);

/// A message that came.
#[derive(Debug, Clone)]
pub struct Received {
    /// The first line of the request.
    pub request: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Received {
    /// The `webhook-id`.
    pub fn id(&self) -> &str {
        self.headers["webhook-id"].to_str().expect("text")
    }

    /// What it says.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Whether it is signed by a secret, and sent about now, as the library of Standard Webhooks judges.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        standardwebhooks::Webhook::new(secret).expect("a secret").verify(&self.body, &self.headers).is_ok()
    }
}

#[derive(Debug, Default)]
struct State {
    /// Statuses of the next answers; then 200. With 0 it doesn't answer.
    answers: VecDeque<u16>,
    received: Vec<Received>,
}

/// The receiver. It listens until the process ends.
#[derive(Debug, Clone)]
pub struct Receiver {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    /// Starts one that answers its first messages with these statuses, and 200 from then on; 0 means never.
    pub fn start(answers: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State { answers: answers.iter().copied().collect(), received: Vec::new() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        Self { address, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a receiver that didn't panic")
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}/hook?for=circadia", self.address)
    }

    /// Says how it answers next.
    pub fn answer(&self, statuses: &[u16]) {
        self.state().answers = statuses.iter().copied().collect();
    }

    /// What came so far.
    pub fn received(&self) -> Vec<Received> {
        self.state().received.clone()
    }

    /// Waits until so many messages came, and returns all.
    pub async fn until(&self, count: usize) -> Vec<Received> {
        let begun = Instant::now();
        loop {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            assert!(begun.elapsed() < TIMEOUT, "only {} of {count} messages came", received.len());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let Some(received) = read(&stream) else { return };
    let status = {
        let mut state = state.lock().expect("a receiver that didn't panic");
        state.received.push(received);
        state.answers.pop_front().unwrap_or(200)
    };
    if status == 0 {
        std::thread::sleep(Duration::from_mins(5));
    }
    let location = if (300..400).contains(&status) { "Location: http://127.0.0.1:1/inside\r\n" } else { "" };
    let pause = if status == 429 { "Retry-After: 300\r\n" } else { "" };
    let answer =
        format!("HTTP/1.1 {status} Answer\r\n{location}{pause}Content-Length: 2\r\nConnection: close\r\n\r\nok");
    // The sender may be gone.
    let _ = stream.write_all(answer.as_bytes());
}

fn read(stream: &TcpStream) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let mut headers = HeaderMap::new();
    for line in lines.get(1..)? {
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    let length: usize = headers.get("content-length")?.to_str().ok()?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Received { request: lines.first()?.clone(), headers, body })
}
