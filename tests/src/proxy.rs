//! A proxy for the database connection that tests can interrupt and restore.

use std::sync::{Mutex, PoisonError};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::Builder;

/// Passes connections on to a server, for as long as it isn't cut.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    target: String,
    passing: Mutex<Option<JoinHandle<()>>>,
}

impl Proxy {
    async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let passing = tokio::spawn(pass(listener, target.to_owned()));
        Self { port, target: target.to_owned(), passing: Mutex::new(Some(passing)) }
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
        let passing = tokio::spawn(pass(listener, self.target.clone()));
        *self.passing.lock().unwrap_or_else(PoisonError::into_inner) = Some(passing);
    }
}

/// Passes on until it is aborted, which closes every connection.
async fn pass(listener: TcpListener, target: String) {
    let mut connections = JoinSet::new();
    loop {
        let (mut client, _) = listener.accept().await.expect("a connection");
        let target = target.clone();
        connections.spawn(async move {
            let mut server = TcpStream::connect(&target).await.expect("a server that the tests were given");
            // Either side may close first. Then there is nothing more to forward.
            let _ = copy_bidirectional(&mut client, &mut server).await;
        });
    }
}

impl Builder {
    /// Lets the program get to its database by a way that can be cut.
    pub async fn by_proxy(self) -> (Self, Proxy) {
        let url = self.variable("DATABASE_URL").to_owned();
        let (before, rest) = url.split_once('@').expect("a server's URL");
        let (target, name) = rest.split_once('/').expect("a database's name");
        let proxy = Proxy::to(target).await;
        let url = format!("{before}@127.0.0.1:{}/{name}", proxy.port);
        (self.set("DATABASE_URL", &url), proxy)
    }
}
