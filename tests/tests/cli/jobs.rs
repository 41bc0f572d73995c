//! A process that is killed while it is at a job.

use std::io::Read as _;
use std::net::TcpListener;

use circadia_tests::{Backend, TestDatabase};

use crate::process::{Sandbox, Server, free_port, until};

/// An SMTP server that lets everybody wait for its greeting.
fn silent_smtp() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.set_nonblocking(true);
            let _ = stream.read(&mut [0; 16]);
            kept.push(stream);
        }
    });
    format!("smtp://{address}?tls=none")
}

#[tokio::test]
async fn a_process_that_is_killed_at_a_job_passes_its_lease_on() {
    let (database, sandbox, smtp) = (TestDatabase::create(Backend::Sqlite), Sandbox::new(), silent_smtp());
    let serve = async |smtp: Option<&str>| {
        let port = free_port();
        let mut command = sandbox.circadia(&["serve"]);
        command.env("DATABASE_URL", database.url()).env("PORT", port.to_string()).env("CIRCADIA_RATE_LIMITS", "off");
        if let Some(smtp) = smtp {
            command.env("SMTP_URL", smtp);
        }
        Server::start(command, port, sandbox.path("server.log")).await
    };
    let mut server = serve(Some(&smtp)).await;
    server.register("ada").await;
    let leased = "SELECT count(*) FROM jobs WHERE kind = 'mail' AND attempts = 1 AND leased_until IS NOT NULL";
    until("a mail that is being sent", async || (database.number(leased) == 1).then_some(())).await;
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    drop(server);
    assert_eq!(database.number(leased), 1, "it was killed in the middle");

    // While the lease lasts, nobody else takes the job, although the mail could be sent now.
    let _server = serve(None).await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(database.number(leased), 1);
    database.execute("UPDATE jobs SET leased_until = run_at WHERE kind = 'mail'");
    let done = "SELECT count(*) FROM jobs WHERE kind = 'mail' AND state = 'done' AND attempts = 2";
    until("a mail that was sent", async || (database.number(done) == 1).then_some(())).await;
    let mails = std::fs::read_dir(sandbox.path("data/mail")).unwrap();
    assert_eq!(mails.filter(|mail| mail.as_ref().unwrap().path().extension().is_some_and(|it| it == "eml")).count(), 1);
}
