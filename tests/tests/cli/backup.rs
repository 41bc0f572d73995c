//! `circadia backup` and `circadia restore`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use circadia_tests::{Backend, TestDatabase, scenarios};
use serde_json::json;

use crate::api::{PASSWORD, Session};
use crate::copy::{end, everything_of, fingerprints, serve_on};
use crate::process::{Sandbox, Server, free_port, until};
use crate::run::{Ended, run};

scenarios!(a_backup_of_any_database_is_restored_into_any_other);

const KEY: &str = "a secret of more than 32 characters";

fn circadia(sandbox: &Sandbox, url: &str, arguments: &[&str]) -> Ended {
    run(sandbox.circadia(arguments).env("DATABASE_URL", url).env("CIRCADIA_BACKUP_KEY", KEY))
}

/// The backups in a folder.
fn backups(folder: &Path) -> Vec<PathBuf> {
    let Ok(found) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<PathBuf> = found.map(|file| file.unwrap().path()).collect();
    names.sort();
    names
}

/// Gives an account an image; the image's address.
async fn set_avatar(server: &Server, session: &Session) -> String {
    let image = circadia_tests::images::jpeg(&circadia_tests::images::picture(600, 600));
    let boundary = "----a-boundary";
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"me.jpg\"\r\n\
         Content-Type: image/jpeg\r\n\r\n"
    );
    let form = [head.as_bytes(), &image, format!("\r\n--{boundary}--\r\n").as_bytes()].concat();
    let answer = reqwest::Client::new()
        .put(server.url("/api/v1/me/avatar"))
        .bearer_auth(&session.access_token)
        .header("Content-Type", format!("multipart/form-data; boundary={boundary}"))
        .body(form)
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
    server.get(session, "/me").await["avatar_url"].as_str().unwrap().to_owned()
}

