//! A habit's day that is about to be written to, with what the answer to the write tells.

use circadia_domain::civil::Date;
use circadia_domain::habits::{DayToWrite, HistoryPart, Recent};
use circadia_domain::ids::{HabitId, UserId};
use diesel::dsl::case_when;
use diesel::prelude::*;

use crate::entries::EntryRow;
use crate::habits::{HabitRow, settings_and, with_history, with_recent};
use crate::row::Stored as _;
use crate::schema::{entries, habit_histories, habits, users};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};
use crate::users::SettingsRow;

/// The settings, a habit, the wanted part of its history, and of the habit that is written to the whole history and the
/// entry.
type Row = (SettingsRow, Option<HabitRow>, Option<Vec<u8>>, Option<Vec<u8>>, Option<EntryRow>);

/// See [`circadia_domain::habits::HabitRepository::day_to_write`].
pub(crate) fn day_to_write(
    transaction: &mut Transaction,
    user: UserId,
    id: HabitId,
    date: Date,
    others: HistoryPart,
) -> Result<Option<DayToWrite>> {
    let entry_of_day = entries::user_id
        .eq(habits::user_id)
        .and(entries::habit_id.eq(habits::id))
        .and(entries::habit_id.eq(Sql(id)))
        .and(entries::date.eq(Sql(date)));
    let joined = settings_and!(histories of user).left_join(entries::table.on(entry_of_day));
    /// The rows, with this column of the histories.
    macro_rules! load {
        ($part:ident) => {
            joined
                .select((
                    SettingsRow::as_select(),
                    Option::<HabitRow>::as_select(),
                    habit_histories::$part.nullable(),
                    case_when(habits::id.eq(Sql(id)).assume_not_null(), habit_histories::history.nullable()),
                    Option::<EntryRow>::as_select(),
                ))
                .load(transaction.connection())
                .classified()?
        };
    }
    let rows: Vec<Row> = match others {
        HistoryPart::Recent => load!(recent),
        HistoryPart::Whole => load!(history),
    };
    let mut day: Option<DayToWrite> = None;
    for (settings, habit, part, whole, entry) in rows {
        let day = match &mut day {
            Some(day) => day,
            None => day.insert(DayToWrite { settings: settings.into_domain()?, written: None, others: Vec::new() }),
        };
        let Some(habit) = habit else { continue };
        if habit.id.0 == id {
            let (habit, history) = with_history((habit, whole))?;
            day.written = Some((habit, history, entry.map(EntryRow::into_domain).transpose()?));
            continue;
        }
        day.others.push(match others {
            HistoryPart::Recent => with_recent((habit, part))?,
            HistoryPart::Whole => {
                let (habit, history) = with_history((habit, part))?;
                (habit, Recent::whole(history))
            }
        });
    }
    Ok(day)
}
