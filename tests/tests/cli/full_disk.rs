//! The disk of the database is full: writes are refused, reads go on, and all is well once there is room again. The disk is
//! a small file system in memory, which only root may mount.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Session;
use crate::process::{Sandbox, Server, until};
use crate::run::wait;

/// What is left for the first writes, in bytes.
const ROOM: u64 = 512 << 10;

/// A file system in memory, unmounted with this.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(place: PathBuf, megabytes: usize) -> Self {
        std::fs::create_dir_all(&place).unwrap();
        let options = format!("size={megabytes}m,mode=0777");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&place).status().unwrap();
        assert!(
            mounted.success(),
            "this test mounts a file system, so it runs as root (in a container: with SYS_ADMIN)"
        );
        Self(place)
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Takes all room but this, until it is given back.
    fn take_all_but(&self, bytes: u64) {
        let mut file = std::fs::File::create(self.ballast()).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        let length = file.metadata().unwrap().len();
        file.set_len(length.checked_sub(bytes).unwrap()).unwrap();
    }

    fn give_back(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a database server may still have files open.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).stderr(Stdio::null()).status();
    }
}

/// Writes until that is refused; how many tasks were stored.
async fn fill(server: &Server, session: &Session) -> usize {
    let task = json!({"title": "Write", "description": "x".repeat(1000)});
    for stored in 0..20_000 {
        let (status, answer) = server.post("/tasks", Some(session), &task).await;
        if status != 201 {
            assert_eq!((status.as_u16(), &answer["code"]), (503, &json!("unavailable")), "{answer}");
            return stored;
        }
    }
    panic!("the disk was never full");
}

async fn count(server: &Server, session: &Session) -> usize {
    let (mut count, mut page) = (0, server.get(session, "/tasks?limit=100").await);
    loop {
        count += page["items"].as_array().unwrap().len();
        let Some(cursor) = page["next_cursor"].as_str() else { return count };
        page = server.get(session, &format!("/tasks?limit=100&cursor={cursor}")).await;
    }
}

async fn writes_are_refused_reads_go_on_and_it_heals(server: &Server, disk: &SmallDisk) {
    let session = server.register("ada").await;
    disk.take_all_but(ROOM);
    let stored = fill(server, &session).await;
    assert!(stored > 10, "{stored}");
    for number in 0..5 {
        assert_eq!(count(server, &session).await, stored);
        let theme = json!({"name": format!("Theme {number}")});
        let (status, answer) = server.post("/themes", Some(&session), &theme).await;
        // A little room may be left for something small.
        if status != 201 {
            assert_eq!((status.as_u16(), &answer["code"]), (503, &json!("unavailable")), "{answer}");
        }
    }
    let live = reqwest::get(server.url("/health/live")).await.unwrap();
    assert_eq!(live.status(), 200);
    assert_eq!(database_state(server).await, "read_only");
    disk.give_back();
    until("a write that succeeds", async || {
        let body = json!({"title": "Write again"});
        let asked = server.try_ask(Method::POST, "/tasks", Some(&session), Some(&body)).await;
        asked.filter(|(status, _)| *status == 201).map(drop)
    })
    .await;
    assert_eq!(count(server, &session).await, stored + 1, "what was refused is stored, or something was lost");
    assert_eq!(database_state(server).await, "up");
}

/// What a server that is ready says of its database.
async fn database_state(server: &Server) -> String {
    let ready = reqwest::get(server.url("/health/ready")).await.unwrap();
    assert_eq!(ready.status(), 200);
    let ready: Value = ready.json().await.unwrap();
    ready["dependencies"]["database"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_server_starts_on_a_full_disk_and_serves_what_is_there() {
    let sandbox = Sandbox::new();
    let disk = SmallDisk::mount(sandbox.path("data"), 8);
    let mut server = sandbox.serve().await;
    let session = server.register("ada").await;
    for end in ["-TERM", "-KILL"] {
        disk.take_all_but(ROOM);
        fill(&server, &session).await;
        let stored = count(&server, &session).await;
        assert!(Command::new("kill").args([end, &server.child.id().to_string()]).status().unwrap().success());
        wait(&mut server.child);
        server = sandbox.serve().await;
        assert_eq!(count(&server, &session).await, stored, "after {end}");
        fill(&server, &session).await;
        assert_eq!(database_state(&server).await, "read_only");
        disk.give_back();
        until("a write that succeeds", async || {
            let asked = server.try_ask(Method::POST, "/tasks", Some(&session), Some(&json!({"title": "Write"}))).await;
            asked.filter(|(status, _)| *status == 201).map(drop)
        })
        .await;
        assert_eq!(database_state(&server).await, "up");
    }
}

#[tokio::test]
async fn with_sqlite_writes_are_refused_reads_go_on_and_it_heals() {
    let sandbox = Sandbox::new();
    let disk = SmallDisk::mount(sandbox.path("data"), 8);
    let server = sandbox.serve().await;
    writes_are_refused_reads_go_on_and_it_heals(&server, &disk).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn with_postgres_writes_are_refused_reads_go_on_and_it_heals() {
    let database_server = circadia_tests::DatabaseServer::start(circadia_tests::Backend::Postgres);
    let database = circadia_tests::TestDatabase::on_server(&database_server);
    let sandbox = Sandbox::new();
    let disk =
        SmallDisk::mount(std::path::Path::new("/tmp").join(format!("circadia-small-disk-{}", std::process::id())), 32);
    let space = disk.0.join("space");
    std::fs::create_dir(&space).unwrap();
    assert!(Command::new("chown").arg("postgres").arg(&space).status().unwrap().success());
    database_server.execute(&format!("CREATE TABLESPACE small LOCATION '{}'", space.display()));
    let name = database.url().rsplit('/').next().unwrap();
    database_server.execute(&format!("ALTER DATABASE {name} SET TABLESPACE small"));
    let port = crate::process::free_port();
    let mut command = sandbox.circadia(&["serve"]);
    command.env("DATABASE_URL", database.url()).env("PORT", port.to_string()).env("CIRCADIA_RATE_LIMITS", "off");
    let server = Server::start(command, port, sandbox.path("server.log")).await;
    writes_are_refused_reads_go_on_and_it_heals(&server, &disk).await;
    drop(server);
    drop((database, database_server));
}
