//! `circadia copy`: an installation moves to another database, and goes on there.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use circadia_storage::transfer::{Fingerprint, tables};
use circadia_storage::{SqlDatabase, StorageOptions};
use circadia_tests::{Backend, TestDatabase, scenarios};
use serde_json::json;

use crate::api::{PASSWORD, Session};
use crate::process::{Sandbox, Server, free_port};
use crate::run::{Ended, run, wait};

scenarios!(an_installation_moves_and_goes_on, a_copy_that_is_killed_is_gone_on_with);

/// What each table of a database holds.
pub(crate) fn fingerprints(url: &str) -> Vec<(String, Fingerprint)> {
    let database = SqlDatabase::new(StorageOptions::new(url)).unwrap();
    database.snapshot().unwrap().fingerprints(&tables(), &mut |_| {}).unwrap()
}

/// The embedded database.
pub(crate) fn embedded(sandbox: &Sandbox) -> String {
    format!("sqlite://{}", sandbox.path("data/circadia.db").display())
}

/// A server on another database than the embedded one.
pub(crate) async fn serve_on(sandbox: &Sandbox, url: &str) -> Server {
    let port = free_port();
    let mut command = sandbox.circadia(&["serve"]);
    command.env("PORT", port.to_string()).env("CIRCADIA_RATE_LIMITS", "off").env("DATABASE_URL", url);
    Server::start(command, port, sandbox.path("server.log")).await
}

/// Ends a server as operators do.
pub(crate) fn end(mut server: Server) {
    let id = server.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_eq!(wait(&mut server.child), Some(0));
}

/// What an account has, as it is answered.
pub(crate) async fn everything_of(server: &Server, session: &Session) -> Vec<serde_json::Value> {
    let mut answers = Vec::new();
    for path in ["/me", "/habits", "/entries", "/themes", "/tasks", "/moods", "/sleep", "/time-entries"] {
        if let Some((status, answer)) = server.try_ask(reqwest::Method::GET, path, Some(session), None).await
            && status == 200
        {
            answers.push(answer);
        }
    }
    assert!(answers.len() >= 5, "{answers:#?}");
    answers
}

fn copy(sandbox: &Sandbox, arguments: &[&str]) -> Ended {
    run(&mut sandbox.circadia(&[&["copy"], arguments].concat()))
}

async fn an_installation_moves_and_goes_on(backend: Backend) {
    let sandbox = Sandbox::new();
    let server = sandbox.serve().await;
    let session = server.register("ada").await;
    let habit = server.daily_habit(&session, "Read", "2026-01-01").await;
    for date in ["2026-03-01", "2026-03-02"] {
        assert!(server.try_put_done(&session, &habit, date).await.unwrap().is_success());
    }
    let mood = json!({"value": 7, "note": "Zoë: \u{1F319}"});
    server.try_ask(reqwest::Method::PUT, "/moods/2026-03-01", Some(&session), Some(&mood)).await.unwrap();
    let before = everything_of(&server, &session).await;
    end(server);

    let (there, back) = (TestDatabase::create(backend), TestDatabase::create(Backend::Sqlite));
    let said = copy(&sandbox, &["--to", there.url()]).succeeded();
    assert!(said.contains("compared every row") && said.contains("secret key goes along"), "{said}");
    assert_eq!(fingerprints(there.url()), fingerprints(&embedded(&sandbox)));
    let server = serve_on(&sandbox, there.url()).await;
    assert_eq!(everything_of(&server, &session).await, before);
    let (status, answer) = server.post("/auth/refresh", None, &json!({ "refresh_token": session.refresh_token })).await;
    assert_eq!(status, 200, "{answer}");
    let again = server.login("ada", PASSWORD).await;
    assert!(server.try_put_done(&again, &habit, "2026-03-03").await.unwrap().is_success());
    let streak = server.get(&again, &format!("/habits/{habit}/streak?on=2026-03-03")).await;
    assert_eq!(streak["current"], 3, "{streak}");
    // What replicas are told by a number goes on behind the numbers that came along.
    let last = there.number("SELECT count(*) FROM revocations");
    let out = server.try_ask(reqwest::Method::POST, "/auth/logout", Some(&again), None).await;
    assert_eq!(out.unwrap().0, 204);
    assert_eq!(there.number("SELECT count(*) FROM revocations"), last + 1);
    end(server);

    copy(&sandbox, &["--from", there.url(), "--to", back.url()]).succeeded();
    assert_eq!(fingerprints(back.url()), fingerprints(there.url()));
    let server = serve_on(&sandbox, back.url()).await;
    let again = server.login("ada", PASSWORD).await;
    assert_eq!(server.get(&again, &format!("/habits/{habit}/streak?on=2026-03-03")).await["current"], 3);
}

