//! Fetching quotations from the configured provider, beside the requests.
//!
//! The time of the next attempt is one row for all replicas; the replica that finds it due leases it, asks the
//! provider, and stores the result or the failure. Starting never waits for the provider, and neither does any request.
//!
//! It isn't one of the `jobs`: those are done once, by any replica, and given up in the end. This one recurs for ever,
//! regardless of failures, doesn't depend on which replica starts first, and is only for replicas with a configured
//! provider.

mod provider;
#[cfg(test)]
mod tests;

use std::time::Duration;

use circadia_app::App;
use circadia_app::quotes::QuoteFeed;
use circadia_domain::error::StoreError;

use provider::Provider;

use crate::config::Config;

/// How often a replica looks whether the provider is to be asked.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It isn't due, or another replica is refreshing.
    NotDue,
    /// The number of quotations that were stored.
    Fetched(usize),
    /// Nothing could be fetched, for this reason. The current quotations stay.
    Failed(String),
}

/// Keeps the quotations fresh if a provider is configured. Nothing else depends on it: what is wrong with it is said, and
/// the built-in quotations are shown.
pub(crate) fn start(config: &Config, app: &App) {
    let Some(url) = config.quotes_url.clone() else { return };
    match Provider::new(url, i64::from(config.quotes_refresh_hours) * 3600) {
        Ok(provider) => drop(tokio::spawn(keep_fresh(app.quotes.clone(), provider))),
        Err(error) => tracing::warn!(%error, "quotations can't be fetched"),
    }
}

/// Keeps the quotations fresh for as long as the runtime lives.
async fn keep_fresh(feed: QuoteFeed, provider: Provider) {
    loop {
        match refresh_if_due(&feed, &provider).await {
            Ok(Outcome::NotDue) => {}
            Ok(Outcome::Fetched(count)) => tracing::info!(count, "fetched quotations"),
            Ok(Outcome::Failed(reason)) => tracing::warn!(reason, "no quotations from the provider"),
            Err(error) => tracing::warn!(%error, "quotations can't be kept fresh"),
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Asks the provider, if it is time and no other replica does.
pub(crate) async fn refresh_if_due(feed: &QuoteFeed, provider: &Provider) -> Result<Outcome, StoreError> {
    let Some(lease) = feed.lease_if_due().await? else { return Ok(Outcome::NotDue) };
    match provider.fetch().await {
        Ok(fetched) => {
            let count = fetched.len();
            feed.store(lease, fetched, provider.interval).await?;
            Ok(Outcome::Fetched(count))
        }
        Err(reason) => {
            feed.note_failure(lease, provider.interval).await?;
            Ok(Outcome::Failed(reason.to_string()))
        }
    }
}
