//! Builds the application from the configuration: the only place that knows how its parts fit together.

use std::sync::Arc;
use std::time::Duration;

use circadia_api::{AppState, HttpSettings, Readiness, RequestThrottles};
use circadia_app::accounts::Accounts;
use circadia_app::administration::Administration;
use circadia_app::authenticate::Authenticator;
use circadia_app::avatars::{Avatars, ImageWorkers};
use circadia_app::calendars::Calendars;
use circadia_app::emails::Emails;
use circadia_app::export::Exports;
use circadia_app::idempotent_requests::IdempotentRequests;
use circadia_app::import::Imports;
use circadia_app::imports::AppImports;
use circadia_app::jobs::JobQueue;
use circadia_app::keys::Keys;
use circadia_app::login_analytics::LoginAnalytics;
use circadia_app::maintenance::Maintenance;
use circadia_app::media::MediaStore;
use circadia_app::passkeys::Passkeys;
use circadia_app::passwords::Passwords;
use circadia_app::personal_access_tokens::PersonalAccessTokens;
use circadia_app::providers::{ProviderLinks, ProviderSignIn, Providers};
use circadia_app::push::Push;
use circadia_app::quotes::QuoteFeed;
use circadia_app::reauthentication::Reauthentication;
use circadia_app::reminders::Reminders;
use circadia_app::revision_feed::RevisionFeed;
use circadia_app::sessions::{SessionOpener, Sessions};
use circadia_app::sign_in::{Challenges, SignIn};
use circadia_app::sign_up::SignUp;
use circadia_app::sync::SyncCommands;
use circadia_app::throttle::{AccountLimit, AccountThrottle};
use circadia_app::two_factor::TwoFactor;
use circadia_app::webhooks::Webhooks;
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
use circadia_domain::jobs::Schedule;
use circadia_domain::unit_of_work::{self, Database};
use circadia_storage::{SqlDatabase, StorageOptions};

use crate::config::{Config, MailConfig, MailTransport};
use crate::files;
use crate::http_client::ProviderClient;
use crate::jobs::backup_schedule;
use crate::keys::master_key;
use crate::media;
use crate::quotes;
use crate::server::StartError;
use crate::telemetry::take_over_parent;

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
    open_database_at(config, &config.database_url)
}

/// The same of another database.
///
/// # Errors
/// [`StartError::DataFolder`], [`StartError::Storage`].
pub(crate) fn open_database_at(config: &Config, url: &str) -> Result<SqlDatabase, StartError> {
    open_with(config, |options| {
        url.clone_into(&mut options.url);
        options.statement_timeout = COMMAND_STATEMENT_TIMEOUT;
        options.lock_timeout = COMMAND_LOCK_TIMEOUT;
        options.turn_timeout = COMMAND_LOCK_TIMEOUT;
    })
}

fn open_with(config: &Config, change: impl FnOnce(&mut StorageOptions)) -> Result<SqlDatabase, StartError> {
    std::fs::create_dir_all(&config.data_dir)
        .map_err(|error| StartError::DataFolder(config.data_dir.display().to_string(), error))?;
    files::warn_if_open_to_others(&config.data_dir);
    open_at(config, config.database_url.clone(), change)
}

fn open_at(config: &Config, url: String, change: impl FnOnce(&mut StorageOptions)) -> Result<SqlDatabase, StartError> {
    let mut options = StorageOptions::new(url);
    options.max_connections = config.database_connections;
    change(&mut options);
    Ok(SqlDatabase::new(options)?)
}

