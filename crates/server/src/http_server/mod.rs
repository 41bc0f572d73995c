//! HTTP/1.1 over TCP: actix' own dispatcher on a stream that hands it one request at a time.

mod chunks;
mod one_request;
mod sequential;

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use actix_http::HttpService;
use actix_server::Server;
use actix_service::{ServiceFactory, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, ServiceRequest, ServiceResponse};
use actix_web::rt::net::TcpStream;
use actix_web::{App, Error};

use self::one_request::in_turn;
use self::sequential::SequentialStream;

/// How long a client may take nothing of what it is sent before its connection is closed.
#[cfg(target_os = "linux")]
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the first head of a connection may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection without requests is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a client may go on sending what was refused.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// More of an answer isn't prepared before this much was sent.
const WRITE_BUFFER_BYTES: usize = 8 * 1024;

/// How an [`http_server`] is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Threads {
    pub(crate) workers: usize,
    /// Of each worker, for work that blocks.
    pub(crate) blocking: usize,
    /// How long requests in flight may take after a stop.
    pub(crate) shutdown_timeout_seconds: u64,
}

/// Serves the application that `worker` makes for each worker.
///
/// # Errors
/// Those of the listener.
pub(crate) fn http_server<W, S, B>(listener: TcpListener, threads: Threads, worker: W) -> io::Result<Server>
where
    W: Fn() -> App<S> + Clone + Send + 'static,
    S: ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<B>, Error = Error, InitError = ()>
        + 'static,
    S::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let server = Server::build()
        .workers(threads.workers)
        .worker_max_blocking_threads(threads.blocking)
        .shutdown_timeout(threads.shutdown_timeout_seconds)
        .disable_signals();
    let stop = server.graceful_shutdown_signal();
    let server = server.listen("http", listener, move || {
        let stop = stop.clone();
        let app = map_config(worker(), |()| AppConfig::default());
        let http = HttpService::<SequentialStream, _, _, _>::build()
            // Tells connections between two requests to close.
            .graceful_shutdown_signal(move || {
                let stop = stop.clone();
                async move { stop.notified().await }
            })
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(HEAD_TIMEOUT)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .h1_write_buffer_size(WRITE_BUFFER_BYTES)
            .on_connect_ext(|stream: &SequentialStream, data| {
                data.insert(stream.turns());
            })
            .h1(in_turn(app));
        fn_service(|stream: TcpStream| async move {
            set_write_timeout(&stream);
            let peer = stream.peer_addr().ok();
            Ok((SequentialStream::new(stream), peer))
        })
        .and_then(http)
    })?;
    Ok(server.run())
}

/// Has the system close a connection whose client doesn't read, or isn't there any more.
fn set_write_timeout(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(WRITE_TIMEOUT)) {
        tracing::debug!(%error, "a connection has no write timeout");
    }
}
