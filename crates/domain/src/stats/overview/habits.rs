//! Habits in an overview.

use super::input::{HabitProgress, InputData};
use crate::civil::num::len32;
use crate::civil::{Date, DateRange, Weekday};
use crate::habits::{HabitName, HabitStatus, Rated, StreakUnit, Tally, UnitTally};
use crate::ids::{HabitId, ThemeId};
use crate::stats::period::Pieces;
use crate::themes::ThemeLabel;

/// How many of the streaks that are running are listed.
pub const TOP_STREAKS: usize = 5;

/// Habits in an overview. What counts is as in [`crate::habits::HabitStats`]: due days up to yesterday that weren't
/// skipped, today once it is done, and periods of quotas. Days on which a habit was archived don't.
#[derive(Debug, Clone, PartialEq)]
pub struct HabitsPart {
    /// Habits that are kept today.
    pub active: u32,
    /// Habits that were archived or have ended.
    pub archived: u32,
    /// What counted, of all habits together.
    pub counted: UnitTally,
    /// Days done, days of quotas among them.
    pub days_done: u32,
    /// What counted in each piece; a period in that of its last day.
    pub trend: Vec<Tally>,
    /// Streaks that are unbroken, those first that span the most days; at most [`TOP_STREAKS`].
    pub top_streaks: Vec<RunningStreak>,
    /// The days of each weekday, from the user's first day of the week on: due ones, and of quotas those on which something was done.
    pub by_weekday: [Rated<Weekday>; 7],
    /// What counted of each theme that has habits, by name; those without a theme come last.
    pub by_theme: Vec<ThemeTally>,
}

/// A streak that is unbroken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningStreak {
    /// The user.
    pub habit: HabitId,
    /// What that is called.
    pub name: HabitName,
    /// How many due days, or periods.
    pub length: u32,
    /// What was counted.
    pub unit: StreakUnit,
    /// Its first day.
    pub from: Date,
    /// Its last day so far.
    pub to: Date,
}

/// A theme with what counted of its habits.
#[derive(Debug, Clone, PartialEq)]
pub struct ThemeTally {
    /// The theme; null for habits without one.
    pub theme: Option<ThemeLabel>,
    /// How many habits.
    pub habits: u32,
    /// What counted.
    pub counted: UnitTally,
}

pub(super) fn part(data: &InputData, habits: &[HabitProgress<'_>], range: DateRange, pieces: &Pieces) -> HabitsPart {
    let active = data.habits.iter().filter(|(habit, _)| habit.status(data.today) == HabitStatus::Active).count();
    let mut part = HabitsPart {
        active: len32(active),
        archived: len32(data.habits.len() - active),
        counted: UnitTally::default(),
        days_done: 0,
        trend: vec![Tally::default(); pieces.pieces.len()],
        top_streaks: top_streaks(data.today, habits),
        by_weekday: Rated::week(data.week_start),
        by_theme: Vec::new(),
    };
    let mut of_themes: Vec<(Option<ThemeId>, u32, UnitTally)> = Vec::new();
    for HabitProgress { habit, progress } in habits {
        let mut own = UnitTally::default();
        for outcome in progress.outcomes(range) {
            own.add(outcome);
            if !outcome.is_period {
                Rated::add_day(&mut part.by_weekday, outcome.date, outcome.done);
            }
            if let Some(piece) = pieces.place_of(outcome.date).and_then(|at| part.trend.get_mut(at)) {
                piece.add(outcome.done);
            }
        }
        part.days_done += own.days.done;
        for date in progress.quota_days_done(range) {
            part.days_done += 1;
            Rated::add_day(&mut part.by_weekday, date, true);
        }
        part.counted = part.counted.plus(own);
        match of_themes.iter_mut().find(|(theme, ..)| *theme == habit.theme) {
            Some((_, habits, counted)) => {
                *habits += 1;
                *counted = counted.plus(own);
            }
            None => of_themes.push((habit.theme, 1, own)),
        }
    }
    part.by_theme = data
        .themes_and_none()
        .filter_map(|theme| {
            let (_, habits, counted) = of_themes.iter().find(|(of, ..)| *of == theme.map(|theme| theme.id))?;
            Some(ThemeTally { theme: theme.cloned(), habits: *habits, counted: *counted })
        })
        .collect();
    part
}

/// What counted of all habits together, and days done: see [`HabitsPart`].
pub(super) fn totals(habits: &[HabitProgress<'_>], range: DateRange) -> (UnitTally, u32) {
    let (mut counted, mut quota_days) = (UnitTally::default(), 0);
    for HabitProgress { progress, .. } in habits {
        progress.outcomes(range).into_iter().for_each(|outcome| counted.add(outcome));
        quota_days += len32(progress.quota_days_done(range).len());
    }
    (counted, counted.days.done + quota_days)
}

fn top_streaks(today: Date, habits: &[HabitProgress<'_>]) -> Vec<RunningStreak> {
    let active = habits.iter().filter(|habits| habits.habit.status(today) == HabitStatus::Active);
    let mut running: Vec<RunningStreak> = active
        .filter_map(|HabitProgress { habit, progress }| {
            let streaks = progress.streaks();
            Some(RunningStreak {
                habit: habit.id,
                name: habit.name.clone(),
                length: streaks.current,
                unit: streaks.unit,
                from: streaks.current_from?,
                to: streaks.current_to?,
            })
        })
        .collect();
    running.sort_by_key(|streak| (std::cmp::Reverse(streak.from.days_until(streak.to)), streak.habit));
    running.truncate(TOP_STREAKS);
    running
}
