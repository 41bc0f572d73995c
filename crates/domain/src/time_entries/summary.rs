//! Time added up: by day, week and month, by habit and theme; and a habit's week.

use std::collections::BTreeMap;

use super::TimeSpent;
use crate::civil::{Date, DateRange, Instant, Span, Weekday};
use crate::collation::sort_key;
use crate::entity;
use crate::error::Error;
use crate::habits::HabitName;
use crate::ids::{HabitId, ThemeId, UserId};
use crate::themes::ThemeLabel;
use crate::unit_of_work::Store;
use crate::users;

words! {
    /// What time is added up by.
    #[cfg_attr(feature = "openapi", schema(as = TimeGrouping))]
    pub enum GroupBy {
        /// Each day.
        Day = "day",
        /// Each week, from the user's first day of it.
        Week = "week",
        /// Each month.
        Month = "month",
        /// Each habit.
        Habit = "habit",
        /// Each theme: the habit's or, if that has none, the task's.
        Theme = "theme",
    }
}

/// What was spent on one of a kind of things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpentOn<T> {
    /// Which; none for what was spent on none of them.
    pub on: Option<T>,
    /// How much.
    pub spent: TimeSpent,
}

/// A habit as sums name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HabitLabel {
    /// The id.
    pub id: HabitId,
    /// Its name.
    pub name: HabitName,
}

/// What was spent in each period of a range, those without anything included: days in order, each once, are added up.
pub fn by_period(
    span: Span,
    range: DateRange,
    week_start: Weekday,
    days: &[(Date, TimeSpent)],
) -> Vec<(DateRange, TimeSpent)> {
    let mut days = days.iter().skip_while(|(date, _)| *date < range.from()).peekable();
    let mut sums = Vec::new();
    for period in span.periods(range, week_start) {
        let mut sum = TimeSpent::default();
        while let Some((_, spent)) = days.next_if(|(date, _)| *date <= period.to()) {
            sum = sum.plus(*spent);
        }
        sums.push((period, sum));
    }
    sums
}

/// A user's time in each period of a range.
pub fn summary_by_period(
    store: &mut dyn Store,
    user: UserId,
    range: DateRange,
    span: Span,
) -> Result<Vec<(DateRange, TimeSpent)>, Error> {
    let user = users::find(store, user)?;
    let days = store.time_by_day(user.id, range, None)?;
    Ok(by_period(span, range, user.settings.week_start, &days))
}

/// A user's time in a range by habit: most first.
pub fn summary_by_habit(
    store: &mut dyn Store,
    user: UserId,
    range: DateRange,
) -> Result<Vec<SpentOn<HabitLabel>>, Error> {
    let sums = store.time_by_habit(user, range)?;
    let ids: Vec<HabitId> = sums.iter().filter_map(|(habit, _)| *habit).collect();
    let mut names: BTreeMap<HabitId, HabitName> =
        store.find_habits(user, &ids)?.into_iter().map(|(habit, _)| (habit.id, habit.name)).collect();
    let label = |id: HabitId| names.remove(&id).map(|name| HabitLabel { id, name });
    Ok(most_first(sums, label, |label| sort_key(label.name.as_str())))
}

/// A user's time in a range by theme (the habit's or, if that has none, the task's): most first.
pub fn summary_by_theme(
    store: &mut dyn Store,
    user: UserId,
    range: DateRange,
) -> Result<Vec<SpentOn<ThemeLabel>>, Error> {
    let sums = store.time_by_theme(user, range)?;
    let mut labels: BTreeMap<ThemeId, ThemeLabel> =
        store.themes(user)?.into_iter().map(|theme| (theme.id, theme.into())).collect();
    Ok(most_first(sums, |id| labels.remove(&id), |label| sort_key(label.name.as_str())))
}

fn most_first<Id, Label>(
    sums: Vec<(Option<Id>, TimeSpent)>,
    mut label: impl FnMut(Id) -> Option<Label>,
    name: impl Fn(&Label) -> String,
) -> Vec<SpentOn<Label>> {
    let mut sums: Vec<SpentOn<Label>> =
        sums.into_iter().map(|(id, spent)| SpentOn { on: id.and_then(&mut label), spent }).collect();
    sums.sort_by_cached_key(|sum| (std::cmp::Reverse(sum.spent.minutes), sum.on.is_none(), sum.on.as_ref().map(&name)));
    sums
}

