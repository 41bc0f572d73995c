//! Ordering letters, in the unit of work that causes them.

use circadia_auth::OutboxError;
use circadia_auth::accounts::EmailJob;
use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::jobs::JobKind;
use circadia_domain::unit_of_work::Store;

use crate::app::App;
use crate::problem::Problem;

/// Orders a letter; where no mail is sent, nothing. `user` is whom it is about, if the request is theirs: of an address
/// that somebody typed, nobody looks up whose it is. After the unit of work, the outbox is to be woken.
pub(crate) fn order(
    app: &App,
    store: &mut dyn Store,
    user: Option<UserId>,
    letter: &EmailJob,
    now: Instant,
) -> Result<(), OutboxError> {
    if !app.settings.sends_mail {
        return Ok(());
    }
    app.outbox.enqueue(store, JobKind::Mail, user, letter, app.ids.fresh().into(), now)
}

/// Refuses what makes no sense where no mail is sent.
pub(crate) fn require_mail(app: &App) -> Result<(), Problem> {
    if app.settings.sends_mail {
        Ok(())
    } else {
        Err(Problem::of("mail_disabled", "This server sends no mail: ask whoever runs it."))
    }
}

impl From<OutboxError> for Problem {
    fn from(error: OutboxError) -> Self {
        match error {
            OutboxError::Store(error) => error.into(),
            OutboxError::Sealing(_) => Self::internal(&error),
        }
    }
}
