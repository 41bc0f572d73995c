//! The habits' copies of the shared pauses. This is their only writer; `circadia doctor` compares them with the shared
//! pauses.

use super::SharedPause;
use crate::error::Error;
use crate::habits::{Habit, HabitWithHistory, History, Timeline};
use crate::ids::HabitId;
use crate::unit_of_work::WriteTransaction;
use crate::violation::Violations;

/// The timeline of a habit with the copies that it has to have.
///
/// # Errors
/// As [`Timeline::new`].
pub fn with_copies(timeline: &Timeline, habit: HabitId, pauses: &[SharedPause]) -> Result<Timeline, Violations> {
    let copies = pauses.iter().filter(|pause| pause.holds_for(habit)).map(SharedPause::copy);
    timeline.with_shared_pauses(copies)
}

/// The timeline of a habit that is new or has another window, with the copies that it has to have. One statement.
///
/// # Errors
/// The store's.
pub fn of_habit(tx: &mut WriteTransaction<'_>, timeline: &Timeline, habit: HabitId) -> Result<Timeline, Error> {
    let pauses = tx.store.shared_pauses(tx.user)?;
    Ok(with_copies(timeline, habit, &pauses)?)
}

/// Stores the habits whose copies differ from the shared pauses, with the copies that they have to have: in a bounded
/// number of statements. Their histories stay what they are, but for what their recent parts sum up.
pub(super) fn follow(
    tx: &mut WriteTransaction<'_>,
    habits: Vec<HabitWithHistory>,
    pauses: &[SharedPause],
) -> Result<(), Error> {
    let mut changed: Vec<HabitWithHistory> = Vec::new();
    for (mut habit, history) in habits {
        let timeline = with_copies(&habit.timeline, habit.id, pauses)?;
        if timeline != habit.timeline {
            habit.timeline = timeline;
            habit.updated_at = tx.now;
            habit.rev = tx.rev;
            changed.push((habit, history));
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let changed: Vec<(&Habit, &History)> = changed.iter().map(|(habit, history)| (habit, history)).collect();
    let habits: Vec<&Habit> = changed.iter().map(|(habit, _)| *habit).collect();
    tx.store.put_pauses(tx.user, &habits)?;
    Ok(tx.store.put_histories(tx.user, &changed)?)
}
