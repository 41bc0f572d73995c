//! Builds the application from the configuration: the only place that knows how its parts fit together.

use std::sync::Arc;
use std::time::Duration;

use circadia_api::{AppState, HttpSettings, Readiness, RequestThrottles};
use circadia_app::accounts::Accounts;
use circadia_app::authenticate::Authenticator;
use circadia_app::emails::Emails;
use circadia_app::jobs::JobQueue;
use circadia_app::keys::Keys;
use circadia_app::maintenance::Maintenance;
use circadia_app::passkeys::Passkeys;
use circadia_app::passwords::Passwords;
use circadia_app::personal_access_tokens::PersonalAccessTokens;
use circadia_app::providers::{ProviderLinks, ProviderSignIn, Providers};
use circadia_app::quotes::QuoteFeed;
use circadia_app::reauthentication::Reauthentication;
use circadia_app::sessions::{SessionOpener, Sessions};
use circadia_app::sign_in::{Challenges, SignIn};
use circadia_app::sign_up::SignUp;
use circadia_app::throttle::{AccountLimit, AccountThrottle};
use circadia_app::two_factor::TwoFactor;
use circadia_app::{App, AppSettings, Clock, Context, UnitOfWork};
use circadia_auth::accounts::Identifiers;
use circadia_auth::devices::DeviceMarkers;
use circadia_auth::keys::{KeyRing, MasterKey};
use circadia_auth::oauth::OpenIdProvider;
use circadia_auth::passwords::{Hasher, Limits};
use circadia_auth::personal_tokens::PersonalTokens;
use circadia_auth::sessions::{Cookies, Revocations, Roles};
use circadia_auth::stores::{EmbeddedStore, Ephemera, EphemeralStore, Redis, RedisStore};
use circadia_auth::throttles::{Quota, Throttle, backoff, throttle};
use circadia_auth::tokens::AccessTokens;
use circadia_auth::{Outbox, SystemEntropy};
use circadia_domain::ids::IdSource;
use circadia_domain::unit_of_work::{self, Database};
use circadia_storage::{SqlDatabase, StorageOptions};

use crate::config::{Config, MailTransport};
use crate::files;
use crate::http_client::ProviderClient;
use crate::keys::master_key;
use crate::server::StartError;

/// How long a unit of work waits for its turn. While the database can't be reached, it doesn't wait.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a statement of a command may take, and how long it may wait for a lock.
const COMMAND_STATEMENT_TIMEOUT: Duration = Duration::from_mins(1);
const COMMAND_LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Everything that serves, before it listens. Also what the commands work with.
#[derive(Debug)]
pub(crate) struct Composition {
    pub(crate) state: Arc<AppState>,
    pub(crate) app: Arc<App>,
    pub(crate) database: Arc<SqlDatabase>,
}

/// Opens the database of the configuration for a command, which nobody waits for: it may take its time.
///
/// # Errors
/// [`StartError::DataFolder`], [`StartError::Storage`].
pub(crate) fn open_database(config: &Config) -> Result<SqlDatabase, StartError> {
    open_with(config, |options| {
        options.statement_timeout = COMMAND_STATEMENT_TIMEOUT;
        options.lock_timeout = COMMAND_LOCK_TIMEOUT;
        options.turn_timeout = COMMAND_LOCK_TIMEOUT;
    })
}

fn open_with(config: &Config, change: impl FnOnce(&mut StorageOptions)) -> Result<SqlDatabase, StartError> {
    std::fs::create_dir_all(&config.data_dir)
        .map_err(|error| StartError::DataFolder(config.data_dir.display().to_string(), error))?;
    files::warn_if_open_to_others(&config.data_dir);
    let mut options = StorageOptions::new(config.database_url.clone());
    options.max_connections = config.database_connections;
    change(&mut options);
    Ok(SqlDatabase::new(options)?)
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
        unit_of_work: UnitOfWork::new(Arc::clone(&shared), connections, ACQUIRE_TIMEOUT)
            .map_err(|error| StartError::System("the threads for the database".to_owned(), error))?,
        clock: Arc::clone(&clock),
        ids,
        entropy: entropy.clone(),
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
            version: env!("CARGO_PKG_VERSION"),
        },
        throttles,
        readiness: Readiness::default(),
    };
    Ok(Composition { state: Arc::new(state), app, database })
}

/// What the services are built from.
struct Parts {
    context: Context,
    master: MasterKey,
    tokens: Arc<AccessTokens>,
    ephemera: Ephemera,
    shared_store: Option<Arc<dyn EphemeralStore>>,
    account_throttle: AccountThrottle,
}

fn settings(config: &Config) -> AppSettings {
    AppSettings { verification: config.verification, sends_email: config.mail.transport != MailTransport::None }
}

