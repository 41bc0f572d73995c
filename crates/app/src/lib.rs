//! The application: what the service does, independent of how it is called.
//!
//! HTTP routes, background jobs and commands all call it. It knows the domain and `auth`, and neither HTTP nor a database.
//! Each service is a struct with the fields that it needs; [`App`] holds one of each. What a service writes, it writes in
//! a [`UnitOfWork`]: one transaction that is committed or rolled back as a whole, with the present instant passed in.
//!
//! To add a service: a file with a struct of what it needs (begin with [`Context`]), a field in [`App`], and its
//! construction in the `server` crate's `compose`.

pub mod accounts;
pub mod administration;
pub mod authenticate;
pub mod avatars;
pub mod calendars;
mod claim;
pub mod clock;
pub mod context;
pub mod csv;
pub mod database_measures;
mod database_threads;
pub mod database_use;
mod database_watch;
pub mod emails;
pub mod error;
pub mod export;
pub mod idempotent_requests;
pub mod import;
pub mod imports;
pub mod jobs;
pub mod keys;
pub mod login_analytics;
pub mod maintenance;
pub mod media;
pub mod passkeys;
pub mod passwords;
pub mod personal_access_tokens;
pub mod providers;
pub mod push;
pub mod quotes;
pub mod reauthentication;
pub mod reminders;
pub mod revision_feed;
pub mod sessions;
pub mod settings;
pub mod sign_in;
pub mod sign_in_measures;
pub mod sign_up;
pub mod sync;
#[cfg(test)]
mod testing;
pub mod throttle;
pub mod two_factor;
pub mod unit_of_work;
pub mod webhooks;

use std::sync::Arc;

pub use authenticate::Principal;
pub use clock::Clock;
pub use context::Context;
pub use error::Error;
pub use settings::AppSettings;
pub use unit_of_work::UnitOfWork;

/// The target of the spans that traces are made of. They are for nothing else: logs leave them out.
pub const SPAN_TARGET: &str = "circadia::span";

/// Every service of the application. One for the whole process.
#[derive(Debug)]
pub struct App {
    pub context: Context,
    pub settings: AppSettings,
    pub accounts: accounts::Accounts,
    pub administration: administration::Administration,
    pub authenticator: authenticate::Authenticator,
    pub avatars: avatars::Avatars,
    pub calendars: calendars::Calendars,
    pub emails: emails::Emails,
    pub exports: export::Exports,
    pub app_imports: imports::AppImports,
    pub idempotent_requests: Arc<idempotent_requests::IdempotentRequests>,
    pub imports: import::Imports,
    pub sync_commands: sync::SyncCommands,
    pub jobs: jobs::JobQueue,
    pub keys: Arc<keys::Keys>,
    pub login_analytics: login_analytics::LoginAnalytics,
    pub maintenance: maintenance::Maintenance,
    /// Present where passkeys are configured.
    pub passkeys: Option<passkeys::Passkeys>,
    pub passwords: Arc<passwords::Passwords>,
    pub personal_access_tokens: personal_access_tokens::PersonalAccessTokens,
    pub provider_links: providers::ProviderLinks,
    /// Present where a provider is configured.
    pub provider_sign_in: Option<providers::ProviderSignIn>,
    pub push: push::Push,
    pub quotes: quotes::QuoteFeed,
    pub reauthentication: Arc<reauthentication::Reauthentication>,
    pub reminders: reminders::Reminders,
    pub revision_feed: Arc<revision_feed::RevisionFeed>,
    pub sessions: Arc<sessions::Sessions>,
    pub sign_in: sign_in::SignIn,
    pub sign_up: sign_up::SignUp,
    pub two_factor: two_factor::TwoFactor,
    pub webhooks: webhooks::Webhooks,
}
