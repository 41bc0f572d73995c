//! Wiring everything together, serving, and stopping without losing a request.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use circadia_api::{AppState, HttpApp, MetricsApp, MetricsSource, RouteConflict};
use circadia_app::Clock;
use circadia_auth::keys::KeyError;
use circadia_domain::error::StoreError;
use circadia_domain::ids::IdSource;
use circadia_domain::unit_of_work::UnitOfWorkError;
use circadia_storage::StorageError;
use circadia_storage::transfer::TransferError;

use crate::background::{self, BackgroundTasks};
use crate::clock::{FreshIds, SystemClock};
use crate::composition::{Composition, compose};
use crate::config::{Config, MetricsConfig};
use crate::http_server::{Threads, http_server};
use crate::jobs::{self, Backups, Runner};
use crate::keys::MasterKeyError;
use crate::listener::{BoundSocket, Listener};
use crate::mail::{Mailer, MailerError};
use crate::metrics::{Exporter, Sources};
use crate::push::{self, HttpPushSender};
use crate::quotes::Provider;
use crate::reminders;
use crate::webhooks::{self, HttpSender};

/// How long requests in flight may take when the process is asked to stop: with the notice before, less than a stop may
/// take in all.
const SHUTDOWN_TIMEOUT_SECONDS: u64 = 22;

