//! Builds the application from the configuration: the only place that knows how its parts fit together.

mod database;
mod services;
mod sign_in;

use std::sync::Arc;
use std::time::Duration;

use circadia_api::{AppState, HttpSettings, Readiness, RequestThrottles};
use circadia_app::throttle::{AccountLimit, AccountThrottle};
use circadia_app::{App, Clock, Context};
use circadia_auth::SystemEntropy;
use circadia_auth::keys::KeyRing;
use circadia_auth::stores::{EmbeddedStore, Ephemera, EphemeralStore, Redis, RedisStore};
use circadia_auth::throttles::{Quota, Throttle, backoff, throttle};
use circadia_auth::tokens::AccessTokens;
use circadia_domain::ids::IdSource;
use circadia_domain::unit_of_work::{self, Database};
use circadia_storage::SqlDatabase;

pub(crate) use self::database::{open_database, open_database_at};
use self::database::{open_with, units_of_work};
use self::services::{Parts, services};
use crate::config::Config;
use crate::keys::master_key;
use crate::server::StartError;
use crate::telemetry::take_over_parent;

/// Everything that serves, before it listens. Also what the commands work with.
#[derive(Debug)]
pub(crate) struct Composition {
    pub(crate) state: Arc<AppState>,
    pub(crate) app: Arc<App>,
    pub(crate) database: Arc<SqlDatabase>,
}

/// Migrates the database, loads or makes the keys, starts the hashing threads, and builds every service.
///
/// # Errors
/// As [`StartError`] says.
pub(crate) fn compose(
    config: &Config,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
) -> Result<Composition, StartError> {
    let database = Arc::new(open_with(config, |_| {})?);
    let applied = database.migrate(Duration::ZERO)?;
    if let Some(latest) = applied.last() {
        tracing::info!(migrations = applied.len(), latest, "the database schema was brought up to date");
    }
    if let Some(begun) = database.unfinished_load()? {
        return Err(StartError::UnfinishedLoad(begun));
    }
    let entropy = Arc::new(SystemEntropy::new());
    let master = master_key(config, &*entropy)?;
    let now = clock.now();
    let ring = unit_of_work::write_unowned::<_, StartError>(&*database, |store| {
        Ok(KeyRing::load_or_create(store, &master, &*entropy, now)?)
    })?;
    let tokens = Arc::new(AccessTokens::new(ring, "circadia", "circadia"));

    let shared: Arc<dyn Database> = database.clone();
    let connections = usize::try_from(config.database_connections).unwrap_or(4);
    let context = Context {
        unit_of_work: units_of_work(config, Arc::clone(&shared))?,
        clock: Arc::clone(&clock),
        ids,
        entropy: entropy.clone(),
        sign_ins: Arc::default(),
    };
    let redis = config.redis.clone().map(|address| Arc::new(Redis::new(address, config.redis_prefix.clone())));
    let shared_store =
        redis.as_ref().map(|redis| -> Arc<dyn EphemeralStore> { Arc::new(RedisStore::new(Arc::clone(redis))) });
    // The embedded store gets half of the connections: requests that hold one may be waiting for it.
    let store = shared_store.clone().unwrap_or_else(|| Arc::new(EmbeddedStore::new(shared, connections / 2)));
    let ephemera = Ephemera::new(store, master.clone(), entropy.clone());

    let limits = config.rate_limits;
    let limited = |name: &str, quota: Option<Quota>| -> Option<Arc<dyn Throttle>> {
        quota.map(|quota| throttle(name, quota, redis.as_ref()))
    };
    let account_limit = limits.auth.map(|quota| AccountLimit {
        quota,
        even: throttle("account", quota, redis.as_ref()),
        growing: backoff("guesses", quota, redis.as_ref()),
    });
    let account_throttle = AccountThrottle::new(account_limit, clock);
    let throttles = RequestThrottles {
        auth: limited("auth", limits.auth),
        refresh: limited("refresh", limits.refresh),
        anonymous: limited("anonymous", limits.anonymous),
        user: limited("user", limits.user),
        transfer: limited("transfer", limits.transfer),
    };

    let parts = Parts { context, master, tokens, ephemera, shared_store, account_throttle };
    let app = Arc::new(services(config, parts)?);
    let state = AppState {
        app: Arc::clone(&app),
        settings: HttpSettings {
            production: config.production,
            trusted_proxies: config.trusted_proxies.clone(),
            forwarded_headers: config.forwarded_headers,
            cors_origins: config.cors_origins.clone(),
            rate_limits: limits,
            metrics_token: config.metrics.token.clone(),
            trace_parent: config.traces.is_some().then_some(take_over_parent),
            version: env!("CARGO_PKG_VERSION"),
        },
        throttles,
        readiness: Readiness::default(),
    };
    Ok(Composition { state: Arc::new(state), app, database })
}
