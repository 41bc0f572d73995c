//! A habit's day that is about to be written to, with what the answer to the write tells.

use circadia_domain::civil::Date;
use circadia_domain::habits::{DayToWrite, HabitRepository as _, HabitWithRecent, HistoryPart, Recent};
use circadia_domain::ids::{HabitId, UserId};

use crate::transaction::{Result, Transaction};

/// See [`circadia_domain::habits::HabitRepository::day_to_write`]. (One join of all five tables would be one statement, but
/// takes minutes to compile.)
pub(crate) fn day_to_write(
    transaction: &mut Transaction,
    user: UserId,
    id: HabitId,
    date: Date,
    others: HistoryPart,
) -> Result<Option<DayToWrite>> {
    let found = match others {
        HistoryPart::Recent => transaction.settings_and_recent(user)?,
        HistoryPart::Whole => transaction.settings_and_habits(user)?.map(|(settings, habits)| {
            let whole = habits.into_iter().map(|(habit, history)| (habit, Recent::whole(history)));
            (settings, whole.collect::<Vec<HabitWithRecent>>())
        }),
    };
    let Some((settings, mut others)) = found else { return Ok(None) };
    others.retain(|(habit, _)| habit.id != id);
    let written = transaction.find_habit_day(user, id, date)?;
    Ok(Some(DayToWrite { settings, written, others }))
}
