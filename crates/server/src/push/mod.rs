//! Sending notifications to push services: the jobs of this kind, in a lane of their own.
//!
//! Endpoints are of users' choice, and may be slow. So each job is served by a task of its own, and holds up no mail.

mod sender;

use std::sync::Arc;
use std::time::Duration;

use circadia_domain::jobs::Lane;
use tokio::sync::{Mutex, watch};
use tokio::task::{JoinHandle, JoinSet};

pub(crate) use sender::HttpPushSender;

use crate::jobs::Runner;

/// Notifications that a process sends at once. A service that doesn't answer takes a place for 15 seconds at most.
const MAX_AT_ONCE: usize = 16;
/// How often it is looked for what other processes left, or is to be tried again.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The lane of this process.
pub(crate) struct PushLane {
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for PushLane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PushLane(..)")
    }
}

impl PushLane {
    /// Starts it, on the current runtime.
    pub(crate) fn start(runner: Arc<Runner>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(runner, stopped));
        Self { stop, task: Mutex::new(Some(task)) }
    }

    /// Begins no more attempts, and waits for those that are being made.
    pub(crate) async fn stop(&self) {
        // An error means that it has ended.
        let _ = self.stop.send(true);
        if let Some(task) = self.task.lock().await.take()
            && task.await.is_err()
        {
            tracing::error!("the sending of notifications had ended before it was asked to");
        }
    }
}

async fn run(runner: Arc<Runner>, mut stopped: watch::Receiver<bool>) {
    let mut served = JoinSet::new();
    let mut poll = tokio::time::interval(POLL_INTERVAL);
    poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !*stopped.borrow() {
        let is_free = served.len() < MAX_AT_ONCE;
        tokio::select! {
            _ = stopped.changed() => break,
            _ = poll.tick(), if is_free => {}
            () = runner.app.push.woken(), if is_free => {}
            Some(_) = served.join_next() => {}
        }
        match runner.claim(Lane::Push, MAX_AT_ONCE.saturating_sub(served.len())).await {
            Ok(jobs) => {
                for job in jobs {
                    let runner = Arc::clone(&runner);
                    served.spawn(async move { runner.carry_out(job).await });
                }
            }
            Err(error) => tracing::warn!(%error, "notifications to send can't be looked for"),
        }
    }
    while served.join_next().await.is_some() {}
}
