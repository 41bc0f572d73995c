//! What can be done with shared pauses. Each change is followed by the habits in the same transaction.

use super::{ExceptHabits, MAX_SHARED_PAUSES, SharedPause, SharedPauseNote, SharedPauseSource, copies, lost_days};
use crate::civil::Date;
use crate::entity;
use crate::error::Error;
use crate::habits::HabitWithHistory;
use crate::idempotency::Creation;
use crate::ids::{HabitId, SharedPauseId, UserId};
use crate::revision::Expected;
use crate::unit_of_work::{Store, WriteTransaction};
use crate::users::Settings;
use crate::violation::Violations;

/// A shared pause to make.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CreateSharedPauseBody, example = json!({"from": "2026-03-09", "to": "2026-03-13", "note": "Holiday"})))]
pub struct NewSharedPause {
    /// Its id, if the client wants to choose it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SharedPauseId>))]
    pub id: SharedPauseId,
    /// The first day.
    pub from: Date,
    /// The last day. Without it, the pause has no end.
    pub to: Option<Date>,
    /// A note. Example: `Holiday`
    pub note: Option<SharedPauseNote>,
    /// Habits that it doesn't hold for.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ExceptHabits>))]
    pub except_habits: ExceptHabits,
    /// A hash of the request, to recognise its repetition.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub request_digest: [u8; 32],
}

patch! {
    /// A change of a shared pause (RFC 7396): what is absent stays, null clears. Other days make one of source
    /// `date_line` the user's own.
    #[derive(Debug, Clone, Default)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = UpdateSharedPauseBody, example = json!({"note": "Holiday"})))]
    pub struct SharedPausePatch of SharedPause {
        /// The first day.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub from: Option<Date>,
        /// The last day.
        pub to: Option<Option<Date>>,
        /// A note.
        pub note: Option<Option<SharedPauseNote>>,
        /// Habits that it doesn't hold for; null is none. Those that it leaves out already may have been deleted.
        pub except_habits: Option<ExceptHabits>,
    }
}

/// A user's shared pauses, by first day and id.
pub fn list(store: &mut dyn Store, user: UserId) -> Result<Vec<SharedPause>, Error> {
    Ok(store.shared_pauses(user)?)
}

/// One of them.
pub fn find(store: &mut dyn Store, user: UserId, id: SharedPauseId) -> Result<SharedPause, Error> {
    store.find_shared_pause(user, id)?.ok_or(Error::not_found::<entity::SharedPause>())
}

/// Makes a shared pause, or returns the one that an earlier identical request made.
///
/// # Errors
/// `limit_reached`, `id_taken`; `before_start` at `/to`, `habit_not_found` at `/except_habits/n`.
pub fn create(tx: &mut WriteTransaction<'_>, new: NewSharedPause) -> Result<Creation<SharedPause>, Error> {
    let mut pauses = tx.store.shared_pauses(tx.user)?;
    if let Some(known) = pauses.iter().find(|known| known.id == new.id) {
        return Creation::replay(&known.request_digest, &new.request_digest, known.clone());
    }
    tx.ensure_never_deleted(new.id)?;
    Error::ensure_room(pauses.len(), MAX_SHARED_PAUSES, "an account", "pauses of all habits")?;
    let pause = SharedPause {
        id: new.id,
        from: new.from,
        to: new.to,
        note: new.note,
        except_habits: new.except_habits,
        source: SharedPauseSource::User,
        created_at: tx.now,
        updated_at: tx.now,
        rev: tx.rev,
        request_digest: new.request_digest,
    };
    let habits = habits(tx)?;
    check(&pause, &habits, &[])?;
    tx.store.insert_shared_pause(tx.user, &pause)?;
    pauses.push(pause.clone());
    copies::follow(tx, habits, &pauses)?;
    Ok(Creation::Created(pause))
}

fn habits(tx: &mut WriteTransaction<'_>) -> Result<Vec<HabitWithHistory>, Error> {
    let (_, habits) = tx.store.settings_and_habits(tx.user)?.ok_or(Error::not_found::<entity::User>())?;
    Ok(habits)
}

