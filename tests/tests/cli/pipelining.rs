//! Requests that are sent ahead, in whatever pieces they come.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::process::{Sandbox, Server, free_port};

const LIVE: &str = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
const MISSING: &str = "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LAST: &str = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Tries a password that is wrong. The blank line in the body ends no head.
fn login(framing: &str) -> String {
    let body = "{\"username\": \"ada\",\r\n\r\n\"password\": \"wrong\"}";
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json";
    match framing {
        "chunked" => {
            let (first, second) = body.split_at(25);
            let chunks = [first, second, ""].map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).concat();
            format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}")
        }
        more => format!("{head}\r\nContent-Length: {}{more}\r\n\r\n{body}", body.len()),
    }
}

async fn serve(sandbox: &Sandbox) -> Server {
    let port = free_port();
    let mut command = sandbox.circadia(&["serve"]);
    command.env("PORT", port.to_string()).env("CIRCADIA_RATE_LIMITS", "off");
    Server::start(command, port, sandbox.path("server.log")).await
}

/// The statuses of all that is answered until the connection is closed.
fn statuses(server: &Server, pieces: &[&[u8]], close: bool) -> Vec<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            std::thread::sleep(Duration::from_millis(2));
        }
        stream.write_all(piece).unwrap();
    }
    if close {
        stream.shutdown(Shutdown::Write).unwrap();
    }
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    answers.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].parse().unwrap()).collect()
}

#[tokio::test]
async fn requests_that_are_sent_ahead_are_answered_in_their_order() {
    let sandbox = Sandbox::new();
    let server = serve(&sandbox).await;
    let at_once = |text: &str| statuses(&server, &[text.as_bytes()], false);
    assert_eq!(at_once(LAST), [200]);
    assert_eq!(at_once(&[LIVE, MISSING, &login(""), LIVE, MISSING, LAST].concat()), [200, 404, 401, 200, 404, 200]);
    assert_eq!(at_once(&[&login("chunked"), MISSING, &login("chunked"), LAST].concat()), [401, 404, 401, 200]);
    let expecting = login("\r\nExpect: 100-continue");
    assert_eq!(at_once(&[&expecting, MISSING, LAST].concat()), [100, 401, 404, 200]);
    // More than actix-http takes into its queue, and more than one reading.
    let many = [&MISSING.repeat(400), LAST].concat();
    assert_eq!(at_once(&many).len(), 401);
    // Empty lines before a request, and lines that end without a carriage return.
    assert_eq!(at_once(&["\r\n\r\n\r\n", LIVE, "\r\n\r\n", MISSING, LAST].concat()), [200, 404, 200]);
    assert_eq!(at_once(&[LIVE, MISSING, LAST].concat().replace("\r\n", "\n")), [200, 404, 200]);
    // A client that says that it sends no more is answered all the same.
    assert_eq!(statuses(&server, &[[LIVE, MISSING].concat().as_bytes()], true), [200, 404]);
}

#[tokio::test]
async fn requests_come_in_any_pieces() {
    let sandbox = Sandbox::new();
    let server = serve(&sandbox).await;
    let text = [MISSING, &login(""), &login("chunked"), LAST].concat();
    for size in [1, 7, 64, 150] {
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
        assert_eq!(statuses(&server, &pieces, false), [404, 401, 401, 200], "{size}");
    }
}
