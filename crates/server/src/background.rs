//! Work that goes on beside the requests, for as long as the process serves.

use std::sync::Arc;
use std::time::Duration;

use circadia_api::App;
use circadia_api::identity::{follow_revocations, watch_redis};
use circadia_api::problem::Problem;
use circadia_auth::keys::{KeyRing, MasterKey};

/// How often the revocation feed is read, and Redis asked for a sign of life.
const FEED: Duration = Duration::from_millis(500);
/// How often keys are read again, and ended sessions are removed.
const HOUSEKEEPING: Duration = Duration::from_mins(1);
/// Seconds that ended sessions and expired tokens are kept: people may want to see where they were signed in.
const SESSIONS_KEPT: i64 = 30 * 86_400;
/// Seconds that jobs are kept after they were done, and after they were given up.
const DONE_JOBS_KEPT: i64 = 7 * 86_400;
const DEAD_JOBS_KEPT: i64 = 90 * 86_400;

/// Starts it all, on the current runtime. It ends with the runtime.
pub(crate) fn start(app: Arc<App>, master: MasterKey) {
    let feed = Arc::clone(&app);
    tokio::spawn(async move {
        loop {
            follow_revocations(&feed).await;
            tokio::time::sleep(FEED).await;
        }
    });
    let watch = Arc::clone(&app);
    tokio::spawn(async move {
        loop {
            watch_redis(&watch).await;
            tokio::time::sleep(FEED).await;
        }
    });
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(HOUSEKEEPING).await;
            keep_house(&app, &master).await;
        }
    });
}

async fn keep_house(app: &App, master: &MasterKey) {
    let now = app.now();
    let master = master.clone();
    let keys = app
        .work
        .read::<_, Problem>(move |store| KeyRing::load(store, &master, now).map_err(|error| Problem::internal(&error)))
        .await;
    match keys {
        Ok(keys) => app.identity.tokens.replace_keys(keys),
        Err(problem) => tracing::warn!(%problem, "the keys can't be read again"),
    }
    match app.identity.ephemera.purge(now).await {
        Ok(0) => {}
        Ok(count) => tracing::debug!(count, "removed short-lived values that had expired"),
        Err(failure) => tracing::warn!(%failure, "expired short-lived values can't be removed"),
    }
    let jobs = (now.plus_seconds(-DONE_JOBS_KEPT), now.plus_seconds(-DEAD_JOBS_KEPT));
    let purged = app.work.administer::<_, Problem>(move |store| {
        Ok(store.purge_jobs(jobs.0, jobs.1)?.saturating_add(store.purge_one_time_tokens(now)?))
    });
    if let Err(problem) = purged.await {
        tracing::warn!(%problem, "old jobs and links can't be removed");
    }
    let before = now.plus_seconds(-SESSIONS_KEPT);
    let purged = app.work.administer::<_, Problem>(move |store| {
        Ok(store.purge_sessions(before)?.saturating_add(store.purge_personal_tokens(before)?))
    });
    let purged = purged.await;
    match purged {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "removed sessions and tokens that ended long ago"),
        Err(problem) => tracing::warn!(%problem, "ended sessions and tokens can't be removed"),
    }
}
