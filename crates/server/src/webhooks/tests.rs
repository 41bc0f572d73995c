//! Sending to endpoints that misbehave, and to addresses that must not be reached.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as StdMutex};
use std::time::{Duration, Instant};

use circadia_app::webhooks::{OutgoingMessage, WebhookSender as _};
use circadia_domain::outgoing::OutgoingUrl;
use circadia_domain::webhooks::AttemptResult;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::sender::HttpSender;
use crate::outgoing::{LookUp, Names};

/// How an endpoint answers.
#[derive(Debug, Clone, Copy)]
enum Manner {
    /// With these bytes.
    Answers(&'static str),
    /// Never.
    Hangs,
    /// One byte a second, for ever.
    Drips,
    /// With headers that never end.
    EndlessHeaders,
    /// With 10 GB.
    Huge,
}

/// An endpoint on loopback.
struct Endpoint {
    address: SocketAddr,
    /// Requests that came.
    asked: Arc<AtomicUsize>,
    /// Bytes that it could write.
    written: Arc<AtomicUsize>,
}

impl Endpoint {
    async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, written) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counters = (Arc::clone(&asked), Arc::clone(&written));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, manner, counters.clone()));
            }
        });
        Self { address, asked, written }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, manner: Manner, (asked, written): (Arc<AtomicUsize>, Arc<AtomicUsize>)) {
    let mut buffer = [0; 4_096];
    if !matches!(stream.read(&mut buffer).await, Ok(1..)) {
        return;
    }
    asked.fetch_add(1, Ordering::SeqCst);
    match manner {
        Manner::Answers(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
        }
        Manner::Hangs => tokio::time::sleep(Duration::from_mins(10)).await,
        Manner::Drips => {
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: ".iter().chain(std::iter::repeat(&b'a')) {
                if stream.write_all(&[*byte]).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Manner::EndlessHeaders => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
            while stream.write_all(b"X-More: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n").await.is_ok() {}
        }
        Manner::Huge => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n").await;
            let chunk = vec![0; 65_536];
            while stream.write_all(&chunk).await.is_ok() {
                written.fetch_add(chunk.len(), Ordering::SeqCst);
            }
        }
    }
}

/// Names whose addresses are scripted: an answer for each look-up.
#[derive(Debug, Default)]
struct Scripted(StdMutex<VecDeque<Vec<SocketAddr>>>, AtomicUsize);

impl Scripted {
    fn of(answers: &[&[&str]]) -> Arc<Self> {
        let parsed = |text: &&str| SocketAddr::new(text.parse().unwrap(), 0);
        let answers = answers.iter().map(|addresses| addresses.iter().map(parsed).collect());
        Arc::new(Self(StdMutex::new(answers.collect()), AtomicUsize::new(0)))
    }
}

impl Names for Scripted {
    fn look_up<'a>(&'a self, _: &'a str) -> LookUp<'a> {
        self.1.fetch_add(1, Ordering::SeqCst);
        let next = self.0.lock().unwrap().pop_front();
        Box::pin(async move { next.ok_or_else(|| io::Error::other("no such name")) })
    }
}

fn message(url: &str) -> OutgoingMessage {
    OutgoingMessage {
        url: OutgoingUrl::parse(url).unwrap(),
        id: "01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b".to_owned(),
        timestamp: 1_773_230_400,
        signature: "v1,c2lnbmF0dXJl".to_owned(),
        body: b"{}".to_vec(),
    }
}

/// What comes of sending to an endpoint, where private targets are allowed.
async fn sent_to(endpoint: &Endpoint) -> (AttemptResult, Duration) {
    let sender = HttpSender::new(true).unwrap();
    let begun = Instant::now();
    let result = sender.send(message(&format!("http://{}/hook", endpoint.address))).await;
    (result, begun.elapsed())
}

#[tokio::test]
async fn answers_are_judged_by_their_status() {
    for (answer, status, failure) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, None),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204, None),
        ("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", 410, Some("410 (Gone)")),
        ("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", 500, Some("500 (Internal Server Error)")),
        ("HTTP/1.1 799 What\r\nContent-Length: 0\r\n\r\n", 799, Some("was 799")),
    ] {
        let endpoint = Endpoint::start(Manner::Answers(answer)).await;
        let (result, _) = sent_to(&endpoint).await;
        assert_eq!(result.status, Some(status));
        match failure {
            None => assert_eq!(result.failure, None),
            Some(text) => assert!(result.failure.unwrap().contains(text), "{answer}"),
        }
        assert_eq!(endpoint.asked(), 1);
    }
    let nonsense = Endpoint::start(Manner::Answers("SSH-2.0-OpenSSH_9.2\r\n")).await;
    let (result, _) = sent_to(&nonsense).await;
    assert!(result.status.is_none() && result.failure.is_some(), "{result:?}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let inner = Endpoint::start(Manner::Answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).await;
    for status in
        ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let answer =
            format!("HTTP/1.1 {status}\r\nLocation: http://{}/\r\nContent-Length: 0\r\n\r\n", inner.address).leak();
        let outer = Endpoint::start(Manner::Answers(answer)).await;
        let (result, _) = sent_to(&outer).await;
        assert!(result.failure.unwrap().contains("redirects aren't followed"), "{status}");
    }
    assert_eq!(inner.asked(), 0);
}

