//! `GET /events`: apps are told when there is something to sync.

use std::time::{Duration, Instant};

use circadia_tests::{Backend, Client, TestApp, scenarios};
use reqwest::{Method, Response};
use serde_json::{Value, json};

scenarios!(
    every_device_is_told_of_changes_wherever_they_are_made,
    a_stream_ends_with_its_session,
    there_are_five_streams_of_an_account,
    a_stop_ends_streams,
    a_comment_comes_when_nothing_happens,
);

const TIMEOUT: Duration = Duration::from_secs(10);

/// A stream that is open.
struct Events {
    response: Response,
    text: String,
}

async fn open(client: &Client) -> Events {
    let request = client.request(Method::GET, "/events").header("accept-encoding", "gzip");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    Events { response, text: String::new() }
}

impl Events {
    /// The next event's revision; `None` if the stream has ended, as it should.
    async fn next(&mut self) -> Option<i64> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: ")) else { continue };
                assert!(event.contains("event: revision"), "{event}");
                let data: Value = serde_json::from_str(data).unwrap();
                let revision = data["revision"].as_i64().unwrap();
                assert!(event.contains(&format!("id: {revision}\n")), "{event}");
                return Some(revision);
            }
            let chunk = tokio::time::timeout(TIMEOUT, self.response.chunk()).await.expect("something in time");
            match chunk {
                Ok(Some(chunk)) => self.text.push_str(std::str::from_utf8(&chunk).unwrap()),
                Ok(None) => return None,
                Err(error) => panic!("the stream was cut: {error:?}"),
            }
        }
    }

    /// Waits until a revision is told that is at least this one.
    async fn until(&mut self, revision: i64) {
        while self.next().await.expect("a stream that goes on") < revision {}
    }

    async fn ends(&mut self) {
        while self.next().await.is_some() {}
    }
}

async fn revision(client: &Client) -> i64 {
    client.get("/sync?types=theme").await.expect(200).body["revision"].as_i64().unwrap()
}

async fn every_device_is_told_of_changes_wherever_they_are_made(backend: Backend) {
    let app = TestApp::on(backend).start();
    let replica = app.replica().start();
    let (ada, eve) = (app.user("ada").await, app.user("eve").await);
    let elsewhere = ada.at(&replica.anonymous());
    let browser = app.browser("ada").await;
    let mut all = [open(&ada).await, open(&elsewhere).await, open(&browser).await];
    let mut others = open(&eve).await;
    let now = revision(&ada).await;
    for events in &mut all {
        assert_eq!(events.next().await, Some(now));
    }
    let first = others.next().await;
    for client in [&ada, &elsewhere] {
        client.post("/tasks", json!({"title": "Call"})).await.expect(201);
        let now = revision(&ada).await;
        let begun = Instant::now();
        for events in &mut all {
            events.until(now).await;
        }
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    }
    // Many changes are told at once.
    for _ in 0..20 {
        ada.post("/tasks", json!({"title": "Call"})).await.expect(201);
    }
    let last = revision(&ada).await;
    let mut told = 0;
    while all[0].next().await.unwrap() < last {
        told += 1;
    }
    assert!(told < 20, "{told}");
    eve.post("/tasks", json!({"title": "Write"})).await.expect(201);
    assert!(others.next().await > first);
    // What asks for the head only gets an end.
    let head = ada.request(Method::HEAD, "/events").send();
    let head = tokio::time::timeout(TIMEOUT, head).await.expect("an answer").unwrap();
    assert_eq!(head.status(), 200);
}

async fn a_stream_ends_with_its_session(backend: Backend) {
    let app = TestApp::on(backend).start();
    let replica = app.replica().start();
    let ada = app.user("ada").await;
    let other = app.log_in("ada").await;
    let (mut ending, mut lasting) = (open(&other.at(&replica.anonymous())).await, open(&ada).await);
    ending.next().await.unwrap();
    lasting.next().await.unwrap();
    other.post("/auth/logout", Value::Null).await;
    ending.ends().await;
    ada.post("/tasks", json!({"title": "Call"})).await.expect(201);
    assert!(lasting.next().await.is_some());
    // An access token has an end of its own.
    app.clock.advance(86_400);
    lasting.ends().await;
    app.anonymous().get("/events").await.problem(401, "authentication_required");
}

async fn there_are_five_streams_of_an_account(backend: Backend) {
    let app = TestApp::on(backend).set("CIRCADIA_METRICS_BIND", "127.0.0.1:0").start();
    let ada = app.user("ada").await;
    let mut open_ones = Vec::new();
    for _ in 0..5 {
        open_ones.push(open(&ada).await);
    }
    assert_eq!(app.metrics().await.sum("circadia_event_streams", &[]).to_string(), "5");
    let refused = ada.get("/events").await.problem(429, "too_many_streams");
    assert!(refused.header("retry-after").is_some());
    open(&app.user("eve").await).await;
    // Whoever goes leaves room.
    open_ones.pop();
    let begun = Instant::now();
    while ada.get("/events").await.status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn a_stop_ends_streams(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let mut events = open(&ada).await;
    events.next().await.unwrap();
    let stopped = tokio::task::spawn_blocking(move || drop(app));
    events.ends().await;
    stopped.await.unwrap();
}

async fn a_comment_comes_when_nothing_happens(backend: Backend) {
    let app = TestApp::on(backend).start();
    let ada = app.user("ada").await;
    let mut events = open(&ada).await;
    events.next().await.unwrap();
    let chunk = tokio::time::timeout(Duration::from_secs(25), events.response.chunk()).await;
    assert_eq!(chunk.expect("something in time").unwrap().unwrap().as_ref(), b":\n\n");
}
