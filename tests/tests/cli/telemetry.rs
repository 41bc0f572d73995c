//! Traces and reports of defects, as a collector and a server of Sentry's protocol see them.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::process::{Sandbox, Server, free_port, until};

/// A request that was received.
#[derive(Debug, Clone)]
struct Received {
    /// The first line and the headers.
    head: String,
    body: Vec<u8>,
}

impl Received {
    fn has(&self, bytes: &[u8]) -> bool {
        self.body.windows(bytes.len()).any(|part| part == bytes)
    }
}

/// Accepts whatever it is sent.
struct Sink {
    url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Sink {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || take_all(&stream.unwrap(), &kept));
            }
        });
        Self { url, received }
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// The first that has all these bytes in its body.
    async fn until(&self, what: &str, wanted: &[&[u8]]) -> Received {
        let find = || self.received().into_iter().find(|received| wanted.iter().all(|bytes| received.has(bytes)));
        until(what, async || find()).await
    }
}

/// Answers the requests of a connection until it is closed.
fn take_all(stream: &TcpStream, kept: &Mutex<Vec<Received>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        kept.lock().unwrap().push(Received { head, body });
        let mut writer = stream;
        if writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").is_err() {
            return;
        }
    }
}

/// A server with more variables.
async fn serve(sandbox: &Sandbox, variables: &[(&str, &str)]) -> Server {
    let port = free_port();
    let mut command = sandbox.circadia(&["serve"]);
    command.env("PORT", port.to_string()).env("CIRCADIA_RATE_LIMITS", "off").envs(variables.iter().copied());
    Server::start(command, port, sandbox.path("server.log")).await
}

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[tokio::test]
async fn requests_and_units_of_work_are_spans_in_the_trace_of_the_caller() {
    let (sandbox, collector) = (Sandbox::new(), Sink::start());
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=of-the-test"),
        ("OTEL_SERVICE_NAME", "habits of the test"),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ];
    let server = serve(&sandbox, &variables).await;
    let session = server.register("lovelace").await;
    let habit = server.daily_habit(&session, "Psychotherapy", "2026-01-01").await;
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let answer = Client::new()
        .get(server.url(&format!("/api/v1/habits/{habit}?secret-parameter")))
        .bearer_auth(&session.access_token)
        .header("traceparent", format!("00-{trace}-{parent}-01"))
        .header("user-agent", "SecretAgent/1.0")
        .send();
    assert_eq!(answer.await.unwrap().status(), 422);
    let (trace, parent) = (bytes_of(trace), bytes_of(parent));
    let name = b"GET /api/v1/habits/{habit_id}".as_slice();
    let batch = collector.until("the span of a request", &[name, &trace, &parent]).await;
    assert!(batch.head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{}", batch.head);
    assert!(batch.head.contains("content-type: application/x-protobuf"), "{}", batch.head);
    assert!(batch.head.contains("api-key: of-the-test"), "{}", batch.head);
    for part in ["habits of the test", "service.version", "http.response.status_code", "http.route"] {
        assert!(batch.has(part.as_bytes()), "{part}");
    }
    collector.until("the span of a unit of work", &[b"circadia.outcome", b"circadia.statements", b"write"]).await;
    drop(server);

    for received in collector.received() {
        for secret in [
            "lovelace",
            "example.org",
            "Psychotherapy",
            "secret-parameter",
            "SecretAgent",
            "127.0.0.1",
            habit.as_str(),
            session.access_token.as_str(),
            session.refresh_token.as_str(),
        ] {
            assert!(!received.has(secret.as_bytes()), "{secret} is exported");
        }
    }
    let log = fs::read_to_string(sandbox.path("server.log")).unwrap();
    assert!(!log.contains("circadia::span") && !log.contains("otel.name"), "{log}");
}

#[tokio::test]
async fn a_collector_that_never_answers_slows_nothing_and_holds_up_no_stop() {
    // It accepts connections, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let sandbox = Sandbox::new();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "10"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "16"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8"),
    ];
    let mut server = serve(&sandbox, &variables).await;
    let session = server.register("ada").await;
    let mut slowest = Duration::ZERO;
    for _ in 0..200 {
        let begun = Instant::now();
        server.get(&session, "/habits").await;
        slowest = slowest.max(begun.elapsed());
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    let stopped = Instant::now();
    assert!(Command::new("kill").arg(server.child.id().to_string()).status().unwrap().success());
    let status = until("an end", async || server.child.try_wait().unwrap()).await;
    assert!(status.success() && stopped.elapsed() < Duration::from_secs(10), "{status} {:?}", stopped.elapsed());
}

#[tokio::test]
async fn a_collector_that_is_not_there_is_told_once() {
    let sandbox = Sandbox::new();
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"), ("OTEL_BSP_SCHEDULE_DELAY", "10")];
    let server = serve(&sandbox, &variables).await;
    let session = server.register("ada").await;
    let told = || fs::read_to_string(sandbox.path("server.log")).unwrap().matches("spans can't be exported").count();
    until("a warning", async || {
        server.get(&session, "/habits").await;
        (told() > 0).then_some(())
    })
    .await;
    for _ in 0..50 {
        server.get(&session, "/habits").await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(told(), 1);
}

#[tokio::test]
async fn defects_are_reported_without_whom_they_happened_to() {
    let (sandbox, sentry) = (Sandbox::new(), Sink::start());
    let dsn = format!("{}/42", sentry.url.replace("http://", "http://public@"));
    let variables = [("SENTRY_DSN", dsn.as_str()), ("SENTRY_ENVIRONMENT", "of the test")];
    let server = serve(&sandbox, &variables).await;
    let session = server.register("lovelace").await;
    // What was refused isn't a defect.
    assert_eq!(server.try_ask(Method::GET, "/habits/x", Some(&session), None).await.unwrap().0, 422);
    let database = sandbox.path("data/circadia.db").display().to_string();
    SqliteConnection::establish(&database)
        .unwrap()
        .batch_execute("PRAGMA busy_timeout = 5000; UPDATE users SET timezone = 'lovelace@example.org'")
        .unwrap();
    let answer = Client::new()
        .get(server.url("/api/v1/habits?q=secret-parameter"))
        .bearer_auth(&session.access_token)
        .header("cookie", "secret=cookie")
        .header("x-request-id", "of-the-test")
        .send();
    let answer = answer.await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(status, 500, "{text}");
    let report = sentry.until("a report", &[b"internal error"]).await;
    assert!(report.head.starts_with("POST /api/42/envelope/ HTTP/1.1\r\n"), "{}", report.head);
    assert!(report.head.contains("x-sentry-auth: Sentry ") && report.head.contains("sentry_key=public"));
    let mut lines =
        report.body.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let event = lines.next_back().unwrap();
    assert_eq!(event["release"], format!("circadia@{}", env!("CARGO_PKG_VERSION")));
    // Without a level, which means an error.
    assert_eq!((&event["environment"], &event["level"]), (&json!("of the test"), &Value::Null));
    assert_eq!(event["extra"]["request_id"], "of-the-test");
    drop(server);
    assert_eq!(sentry.received().len(), 1, "{:?}", sentry.received());
    for secret in ["lovelace", "example.org", "secret-parameter", "cookie", "127.0.0.1", session.access_token.as_str()]
    {
        assert!(!report.has(secret.as_bytes()), "{secret} is reported: {event:#}");
    }
}
