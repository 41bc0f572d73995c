//! Clients that ask and don't read what they are answered.

use std::io::Write as _;
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::process::{Sandbox, Server, until};
use crate::run::wait;

/// Memory that is in use, in MiB.
fn resident_mebibytes(server: &Server) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1024
}

/// More answers than the system holds for a connection.
const REQUESTS: usize = 100;
const CLIENTS: usize = 1_000;
/// What a connection may cost whose client reads nothing: a request, a piece of its answer, and their buffers.
const MEBIBYTES: usize = 70;

/// How many files and connections it has open.
fn open_files(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap().count()
}

fn ask_and_never_read(server: &Server, connections: usize) -> Vec<TcpStream> {
    // With and without compression.
    let kinds = ["/api/schema", "/api/docs/swagger-ui.css", "/api/docs/swagger-ui-bundle.js"];
    let open = |number: usize| {
        let (path, encoding) =
            (kinds[number % kinds.len()], if number.is_multiple_of(2) { "gzip" } else { "identity" });
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: {encoding}\r\n\r\n");
        let requests = request.repeat(REQUESTS);
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        // It may close, or take no more, before it has taken them all.
        let _ = stream.write_all(requests.as_bytes());
        stream
    };
    (0..connections).map(open).collect()
}

#[tokio::test]
async fn those_who_never_read_use_little_memory_are_closed_and_hold_up_no_stop() {
    let sandbox = Sandbox::new();
    let mut server = sandbox.serve().await;
    let before = resident_mebibytes(&server);
    let open_before = open_files(&server);
    let streams = ask_and_never_read(&server, CLIENTS);
    // Others are served meanwhile.
    let begun = Instant::now();
    assert_eq!(reqwest::get(server.url("/api/schema")).await.unwrap().status(), 200);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let most = resident_mebibytes(&server);
    assert!(most < before + MEBIBYTES, "{before} MiB became {most} MiB");
    // The deadline of a write is 10 seconds. The clients aren't told, for they don't listen.
    assert!(open_files(&server) >= open_before + CLIENTS - 10, "they were closed before");
    until("an end of each connection", async || (open_files(&server) <= open_before + 5).then_some(())).await;
    drop(streams);

    let _streams = ask_and_never_read(&server, 20);
    let begun = Instant::now();
    assert!(Command::new("kill").args(["-TERM", &server.child.id().to_string()]).status().unwrap().success());
    assert_eq!(wait(&mut server.child), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}
