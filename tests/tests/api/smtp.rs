//! Letters by SMTP, to a real server: `CIRCADIA_TEST_SMTP_URL`, which keeps what it is sent in the Maildir
//! `CIRCADIA_TEST_SMTP_MAIL` and refuses recipients whose name begins with `refused` (`tests/run` starts it).

use std::net::TcpListener;

use circadia_tests::{Backend, Builder, Mail, TestApp, fresh_id, run};
use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: tests/run starts the server and sets it"))
}

fn strict(smtp_url: &str) -> Builder {
    TestApp::on(Backend::Sqlite)
        .set("SMTP_URL", smtp_url)
        .set("CIRCADIA_MAIL_FROM", "Circadia <no-reply@circadia.example>")
        .set("CIRCADIA_EMAIL_VERIFICATION", "required")
}

/// An address that no other test writes to.
fn address(name: &str) -> String {
    format!("{name}-{}@example.org", fresh_id())
}

/// What was delivered to an address.
fn delivered(address: &str) -> Vec<Mail> {
    let folder = std::path::Path::new(&variable("CIRCADIA_TEST_SMTP_MAIL")).join("new");
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let raw = files.filter_map(|file| std::fs::read(file.expect("a file").path()).ok());
    let to = format!("To: {address}").into_bytes();
    raw.filter(|raw| raw.windows(to.len()).any(|part| part == to)).map(Mail::parse).collect()
}

async fn register(app: &TestApp, username: &str, email: &str) {
    let body = json!({"username": username, "email": email, "password": "correct horse battery"});
    app.anonymous().post("/auth/register", body).await.expect(202);
}

#[test]
fn a_letter_reaches_its_recipient_and_its_link_works() {
    run(async {
        let app = strict(&variable("CIRCADIA_TEST_SMTP_URL")).start();
        let ada = address("ada");
        register(&app, "ada", &ada).await;
        app.no_job_waits().await;
        let mail = delivered(&ada);
        assert_eq!(mail.len(), 1);
        assert_eq!((mail[0].from.as_str(), mail[0].to.as_str()), ("no-reply@circadia.example", ada.as_str()));
        let body = json!({"token": mail[0].token()});
        app.anonymous().post("/auth/verify-email", body).await.expect(204);
        app.no_job_waits().await;
        let subjects: Vec<String> = delivered(&ada).into_iter().map(|mail| mail.subject).collect();
        assert!(subjects.len() == 2 && subjects.contains(&"Welcome to Circadia".to_owned()), "{subjects:?}");
    });
}

#[test]
fn a_letter_waits_for_a_server_that_is_down_and_is_delivered_once_when_it_is_back() {
    run(async {
        let real = variable("CIRCADIA_TEST_SMTP_URL").strip_prefix("smtp://").expect("smtp://").to_owned();
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its number").port();
        let app = strict(&format!("smtp://127.0.0.1:{port}")).start();
        let ada = address("ada");
        register(&app, "ada", &ada).await;
        let tried = |times: u32| {
            let query = "SELECT count(*) FROM jobs WHERE kind = 'mail' AND state = 'waiting' AND last_error IS NOT NULL AND leased_until IS NULL";
            app.database.number(&format!("{query} AND attempts = {times}")) == 1
        };
        app.until("attempts that failed", || tried(1)).await;
        // Pauses deviate by up to a fifth.
        app.clock.advance(18);
        app.until("second attempts that failed", || tried(2)).await;
        assert!(delivered(&ada).is_empty());

        // The server is back: what comes to its port is led to the real one.
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("the port");
        tokio::spawn(async move {
            while let Ok((mut here, _)) = listener.accept().await {
                let mut there = TcpStream::connect(&real).await.expect("the server");
                tokio::spawn(async move { copy_bidirectional(&mut here, &mut there).await });
            }
        });
        app.clock.advance(23);
        assert!(tried(2), "it isn't due yet");
        app.clock.advance(13);
        app.no_job_waits().await;
        let mail = delivered(&ada);
        assert_eq!(mail.len(), 1);
        assert_eq!(
            app.database.number("SELECT count(*) FROM jobs WHERE kind = 'mail' AND state = 'done' AND payload IS NULL"),
            1
        );
        app.anonymous().post("/auth/verify-email", json!({"token": mail[0].token()})).await.expect(204);
    });
}

#[test]
fn a_recipient_whom_the_server_refuses_is_given_up_at_once_and_holds_nobody_up() {
    run(async {
        let app = strict(&variable("CIRCADIA_TEST_SMTP_URL")).start();
        let (refused, ada) = (address("refused"), address("ada"));
        register(&app, "refused", &refused).await;
        register(&app, "ada", &ada).await;
        app.no_job_waits().await;
        assert_eq!((delivered(&refused).len(), delivered(&ada).len()), (0, 1));
        let dead = "SELECT count(*) FROM jobs WHERE state = 'dead' AND attempts = 1 AND payload IS NOT NULL";
        assert_eq!(app.database.number(&format!("{dead} AND last_error LIKE '%550%'")), 1);
    });
}

#[test]
fn replicas_deliver_each_letter_once() {
    run(async {
        let url = variable("CIRCADIA_TEST_SMTP_URL");
        let app = strict(&url).start();
        let replica = app
            .replica()
            .set("SMTP_URL", &url)
            .set("CIRCADIA_MAIL_FROM", "Circadia <no-reply@circadia.example>")
            .set("CIRCADIA_EMAIL_VERIFICATION", "required")
            .start();
        let (ada, eve) = (address("ada"), address("eve"));
        register(&app, "ada", &ada).await;
        register(&replica, "eve", &eve).await;
        // Letters that cost no hashing: six to each, ordered by turns.
        let ordered = (0..12).map(|number| {
            let client = if number % 2 == 0 { app.anonymous() } else { replica.anonymous() };
            let body = json!({"email": if number % 4 < 2 { &ada } else { &eve }});
            tokio::spawn(async move { client.post("/auth/password/forgot", body).await.expect(202) })
        });
        let ordered: Vec<_> = ordered.collect();
        for one in ordered {
            one.await.expect("an answer");
        }
        app.no_job_waits().await;
        assert_eq!((delivered(&ada).len(), delivered(&eve).len()), (7, 7));
        assert_eq!(
            app.database.number("SELECT count(*) FROM jobs WHERE kind = 'mail' AND state = 'done' AND attempts = 1"),
            14
        );
    });
}