/// `known` are ids that were left out before: they may be those of deleted habits.
fn check(pause: &SharedPause, habits: &[HabitWithHistory], known: &[HabitId]) -> Result<(), Error> {
    let mut wrong = Violations::new();
    wrong.take("", pause.copy().validate());
    let known: std::collections::HashSet<HabitId> =
        habits.iter().map(|(habit, _)| habit.id).chain(known.iter().copied()).collect();
    for (at, id) in pause.except_habits.as_slice().iter().enumerate() {
        if !known.contains(id) {
            wrong.add(format!("/except_habits/{at}"), "habit_not_found", "there is no such habit");
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
}

/// Changes a shared pause. Other days make it the user's own.
///
/// # Errors
/// `before_start` at `/to`, `habit_not_found` at `/except_habits/n`.
pub fn update(
    tx: &mut WriteTransaction<'_>,
    id: SharedPauseId,
    expected: &Expected,
    patch: SharedPausePatch,
) -> Result<SharedPause, Error> {
    let mut pauses = tx.store.shared_pauses(tx.user)?;
    let pause = pauses.iter_mut().find(|known| known.id == id).ok_or(Error::not_found::<entity::SharedPause>())?;
    expected.check(pause.rev)?;
    let before = pause.clone();
    patch.apply_to(pause);
    let moved = (pause.from, pause.to) != (before.from, before.to);
    if moved {
        pause.source = SharedPauseSource::User;
    }
    (pause.updated_at, pause.rev) = (tx.now, tx.rev);
    let changed = pause.clone();
    if !moved && changed.except_habits == before.except_habits {
        tx.store.update_shared_pause(tx.user, &changed)?;
        return Ok(changed);
    }
    let habits = habits(tx)?;
    check(&changed, &habits, before.except_habits.as_slice())?;
    tx.store.update_shared_pause(tx.user, &changed)?;
    copies::follow(tx, habits, &pauses)?;
    Ok(changed)
}

/// Removes a shared pause: its days count again.
pub fn delete(tx: &mut WriteTransaction<'_>, id: SharedPauseId, expected: &Expected) -> Result<(), Error> {
    let mut pauses = tx.store.shared_pauses(tx.user)?;
    let known = pauses.iter().find(|known| known.id == id).ok_or(Error::not_found::<entity::SharedPause>())?;
    expected.check(known.rev)?;
    tx.store.delete_shared_pause(tx.user, id, tx.rev, tx.now)?;
    pauses.retain(|known| known.id != id);
    let habits = habits(tx)?;
    copies::follow(tx, habits, &pauses)
}

/// Pauses the days that a user loses by a change of their time zone ([`lost_days`]), unless they are paused for that
/// already, or there are as many pauses as there may be. Costs nothing where no day is lost.
pub fn pause_lost_days(
    tx: &mut WriteTransaction<'_>,
    before: &Settings,
    after: &Settings,
    id: SharedPauseId,
) -> Result<(), Error> {
    if before.timezone == after.timezone {
        return Ok(());
    }
    let Some(lost) = lost_days(before.day_clock(), after.day_clock(), tx.now) else { return Ok(()) };
    let pause = SharedPause {
        id,
        from: lost.from(),
        to: Some(lost.to()),
        note: None,
        except_habits: ExceptHabits::default(),
        source: SharedPauseSource::DateLine,
        created_at: tx.now,
        updated_at: tx.now,
        rev: tx.rev,
        request_digest: [0; 32],
    };
    let mut pauses = tx.store.shared_pauses(tx.user)?;
    let is_there = pauses.iter().any(|known| {
        (known.source, known.from, known.to, &known.except_habits)
            == (pause.source, pause.from, pause.to, &pause.except_habits)
    });
    if is_there || pauses.len() >= MAX_SHARED_PAUSES {
        return Ok(());
    }
    tx.store.insert_shared_pause(tx.user, &pause)?;
    pauses.push(pause);
    let habits = habits(tx)?;
    copies::follow(tx, habits, &pauses)
}
