//! Work that goes on beside the requests, for as long as the process serves.

use std::sync::Arc;
use std::time::Duration;

use circadia_api::App;
use circadia_api::identity::{follow_revocations, reload_keys, watch_redis};
use circadia_api::problem::Problem;

/// How often the revocation feed is read, and Redis asked for a sign of life.
const FEED: Duration = Duration::from_millis(500);
/// How often keys are read again: how long one lasts that is taken out of use at once.
const KEYS: Duration = Duration::from_secs(5);
/// How often what has ended is removed.
const HOUSEKEEPING: Duration = Duration::from_mins(1);
/// Seconds that ended sessions and expired tokens are kept: people may want to see where they were signed in.
const SESSIONS_KEPT: i64 = 30 * 86_400;
/// Seconds that jobs are kept after they were done, and after they were given up.
const DONE_JOBS_KEPT: i64 = 7 * 86_400;
const DEAD_JOBS_KEPT: i64 = 90 * 86_400;

/// Starts it all, on the current runtime. It ends with the runtime.
pub(crate) fn start(app: Arc<App>) {
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
    let keys = Arc::clone(&app);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(KEYS).await;
            if let Err(problem) = reload_keys(&keys).await {
                tracing::warn!(%problem, "the keys can't be read again");
            }
        }
    });
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(HOUSEKEEPING).await;
            keep_house(&app).await;
        }
    });
}

async fn keep_house(app: &App) {
    let now = app.now();
    match app.identity.ephemera.purge(now).await {
        Ok(0) => {}
        Ok(count) => tracing::debug!(count, "removed short-lived values that had expired"),
        Err(failure) => tracing::warn!(%failure, "expired short-lived values can't be removed"),
    }
    let jobs = (now.plus_seconds(-DONE_JOBS_KEPT), now.plus_seconds(-DEAD_JOBS_KEPT));
    let purged = app.unit_of_work.write_unowned::<_, Problem>(move |store| {
        Ok(store.purge_jobs(jobs.0, jobs.1)?.saturating_add(store.purge_one_time_tokens(now)?))
    });
    if let Err(problem) = purged.await {
        tracing::warn!(%problem, "old jobs and links can't be removed");
    }
    let before = now.plus_seconds(-SESSIONS_KEPT);
    let purged = app.unit_of_work.write_unowned::<_, Problem>(move |store| {
        Ok(store.purge_sessions(before)?.saturating_add(store.purge_personal_tokens(before)?))
    });
    let purged = purged.await;
    match purged {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "removed sessions and tokens that ended long ago"),
        Err(problem) => tracing::warn!(%problem, "ended sessions and tokens can't be removed"),
    }
}
