//! What can be done with reminders.

use super::{
    MAX_REMINDERS, MAX_REMINDERS_EACH, Occurrence, Reminder, ReminderChannels, ReminderEntity, ReminderId,
    ReminderRule, ReminderRulePatch, ReminderSubject,
};
use crate::civil::{Date, Instant};
use crate::code::Code;
use crate::entity;
use crate::error::Error;
use crate::idempotency::Creation;
use crate::ids::UserId;
use crate::revision::Expected;
use crate::tasks::Task;
use crate::unit_of_work::{Store, WriteTransaction};
use crate::users::{self, Settings};

/// A reminder to make.
#[derive(Debug, Clone)]
pub struct NewReminder {
    /// Its id.
    pub id: ReminderId,
    /// Of what it reminds, and when.
    pub rule: ReminderRule,
    /// How.
    pub channels: ReminderChannels,
    /// Whether it is sent.
    pub enabled: bool,
    /// A hash of the request, to recognise its repetition.
    pub request_digest: [u8; 32],
}

/// A change of a reminder (RFC 7396): what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct ReminderPatch {
    /// When it is sent.
    pub rule: ReminderRulePatch,
    /// How.
    pub channels: Option<ReminderChannels>,
    /// Whether it is sent.
    pub enabled: Option<bool>,
}

/// The reminders of a habit, of a task or of bedtime, oldest first.
///
/// # Errors
/// `habit_not_found`, `task_not_found`.
pub fn list(store: &mut dyn Store, user: UserId, subject: ReminderSubject) -> Result<Vec<Reminder>, Error> {
    ensure_subject(store, user, subject)?;
    Ok(store.reminders(user, Some(subject))?)
}

/// One reminder of a subject.
///
/// # Errors
/// `reminder_not_found`.
pub fn find(store: &mut dyn Store, user: UserId, subject: ReminderSubject, id: ReminderId) -> Result<Reminder, Error> {
    let found = store.find_reminder(user, id)?.filter(|reminder| reminder.rule.subject() == subject);
    found.ok_or(Error::not_found::<ReminderEntity>())
}

/// What a reminder belongs to.
///
/// # Errors
/// `reminder_not_found`.
pub fn subject_of(store: &mut dyn Store, user: UserId, id: ReminderId) -> Result<ReminderSubject, Error> {
    let found = store.find_reminder(user, id)?.ok_or(Error::not_found::<ReminderEntity>())?;
    Ok(found.rule.subject())
}

/// Checks that there is such a habit or task. The date by which the task is to be done.
fn ensure_subject(store: &mut dyn Store, user: UserId, subject: ReminderSubject) -> Result<Option<Date>, Error> {
    match subject {
        ReminderSubject::Habit(habit) => {
            store.find_habit(user, habit)?.ok_or(Error::not_found::<entity::Habit>())?;
            Ok(None)
        }
        ReminderSubject::Task(task) => {
            Ok(store.find_task(user, task)?.ok_or(Error::not_found::<entity::Task>())?.due_on)
        }
        ReminderSubject::Bedtime => Ok(None),
    }
}

/// Creates a reminder, or returns the one that an earlier identical request created. It doesn't fall before now.
///
/// # Errors
/// `habit_not_found`, `task_not_found`, `validation_failed`; the conflicts `id_taken` and `limit_reached`.
pub fn create(tx: &mut WriteTransaction<'_>, new: &NewReminder) -> Result<Creation<Reminder>, Error> {
    let subject = new.rule.subject();
    if let Some(reminder) = tx.store.find_reminder(tx.user, new.id)? {
        // The same body may be sent for another habit or task.
        if reminder.rule.subject() != subject {
            return Err(Error::conflict(Code::IdTaken, "there already is one with this id, of something else"));
        }
        let digest = reminder.request_digest;
        return Creation::replay(&digest, &new.request_digest, reminder);
    }
    tx.ensure_never_deleted(new.id)?;
    new.rule.check()?;
    let due_on = ensure_subject(tx.store, tx.user, subject)?;
    let of_subject = tx.store.reminders(tx.user, Some(subject))?.len();
    let holder = match subject {
        ReminderSubject::Habit(_) => "a habit",
        ReminderSubject::Task(_) => "a task",
        ReminderSubject::Bedtime => "bedtime",
    };
    Error::ensure_room(of_subject, MAX_REMINDERS_EACH, holder, "reminders")?;
    Error::ensure_room(tx.store.reminder_total(tx.user)?, MAX_REMINDERS, "an account", "reminders")?;
    let settings = users::find(tx.store, tx.user)?.settings;
    let mut reminder = Reminder {
        id: new.id,
        rule: new.rule,
        channels: new.channels,
        enabled: new.enabled,
        handled_on: None,
        next: None,
        created_at: tx.now,
        updated_at: tx.now,
        rev: tx.rev,
        request_digest: new.request_digest,
    };
    reminder.next = reminder.next_after(tx.now, &settings, due_on);
    tx.store.insert_reminder(tx.user, &reminder)?;
    Ok(Creation::Created(reminder))
}

