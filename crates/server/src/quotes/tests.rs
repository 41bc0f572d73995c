//! A provider on the loopback interface that behaves well, then in every other way, then well again.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use std::time::Duration;

use circadia_app::Clock;
use circadia_domain::civil::{Date, Instant};
use circadia_domain::error::StoreError;
use circadia_domain::jobs::{JobFilter, JobSeek, JobState, LEASE_SECONDS, Lane};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;

use super::*;
use crate::clock::FreshIds;
use crate::composition::compose;
use crate::jobs::Runner;
use crate::mail::Mailer;
use crate::push::HttpPushSender;

const DAY: i64 = 86_400;

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

/// What became of the provider's quotations when the jobs that were due were done.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    /// It wasn't asked.
    NotDue,
    Fetched,
    /// It was asked in vain, for this reason.
    Failed(String),
}

struct Fixture {
    runner: Arc<Runner>,
    clock: Arc<TestClock>,
    asked: Arc<AtomicUsize>,
    folder: std::path::PathBuf,
}

impl Fixture {
    fn new(name: &str, provider: &FakeProvider) -> Self {
        let folder = std::env::temp_dir().join(format!("circadia-quotes-{name}-{}", std::process::id()));
        let clock = Arc::new(TestClock(Mutex::new(Instant::parse("2026-03-11T12:00:00Z").unwrap())));
        let data = folder.display().to_string();
        let variables = [
            ("CIRCADIA_DATA_DIR", data.as_str()),
            ("CIRCADIA_SECRET_KEY", "a key of the tests, at least 32 characters"),
            ("CIRCADIA_QUOTES_URL", provider.url.as_str()),
            ("CIRCADIA_QUOTES_REFRESH_HOURS", "24"),
        ];
        let config =
            Config::from_variables(variables.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
        let app = compose(&config, clock.clone(), Arc::new(FreshIds)).unwrap().app;
        let quotes = Provider::with_timeout(provider.url.clone(), Duration::from_millis(300)).unwrap();
        let mailer = Arc::new(Mailer::new(&config.mail).unwrap());
        let runner = Arc::new(Runner {
            app,
            mailer,
            measures: Arc::default(),
            push: HttpPushSender::new(false).unwrap(),
            quotes: Some(quotes),
            backups: None,
            stop_backup: Arc::default(),
        });
        Self { runner, clock, asked: Arc::clone(&provider.asked), folder }
    }

    async fn look(&self) -> Outcome {
        let before = self.asked.load(Ordering::SeqCst);
        self.runner.run_due().await.unwrap();
        if self.asked.load(Ordering::SeqCst) == before {
            return Outcome::NotDue;
        }
        let filter = JobFilter { kind: Some(JobKind::Quotes), state: None };
        let seek = JobSeek { beyond: None, backwards: false, skip: 0, limit: 1 };
        let job = self.runner.app.jobs.list(filter, seek).await.unwrap().0.remove(0);
        match job.state {
            JobState::Done => Outcome::Fetched,
            JobState::Waiting => Outcome::Failed(job.last_error.unwrap()),
            other => panic!("the job is {other}"),
        }
    }

    /// The first words of the texts that are in force on a date.
    async fn in_force(&self, date: &str) -> BTreeSet<String> {
        let date = Date::parse(date).unwrap();
        let quotes = self
            .runner
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
    let provider = fake_provider().await;
    let fixture = Fixture::new("failures", &provider);
    let look = async || fixture.look().await;

    provider.behave(Behaviour::Says(set("good")));
    assert_eq!(look().await, Outcome::Fetched);
    // It is noon in UTC, and the 12th in Kiritimati already: the new set waits for the 13th.
    assert_eq!(fixture.in_force("2026-03-12").await, words(&[]));
    assert_eq!(fixture.in_force("2026-03-13").await, words(&["good"]));
    assert_eq!(look().await, Outcome::NotDue);
    fixture.clock.advance(DAY - 1);
    assert_eq!(look().await, Outcome::NotDue);

    fixture.clock.advance(1);
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
        // Asked again only after a pause that doubles, and deviates by up to a fifth.
        fixture.clock.advance(pause * 4 / 5 - 1);
        assert_eq!(look().await, Outcome::NotDue);
        fixture.clock.advance(pause * 2 / 5 + 1);
        pause *= 2;
        assert_eq!(fixture.in_force("2026-04-01").await, words(&["good"]));
    }
    provider.behave(Behaviour::Says(set("back")));
    assert_eq!(look().await, Outcome::Fetched);
    assert_eq!(fixture.in_force("2026-03-13").await, words(&["good"]));
    assert_eq!(fixture.in_force("2026-03-14").await, words(&["back"]));

    // Once it works again failures don't count any more.
    fixture.clock.advance(DAY);
    provider.behave(Behaviour::Status(503));
    assert!(matches!(look().await, Outcome::Failed(_)));
    fixture.clock.advance(72);
    provider.behave(Behaviour::Says(set("back")));
    assert_eq!(look().await, Outcome::Fetched);
    // The same set again is no new set.
    assert_eq!(fixture.in_force("2026-03-15").await, words(&["back"]));
    assert_eq!(fixture.in_force("2026-03-12").await, words(&[]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_fails_for_weeks_is_asked_for_ever_at_most_once_an_interval() {
    let provider = fake_provider().await;
    provider.behave(Behaviour::Status(500));
    let fixture = Fixture::new("weeks", &provider);
    for _ in 0..30 {
        assert!(matches!(fixture.look().await, Outcome::Failed(_)));
        fixture.clock.advance(DAY * 6 / 5);
    }
    let (jobs, _) = fixture
        .runner
        .app
        .jobs
        .list(
            JobFilter { kind: Some(JobKind::Quotes), state: None },
            JobSeek { beyond: None, backwards: false, skip: 0, limit: 9 },
        )
        .await
        .unwrap();
    assert_eq!(jobs.iter().map(|job| (job.state, job.attempts)).collect::<Vec<_>>(), [(JobState::Waiting, 30)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_replicas_that_look_at_once_one_asks() {
    let provider = fake_provider().await;
    let fixture = Fixture::new("once", &provider);
    provider.behave(Behaviour::Says(set("good")));
    let looks: Vec<_> = (0..8)
        .map(|_| {
            let runner = Arc::clone(&fixture.runner);
            tokio::spawn(async move { runner.run_due().await.unwrap() })
        })
        .collect();
    for look in looks {
        look.await.unwrap();
    }
    assert_eq!(provider.asked.load(Ordering::SeqCst), 1);
    assert_eq!(fixture.in_force("2026-03-13").await, words(&["good"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_dies_holds_the_others_up_no_longer_than_its_lease() {
    let provider = fake_provider().await;
    let fixture = Fixture::new("lease", &provider);
    provider.behave(Behaviour::Says(set("good")));
    let queue = &fixture.runner.app.jobs;
    queue.enqueue_scheduled().await.unwrap();
    // It took them, and ends.
    assert!(queue.claim(Lane::Common, 9).await.unwrap().iter().any(|job| job.kind == JobKind::Quotes));
    fixture.clock.advance(LEASE_SECONDS - 1);
    assert_eq!(fixture.look().await, Outcome::NotDue);
    fixture.clock.advance(1);
    assert_eq!(fixture.look().await, Outcome::Fetched);
    assert_eq!(fixture.in_force("2026-03-13").await, words(&["good"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_without_a_provider_leaves_it_to_others() {
    let provider = fake_provider().await;
    provider.behave(Behaviour::Says(set("good")));
    let fixture = Fixture::new("without", &provider);
    fixture.runner.app.jobs.enqueue_scheduled().await.unwrap();
    let data = fixture.folder.display().to_string();
    let variables =
        [("CIRCADIA_DATA_DIR", data.as_str()), ("CIRCADIA_SECRET_KEY", "a key of the tests, at least 32 characters")];
    let config = Config::from_variables(variables.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
    let app = compose(&config, fixture.clock.clone(), Arc::new(FreshIds)).unwrap().app;
    let mailer = Arc::new(Mailer::new(&config.mail).unwrap());
    let push = HttpPushSender::new(false).unwrap();
    let (measures, stop_backup) = (Arc::default(), Arc::default());
    let other = Runner { app, mailer, measures, push, quotes: None, backups: None, stop_backup };
    other.run_due().await.unwrap();
    assert_eq!(provider.asked.load(Ordering::SeqCst), 0);
    assert_eq!(fixture.look().await, Outcome::Fetched);
}