/// A habit's week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    /// Its seven days with their minutes.
    pub daily: Vec<(Date, u64)>,
}

impl Week {
    /// The minutes of all seven days.
    pub fn total(&self) -> u64 {
        self.daily.iter().map(|(_, minutes)| minutes).sum()
    }

    /// The minutes of a day on average, all seven counted.
    pub fn average(&self) -> f64 {
        let total = u32::try_from(self.total()).unwrap_or(u32::MAX);
        f64::from(total) / 7.0
    }
}

/// The time spent on a habit in the week of a day (the user's today if absent), by the user's first day of the week.
pub fn week(
    store: &mut dyn Store,
    user: UserId,
    habit: HabitId,
    now: Instant,
    on: Option<Date>,
) -> Result<Week, Error> {
    let user = users::find(store, user)?;
    let habit = store.find_habit(user.id, habit)?.ok_or(Error::not_found::<entity::Habit>())?;
    let date = on.unwrap_or_else(|| user.today(now));
    // At the ends of the calendar a week keeps its seven days by moving inwards.
    let from = date.week_begin(user.settings.week_start).min(Date::MAX.saturating_add_days(-6));
    let range = DateRange::new(from, from.saturating_add_days(6)).unwrap_or(DateRange::day(from));
    let days = store.time_by_day(user.id, range, Some(habit.id))?;
    let daily = by_period(Span::Day, range, user.settings.week_start, &days)
        .into_iter()
        .map(|(day, spent)| (day.from(), spent.minutes))
        .collect();
    Ok(Week { daily })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn range(from: &str, to: &str) -> DateRange {
        DateRange::new(date(from), date(to)).unwrap()
    }

    #[test]
    fn periods_are_those_of_the_calendar_cut_to_the_range() {
        let shown = |span: Span, week_start, days: DateRange| -> Vec<String> {
            let periods = span.periods(days, week_start);
            periods.iter().map(|period| format!("{}/{}", period.from(), period.to())).collect()
        };
        let days = range("2026-02-27", "2026-03-10");
        assert_eq!(
            shown(Span::Week, Weekday::Mo, days),
            ["2026-02-27/2026-03-01", "2026-03-02/2026-03-08", "2026-03-09/2026-03-10"]
        );
        assert_eq!(
            shown(Span::Week, Weekday::Su, days),
            ["2026-02-27/2026-02-28", "2026-03-01/2026-03-07", "2026-03-08/2026-03-10"]
        );
        assert_eq!(shown(Span::Month, Weekday::Mo, days), ["2026-02-27/2026-02-28", "2026-03-01/2026-03-10"]);
        assert_eq!(shown(Span::Day, Weekday::Mo, range("2026-03-10", "2026-03-10")), ["2026-03-10/2026-03-10"]);
        let end = shown(Span::Month, Weekday::Mo, range("2199-12-30", "2199-12-31"));
        assert_eq!(end, ["2199-12-30/2199-12-31"]);
    }

    proptest! {
        #[test]
        fn sums_by_any_period_are_the_whole(
            from in 0_i32..80_000,
            length in 0_i32..900,
            minutes in proptest::collection::btree_map(0_i32..900, 1_u64..2_000, 0..40),
            week_start in prop_oneof![Just(Weekday::Mo), Just(Weekday::Su), Just(Weekday::Sa)],
        ) {
            let first = Date::from_days_since_epoch(from).unwrap();
            let range = DateRange::new(first, first.saturating_add_days(length)).unwrap();
            let days: Vec<(Date, TimeSpent)> = minutes
                .iter()
                .filter(|(day, _)| **day <= length)
                .map(|(day, minutes)| (first.saturating_add_days(*day), TimeSpent { minutes: *minutes, count: 1 }))
                .collect();
            let whole = days.iter().fold(TimeSpent::default(), |sum, (_, spent)| sum.plus(*spent));
            for span in [Span::Day, Span::Week, Span::Month] {
                let periods = by_period(span, range, week_start, &days);
                prop_assert_eq!(periods.iter().fold(TimeSpent::default(), |sum, (_, spent)| sum.plus(*spent)), whole);
                prop_assert_eq!(periods.iter().map(|(period, _)| period.len()).sum::<u32>(), range.len());
                for (period, spent) in periods {
                    let inside = days.iter().filter(|(date, _)| period.contains(*date));
                    prop_assert_eq!(spent.minutes, inside.map(|(_, spent)| spent.minutes).sum::<u64>());
                }
            }
        }
    }
}
