//! Work beside requests: tasks that are told to end, and what concerns this process alone and ends with it.

use std::sync::Arc;
use std::time::Duration;

use circadia_app::App;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

/// How often the revocation feed is read and the shared store is checked.
const FEED_POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How often keys are read again. A key that is taken out of use at once lasts that long.
const KEY_POLL_INTERVAL: Duration = Duration::from_secs(5);

/// Tasks that end when they are told to, as soon as they have done what they began.
pub(crate) struct BackgroundTasks {
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<(&'static str, JoinHandle<()>)>>,
}

impl std::fmt::Debug for BackgroundTasks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BackgroundTasks(..)")
    }
}

impl BackgroundTasks {
    pub(crate) fn new() -> Self {
        Self { stop: watch::Sender::new(false), tasks: Mutex::default() }
    }

    /// Starts a task on the current runtime. It is given what becomes `true` when it is to end.
    pub(crate) fn spawn<F>(&mut self, name: &'static str, task: impl FnOnce(watch::Receiver<bool>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let handle = tokio::spawn(task(self.stop.subscribe()));
        self.tasks.get_mut().push((name, handle));
    }

    /// Tells all of them to end, and waits for them.
    pub(crate) async fn stop(&self) {
        // An error means that none of them is left.
        let _ = self.stop.send(true);
        for (name, task) in self.tasks.lock().await.drain(..) {
            if task.await.is_err() {
                tracing::error!("{name} had ended before it was asked to");
            }
        }
    }
}

/// Starts what concerns this process alone, on the current runtime. It ends with the runtime.
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