/// Why the process doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder can't be made.
    #[error("the data folder {0} can't be made: {1}")]
    DataFolder(String, std::io::Error),
    /// The database can't be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Rows can't be looked for.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// The database was begun to be filled.
    #[error("the database holds the beginning of {0}: finish it before a server starts")]
    UnfinishedLoad(String),
    /// Mail can't be sent.
    #[error(transparent)]
    Mail(#[from] MailerError),
    /// The store of images can't be used.
    #[error("the store of images (CIRCADIA_MEDIA_URL) can't be used: {0}")]
    Media(String),
    /// There is no master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The keys can't be read or made.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// There is no HTTP client.
    #[error("no HTTP client: {0}")]
    Http(#[from] reqwest::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Routes(#[from] RouteConflict),
    /// The system gives no threads, or the address can't be listened on.
    #[error("{0}: {1}")]
    System(String, std::io::Error),
}

impl UnitOfWorkError for StartError {}

/// A server that listens.
#[derive(Debug)]
pub struct Running {
    /// Where it listens: the port is real even if 0 was asked for.
    pub address: SocketAddr,
    /// Where metrics have an address of their own, this.
    pub metrics_address: Option<SocketAddr>,
    state: Arc<AppState>,
    tasks: BackgroundTasks,
    handle: ServerHandle,
    metrics: Option<ServerHandle>,
    /// Until it stops.
    listener: Mutex<Option<Listener>>,
}

impl Running {
    /// Stops: readiness is withdrawn, during the last quarter of `notice` no new connection is taken, after it none is
    /// accepted any more, requests in flight and jobs that were begun finish.
    pub async fn stop(&self, notice: Duration) {
        self.state.readiness.withdraw();
        let drain = notice / 4;
        tokio::time::sleep(notice.saturating_sub(drain)).await;
        if let Some(listener) = self.listener.lock().ok().and_then(|mut listener| listener.take()) {
            listener.ignore_new();
        }
        tokio::time::sleep(drain).await;
        self.handle.stop(true).await;
        self.tasks.stop().await;
        // Last, so that the end of the others can be followed.
        if let Some(metrics) = &self.metrics {
            metrics.stop(false).await;
        }
    }

    /// How long connections are still accepted after readiness was withdrawn: in production so that load balancers notice,
    /// in development so that clients learn that their connections are about to close.
    pub const fn drain_notice(production: bool) -> Duration {
        if production { Duration::from_secs(2) } else { Duration::from_millis(250) }
    }
}

/// Starts serving with the system's clock. The second part of the answer is to be awaited until it ends.
///
/// # Errors
/// As [`StartError`] says.
pub fn start(config: &Config) -> Result<(Running, actix_web::dev::Server), StartError> {
    start_with(config, Arc::new(SystemClock), Arc::new(FreshIds))
}

/// Starts serving with a clock and ids of the caller's choice.
///
/// # Errors
/// As [`StartError`] says.
pub fn start_with(
    config: &Config,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
) -> Result<(Running, actix_web::dev::Server), StartError> {
    let failed = |address| move |error| StartError::System(format!("{address} can't be listened on"), error);
    // Before anything is written: another server may be running.
    let socket = BoundSocket::bind(config.bind).map_err(failed(config.bind))?;
    let started_at = clock.now();
    let Composition { state, app, database } = compose(config, clock, ids)?;
    let mailer = Arc::new(Mailer::new(&config.mail)?);
    let http = HttpApp::new(Arc::clone(&state))?;
    let (requests, measures, version) = (http.requests(), Arc::default(), state.settings.version);
    let sender = HttpSender::new(config.webhook_private_targets)?;
    let runner = Runner {
        app: Arc::clone(&app),
        mailer: Arc::clone(&mailer),
        measures: Arc::clone(&measures),
        push: HttpPushSender::new(config.webhook_private_targets)?,
        quotes: config.quotes_url.clone().map(Provider::new).transpose()?,
        backups: Backups::new(config, Arc::clone(&database)),
        stop_backup: Arc::default(),
    };
    let sources = Sources { app: Arc::clone(&app), database, requests, jobs: measures, mailer, started_at, version };
    let source: Arc<dyn MetricsSource> = Arc::new(Exporter::new(sources));
    let metrics = match config.metrics.bind {
        Some(bind) => Some(serve_metrics(bind, &source, &config.metrics).map_err(failed(bind))?),
        None => None,
    };
    let http = http.with_metrics(source);
    background::start(&app);
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let failed = failed(config.bind);
    let listener = socket.listen().map_err(failed)?;
    let serving = listener.copy().map_err(failed)?;
    let address = serving.local_addr().map_err(failed)?;
    // Every running unit of work needs a thread, whichever worker it is on; the others are for other blocking work.
    let blocking = usize::try_from(config.database_connections).unwrap_or(4).saturating_add(2);
    let threads = Threads { workers: cores, blocking, shutdown_timeout_seconds: SHUTDOWN_TIMEOUT_SECONDS };
    let server = http_server(serving, threads, move || http.worker()).map_err(failed)?;
    tracing::info!(%address, "listening");
    let runner = Arc::new(runner);
    let mut tasks = BackgroundTasks::new();
    jobs::start(&mut tasks, &runner);
    tasks.spawn("the sending of notifications", |stopped| push::run(runner, stopped));
    tasks.spawn("the sending of reminders", |stopped| reminders::run(Arc::clone(&app), stopped));
    tasks.spawn("the sending of webhooks", |stopped| webhooks::run(app, sender, stopped));
    let (handle, listener) = (server.handle(), Mutex::new(Some(listener)));
    let (metrics_address, metrics) = metrics.unzip();
    Ok((Running { address, metrics_address, state, tasks, handle, metrics, listener }, server))
}

/// Serves metrics at an address of their own, on the current runtime.
fn serve_metrics(
    bind: SocketAddr,
    source: &Arc<dyn MetricsSource>,
    config: &MetricsConfig,
) -> std::io::Result<(SocketAddr, ServerHandle)> {
    let app = MetricsApp { source: Arc::clone(source), token: config.token.clone() };
    let listener = BoundSocket::bind(bind)?.listen()?.copy()?;
    let address = listener.local_addr()?;
    let threads = Threads { workers: 1, blocking: 1, shutdown_timeout_seconds: 1 };
    let server = http_server(listener, threads, move || app.worker())?;
    let handle = server.handle();
    actix_web::rt::spawn(server);
    tracing::info!(%address, "serving metrics");
    Ok((address, handle))
}
