//! Wiring everything together, serving, and stopping without losing a request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use circadia_api::{ApiSettings, App, Clock, Google, HttpApp, Identity, Readiness, UnitOfWork};
use circadia_auth::accounts::Identifiers;
use circadia_auth::keys::{KeyError, KeyRing};
use circadia_auth::oauth::OpenIdProvider;
use circadia_auth::passwords::{Hasher, Limits};
use circadia_auth::personal::PersonalTokens;
use circadia_auth::sessions::{Cookies, Revocations, Roles};
use circadia_auth::stores::{EmbeddedStore, Ephemera, EphemeralStore, Redis, RedisStore};
use circadia_auth::throttles::throttle;
use circadia_auth::tokens::AccessTokens;
use circadia_auth::{Outbox, SystemEntropy};
use circadia_domain::error::StoreError;
use circadia_domain::ids::IdSource;
use circadia_domain::unit_of_work::{self, Database, Refusal};
use circadia_storage::{SqlDatabase, StorageError, StorageOptions};

use crate::background;
use crate::clock::{FreshIds, SystemClock};
use crate::config::{Config, MailWay};
use crate::http::Http;
use crate::jobs::Workers;
use crate::keys::{MasterKeyError, master_key};
use crate::mail::{Mailer, MailerError};
use crate::quotes;

/// How long a request waits for its turn at the database before it is refused. (Much less while it can't be reached.)
const PATIENCE: Duration = Duration::from_secs(5);
/// How long requests in flight may take when the process is asked to stop.
const FINISH: u64 = 25;
/// How long after readiness was withdrawn connections are still accepted, so that whoever routes requests notices.
const NOTICE: Duration = Duration::from_secs(2);

/// Why the process doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder can't be made.
    #[error("the data folder {0} can't be made: {1}")]
    DataFolder(String, std::io::Error),
    /// The database can't be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Mail can't be sent.
    #[error(transparent)]
    Mail(#[from] MailerError),
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
    /// The system gives no threads, or the address can't be listened on.
    #[error("{0}: {1}")]
    System(String, std::io::Error),
}

impl Refusal for StartError {}

/// Everything that serves, before it listens. Also what the commands work with.
pub(crate) struct Composition {
    /// What every route has at hand.
    pub(crate) app: Arc<App>,
    /// The database itself.
    pub(crate) database: Arc<SqlDatabase>,
}

impl std::fmt::Debug for Composition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Composition").field("app", &self.app).finish_non_exhaustive()
    }
}

/// Opens the database of the configuration.
///
/// # Errors
/// [`StartError::DataFolder`], [`StartError::Storage`].
pub(crate) fn open_database(config: &Config) -> Result<SqlDatabase, StartError> {
    std::fs::create_dir_all(&config.data_dir)
        .map_err(|error| StartError::DataFolder(config.data_dir.display().to_string(), error))?;
    let mut options = StorageOptions::new(config.database_url.clone());
    options.max_connections = config.database_connections;
    Ok(SqlDatabase::new(options)?)
}

