//! `circadia serve` and `circadia healthcheck`: starting, being well, stopping, starting again.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::process::{Sandbox, Server, TIMEOUT, free_port, until};
use crate::run::{run, wait};

/// Well below the time that requests in flight may take.
const SOON: Duration = Duration::from_secs(8);

fn terminate(server: &Server) {
    let status = Command::new("kill").args(["-TERM", &server.child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream
}

/// Reads until a text has arrived; everything that has.
fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut answer = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&answer).contains(end) {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "it ends with: {}", String::from_utf8_lossy(&answer));
        answer.push(byte[0]);
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn the_port_is_honoured_at_the_address_to_listen_on() {
    let sandbox = Sandbox::new();
    let port = free_port();
    let mut command = sandbox.circadia(&[]);
    command.env("PORT", port.to_string()).env("CIRCADIA_BIND", "127.0.0.1:1");
    let server = Server::start(command, port, sandbox.path("server.log")).await;
    assert!(TcpStream::connect(("::1", server.port)).is_err());

    let elsewhere = Sandbox::new();
    let mut second = elsewhere.circadia(&["serve"]);
    let said = run(second.env("PORT", port.to_string()).env("CIRCADIA_BIND", "127.0.0.1:1")).failed();
    assert!(said.contains(&port.to_string()), "{said}");
    assert!(!elsewhere.path("data").exists(), "nothing is written before there is a port");
}

#[tokio::test]
async fn a_start_is_told_in_a_few_plain_lines() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve().await;
    let log = fs::read_to_string(sandbox.path("server.log")).unwrap();
    assert!(!log.contains('\u{1b}'), "colours in a file: {log}");
    assert_eq!(log.matches("the database schema was brought up to date").count(), 1, "{log}");
    assert_eq!(log.matches(&format!(":{}/api/docs", server.port)).count(), 1, "{log}");
    assert!(!log.contains("Actix") && !log.contains("worker"), "{log}");
    assert!(log.lines().count() <= 5, "{log}");
}

#[tokio::test]
async fn what_a_server_depends_on_and_does_not_answer_is_told_at_the_start() {
    let sandbox = Sandbox::new();
    let (port, dead) = (free_port(), free_port());
    let mut command = sandbox.circadia(&["serve"]);
    command
        .env("PORT", port.to_string())
        .env("REDIS_URL", format!("redis://127.0.0.1:{dead}"))
        .env("SMTP_URL", format!("smtp://127.0.0.1:{dead}"));
    let _server = Server::start(command, port, sandbox.path("server.log")).await;
    for line in ["Redis can't be used", "the SMTP server can't be used"] {
        until(line, async || fs::read_to_string(sandbox.path("server.log")).unwrap().contains(line).then_some(()))
            .await;
    }
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let log = fs::read_to_string(sandbox.path("server.log")).unwrap();
    assert_eq!(log.matches("Redis can't be used").count(), 1, "told once: {log}");
}

