//! Writing and sending a letter.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use circadia_api::App;
use circadia_api::problem::Problem;
use circadia_auth::accounts::{EmailJob, compose_email};
use circadia_domain::civil::Instant;
use circadia_domain::jobs::{Attempt, Job};

use crate::mail::{Mailer, SendError, compose};

/// Sends the letter that a job orders, if anybody is to get it.
pub(super) async fn send(app: &Arc<App>, mailer: &Mailer, job: &Job) -> Attempt {
    // What doesn't open here may do so elsewhere: with another key, or a newer version.
    let order: EmailJob = match app.outbox.open(job) {
        Ok(order) => order,
        Err(error) => return Attempt::Failed(error.to_string()),
    };
    let (now, entropy, written) = (app.now(), Arc::clone(&app.identity.entropy), order.clone());
    let letter = app
        .unit_of_work
        .write_unowned::<_, Problem>(move |store| Ok(compose_email(store, &written, &*entropy, now)?))
        .await;
    let letter = match letter {
        Ok(Some(letter)) => letter,
        Ok(None) => return Attempt::Done,
        Err(problem) => return Attempt::Failed(problem.to_string()),
    };
    let mail = match compose(&letter, mailer.from(), mailer.frontend_url(), job.id, system_time(now)) {
        Ok(mail) => mail,
        Err(error) => return Attempt::Permanent(error.to_string()),
    };
    match mailer.send(mail, &format!("{}-{}", now.micros(), job.id)).await {
        Ok(()) => {
            tracing::info!(job = %job.id, letter = ?order, "sent a letter");
            Attempt::Done
        }
        Err(SendError::Later(reason)) => Attempt::Failed(reason),
        Err(SendError::Never(reason)) => Attempt::Permanent(reason),
    }
}

fn system_time(at: Instant) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(at.seconds()).unwrap_or(0))
}
