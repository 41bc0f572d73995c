//! Background work that concerns this process alone, as long as it serves. What replicas share is the work of `jobs`.

use std::sync::Arc;
use std::time::Duration;

use circadia_app::App;

/// How often the revocation feed is read and the shared store is checked.
const FEED_POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How often keys are read again. A key that is taken out of use at once lasts that long.
const KEY_POLL_INTERVAL: Duration = Duration::from_secs(5);

/// Starts it all on the current runtime. It ends with the runtime.
pub(crate) fn start(app: &Arc<App>) {
    let feed = Arc::clone(app);
    tokio::spawn(async move {
        loop {
            feed.sessions.follow_revocations().await;
            tokio::time::sleep(FEED_POLL_INTERVAL).await;
        }
    });
    let revisions = Arc::clone(&app.revision_feed);
    tokio::spawn(async move { revisions.follow().await });
    let store = Arc::clone(app);
    tokio::spawn(async move {
        // Told when it changes, the first time at the start.
        let mut is_away = false;
        loop {
            match store.sessions.check_shared_store().await {
                Err(error) if !is_away => {
                    is_away = true;
                    tracing::warn!(%error, "Redis can't be used: cookie sessions are refused, and limits hold for each replica");
                }
                Ok(()) if is_away => {
                    is_away = false;
                    tracing::info!("Redis can be used again");
                }
                _ => {}
            }
            tokio::time::sleep(FEED_POLL_INTERVAL).await;
        }
    });
    let keys = Arc::clone(app);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(KEY_POLL_INTERVAL).await;
            if let Err(error) = keys.keys.reload().await {
                tracing::warn!(%error, "the keys can't be read again");
            }
        }
    });
}