/// Changes a reminder. One that is sent at another time now, or that was enabled, begins anew: it falls next after now, on
/// a day that was dealt with, too.
///
/// # Errors
/// `reminder_not_found`, `validation_failed`; [`Error::Stale`].
pub fn update(
    tx: &mut WriteTransaction<'_>,
    subject: ReminderSubject,
    id: ReminderId,
    expected: &Expected,
    patch: &ReminderPatch,
) -> Result<Reminder, Error> {
    let stored = find(tx.store, tx.user, subject, id)?;
    expected.check(stored.rev)?;
    let rule = stored.rule.with(&patch.rule)?;
    let enabled = patch.enabled.unwrap_or(stored.enabled);
    let begins_anew = rule != stored.rule || enabled && !stored.enabled;
    let mut changed = Reminder {
        rule,
        channels: patch.channels.unwrap_or(stored.channels),
        enabled,
        updated_at: tx.now,
        rev: tx.rev,
        ..stored
    };
    if begins_anew {
        let due_on = ensure_subject(tx.store, tx.user, subject)?;
        let settings = users::find(tx.store, tx.user)?.settings;
        changed.handled_on = None;
        changed.next = changed.next_after(tx.now, &settings, due_on);
    }
    if !enabled {
        changed.next = None;
    }
    tx.store.update_reminder(tx.user, &changed)?;
    Ok(changed)
}

/// Deletes a reminder.
///
/// # Errors
/// `reminder_not_found`; [`Error::Stale`].
pub fn delete(
    tx: &mut WriteTransaction<'_>,
    subject: ReminderSubject,
    id: ReminderId,
    expected: &Expected,
) -> Result<(), Error> {
    let stored = find(tx.store, tx.user, subject, id)?;
    expected.check(stored.rev)?;
    Ok(tx.store.delete_reminder(tx.user, id, tx.rev, tx.now)?)
}

impl Reminder {
    /// When it falls next after an instant; none if it isn't enabled.
    pub(crate) fn next_after(&self, after: Instant, settings: &Settings, due_on: Option<Date>) -> Option<Occurrence> {
        self.rule.next(after, self.handled_on, settings, due_on).filter(|_| self.enabled)
    }

    /// When it falls next by another clock: on the same day, at once if that is past by then; else after now.
    pub(crate) fn next_on_clock(&self, now: Instant, settings: &Settings, due_on: Option<Date>) -> Option<Occurrence> {
        let pending = self.next.and_then(|next| {
            let at = self.rule.on(next.day, settings, due_on)?;
            // What was late already is as late as it is.
            let at = if now < next.at { at.max(now) } else { at };
            Some(Occurrence { day: next.day, at })
        });
        pending.or_else(|| self.next_after(now, settings, due_on))
    }
}

/// Whether settings differ in what reminders follow.
pub(crate) fn moves_reminders(before: &Settings, after: &Settings) -> bool {
    let clock = |settings: &Settings| (settings.timezone, settings.day_start, settings.sleep_goal);
    clock(before) != clock(after)
}

/// Reckons anew when a user's reminders fall, after the clock or the sleep goal that they follow was changed. What was to
/// be told on a day still is: at another instant, or, if that is past by now, at once.
pub(crate) fn follow_settings(tx: &mut WriteTransaction<'_>, before: &Settings, after: &Settings) -> Result<(), Error> {
    if !moves_reminders(before, after) {
        return Ok(());
    }
    let reminders = tx.store.reminders(tx.user, None)?;
    if reminders.is_empty() {
        return Ok(());
    }
    let tasks = tx.store.tasks_with_reminders(tx.user)?;
    for reminder in reminders {
        let next = reminder.next_on_clock(tx.now, after, due_on(&reminder, &tasks));
        if next != reminder.next {
            tx.store.set_next_occurrence(tx.user, reminder.id, next)?;
        }
    }
    Ok(())
}

/// Reckons anew when the reminders of a task fall, after the day by which it is to be done was changed: after now, and not
/// on a day that was dealt with.
pub(crate) fn follow_task(tx: &mut WriteTransaction<'_>, task: &Task) -> Result<(), Error> {
    let reminders = tx.store.reminders(tx.user, Some(ReminderSubject::Task(task.id)))?;
    if reminders.is_empty() {
        return Ok(());
    }
    let settings = users::find(tx.store, tx.user)?.settings;
    for reminder in reminders {
        let next = reminder.next_after(tx.now, &settings, task.due_on);
        if next != reminder.next {
            tx.store.set_next_occurrence(tx.user, reminder.id, next)?;
        }
    }
    Ok(())
}

/// When the task of a reminder is due.
pub(super) fn due_on(reminder: &Reminder, tasks: &[Task]) -> Option<Date> {
    let id = reminder.rule.subject().task()?;
    tasks.iter().find(|task| task.id == id)?.due_on
}