#[test]
fn the_help_says_what_it_is_for_and_shows_how() {
    let said = run(&mut Sandbox::new().circadia(&["--help"])).succeeded();
    assert!(said.starts_with("The backend for apps that help people keep their days in rhythm"), "{said}");
    for part in ["Examples:", "circadia demo --password", "Environment", "DATABASE_URL"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[tokio::test]
async fn the_health_check_tells_whether_a_server_is_ready() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve().await;
    let port = server.port.to_string();
    run(sandbox.circadia(&["healthcheck"]).env("PORT", &port)).succeeded();
    drop(server);
    run(sandbox.circadia(&["healthcheck"]).env("PORT", &port)).failed();
}

#[tokio::test]
async fn a_request_in_flight_is_finished_when_the_server_is_stopped() {
    let sandbox = Sandbox::new();
    let mut server = sandbox.serve().await;
    let session = server.register("ada").await;
    let body = json!({ "name": "Health" }).to_string();
    let mut stream = connect(&server);
    let token = &session.access_token;
    write!(
        stream,
        "POST /api/v1/themes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    )
    .unwrap();
    // The server has begun with it, and waits for its body.
    let proceed = read_until(&mut stream, "\r\n\r\n");
    assert!(proceed.starts_with("HTTP/1.1 100"), "{proceed}");

    terminate(&server);
    let port = server.port;
    until("no one who listens", async || TcpStream::connect(("127.0.0.1", port)).err().map(drop)).await;
    assert!(server.child.try_wait().unwrap().is_none(), "it waits for the request");
    stream.write_all(body.as_bytes()).unwrap();
    let answer = read_until(&mut stream, "\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let answered = Instant::now();
    drop(stream);
    assert_eq!(wait(&mut server.child), Some(0));
    assert!(answered.elapsed() < SOON, "{:?}", answered.elapsed());

    let again = sandbox.serve().await;
    let themes = again.get(&session, "/themes").await;
    assert_eq!(themes["items"][0]["name"], "Health", "{themes}");
}

#[tokio::test]
async fn a_connection_that_only_waits_holds_up_no_stop() {
    for signal in ["-TERM", "-INT"] {
        let sandbox = Sandbox::new();
        let mut server = sandbox.serve().await;
        let mut idle = connect(&server);
        write!(idle, "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        read_until(&mut idle, "\r\n\r\n");
        let _silent = connect(&server);
        let start = Instant::now();
        assert!(Command::new("kill").args([signal, &server.child.id().to_string()]).status().unwrap().success());
        assert_eq!(wait(&mut server.child), Some(0));
        assert!(start.elapsed() < SOON, "{signal}: {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn slow_clients_are_given_up_and_hold_nobody_up() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve().await;
    let session = server.register("ada").await;
    let token = &session.access_token;
    let (mut head, mut body) = (connect(&server), connect(&server));
    let begun = Instant::now();
    write!(head, "GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").unwrap();
    write!(
        body,
        "POST /api/v1/themes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 17\r\n\r\n{{\"name\":"
    )
    .unwrap();
    server.get(&session, "/themes").await;
    assert!(begun.elapsed() < Duration::from_secs(3), "others wait: {:?}", begun.elapsed());
    // The head is waited for 5 seconds, the body 10.
    let mut answer = Vec::new();
    head.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    let waited = begun.elapsed();
    assert!((Duration::from_secs(4)..Duration::from_secs(9)).contains(&waited), "{waited:?}");
    let answer = read_until(&mut body, "\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    let waited = begun.elapsed();
    assert!((Duration::from_secs(9)..Duration::from_secs(15)).contains(&waited), "{waited:?}");
    assert_eq!(server.get(&session, "/themes").await["items"], json!([]));
}

#[tokio::test]
async fn production_withdraws_its_readiness_before_it_stops_listening() {
    let sandbox = Sandbox::new();
    let port = free_port();
    let mut command = sandbox.circadia(&["serve"]);
    command
        .env("CIRCADIA_ENV", "production")
        .env("CIRCADIA_EMAIL_VERIFICATION", "optional")
        .env("CIRCADIA_SECRET_KEY", "0123456789abcdef0123456789abcdef")
        .env("CIRCADIA_RATE_LIMITS", "off")
        .env("PORT", port.to_string());
    let mut server = Server::start(command, port, sandbox.path("server.log")).await;
    terminate(&server);
    let ready = server.url("/health/ready");
    until("a server that says it isn't ready", async || {
        reqwest::get(&ready).await.ok().filter(|answer| answer.status() == 503).map(drop)
    })
    .await;
    assert_eq!(wait(&mut server.child), Some(0));
}

#[tokio::test]
async fn connections_that_are_kept_open_are_told_to_close_before_a_server_stops() {
    for environment in ["development", "production"] {
        let sandbox = Sandbox::new();
        let port = free_port();
        let mut command = sandbox.circadia(&["serve"]);
        command
            .env("CIRCADIA_ENV", environment)
            .env("CIRCADIA_EMAIL_VERIFICATION", "optional")
            .env("CIRCADIA_SECRET_KEY", "0123456789abcdef0123456789abcdef")
            .env("CIRCADIA_RATE_LIMITS", "off")
            .env("PORT", port.to_string());
        let mut server = Server::start(command, port, sandbox.path("server.log")).await;
        // Each keeps asking, one request after another, until it is told to close.
        let clients: Vec<_> = (0..16)
            .map(|_| {
                let mut stream = connect(&server);
                std::thread::spawn(move || {
                    for served in 0_u32.. {
                        write!(stream, "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
                        let head = read_until(&mut stream, "\r\n\r\n").to_ascii_lowercase();
                        let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
                        let mut body = vec![0; length.parse().unwrap()];
                        stream.read_exact(&mut body).unwrap();
                        if head.contains("\r\nconnection: close\r\n") {
                            return served;
                        }
                    }
                    0
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(300)).await;
        terminate(&server);
        for client in clients {
            assert!(client.join().unwrap() > 0, "{environment}");
        }
        assert_eq!(wait(&mut server.child), Some(0));
    }
}

/// Asks again and again, each time by a new connection, until nobody listens: how many were answered, and how many were
/// not although there was a connection.
fn ask_until_nobody_listens(port: u16) -> (u32, u32) {
    let (mut answered, mut cut) = (0, 0);
    let address = (std::net::Ipv4Addr::LOCALHOST, port).into();
    while let Ok(mut stream) = TcpStream::connect_timeout(&address, TIMEOUT) {
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        let mut answer = Vec::new();
        let request = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let outcome = stream.write_all(request).and_then(|()| stream.read_to_end(&mut answer));
        if outcome.is_ok() && answer.starts_with(b"HTTP/1.1 200") { answered += 1 } else { cut += 1 }
    }
    (answered, cut)
}

#[tokio::test]
async fn no_connection_is_cut_while_a_server_stops_listening() {
    let (mut answered, mut cut) = (0, 0);
    for _ in 0..3 {
        let sandbox = Sandbox::new();
        let mut server = sandbox.serve().await;
        let port = server.port;
        let clients: Vec<_> = (0..32).map(|_| std::thread::spawn(move || ask_until_nobody_listens(port))).collect();
        tokio::time::sleep(Duration::from_millis(500)).await;
        terminate(&server);
        for client in clients {
            let (more, also) = client.join().unwrap();
            answered += more;
            cut += also;
        }
        assert_eq!(wait(&mut server.child), Some(0));
    }
    assert!(answered > 1_000, "only {answered}");
    assert_eq!(cut, 0, "of {answered}");
}

#[tokio::test]
async fn a_body_that_is_announced_as_too_large_is_refused_before_it_arrives() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve().await;
    let session = server.register("ada").await;
    for expects in [false, true] {
        for length in [256 * 1024 + 1, u64::MAX] {
            let mut stream = connect(&server);
            let begun = Instant::now();
            write!(
                stream,
                "POST /api/v1/themes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
                 Content-Type: application/json\r\nContent-Length: {length}\r\n{}\r\n",
                session.access_token,
                if expects { "Expect: 100-continue\r\n" } else { "" },
            )
            .unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            let answer = String::from_utf8(answer).unwrap();
            assert!(answer.contains("HTTP/1.1 413") && answer.contains("payload_too_large"), "{length}: {answer}");
            assert!(begun.elapsed() < Duration::from_secs(5), "{length}: {:?}", begun.elapsed());
        }
    }
    // The most that is accepted is read.
    let mut stream = connect(&server);
    let body = format!("{{\"name\": \"Health\"{}}}", " ".repeat(256 * 1024 - 18));
    write!(
        stream,
        "POST /api/v1/themes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        session.access_token,
        body.len(),
    )
    .unwrap();
    assert_eq!(body.len(), 256 * 1024);
    let answer = read_until(&mut stream, "\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

#[tokio::test]
async fn what_strangers_send_malformed_is_no_error_in_the_log() {
    for filter in ["", "warn", "actix_http::h1::dispatcher=error"] {
        let log = log_of_malformed_requests(filter).await;
        assert_eq!(log.contains("ERROR"), filter.starts_with("actix_http"), "{filter}: {log}");
    }
}

async fn log_of_malformed_requests(filter: &str) -> String {
    let sandbox = Sandbox::new();
    let port = free_port();
    let mut command = sandbox.circadia(&["serve"]);
    command.env("PORT", port.to_string()).env("CIRCADIA_LOG", filter);
    let server = Server::start(command, port, sandbox.path("server.log")).await;
    for malformed in ["NONSENSE\r\n\r\n", "GET / HTTP/1.1\r\nA B: c\r\n\r\n", "\u{16}\u{3}\u{1}\r\n\r\n"] {
        let mut stream = connect(&server);
        stream.write_all(malformed.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&answer));
    }
    fs::read_to_string(sandbox.path("server.log")).unwrap()
}

#[tokio::test]
async fn accounts_and_tokens_outlive_a_restart() {
    let sandbox = Sandbox::new();
    let mut server = sandbox.serve().await;
    let session = server.register("ada").await;
    let habit = server.daily_habit(&session, "Read", "2026-01-01").await;
    terminate(&server);
    assert_eq!(wait(&mut server.child), Some(0));
    drop(server);
    let key = fs::read(sandbox.path("data/secret.key")).unwrap();
    let mode = fs::metadata(sandbox.path("data/secret.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");

    let server = sandbox.serve().await;
    assert_eq!(fs::read(sandbox.path("data/secret.key")).unwrap(), key);
    assert_eq!(server.get(&session, "/me").await["username"], "ada");
    assert_eq!(server.get(&session, &format!("/habits/{habit}")).await["name"], "Read");
    let (status, answer) = server.post("/auth/refresh", None, &json!({ "refresh_token": session.refresh_token })).await;
    assert_eq!(status, 200, "{answer}");
    server.login("ada", crate::api::PASSWORD).await;
}

#[tokio::test]
async fn two_servers_on_one_folder_lose_nothing() {
    let sandbox = Sandbox::new();
    let servers = [sandbox.serve().await, sandbox.serve().await];
    let session = servers[0].register("ada").await;
    let write = async |server: &Server, which: usize| {
        for number in 0..40 {
            let theme = json!({"name": format!("Theme {which}.{number}")});
            let (status, answer) = server.post("/themes", Some(&session), &theme).await;
            assert_eq!(status, 201, "{answer}");
        }
    };
    tokio::join!(write(&servers[0], 0), write(&servers[1], 1));
    for server in &servers {
        let themes = server.get(&session, "/themes").await;
        assert_eq!(themes["items"].as_array().unwrap().len(), 80);
    }
    // Each goes on when the other is killed.
    let [mut first, second] = servers;
    first.child.kill().unwrap();
    let (status, answer) = second.post("/themes", Some(&session), &json!({"name": "Last"})).await;
    assert_eq!(status, 201, "{answer}");
}
