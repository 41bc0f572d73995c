//! Fetching quotations from the configured provider: a job that recurs, in replicas with such a configuration.
//!
//! Starting never waits for the provider, and neither does any request.

mod provider;
#[cfg(test)]
mod tests;

use circadia_app::quotes::QuoteFeed;
use circadia_domain::jobs::{Attempt, JobKind, Schedule};

pub(crate) use provider::Provider;

use crate::config::Config;

/// When to ask the provider, if one is configured.
pub(crate) fn schedule(config: &Config) -> Option<Schedule> {
    let interval = i64::from(config.quotes_refresh_hours) * 3600;
    config.quotes_url.as_ref().map(|_| Schedule { kind: JobKind::Quotes, interval, daily_at: None })
}

/// Asks the provider and stores what it said. Nothing else depends on it: as long as it fails, the quotations in force
/// stay, or the built-in ones are shown.
pub(crate) async fn refresh(feed: &QuoteFeed, provider: Option<&Provider>) -> Attempt {
    let Some(provider) = provider else { return Attempt::Failed("no provider is configured here".to_owned()) };
    let fetched = match provider.fetch().await {
        Ok(fetched) => fetched,
        Err(error) => return Attempt::Failed(format!("no quotations from the provider: {error}")),
    };
    let count = fetched.len();
    match feed.store(fetched).await {
        Ok(()) => {
            tracing::info!(count, "fetched quotations");
            Attempt::Done
        }
        Err(error) => Attempt::Failed(error.to_string()),
    }
}
