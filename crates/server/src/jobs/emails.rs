//! Composing and sending an e-mail.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use circadia_app::App;
use circadia_auth::OpeningError;
use circadia_domain::civil::Instant;
use circadia_domain::jobs::{Attempt, Job};

use crate::mail::{Mailer, SendError, compose};

/// Sends the e-mail that a job orders, if it is still to be sent.
pub(super) async fn send(app: &App, mailer: &Mailer, job: &Job) -> Attempt {
    let order = match app.emails.open(job) {
        Ok(order) => order,
        Err(error @ OpeningError::Missing) => return Attempt::Permanent(error.to_string()),
        // What doesn't open here may open elsewhere: with another key, or a newer version.
        Err(error) => return Attempt::Failed(error.to_string()),
    };
    let message = match app.emails.compose(order.clone()).await {
        Ok(Some(message)) => message,
        Ok(None) => return Attempt::Done,
        Err(error) => return Attempt::Failed(error.to_string()),
    };
    let now = app.context.now();
    let mail = match compose(&message, mailer.from(), mailer.frontend_url(), job.id, system_time(now)) {
        Ok(mail) => mail,
        Err(error) => return Attempt::Permanent(error.to_string()),
    };
    match mailer.send(mail, &format!("{}-{}", now.micros(), job.id)).await {
        Ok(()) => {
            tracing::info!(job = %job.id, email = ?order, "sent an e-mail");
            Attempt::Done
        }
        Err(SendError::Temporary(reason)) => Attempt::Failed(reason),
        Err(SendError::Permanent(reason)) => Attempt::Permanent(reason),
    }
}

fn system_time(at: Instant) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(at.seconds()).unwrap_or(0))
}