async fn a_copy_that_is_killed_is_gone_on_with(backend: Backend) {
    let sandbox = Sandbox::new();
    run(&mut sandbox.circadia(&["demo", "--password", PASSWORD])).succeeded();
    let target = TestDatabase::create(backend);
    let mut command = sandbox.circadia(&["copy", "--to", target.url()]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    // It is among the entries now, which are most.
    assert!(lines.into_iter().any(|line| line.starts_with("  shared_pauses:")), "the copy ended before");
    child.kill().unwrap();
    child.wait().unwrap();
    let arrived = |table: &str| target.number(&format!("SELECT count(*) FROM {table}"));
    assert_eq!((arrived("users"), arrived("moods")), (1, 0), "it was killed in the middle");

    let mut serve = sandbox.circadia(&["serve"]);
    let said = run(serve.env("DATABASE_URL", target.url()).env("PORT", free_port().to_string())).failed();
    assert!(said.contains("the beginning of a copy"), "{said}");
    copy(&sandbox, &["--to", target.url()]).succeeded();
    assert_eq!(fingerprints(target.url()), fingerprints(&embedded(&sandbox)));
    let server = serve_on(&sandbox, target.url()).await;
    let session = server.login("demo", PASSWORD).await;
    let habits = server.get(&session, "/habits").await;
    assert_eq!(habits["items"].as_array().unwrap().len(), 7, "{habits}");
}

#[tokio::test]
async fn what_cannot_be_copied_is_refused_with_its_reason() {
    let (sandbox, target) = (Sandbox::new(), TestDatabase::create(Backend::Sqlite));
    let nothing = format!("sqlite://{}", sandbox.path("nothing.db").display());
    let said = copy(&sandbox, &["--from", &nothing, "--to", target.url()]).failed();
    assert!(said.contains("there is no database") && !sandbox.path("nothing.db").exists(), "{said}");
    let said = copy(&sandbox, &["--from", target.url(), "--to", target.url()]).failed();
    assert!(said.contains("the same database"), "{said}");

    let server = sandbox.serve().await;
    server.register("ada").await;
    end(server);
    let other = Sandbox::new();
    let server = other.serve().await;
    server.register("eve").await;
    end(server);
    let before = fingerprints(&embedded(&other));
    let said = copy(&sandbox, &["--to", &embedded(&other)]).failed();
    assert!(said.contains("isn't empty") && said.contains("users") && said.contains("--replace"), "{said}");
    assert_eq!(fingerprints(&embedded(&other)), before);
    copy(&sandbox, &["--to", &embedded(&other), "--replace"]).succeeded();
    assert_eq!(fingerprints(&embedded(&other)), fingerprints(&embedded(&sandbox)));
}

#[tokio::test]
async fn a_server_that_goes_on_writing_is_told() {
    let (sandbox, target) = (Sandbox::new(), TestDatabase::create(Backend::Sqlite));
    run(&mut sandbox.circadia(&["demo", "--password", PASSWORD])).succeeded();
    let server = sandbox.serve().await;
    let session = server.login("demo", PASSWORD).await;
    let habit = server.daily_habit(&session, "Read", "2026-01-01").await;
    for (arguments, code) in [(&[][..], 1), (&["--replace", "--allow-changes"][..], 0)] {
        let mut command = sandbox.circadia(&[&["copy", "--to", target.url()], arguments].concat());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut lines = lines.into_iter();
        assert!(lines.any(|line| line.starts_with("  users:")));
        assert!(server.try_put_done(&session, &habit, "2026-03-01").await.unwrap().is_success());
        let rest: Vec<String> = lines.collect();
        assert_eq!(wait(&mut child), Some(code), "{rest:?}");
        let told = rest.iter().any(|line| line.contains("was written to while it was copied"));
        assert_eq!(told, code == 1, "{rest:?}");
    }
}
