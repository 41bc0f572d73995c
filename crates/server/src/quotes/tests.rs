//! A provider on the loopback interface that behaves well, then in every other way, then well again.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use circadia_app::{App, Clock};
use circadia_domain::civil::{Date, Instant};
use circadia_domain::quotes::LEASE_SECONDS;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;

use super::*;
use crate::Config;
use crate::clock::FreshIds;
use crate::composition::compose;

const HOUR: i64 = 3600;

#[derive(Debug)]
struct TestClock(Mutex<Instant>);

impl TestClock {
    fn advance(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now = now.plus_seconds(seconds);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        *self.0.lock().unwrap()
    }
}

/// How the provider behaves.
#[derive(Debug, Clone)]
enum Behaviour {
    Says(String),
    Status(u16),
    /// Says nothing at all.
    Silent,
    /// Sends without end.
    Endless,
}

/// A provider, and how often it was asked.
struct FakeProvider {
    url: Url,
    behaviour: Arc<Mutex<Behaviour>>,
    asked: Arc<AtomicUsize>,
}

async fn fake_provider() -> FakeProvider {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/quotes", listener.local_addr().unwrap())).unwrap();
    let behaviour = Arc::new(Mutex::new(Behaviour::Silent));
    let asked = Arc::new(AtomicUsize::new(0));
    let (own, count) = (Arc::clone(&behaviour), Arc::clone(&asked));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let behaviour = own.lock().unwrap().clone();
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut request = [0; 2048];
                let _ = stream.read(&mut request).await;
                match behaviour {
                    Behaviour::Says(body) => {
                        let head =
                            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                        let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
                    }
                    Behaviour::Status(status) => {
                        let head = format!("HTTP/1.1 {status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                        let _ = stream.write_all(head.as_bytes()).await;
                    }
                    Behaviour::Silent => std::future::pending().await,
                    Behaviour::Endless => {
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n[").await;
                        while stream.write_all(&[b' '; 4096]).await.is_ok() {}
                    }
                }
            });
        }
    });
    FakeProvider { url, behaviour, asked }
}

impl FakeProvider {
    fn behave(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }
}

fn set(word: &str) -> String {
    let quotes: Vec<_> = (0..8).map(|n| json!({"text": format!("{word} {n}"), "author": "A"})).collect();
    serde_json::to_string(&quotes).unwrap()
}

struct Fixture {
    app: Arc<App>,
    clock: Arc<TestClock>,
    folder: std::path::PathBuf,
}

