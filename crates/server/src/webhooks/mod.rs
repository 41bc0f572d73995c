//! Sending webhooks, in a lane of its own beside the jobs.
//!
//! Each second, what changed is turned into deliveries, and webhooks with deliveries that are due are taken on lease. Each
//! of these is served by a task of its own, so a slow endpoint holds up no other deliveries, and no mail. Those that
//! have waited longest have their turn first.

mod sender;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use circadia_app::App;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) use sender::HttpSender;

/// Webhooks that a process serves at once. Of those that don't answer, each takes a place for 15 seconds at most.
const MAX_AT_ONCE: usize = 32;
/// How often it is looked for changes and for deliveries that are due.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Begins no more attempts once it is stopped.
pub(crate) async fn run(app: Arc<App>, sender: HttpSender, mut stopped: watch::Receiver<bool>) {
    let sender = Arc::new(sender);
    let mut served = JoinSet::new();
    let mut poll = tokio::time::interval(POLL_INTERVAL);
    poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !*stopped.borrow() {
        let is_free = served.len() < MAX_AT_ONCE;
        tokio::select! {
            _ = stopped.changed() => break,
            // Changes are looked for once a second; what has to be sent, also when this process makes it, or is done with
            // something.
            _ = poll.tick() => {
                if let Err(error) = app.webhooks.tell().await {
                    tracing::warn!(%error, "webhooks can't be told of changes");
                }
            }
            () = app.webhooks.woken(), if is_free => {}
            Some(_) = served.join_next() => {}
        }
        match app.webhooks.claim(MAX_AT_ONCE.saturating_sub(served.len())).await {
            Ok(leases) => {
                for lease in leases {
                    let (app, sender, stopped) = (Arc::clone(&app), Arc::clone(&sender), stopped.clone());
                    served.spawn(async move {
                        let id = lease.webhook.id;
                        if let Err(error) = app.webhooks.deliver(lease, &*sender, || *stopped.borrow()).await {
                            tracing::warn!(webhook = %id, %error, "a webhook can't be served: it waits until its lease is over");
                        }
                    });
                }
            }
            Err(error) => tracing::warn!(%error, "deliveries of webhooks can't be looked for"),
        }
    }
    while served.join_next().await.is_some() {}
}
