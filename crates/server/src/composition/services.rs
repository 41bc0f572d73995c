//! Builds every service of the application.

use std::sync::Arc;

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
use circadia_app::push::Push;
use circadia_app::quotes::QuoteFeed;
use circadia_app::reminders::Reminders;
use circadia_app::revision_feed::RevisionFeed;
use circadia_app::sessions::{SessionOpener, Sessions};
use circadia_app::sign_in::{Challenges, SignIn};
use circadia_app::sign_up::SignUp;
use circadia_app::sync::SyncCommands;
use circadia_app::throttle::AccountThrottle;
use circadia_app::webhooks::Webhooks;
use circadia_app::{App, AppSettings, Context};
use circadia_auth::Outbox;
use circadia_auth::accounts::Identifiers;
use circadia_auth::devices::DeviceMarkers;
use circadia_auth::keys::MasterKey;
use circadia_auth::personal_tokens::PersonalTokens;
use circadia_auth::sessions::{Cookies, Revocations, Roles};
use circadia_auth::stores::{Ephemera, EphemeralStore};
use circadia_auth::tokens::AccessTokens;
use circadia_domain::jobs::Schedule;

use super::sign_in::{
    passkeys, passwords, personal_access_tokens, provider_links, provider_sign_in, providers, reauthentication,
    two_factor,
};
use crate::config::{Config, MailConfig, MailTransport};
use crate::jobs::backup_schedule;
use crate::server::StartError;
use crate::{media, quotes};

/// What the services are built from.
pub(super) struct Parts {
    pub(super) context: Context,
    pub(super) master: MasterKey,
    pub(super) tokens: Arc<AccessTokens>,
    pub(super) ephemera: Ephemera,
    pub(super) shared_store: Option<Arc<dyn EphemeralStore>>,
    pub(super) account_throttle: AccountThrottle,
}

/// The schedules that the configuration says.
fn configured_schedules(config: &Config) -> Vec<Schedule> {
    quotes::schedule(config).into_iter().chain(backup_schedule(config)).collect()
}

fn settings(config: &Config) -> AppSettings {
    AppSettings { verification: config.verification, sends_email: config.mail.transport != MailTransport::None }
}

pub(super) fn services(config: &Config, parts: Parts) -> Result<App, StartError> {
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
        idempotent_requests: Arc::new(IdempotentRequests::new(context.clone(), master.clone())),
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