impl Fixture {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("circadia-quotes-{name}-{}", std::process::id()));
        let clock = Arc::new(TestClock(Mutex::new(Instant::parse("2026-03-11T12:00:00Z").unwrap())));
        let data = folder.display().to_string();
        let variables = [
            ("CIRCADIA_DATA_DIR", data.as_str()),
            ("CIRCADIA_SECRET_KEY", "a key of the tests, at least 32 characters"),
        ];
        let config =
            Config::from_variables(variables.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
        let app = compose(&config, clock.clone(), Arc::new(FreshIds)).unwrap().app;
        Self { app, clock, folder }
    }

    /// The first words of the texts that are in force on a date.
    async fn in_force(&self, date: &str) -> BTreeSet<String> {
        let date = Date::parse(date).unwrap();
        let quotes = self
            .app
            .context
            .unit_of_work
            .read::<_, StoreError>(move |store| store.quotes_in_force(date))
            .await
            .unwrap();
        let first = |text: &str| text.split(' ').next().unwrap().to_owned();
        quotes.iter().map(|quote| first(quote.text.as_str())).collect()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn words(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_may_fail_in_every_way_and_come_back() {
    let (fixture, provider) = (Fixture::new("failures"), fake_provider().await);
    let client = Provider::with_timeout(provider.url.clone(), 24 * HOUR, Duration::from_millis(300)).unwrap();
    let look = async || refresh_if_due(&fixture.app.quotes, &client).await.unwrap();

    provider.behave(Behaviour::Says(set("good")));
    assert_eq!(look().await, Outcome::Fetched(8));
    // It is noon in UTC, and the 12th in Kiritimati already: the new set waits for the 13th.
    assert_eq!(fixture.in_force("2026-03-12").await, words(&[]));
    assert_eq!(fixture.in_force("2026-03-13").await, words(&["good"]));
    assert_eq!(look().await, Outcome::NotDue);

    fixture.clock.advance(24 * HOUR);
    let behaviours = [
        (Behaviour::Status(500), "500"),
        (Behaviour::Status(404), "404"),
        (Behaviour::Says("<html>".into()), "no JSON array"),
        (Behaviour::Says("[]".into()), "0 quotations"),
        (Behaviour::Endless, "more than"),
        (Behaviour::Silent, "can't be asked"),
    ];
    let mut pause = 60;
    for (behaviour, reason) in behaviours {
        provider.behave(behaviour.clone());
        let Outcome::Failed(said) = look().await else { panic!("{behaviour:?} was believed") };
        assert!(said.contains(reason), "{behaviour:?}: {said}");
        assert!(!said.contains(provider.url.as_str()), "the address may carry a key: {said}");
        // Asked again only after a pause that doubles.
        fixture.clock.advance(pause - 1);
        assert_eq!(look().await, Outcome::NotDue);
        fixture.clock.advance(1);
        pause *= 2;
        assert_eq!(fixture.in_force("2026-04-01").await, words(&["good"]));
    }
    provider.behave(Behaviour::Says(set("back")));
    assert_eq!(look().await, Outcome::Fetched(8));
    assert_eq!(fixture.in_force("2026-03-13").await, words(&["good"]));
    assert_eq!(fixture.in_force("2026-03-14").await, words(&["back"]));

    // Once it works again failures don't count any more.
    fixture.clock.advance(24 * HOUR);
    provider.behave(Behaviour::Status(503));
    look().await;
    fixture.clock.advance(60);
    provider.behave(Behaviour::Says(set("back")));
    assert_eq!(look().await, Outcome::Fetched(8));
    // The same set again is no new set.
    assert_eq!(fixture.in_force("2026-03-15").await, words(&["back"]));
    assert_eq!(fixture.in_force("2026-03-12").await, words(&[]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_replicas_that_look_at_once_one_asks() {
    let (fixture, provider) = (Fixture::new("once"), fake_provider().await);
    provider.behave(Behaviour::Says(set("good")));
    let client = Provider::new(provider.url.clone(), HOUR).unwrap();
    let looks: Vec<_> = (0..8)
        .map(|_| {
            let (feed, client) = (fixture.app.quotes.clone(), client.clone());
            tokio::spawn(async move { refresh_if_due(&feed, &client).await.unwrap() })
        })
        .collect();
    let mut fetched = 0;
    for look in looks {
        fetched += usize::from(look.await.unwrap() == Outcome::Fetched(8));
    }
    assert_eq!((fetched, provider.asked.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_dies_holds_the_others_up_no_longer_than_its_lease() {
    let (fixture, provider) = (Fixture::new("lease"), fake_provider().await);
    provider.behave(Behaviour::Says(set("good")));
    let client = Provider::new(provider.url.clone(), HOUR).unwrap();
    let dead = fixture.app.quotes.lease_if_due().await.unwrap().unwrap();
    assert_eq!(refresh_if_due(&fixture.app.quotes, &client).await.unwrap(), Outcome::NotDue);
    fixture.clock.advance(LEASE_SECONDS);
    assert_eq!(refresh_if_due(&fixture.app.quotes, &client).await.unwrap(), Outcome::Fetched(8));
    // What the first one stores when it comes back counts no more.
    fixture.app.quotes.store(dead, Vec::new(), HOUR).await.unwrap();
    assert_eq!(fixture.in_force("2026-03-13").await, words(&["good"]));
}
