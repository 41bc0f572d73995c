//! A database server of a test's own, to be frozen or killed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Backend;
use crate::database::Connection;

/// A server of `tests/servers`, ended with this.
#[derive(Debug)]
pub struct DatabaseServer {
    folder: tempfile::TempDir,
    name: &'static str,
    url: String,
}

/// Goes on when it goes out of scope.
#[derive(Debug)]
pub struct FrozenServer<'a>(&'a DatabaseServer);

impl Drop for FrozenServer<'_> {
    fn drop(&mut self) {
        self.0.signal("CONT");
    }
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("servers")
}

fn output_of(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("a command that can be run");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

impl DatabaseServer {
    /// Starts one.
    pub fn start(backend: Backend) -> Self {
        let name = if backend == Backend::Postgres { "postgres" } else { "mariadb" };
        // The servers' own accounts pass through it.
        let open = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o711);
        let folder = tempfile::Builder::new()
            .prefix("circadia-server-")
            .permissions(open)
            .tempdir()
            .expect("a temporary folder");
        let place = folder.path().join("servers");
        output_of(Command::new(script()).arg("start").arg(&place).arg(name));
        let environment = std::fs::read_to_string(place.join("env")).expect("the server's address");
        let (_, url) = environment.trim_end().split_once('=').expect("a variable");
        Self { url: url.to_owned(), folder, name }
    }

    /// The URL of a database on it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs a statement on it.
    pub fn execute(&self, statement: &str) {
        Connection::open(&self.url).execute(statement);
    }

    /// Stops all its processes, as a machine does that hangs: connections stay open, and nothing answers.
    pub fn freeze(&self) -> FrozenServer<'_> {
        let frozen = FrozenServer(self);
        self.signal("STOP");
        frozen
    }

    /// Kills all its processes, and starts it again with the same data and at the same address.
    pub async fn kill_and_restart(&self) {
        let (place, name) = (self.folder.path().join("servers"), self.name);
        let killed = tokio::task::spawn_blocking(move || {
            output_of(Command::new(script()).arg("kill").arg(place).arg(name));
        });
        killed.await.expect("a server that starts again");
    }

    fn signal(&self, signal: &str) {
        let place = self.folder.path().join("servers");
        output_of(Command::new(script()).arg("signal").arg(place).args([self.name, signal]));
    }
}

impl Drop for DatabaseServer {
    fn drop(&mut self) {
        // What stays is a folder in /tmp, and the test has failed by then.
        let _ = Command::new(script()).arg("stop").arg(self.folder.path().join("servers")).status();
    }
}