/// Builds everything: migrates the database, loads or makes the keys, starts the hashing threads.
///
/// # Errors
/// As [`StartError`] says.
pub(crate) fn compose(
    config: &Config,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
) -> Result<Composition, StartError> {
    let database = Arc::new(open_database(config)?);
    for name in database.migrate(Duration::ZERO)? {
        tracing::info!(name, "migrated");
    }
    let entropy = Arc::new(SystemEntropy::new());
    let master = master_key(config, &*entropy)?;
    let now = clock.now();
    let keys = unit_of_work::write_unowned::<_, StartError>(&*database, |store| {
        Ok(KeyRing::load_or_create(store, &master, &*entropy, now)?)
    })?;
    let shared: Arc<dyn Database> = database.clone();
    let connections = usize::try_from(config.database_connections).unwrap_or(4);
    let redis = config.redis.clone().map(|address| Arc::new(Redis::new(address, config.redis_prefix.clone())));
    let store: Arc<dyn EphemeralStore> = match &redis {
        Some(redis) => Arc::new(RedisStore::new(Arc::clone(redis))),
        // Half of the connections: requests that hold one may be waiting for this.
        None => Arc::new(EmbeddedStore::new(Arc::clone(&shared), connections / 2)),
    };
    let account_throttle = config.rate_limits.auth.map(|quota| throttle("account", quota, redis.as_ref()));
    let outbox = Outbox::new(master.clone(), entropy.clone());
    let identity = Identity {
        hasher: Hasher::start(Limits::default(), entropy.clone())
            .map_err(|error| StartError::System("no threads to hash passwords on".into(), error))?,
        tokens: AccessTokens::new(keys, "circadia", "circadia"),
        revocations: Arc::new(Revocations::new()),
        roles: Roles::default(),
        personal: PersonalTokens::new(&master)?,
        cookies: Cookies::new(&master)?,
        identifiers: Identifiers::new(&master)?,
        master: master.clone(),
        first_login_key: tokio::sync::Mutex::default(),
        keys_being_read: tokio::sync::Mutex::default(),
        ephemera: Ephemera::new(store, master, entropy.clone()),
        redis,
        entropy,
        account_throttle,
    };
    let google = match &config.google {
        Some(google) => Some(Google {
            provider: OpenIdProvider::new(google.provider.clone(), Arc::new(Http::new()?)),
            front_end: google.front_end.clone(),
        }),
        None => None,
    };
    let app = App {
        unit_of_work: UnitOfWork::new(shared, connections, PATIENCE),
        identity,
        google,
        outbox,
        clock,
        ids,
        settings: ApiSettings {
            production: config.production,
            trusted_proxies: config.trusted_proxies.clone(),
            cors_origins: config.cors_origins.clone(),
            rate_limits: config.rate_limits,
            verification: config.verification,
            sends_mail: config.mail.way != MailWay::None,
            version: env!("CARGO_PKG_VERSION"),
        },
        readiness: Readiness::default(),
    };
    Ok(Composition { app: Arc::new(app), database })
}

/// A server that listens.
#[derive(Debug)]
pub struct Running {
    /// Where it listens: the port is real even if 0 was asked for.
    pub address: SocketAddr,
    app: Arc<App>,
    workers: Workers,
    handle: ServerHandle,
}

impl Running {
    /// Stops: readiness is withdrawn, after `notice` no connection is accepted any more, requests in flight and jobs
    /// that were begun finish.
    pub async fn stop(&self, notice: Duration) {
        self.app.readiness.withdraw();
        tokio::time::sleep(notice).await;
        self.handle.stop(true).await;
        self.workers.stop().await;
    }

    /// How long readiness is withdrawn before production stops accepting connections.
    pub const NOTICE: Duration = NOTICE;
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
    let Composition { app, .. } = compose(config, clock, ids)?;
    let service = HttpApp::new(Arc::clone(&app));
    background::start(Arc::clone(&app));
    quotes::start(config, &app);
    let mailer = Mailer::new(&config.mail)?;
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let failed = |error| StartError::System(format!("{} can't be listened on", config.bind), error);
    let server = HttpServer::new(move || service.worker())
        .workers(cores)
        // Whoever has a turn at the database finds a thread, whichever worker it is on; others are for what else blocks.
        .worker_max_blocking_threads(usize::try_from(config.database_connections).unwrap_or(4).saturating_add(2))
        .client_request_timeout(Duration::from_secs(5))
        .keep_alive(Duration::from_secs(75))
        .shutdown_timeout(FINISH)
        .disable_signals()
        .bind(config.bind)
        .map_err(failed)?;
    let address = server.addrs().first().copied().unwrap_or(config.bind);
    let server = server.run();
    tracing::info!(%address, "listening");
    let workers = Workers::start(&app, mailer);
    Ok((Running { address, app, workers, handle: server.handle() }, server))
}
