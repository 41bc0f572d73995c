//! A proxy for the database connection that tests can cut, freeze, or let lose the answers to COMMIT.

use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::Builder;

/// What becomes of what the proxy receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// It is passed on.
    Passing,
    /// It is kept. Connections stay open.
    Frozen,
    /// A COMMIT is passed on; when its answer comes, the connection is closed instead.
    AnswersToCommitLost,
    /// A connection is closed when a COMMIT comes, which the server never sees.
    CommitsLost,
}

/// Passes connections on to a server.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    target: String,
    mode: watch::Sender<Mode>,
    passing: Mutex<Option<JoinHandle<()>>>,
}

/// Passes on again when it goes out of scope.
#[derive(Debug)]
pub struct Disturbed<'a>(&'a Proxy);

impl Drop for Disturbed<'_> {
    fn drop(&mut self) {
        self.0.mode.send_replace(Mode::Passing);
    }
}

impl Proxy {
    async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (mode, modes) = watch::channel(Mode::Passing);
        let passing = tokio::spawn(pass(listener, target.to_owned(), modes));
        Self { port, target: target.to_owned(), mode, passing: Mutex::new(Some(passing)) }
    }

    /// Ends all connections, and takes no more.
    pub async fn cut(&self) {
        let passing = self.passing.lock().unwrap_or_else(PoisonError::into_inner).take().expect("a way that is open");
        passing.abort();
        assert!(passing.await.is_err(), "it passes on until it is cut");
    }

    /// Takes connections again, where it took them before.
    pub async fn mend(&self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.expect("the same port");
        let passing = tokio::spawn(pass(listener, self.target.clone(), self.mode.subscribe()));
        *self.passing.lock().unwrap_or_else(PoisonError::into_inner) = Some(passing);
    }

    /// Passes nothing on, in either direction, while connections stay open and further ones are taken.
    pub fn freeze(&self) -> Disturbed<'_> {
        self.disturb(Mode::Frozen)
    }

    /// Lets COMMIT through, and closes the connection instead of passing on the answer.
    pub fn lose_answers_to_commit(&self) -> Disturbed<'_> {
        self.disturb(Mode::AnswersToCommitLost)
    }

    /// Closes a connection instead of passing on a COMMIT.
    pub fn lose_commits(&self) -> Disturbed<'_> {
        self.disturb(Mode::CommitsLost)
    }

    fn disturb(&self, mode: Mode) -> Disturbed<'_> {
        self.mode.send_replace(mode);
        Disturbed(self)
    }
}

/// Passes on until it is aborted, which closes every connection.
async fn pass(listener: TcpListener, target: String, modes: watch::Receiver<Mode>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.expect("a connection");
        let (target, modes) = (target.clone(), modes.clone());
        connections.spawn(async move {
            let server = TcpStream::connect(&target).await.expect("a server that the tests were given");
            for side in [&client, &server] {
                side.set_nodelay(true).expect("a connection");
            }
            let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
            let (committing, commits) = watch::channel(false);
            let there = forward(from_client, to_server, modes.clone(), move |mode, bytes| {
                // And not `READ COMMITTED`.
                let commit = bytes.split(|byte| !byte.is_ascii_uppercase()).any(|word| word == b"COMMIT");
                committing.send_replace(commit);
                !(commit && mode == Mode::CommitsLost)
            });
            let back = forward(from_server, to_client, modes, move |mode, _| {
                !(*commits.borrow() && mode == Mode::AnswersToCommitLost)
            });
            // Either side may close first. Then there is nothing more to forward.
            tokio::select! {
                () = there => {}
                () = back => {}
            }
        });
    }
}

/// Forwards what `goes` lets through; ends with the connection, or at what doesn't go.
async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut modes: watch::Receiver<Mode>,
    goes: impl Fn(Mode, &[u8]) -> bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let Ok(mode) = modes.wait_for(|mode| *mode != Mode::Frozen).await.map(|mode| *mode) else { return };
        let bytes = &buffer[..count];
        if !goes(mode, bytes) || to.write_all(bytes).await.is_err() {
            return;
        }
    }
}

impl Builder {
    /// Lets the program get to its database by a way that can be cut.
    pub async fn by_proxy(self) -> (Self, Proxy) {
        self.by_proxy_to("DATABASE_URL").await
    }

    /// The same for the database whose URL a variable has.
    pub async fn by_proxy_to(self, variable: &str) -> (Self, Proxy) {
        let url = self.variable(variable).to_owned();
        let (before, rest) = url.split_once('@').expect("a server's URL");
        let (target, name) = rest.split_once('/').expect("a database's name");
        let proxy = Proxy::to(target).await;
        let url = format!("{before}@127.0.0.1:{}/{name}", proxy.port);
        (self.set(variable, &url), proxy)
    }
}
