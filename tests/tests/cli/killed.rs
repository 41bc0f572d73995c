//! A server that is killed, with a database that can be killed, too.

use std::process::Command;

use circadia_tests::{Backend, DatabaseServer, TestDatabase};

use crate::process::{Sandbox, Server, free_port};

/// The server under test and the database that it uses, both of which can be killed.
pub(crate) struct Killed {
    // Removed from the server before that is ended.
    pub(crate) database: TestDatabase,
    pub(crate) database_server: Option<DatabaseServer>,
    pub(crate) sandbox: Sandbox,
    port: u16,
    environment: &'static [(&'static str, &'static str)],
}

impl Killed {
    /// With settings beside the usual ones.
    pub(crate) fn new(backend: Backend, environment: &'static [(&'static str, &'static str)]) -> Self {
        let database = TestDatabase::create(backend);
        Self { database, database_server: None, sandbox: Sandbox::new(), port: free_port(), environment }
    }

    /// With a database server of its own, unless it is SQLite.
    pub(crate) fn with_database_server(backend: Backend) -> Self {
        if backend == Backend::Sqlite {
            return Self::new(backend, &[]);
        }
        let server = DatabaseServer::start(backend);
        let database = TestDatabase::on_server(&server);
        let (sandbox, port) = (Sandbox::new(), free_port());
        Self { database, database_server: Some(server), sandbox, port, environment: &[] }
    }

    pub(crate) fn log(&self) -> std::path::PathBuf {
        self.sandbox.path("server.log")
    }

    pub(crate) async fn serve(&self) -> Server {
        let mut command = self.sandbox.circadia(&["serve"]);
        command
            .env("DATABASE_URL", self.database.url())
            .env("PORT", self.port.to_string())
            .env("CIRCADIA_RATE_LIMITS", "off")
            .envs(self.environment.iter().copied());
        Server::start(command, self.port, self.log()).await
    }
}

impl Server {
    /// Ends it as a loss of power would.
    pub(crate) fn kill(&self) {
        let status = Command::new("kill").args(["-KILL", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}
