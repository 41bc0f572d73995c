//! A clock that is set an hour ahead, and back: nobody is locked out, nothing is lost, and what is to be done is done.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{PASSWORD, Session};
use crate::process::{Sandbox, Server, free_port, until};

/// The library that sets a process' clock, as Debian's `faketime` has it.
fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap().flatten().map(|folder| folder.path());
    folders
        .map(|folder| folder.join("faketime/libfaketimeMT.so.1"))
        .find(|library| library.exists())
        .unwrap_or_else(|| panic!("Debian's package `faketime` is missing: `tests/servers install` installs it"))
}

/// A server whose clock can be set.
struct Jumping {
    sandbox: Sandbox,
    server: Server,
}

impl Jumping {
    async fn start() -> Self {
        let (sandbox, port) = (Sandbox::new(), free_port());
        let offset = sandbox.path("clock");
        fs::write(&offset, "+0").unwrap();
        let mut command = sandbox.circadia(&["serve"]);
        command
            .env("PORT", port.to_string())
            .env("CIRCADIA_RATE_LIMIT_AUTH", "20/min")
            .env("CIRCADIA_RATE_LIMIT_USER", "6000/min")
            .env("LD_PRELOAD", library())
            .env("FAKETIME_TIMESTAMP_FILE", &offset)
            .env("FAKETIME_NO_CACHE", "1")
            // Only what a wall clock shows jumps.
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        let server = Server::start(command, port, sandbox.path("server.log")).await;
        Self { sandbox, server }
    }

    /// Sets the clock so many seconds ahead of the right time.
    fn set(&self, seconds: i64) {
        // In one step: it is read all the time.
        let (offset, new) = (self.sandbox.path("clock"), self.sandbox.path("clock.new"));
        fs::write(&new, format!("{seconds:+}")).unwrap();
        fs::rename(new, offset).unwrap();
    }

    /// The status of an answer, once it isn't that of a limit.
    async fn status(&self, session: &Session, path: &str) -> u16 {
        let answer = async || {
            let status = self.server.try_ask(Method::GET, path, Some(session), None).await.unwrap().0.as_u16();
            (status != 429).then_some(status)
        };
        until("an answer within the limits", answer).await
    }

    /// Orders a mail, once that is within the limits, and waits until it is there.
    async fn mail_is_sent(&self, address: &str) {
        let folder = self.sandbox.path("data/mail");
        let before = mails(&folder);
        let order = async || {
            let (status, answer) = self.server.post("/auth/password/forgot", None, &json!({"email": address})).await;
            assert!(status == 202 || status == 429, "{answer}");
            (status == 202).then_some(())
        };
        until("an order within the limits", order).await;
        until("a mail", async || (mails(&folder) > before).then_some(())).await;
    }

    async fn add_task(&self, session: &Session, title: &str) {
        let (status, answer) = self.server.post("/tasks", Some(session), &json!({"title": title})).await;
        assert_eq!(status, 201, "{answer}");
    }
}

fn mails(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

/// The titles of the tasks among changes.
fn titles(page: &Value) -> Vec<&str> {
    let changes = page["changes"].as_array().unwrap().iter();
    changes.filter(|change| change["type"] == "task").map(|change| change["item"]["title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_hour_ahead_and_back_locks_nobody_out_and_loses_nothing() {
    let jumping = Jumping::start().await;
    let server = &jumping.server;
    let ada = server.register("ada").await;
    server.register("ben").await;
    jumping.add_task(&ada, "Before").await;
    jumping.mail_is_sent("ada@example.org").await;

    jumping.set(3_600);
    assert_eq!(jumping.status(&ada, "/me").await, 401, "an access token is good for a quarter of an hour");
    let ahead = server.login("ada", PASSWORD).await;
    jumping.add_task(&ahead, "Ahead").await;
    let page = server.get(&ahead, "/sync").await;
    let cursor = page["cursor"].as_str().unwrap();
    assert_eq!(titles(&page), ["Before", "Ahead"]);
    jumping.mail_is_sent("ada@example.org").await;
    // Guesses use a budget up, which comes back within a minute or so.
    let mut refused = 0;
    while refused == 0 {
        let guess = json!({"username": "ben", "password": "not the right one"});
        let (status, _) = server.post("/auth/login", None, &guess).await;
        refused = u16::from(status == 429);
    }
    let (status, answer) = server.try_ask(Method::POST, "/auth/logout-all", Some(&ahead), None).await.unwrap();
    assert_eq!(status, 204, "{answer}");
    assert_eq!(jumping.status(&ahead, "/me").await, 401);

    jumping.set(0);
    // Limits that were used up ahead of time hold no longer than they would have held.
    let (begun, body) = (Instant::now(), json!({"username": "ada", "password": PASSWORD}));
    let back = loop {
        let (status, answer) = server.post("/auth/login", None, &body).await;
        if status == 200 {
            break Session::of(&answer);
        }
        assert!(status == 429 && begun.elapsed() < Duration::from_mins(1), "{answer}");
        tokio::time::sleep(Duration::from_secs(2)).await;
    };
    // Longer than revocations take to be known everywhere.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(jumping.status(&back, "/me").await, 200);
    assert_eq!(jumping.status(&ahead, "/me").await, 401, "what was revoked stays revoked");
    jumping.add_task(&back, "Back").await;
    let page = server.get(&back, &format!("/sync?cursor={cursor}")).await;
    assert_eq!(titles(&page), ["Back"], "{page}");
    let page = server.get(&back, "/tasks?sort=created_at").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 3, "{page}");
    jumping.mail_is_sent("ada@example.org").await;
    assert_eq!(reqwest::get(server.url("/health/ready")).await.unwrap().status(), 200);
    let log = fs::read_to_string(jumping.sandbox.path("server.log")).unwrap();
    assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
}
