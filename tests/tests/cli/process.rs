//! The program as its users run it: the binary itself, in a folder and an environment of its own.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long anything may take before a test gives up.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// The binary under test: what `tests/run` built, or else the last debug build.
fn binary() -> PathBuf {
    std::env::var_os("CIRCADIA_BIN")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug/circadia"), PathBuf::from)
}

/// A port without a listener.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Asks every few milliseconds until there is an answer.
///
/// # Panics
/// When there is none in time.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(start.elapsed() < TIMEOUT, "in {TIMEOUT:?} there was not {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A folder that the program works in: its data and its log are there, and go with it.
pub(crate) struct Sandbox(TempDir);

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self(TempDir::with_prefix("circadia-test-").unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The program, without the environment of the tests.
    pub(crate) fn circadia(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let of_telemetry = text.starts_with("OTEL_") || text.starts_with("SENTRY_");
            if of_telemetry || text.starts_with("CIRCADIA_") || ["DATABASE_URL", "REDIS_URL", "PORT"].contains(&&*text)
            {
                command.env_remove(name);
            }
        }
        command
    }

    /// Serves, with SQLite in this folder and without limits, on a port that was free.
    pub(crate) async fn serve(&self) -> Server {
        let port = free_port();
        let mut command = self.circadia(&["serve"]);
        command.env("PORT", port.to_string()).env("CIRCADIA_RATE_LIMITS", "off");
        Server::start(command, port, self.path("server.log")).await
    }
}

/// A server that runs, and is ended with this.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) port: u16,
    log: PathBuf,
}

impl Server {
    /// Starts it and waits until it is ready.
    pub(crate) async fn start(mut command: Command, port: u16, log: PathBuf) -> Self {
        let output = File::options().create(true).append(true).open(&log).unwrap();
        command.stdout(output.try_clone().unwrap()).stderr(output);
        let mut server = Self { child: command.spawn().unwrap(), port, log };
        let ready = server.url("/health/ready");
        until("a server that is ready", async || {
            if let Some(status) = server.child.try_wait().unwrap() {
                panic!("the server ended with {status}");
            }
            reqwest::get(&ready).await.ok().filter(|answer| answer.status() == 200).map(drop)
        })
        .await;
        server
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the server's log:\n{}", fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}