async fn a_backup_of_any_database_is_restored_into_any_other(backend: Backend) {
    let (sandbox, database) = (Sandbox::new(), TestDatabase::create(backend));
    let server = serve_on(&sandbox, database.url()).await;
    let session = server.register("ada").await;
    let avatar = set_avatar(&server, &session).await;
    let image = reqwest::get(server.url(&avatar)).await.unwrap().bytes().await.unwrap();
    let habit = server.daily_habit(&session, "Read", "2026-01-01").await;
    // It goes on serving, and others go on writing.
    let ended = Arc::new(AtomicBool::new(false));
    let writer = {
        let ended = Arc::clone(&ended);
        let (port, session, habit) = (server.port, session.clone(), habit.clone());
        let write = async move {
            let client = reqwest::Client::new();
            let mut written = 0;
            for day in (1..=28).cycle() {
                if ended.load(Ordering::Relaxed) {
                    return written;
                }
                let url = format!("http://127.0.0.1:{port}/api/v1/habits/{habit}/entries/2026-02-{day:02}");
                let body = json!({ "state": "done" });
                let answer = client.put(url).bearer_auth(&session.access_token).json(&body).send().await.unwrap();
                assert!(answer.status().is_success(), "{answer:?}");
                written += 1;
            }
            written
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        std::thread::spawn(move || runtime.block_on(write))
    };
    let place = sandbox.path("backups");
    let to = place.display().to_string();
    let said = circadia(&sandbox, database.url(), &["backup", "--to", &to]).succeeded();
    assert!(said.contains("and 2 images") && said.contains("encrypted") && said.contains("every row"), "{said}");
    ended.store(true, Ordering::Relaxed);
    assert!(writer.join().unwrap() > 10, "nobody wrote meanwhile");
    let before = everything_of(&server, &session).await;
    end(server);

    // And once more when nothing is written, so that it can be compared: in another second, which names it.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    circadia(&sandbox, database.url(), &["backup", "--to", &to]).succeeded();
    let newest = backups(&place).pop().unwrap();
    let content = fs::read(&newest).unwrap();
    assert!(newest.display().to_string().ends_with(".tar.zst.age"));
    assert!(!content.windows(3).any(|part| part == b"ada"), "it is encrypted");
    let expected = fingerprints(database.url());
    let mut others = vec![Backend::Sqlite];
    if cfg!(feature = "postgres") {
        others.push(Backend::Postgres);
    }
    if cfg!(feature = "mysql") {
        others.push(Backend::Mysql);
    }
    for other in others {
        let (elsewhere, target) = (Sandbox::new(), TestDatabase::create(other));
        let key = fs::read(sandbox.path("data/secret.key")).unwrap();
        let newest = newest.display().to_string();
        // Without the secret key all is restored, and it is told.
        let said = circadia(&elsewhere, target.url(), &["restore", &newest]).failed();
        assert!(said.contains("everything was restored, but the secret key"), "{said}");
        fs::write(elsewhere.path("data/secret.key"), key).unwrap();
        let refused = circadia(&elsewhere, target.url(), &["restore", &newest]).failed();
        assert!(refused.contains("isn't empty"), "{refused}");
        let said = circadia(&elsewhere, target.url(), &["restore", &newest, "--replace"]).succeeded();
        assert!(said.contains("every one compared, and 2 images") && said.contains("The secret key opens"), "{said}");
        assert_eq!(fingerprints(target.url()), expected, "{other:?}");
        let server = serve_on(&elsewhere, target.url()).await;
        assert_eq!(everything_of(&server, &session).await, before, "{other:?}");
        assert_eq!(reqwest::get(server.url(&avatar)).await.unwrap().bytes().await.unwrap(), image);
        server.login("ada", PASSWORD).await;
        end(server);
    }
    // What was taken while others wrote is whole, too.
    let (first, target) = (backups(&place).remove(0), TestDatabase::create(Backend::Sqlite));
    circadia(&sandbox, target.url(), &["restore", &first.display().to_string()]).succeeded();
    run(sandbox.circadia(&["doctor"]).env("DATABASE_URL", target.url())).succeeded();
}

#[tokio::test]
async fn servers_take_backups_when_they_are_to_and_keep_some() {
    let sandbox = Sandbox::new();
    let place = sandbox.path("data/backups");
    let database = TestDatabase::create(Backend::Sqlite);
    let start = async || {
        let port = free_port();
        let mut command = sandbox.circadia(&["serve"]);
        command
            .env("PORT", port.to_string())
            .env("DATABASE_URL", database.url())
            .env("CIRCADIA_BACKUP_SCHEDULE", "6h")
            .env("CIRCADIA_BACKUP_KEEP", "2")
            .env("CIRCADIA_RATE_LIMITS", "off");
        Server::start(command, port, sandbox.path("server.log")).await
    };
    // Of two servers, one takes it.
    let (one, _other) = (start().await, start().await);
    let done = |count: i64| {
        let sql = "SELECT count(*) FROM jobs WHERE kind = 'backup' AND state = 'done'";
        (database.number(sql) == count).then_some(())
    };
    until("a backup", async || done(1)).await;
    assert_eq!(backups(&place).len(), 1);
    one.register("ada").await;
    for count in 2..=4 {
        // Each has a second of its own.
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        database.execute("UPDATE job_schedules SET next_at = 1000000 WHERE kind = 'backup'");
        until("one more", async || done(count)).await;
    }
    assert_eq!(backups(&place).len(), 2);
    let target = TestDatabase::create(Backend::Sqlite);
    let place = place.display().to_string();
    run(sandbox.circadia(&["restore", &place]).env("DATABASE_URL", target.url())).succeeded();
    assert_eq!(target.number("SELECT count(*) FROM users"), 1);
}

#[test]
fn what_cannot_be_restored_is_refused_with_its_reason() {
    let sandbox = Sandbox::new();
    let said = run(&mut sandbox.circadia(&["restore", "nowhere"])).failed();
    assert!(said.contains("there is no folder") && !sandbox.path("nowhere").exists(), "{said}");
    fs::create_dir(sandbox.path("empty")).unwrap();
    let said = run(&mut sandbox.circadia(&["restore", "empty"])).failed();
    assert!(said.contains("there is no backup"), "{said}");
    fs::write(sandbox.path("notes.txt"), "not a backup").unwrap();
    let said = run(&mut sandbox.circadia(&["restore", "notes.txt"])).failed();
    assert!(said.contains("damaged"), "{said}");
    let said = run(&mut sandbox.circadia(&["backup", "--to", "ftp://somewhere"])).failed();
    assert!(said.contains("--to"), "{said}");
    let said = run(&mut sandbox.circadia(&["backup"])).failed();
    assert!(said.contains("circadia migrate"), "{said}");
}

/// Against a real server: `CIRCADIA_TEST_S3_ENDPOINT` with the bucket `CIRCADIA_TEST_S3_BUCKET` (`tests/run` starts it).
mod s3 {
    use super::*;
    use crate::copy::embedded;

    fn variable(name: &str) -> String {
        std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: tests/run starts the server and sets it"))
    }

    #[tokio::test]
    async fn backups_lie_in_a_bucket_and_come_back_from_there() {
        let (endpoint, bucket) = (variable("CIRCADIA_TEST_S3_ENDPOINT"), variable("CIRCADIA_TEST_S3_BUCKET"));
        let sandbox = Sandbox::new();
        run(&mut sandbox.circadia(&["demo", "--password", PASSWORD])).succeeded();
        let place = format!("s3://{bucket}/{}/backups", circadia_tests::fresh_id());
        let with_bucket = |url: &str, arguments: &[&str]| {
            let mut command = sandbox.circadia(arguments);
            command
                .env("DATABASE_URL", url)
                .env("AWS_ENDPOINT_URL", &endpoint)
                .env("AWS_ACCESS_KEY_ID", "tests")
                .env("AWS_SECRET_ACCESS_KEY", "tests")
                .env("AWS_REGION", "us-east-1");
            run(&mut command)
        };
        let source = embedded(&sandbox);
        for _ in 0..3 {
            with_bucket(&source, &["backup", "--to", &place, "--keep", "2"]).succeeded();
            tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        }
        let said = with_bucket(&source, &["backup", "--to", &place, "--keep", "2"]).succeeded();
        assert_eq!(said.matches("Removed ").count(), 1, "{said}");
        let target = TestDatabase::create(Backend::Sqlite);
        with_bucket(target.url(), &["restore", &place]).succeeded();
        assert_eq!(fingerprints(target.url()), fingerprints(&source));
        let name = said.split_whitespace().nth(1).unwrap();
        with_bucket(target.url(), &["restore", &format!("{place}/{name}"), "--replace"]).succeeded();
        let said = with_bucket(target.url(), &["restore", &format!("{place}/none.tar.zst"), "--replace"]).failed();
        assert!(said.contains("there is no none.tar.zst"), "{said}");
        assert_eq!(fingerprints(target.url()), fingerprints(&source));
    }
}
