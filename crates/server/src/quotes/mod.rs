//! Fetching quotations from the configured provider, beside the requests.
//!
//! The time of the next attempt is one row for all replicas; whoever finds it due takes it on lease, asks, and stores
//! what came or that nothing did. Starting never waits for the provider, and neither does any request.
//!
//! It is none of the `jobs`: those are done once, by any replica, and given up in the end. This recurs for ever, however
//! often it failed, must be due once whoever starts, and is only for replicas that know a provider.

mod provider;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use circadia_api::App;
use circadia_api::problem::Problem;
use circadia_domain::quotes::{self, LEASE_SECONDS};

use provider::Provider;

use crate::config::Config;

/// How often a replica looks whether the provider is to be asked.
const LOOK: Duration = Duration::from_secs(5);

/// What became of a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It isn't time, or another replica is at it.
    NotDue,
    /// So many quotations came.
    Fetched(usize),
    /// None came, for this reason; what is in force stays in force.
    Failed(String),
}

/// Keeps the quotations fresh if a provider is configured. Nothing else depends on it: what is wrong with it is said, and
/// the built-in quotations are shown.
pub(crate) fn start(config: &Config, app: &Arc<App>) {
    let Some(url) = config.quotes_url.clone() else { return };
    match Provider::new(url, i64::from(config.quotes_refresh_hours) * 3600) {
        Ok(provider) => drop(tokio::spawn(keep_fresh(Arc::clone(app), provider))),
        Err(error) => tracing::warn!(%error, "quotations can't be fetched"),
    }
}

/// Keeps the quotations fresh for as long as the runtime lives.
async fn keep_fresh(app: Arc<App>, provider: Provider) {
    loop {
        match refresh_if_due(&app, &provider).await {
            Ok(Outcome::NotDue) => {}
            Ok(Outcome::Fetched(count)) => tracing::info!(count, "fetched quotations"),
            Ok(Outcome::Failed(reason)) => tracing::warn!(reason, "no quotations from the provider"),
            Err(problem) => tracing::warn!(%problem, "quotations can't be kept fresh"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Asks the provider, if it is time and nobody else does.
pub(crate) async fn refresh_if_due(app: &App, provider: &Provider) -> Result<Outcome, Problem> {
    let now = app.now();
    let feed = app.unit_of_work.read::<_, Problem>(|store| Ok(store.feed()?)).await?;
    if !feed.is_due(now) {
        return Ok(Outcome::NotDue);
    }
    let lease = now.plus_seconds(LEASE_SECONDS);
    let ours = app.unit_of_work.write_unowned::<_, Problem>(move |store| Ok(store.lease_feed(now, lease)?)).await?;
    if !ours {
        return Ok(Outcome::NotDue);
    }
    let interval = provider.interval;
    match provider.fetch().await {
        Ok(fetched) => {
            let count = fetched.len();
            let now = app.now();
            app.unit_of_work
                .write_unowned::<_, Problem>(move |store| Ok(quotes::take_up(store, lease, &fetched, now, interval)?))
                .await?;
            Ok(Outcome::Fetched(count))
        }
        Err(reason) => {
            let now = app.now();
            app.unit_of_work
                .write_unowned::<_, Problem>(move |store| Ok(quotes::note_failure(store, lease, &feed, now, interval)?))
                .await?;
            Ok(Outcome::Failed(reason.to_string()))
        }
    }
}