fn services(config: &Config, parts: Parts) -> Result<App, StartError> {
    let Parts { context, master, tokens, ephemera, shared_store, account_throttle } = parts;
    let settings = settings(config);
    let outbox = Outbox::new(master.clone(), context.entropy.clone());
    let emails = Emails::new(context.clone(), outbox.clone(), settings.sends_email);
    let keys = Arc::new(Keys::new(context.clone(), master.clone(), Arc::clone(&tokens)));
    let cookies = Arc::new(Cookies::new(&master)?);
    let revocations = Arc::new(Revocations::new());
    let personal_tokens = Arc::new(PersonalTokens::new(&master)?);
    let identifiers = Arc::new(Identifiers::new(&master)?);
    let opener = SessionOpener { context: context.clone(), tokens: Arc::clone(&tokens) };
    let challenges = Challenges { context: context.clone(), master: master.clone() };
    let sessions = Arc::new(Sessions {
        context: context.clone(),
        tokens: Arc::clone(&tokens),
        cookies: Arc::clone(&cookies),
        devices: DeviceMarkers::new(&master)?,
        revocations: Arc::clone(&revocations),
        ephemera: ephemera.clone(),
        shared_store,
    });
    let passwords = Arc::new(Passwords {
        context: context.clone(),
        keys: Arc::clone(&keys),
        hasher: start_hasher(&context)?,
        throttle: account_throttle.clone(),
        emails: emails.clone(),
        sessions: Arc::clone(&sessions),
    });
    let reauthentication = Arc::new(reauthentication(&passwords));
    let providers = providers(config)?;
    let provider_sign_in =
        provider_sign_in(config, &providers, &reauthentication, &ephemera, &opener, &challenges, &identifiers);
    let passkeys = passkeys(config, &reauthentication, &ephemera, &opener, &challenges, &identifiers);
    Ok(App {
        settings,
        accounts: Accounts {
            context: context.clone(),
            emails: emails.clone(),
            throttle: account_throttle.clone(),
            sessions: Arc::clone(&sessions),
            reauthentication: Arc::clone(&reauthentication),
        },
        authenticator: Authenticator {
            context: context.clone(),
            tokens,
            personal_tokens: Arc::clone(&personal_tokens),
            cookies,
            revocations,
            roles: Arc::new(Roles::default()),
            ephemera: ephemera.clone(),
        },
        jobs: JobQueue { context: context.clone(), outbox },
        passkeys,
        maintenance: Maintenance { context: context.clone(), ephemera },
        personal_access_tokens: PersonalAccessTokens {
            context: context.clone(),
            tokens: personal_tokens,
            sessions: Arc::clone(&sessions),
            reauthentication: Arc::clone(&reauthentication),
        },
        provider_links: provider_links(providers, &reauthentication),
        provider_sign_in,
        quotes: QuoteFeed { context: context.clone() },
        sign_in: SignIn {
            context: context.clone(),
            passwords: Arc::clone(&passwords),
            throttle: account_throttle.clone(),
            identifiers,
            challenges,
            opener: opener.clone(),
            verification: settings.verification,
        },
        sign_up: SignUp {
            context: context.clone(),
            passwords: Arc::clone(&passwords),
            throttle: account_throttle.clone(),
            emails: emails.clone(),
            opener,
            verification: settings.verification,
        },
        two_factor: TwoFactor {
            context: context.clone(),
            master,
            throttle: account_throttle,
            reauthentication: Arc::clone(&reauthentication),
        },
        context,
        emails,
        keys,
        passwords,
        reauthentication,
        sessions,
    })
}

fn providers(config: &Config) -> Result<Providers, StartError> {
    let client = Arc::new(ProviderClient::new()?);
    let configured = config.providers.iter().flat_map(|configured| &configured.providers);
    Ok(Providers::new(configured.map(|settings| OpenIdProvider::new(settings.clone(), client.clone())).collect()))
}

fn provider_links(providers: Providers, reauthentication: &Arc<Reauthentication>) -> ProviderLinks {
    let context = reauthentication.context.clone();
    ProviderLinks { context, providers, reauthentication: Arc::clone(reauthentication) }
}

fn provider_sign_in(
    config: &Config,
    providers: &Providers,
    reauthentication: &Arc<Reauthentication>,
    ephemera: &Ephemera,
    opener: &SessionOpener,
    challenges: &Challenges,
    identifiers: &Arc<Identifiers>,
) -> Option<ProviderSignIn> {
    let configured = config.providers.as_ref()?;
    Some(ProviderSignIn {
        context: reauthentication.context.clone(),
        providers: providers.clone(),
        front_end: configured.front_end.clone(),
        ephemera: ephemera.clone(),
        emails: reauthentication.passwords.emails.clone(),
        opener: opener.clone(),
        challenges: challenges.clone(),
        identifiers: Arc::clone(identifiers),
        reauthentication: Arc::clone(reauthentication),
        verification: config.verification,
    })
}

fn passkeys(
    config: &Config,
    reauthentication: &Arc<Reauthentication>,
    ephemera: &Ephemera,
    opener: &SessionOpener,
    challenges: &Challenges,
    identifiers: &Arc<Identifiers>,
) -> Option<Passkeys> {
    let relying_party = config.relying_party.clone()?;
    Some(Passkeys {
        context: reauthentication.context.clone(),
        relying_party,
        ephemera: ephemera.clone(),
        emails: reauthentication.passwords.emails.clone(),
        opener: opener.clone(),
        challenges: challenges.clone(),
        identifiers: Arc::clone(identifiers),
        throttle: reauthentication.throttle.clone(),
        reauthentication: Arc::clone(reauthentication),
        verification: config.verification,
    })
}

fn start_hasher(context: &Context) -> Result<Hasher, StartError> {
    let started = Hasher::start(Limits::default(), Arc::clone(&context.entropy));
    started.map_err(|error| StartError::System("no threads to hash passwords on".into(), error))
}

fn reauthentication(passwords: &Arc<Passwords>) -> Reauthentication {
    Reauthentication {
        context: passwords.context.clone(),
        passwords: Arc::clone(passwords),
        throttle: passwords.throttle.clone(),
    }
}