#[tokio::test]
async fn endpoints_that_hang_drip_or_never_end_are_cut_off() {
    let (hangs, drips) = (Endpoint::start(Manner::Hangs).await, Endpoint::start(Manner::Drips).await);
    let (endless, huge) = (Endpoint::start(Manner::EndlessHeaders).await, Endpoint::start(Manner::Huge).await);
    let (hung, dripped, unended, read) =
        tokio::join!(sent_to(&hangs), sent_to(&drips), sent_to(&endless), sent_to(&huge));
    for (result, elapsed) in [hung, dripped] {
        assert_eq!((result.status, result.failure.as_deref()), (None, Some("no answer within 15 s")));
        assert!((14_000..20_000).contains(&result.duration_ms) && elapsed < Duration::from_secs(20), "{result:?}");
    }
    assert!(unended.0.status.is_none() && unended.0.failure.is_some(), "{unended:?}");
    // The status says it all; what follows isn't read on.
    assert_eq!((read.0.status, read.0.failure), (Some(200), None));
    assert!(read.1 < Duration::from_secs(5));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let before = huge.written.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(300)).await;
    // What was written stands in the buffers of the system; nothing reads on.
    assert_eq!(huge.written.load(Ordering::SeqCst), before);
    assert!(before < 50_000_000, "{before}");
}

#[tokio::test]
async fn names_that_lead_to_addresses_that_are_not_public_are_not_connected_to() {
    let endpoint = Endpoint::start(Manner::Answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).await;
    for addresses in [
        &["127.0.0.1"][..],
        &["127.0.0.1", "::1"],
        &["10.0.0.1"],
        &["169.254.169.254"],
        &["fd00:ec2::254"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["2002:7f00:1::"],
        &["0.0.0.0"],
        &["100.64.0.1"],
        &["fe80::1"],
        &[],
    ] {
        let names = Scripted::of(&[addresses]);
        let sender = HttpSender::with_names(false, names.clone()).unwrap();
        let result = sender.send(message(&format!("https://example.com:{}/", endpoint.address.port()))).await;
        assert_eq!(result.failure.as_deref(), Some("the host has no public address"), "{addresses:?}");
        assert_eq!(names.1.load(Ordering::SeqCst), 1, "looked up once");
    }
    assert_eq!(endpoint.asked(), 0);
}

/// Where a name answers differently the second time, the connection still goes to the address that was checked: there is
/// no second look-up.
#[tokio::test]
async fn a_name_is_looked_up_once_for_each_attempt() {
    let endpoint = Endpoint::start(Manner::Answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).await;
    let url = format!("http://rebinding.example:{}/", endpoint.address.port());
    // Allowed here, so that the first answer is one that something listens at.
    let names = Scripted::of(&[&["127.0.0.1"], &["192.0.2.1"]]);
    let sender = HttpSender::with_names(true, names.clone()).unwrap();
    assert_eq!(sender.send(message(&url)).await.failure, None);
    assert_eq!((names.1.load(Ordering::SeqCst), endpoint.asked()), (1, 1));
    // The first answer is public, the second isn't: the second attempt is refused, whatever the first one knew.
    let names = Scripted::of(&[&["1.1.1.1"], &["127.0.0.1"]]);
    let sender = HttpSender::with_names(false, names.clone()).unwrap();
    let url = format!("https://rebinding.example:{}/", endpoint.address.port());
    let first = tokio::time::timeout(Duration::from_millis(200), sender.send(message(&url))).await;
    assert!(first.is_err() || first.unwrap().failure.is_some());
    let second = sender.send(message(&url)).await;
    assert_eq!(second.failure.as_deref(), Some("the host has no public address"));
    assert_eq!(endpoint.asked(), 1);
}

#[tokio::test]
async fn addresses_in_urls_are_checked_before_they_are_connected_to() {
    let endpoint = Endpoint::start(Manner::Answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).await;
    let port = endpoint.address.port();
    let sender = HttpSender::with_names(false, Scripted::of(&[])).unwrap();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "100.64.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "192.88.99.1",
        "192.0.0.192",
        "168.63.129.16",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2001::1]",
        "[2001:db8::1]",
        "[3fff::1]",
        "[100::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[5f00::1]",
    ] {
        for scheme in ["http", "https"] {
            let result = sender.send(message(&format!("{scheme}://{host}:{port}/"))).await;
            assert_eq!(result.failure.as_deref(), Some("the host has no public address"), "{scheme}://{host}");
        }
    }
    assert_eq!(endpoint.asked(), 0);
}

#[tokio::test]
async fn what_cannot_be_reached_is_told_without_the_url() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let sender = HttpSender::new(true).unwrap();
    let refused = sender.send(message(&format!("http://{closed}/secret"))).await;
    assert!(refused.failure.as_ref().unwrap().starts_with("no connection: "), "{refused:?}");
    assert!(!refused.failure.unwrap().contains("secret"));
    let sender = HttpSender::with_names(false, Scripted::of(&[])).unwrap();
    let unknown = sender.send(message("https://nowhere.example/secret")).await;
    assert_eq!(unknown.failure.as_deref(), Some("no connection: no such name"));
    // A server without TLS.
    let plain = Endpoint::start(Manner::Answers("HTTP/1.1 400 Bad Request\r\n\r\n")).await;
    let sender = HttpSender::new(true).unwrap();
    let result = sender.send(message(&format!("https://{}/secret", plain.address))).await;
    assert!(result.failure.as_ref().unwrap().starts_with("no connection: "), "{result:?}");
}
