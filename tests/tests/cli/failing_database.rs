//! Starting and stopping while the database is frozen: it takes connections, and answers nothing.

use std::net::TcpListener;
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::process::{Sandbox, Server, TIMEOUT, free_port, until};
use crate::run::wait;

/// Twice the time after which a start says what it waits for.
const SAYS_WITHIN: Duration = Duration::from_secs(6);

/// Asserts that a start says in time what it waits for, and gives up.
async fn start_against_a_frozen_database(scheme: &str) {
    // The system takes the connections.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let sandbox = Sandbox::new();
    let log = sandbox.path("start.log");
    let output = std::fs::File::create(&log).unwrap();
    let mut command = sandbox.circadia(&["serve"]);
    command
        .env("DATABASE_URL", format!("{scheme}://circadia:secret-of-the-url@{address}/circadia"))
        .env("PORT", free_port().to_string());
    let begun = Instant::now();
    let mut child = Started(command.stdout(output.try_clone().unwrap()).stderr(output).spawn().unwrap());
    let said = || std::fs::read_to_string(&log).unwrap();
    until("a word about what it waits for", async || said().contains("waiting for the database").then_some(())).await;
    assert!(begun.elapsed() < SAYS_WITHIN, "{:?}", begun.elapsed());
    assert_eq!(wait(&mut child.0), Some(1));
    let said = said();
    assert!(said.contains("the database can't be reached") && !said.contains("panicked"), "{said}");
    assert!(said.contains(&address.to_string()) && !said.contains("secret-of-the-url"), "{said}");
}

/// A child that is ended with this.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asserts that a server ends in time although its database is frozen and requests wait for it.
async fn stop_while_the_database_is_frozen(backend: circadia_tests::Backend) {
    let server_of_database = circadia_tests::DatabaseServer::start(backend);
    let database = circadia_tests::TestDatabase::on_server(&server_of_database);
    let sandbox = Sandbox::new();
    let port = free_port();
    let mut command = sandbox.circadia(&["serve"]);
    command.env("DATABASE_URL", database.url()).env("PORT", port.to_string()).env("CIRCADIA_RATE_LIMITS", "off");
    let mut server = Server::start(command, port, sandbox.path("server.log")).await;
    let session = server.register("ada").await;
    let frozen = server_of_database.freeze();
    let asking = async {
        let body = json!({"name": "Health"});
        // Whether they are answered or cut off is the other tests' business.
        let ask = || server.try_ask(reqwest::Method::POST, "/themes", Some(&session), Some(&body));
        tokio::join!(ask(), ask(), ask(), ask());
    };
    let asked = tokio::time::timeout(Duration::from_millis(300), asking).await;
    assert!(asked.is_err(), "nothing waited for the database");
    let begun = Instant::now();
    let process = server.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
    assert_eq!(wait(&mut server.child), Some(0));
    assert!(begun.elapsed() < TIMEOUT, "{:?}", begun.elapsed());
    drop(frozen);
}

macro_rules! on_server {
    ($module:ident, $scheme:literal, $backend:ident) => {
        mod $module {
            #[tokio::test]
            async fn a_start_against_a_frozen_database_says_so_and_gives_up() {
                super::start_against_a_frozen_database($scheme).await;
            }

            #[tokio::test]
            async fn a_stop_ends_while_the_database_is_frozen() {
                super::stop_while_the_database_is_frozen(circadia_tests::Backend::$backend).await;
            }
        }
    };
}

on_server!(postgres, "postgres", Postgres);
#[cfg(feature = "mysql")]
on_server!(mysql, "mysql", Mysql);