/// Units of work on the database of the configuration, and on its read replica if it has one.
fn units_of_work(config: &Config, database: Arc<dyn Database>) -> Result<UnitOfWork, StartError> {
    let connections = usize::try_from(config.database_connections).unwrap_or(4);
    let start = |database| {
        UnitOfWork::new(database, connections, ACQUIRE_TIMEOUT)
            .map_err(|error| StartError::System("the threads for the database".to_owned(), error))
    };
    let units = start(database)?;
    match &config.database_replica_url {
        Some(url) => Ok(units.with_replica(start(Arc::new(open_at(config, url.clone(), |_| {})?))?)),
        None => Ok(units),
    }
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

/// The schedules that the configuration says.
fn configured_schedules(config: &Config) -> Vec<Schedule> {
    quotes::schedule(config).into_iter().chain(backup_schedule(config)).collect()
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
    let opener = SessionOpener { context: context.clone(), tokens: Arc::clone(&tokens), emails: emails.clone() };
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
    let passwords = Arc::new(passwords(&keys, account_throttle.clone(), &emails, &sessions)?);
    let reauthentication = Arc::new(reauthentication(&passwords));
    let providers = providers(config)?;
    let provider_sign_in =
        provider_sign_in(config, &providers, &reauthentication, &ephemera, &opener, &challenges, &identifiers);
    let passkeys = passkeys(config, &reauthentication, &ephemera, &opener, &challenges, &identifiers);
    let media = media::open(&config.media)?;
    let app_imports = AppImports::new(context.clone(), outbox.clone(), Arc::clone(&media));
    let avatars = avatars(media, &context, &outbox);
    let webhooks = webhooks(config, &emails, &context, &master);
    let push = push(config, &context, &outbox, &master, &keys);
    Ok(App {
        settings,
        idempotent_requests: Arc::new(IdempotentRequests { context: context.clone(), master: master.clone() }),
        reminders: reminders(&emails, &webhooks, &push),
        webhooks,
        push,
        accounts: Accounts {
            context: context.clone(),
            emails: emails.clone(),
            throttle: account_throttle.clone(),
            sessions: Arc::clone(&sessions),
            reauthentication: Arc::clone(&reauthentication),
            avatars: avatars.clone(),
        },
        administration: Administration {
            context: context.clone(),
            avatars: avatars.clone(),
            emails: emails.clone(),
            sessions: Arc::clone(&sessions),
        },
        exports: Exports::new(context.clone(), avatars.clone()),
        avatars,
        authenticator: Authenticator {
            context: context.clone(),
            tokens,
            personal_tokens: Arc::clone(&personal_tokens),
            cookies,
            revocations,
            roles: Arc::new(Roles::default()),
            ephemera: ephemera.clone(),
        },
        jobs: JobQueue::new(context.clone(), outbox, &configured_schedules(config)),
        passkeys,
        maintenance: Maintenance { context: context.clone(), ephemera },
        personal_access_tokens: personal_access_tokens(personal_tokens, &sessions, &reauthentication),
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
        two_factor: two_factor(&context, master, account_throttle, &reauthentication),
        login_analytics: LoginAnalytics { context: context.clone() },
        app_imports,
        imports: Imports::new(context.clone()),
        calendars: Calendars { context: context.clone() },
        revision_feed: Arc::new(RevisionFeed::new(context.clone())),
        sync_commands: SyncCommands::new(context.clone()),
        context,
        emails,
        keys,
        passwords,
        reauthentication,
        sessions,
    })
}

fn two_factor(
    context: &Context,
    master: MasterKey,
    throttle: AccountThrottle,
    reauthentication: &Arc<Reauthentication>,
) -> TwoFactor {
    TwoFactor { context: context.clone(), master, throttle, reauthentication: Arc::clone(reauthentication) }
}

fn personal_access_tokens(
    tokens: Arc<PersonalTokens>,
    sessions: &Arc<Sessions>,
    reauthentication: &Arc<Reauthentication>,
) -> PersonalAccessTokens {
    let context = sessions.context.clone();
    PersonalAccessTokens {
        context,
        tokens,
        sessions: Arc::clone(sessions),
        reauthentication: Arc::clone(reauthentication),
    }
}

fn passwords(
    keys: &Arc<Keys>,
    throttle: AccountThrottle,
    emails: &Emails,
    sessions: &Arc<Sessions>,
) -> Result<Passwords, StartError> {
    let context = sessions.context.clone();
    let hasher = start_hasher(&context)?;
    let (keys, emails, sessions) = (Arc::clone(keys), emails.clone(), Arc::clone(sessions));
    Ok(Passwords { context, keys, hasher, throttle, emails, sessions })
}

fn avatars(media: Arc<dyn MediaStore>, context: &Context, outbox: &Outbox) -> Avatars {
    Avatars { context: context.clone(), outbox: outbox.clone(), media, workers: ImageWorkers::default() }
}

fn webhooks(config: &Config, emails: &Emails, context: &Context, master: &MasterKey) -> Webhooks {
    Webhooks {
        context: context.clone(),
        master: master.clone(),
        emails: emails.clone(),
        private_targets: config.webhook_private_targets,
        measures: Arc::default(),
        wake: Arc::default(),
    }
}

fn push(config: &Config, context: &Context, outbox: &Outbox, master: &MasterKey, keys: &Arc<Keys>) -> Push {
    Push {
        context: context.clone(),
        outbox: outbox.clone(),
        master: master.clone(),
        keys: Arc::clone(keys),
        subject: push_subject(config).into(),
        private_targets: config.webhook_private_targets,
        wake: Arc::default(),
    }
}

/// Whom operators of push services can write to: who sends the mail, or the front end where none is sent.
fn push_subject(config: &Config) -> String {
    let MailConfig { transport, from, frontend_url } = &config.mail;
    if *transport == MailTransport::None && frontend_url.starts_with("https://") {
        return frontend_url.clone();
    }
    format!("mailto:{}", from.email)
}

fn reminders(emails: &Emails, webhooks: &Webhooks, push: &Push) -> Reminders {
    Reminders {
        context: webhooks.context.clone(),
        emails: emails.clone(),
        webhooks: Arc::clone(&webhooks.wake),
        push: push.clone(),
        measures: Arc::default(),
    }
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
