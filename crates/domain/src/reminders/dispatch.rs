//! Finding the reminders whose time has come, and moving them on.

use super::notice::{Facts, ReminderNotice};
use super::{Occurrence, Reminder};
use crate::civil::{Date, Instant};
use crate::error::{Error, StoreError};
use crate::ids::UserId;
use crate::unit_of_work::Store;
use crate::users::{self, User};

/// How late a reminder may be on any day, in seconds: an hour. No server may have been there to send it.
pub const MAX_SHORT_DELAY_SECONDS: i64 = 3_600;

/// How late a reminder may be as long as its day lasts, in seconds: twelve hours. Later ones are left out.
pub const MAX_LATE_SECONDS: i64 = 12 * 3_600;

/// The most reminders of a user that are dealt with at a time.
const MAX_AT_ONCE: usize = 200;

/// A reminder whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing {
    /// The reminder.
    pub reminder: Reminder,
    /// What is dealt with.
    pub passed: Occurrence,
    /// The last day that was dealt with, once this is.
    pub handled_on: Date,
    /// When it falls next.
    pub next: Option<Occurrence>,
    /// What its user is to be told; none if there is nothing to be reminded of, or it is too late for it.
    pub notice: Option<ReminderNotice>,
}

/// A user's reminders whose time has come, with their user; none if the account was deleted meanwhile. At most five
/// statements, however many there are. Runs in one snapshot.
///
/// # Errors
/// The store's.
pub fn due(store: &mut dyn Store, user: UserId, now: Instant) -> Result<Option<(User, Vec<Firing>)>, Error> {
    let reminders = store.reminders_to_send(user, now, MAX_AT_ONCE)?;
    if reminders.is_empty() {
        return Ok(None);
    }
    let user = match users::find(store, user) {
        Err(Error::NotFound { .. }) => return Ok(None),
        found => found?,
    };
    let first = reminders.iter().filter_map(|reminder| reminder.next).map(|next| next.day).min();
    let facts = Facts::read(store, &user, now, &reminders, first)?;
    let is_timely = |passed: Occurrence| {
        let late = now.seconds() - passed.at.seconds();
        late <= MAX_SHORT_DELAY_SECONDS || late <= MAX_LATE_SECONDS && user.settings.today(now) == passed.day
    };
    let firings = reminders.into_iter().filter_map(|reminder| {
        let passed = reminder.next?;
        let is_sent = user.active && is_timely(passed);
        let notice = if is_sent { facts.notice(&reminder, passed) } else { None };
        // What no server was there for is passed over as a whole, but for what can still be told.
        let after = passed.at.max(now.plus_seconds(-MAX_LATE_SECONDS));
        let handled_on = reminder.handled_on.map_or(passed.day, |before| before.max(passed.day));
        let next = reminder.rule.next(after, Some(handled_on), &user.settings, facts.due_on(&reminder));
        Some(Firing { reminder, passed, handled_on, next, notice })
    });
    let firings = firings.collect();
    Ok(Some((user, firings)))
}

/// Moves a reminder on, unless another server has: whether it did, and its messages are to be enqueued in the same unit of work,
/// which is a writing one without an owner.
///
/// # Errors
/// The store's.
pub fn pass(store: &mut dyn Store, user: UserId, firing: &Firing) -> Result<bool, StoreError> {
    store.pass_occurrence(user, firing.reminder.id, firing.passed, firing.handled_on, firing.next)
}
