//! Sending reminders, in a lane of its own beside the jobs.
//!
//! Each server looks once a second, by one statement, for reminders whose time has come. None of them has a turn or a lease:
//! whichever moves a reminder on enqueues its messages in the same transaction. So a server that dies takes no reminder with
//! it, the others needn't wait for its lease to end, and mail that waits for a slow server holds up no reminder.

use std::sync::Arc;
use std::time::Duration;

use circadia_app::App;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

/// How often it is looked for reminders whose time has come.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Begins with no more users once it is stopped.
pub(crate) async fn run(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let mut poll = tokio::time::interval(POLL_INTERVAL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !*stopped.borrow() {
        tokio::select! {
            _ = stopped.changed() => break,
            _ = poll.tick() => {}
        }
        if let Err(error) = app.reminders.send_due(|| *stopped.borrow()).await {
            tracing::warn!(%error, "reminders can't be sent");
        }
    }
}
