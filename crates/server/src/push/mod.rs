//! Sending notifications to push services: the jobs of this kind, in a lane of their own.
//!
//! Endpoints are of users' choice, and may be slow. So each job is served by a task of its own, and holds up no mail.

mod sender;

use std::sync::Arc;
use std::time::Duration;

use circadia_domain::jobs::Lane;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) use sender::HttpPushSender;

use crate::jobs::Runner;

/// Notifications that a process sends at once. A service that doesn't answer takes a place for 15 seconds at most.
const MAX_AT_ONCE: usize = 16;
/// How often it is looked for what other processes left, or is to be tried again.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Begins no more attempts once it is stopped.
pub(crate) async fn run(runner: Arc<Runner>, mut stopped: watch::Receiver<bool>) {
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
