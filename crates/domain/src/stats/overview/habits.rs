//! Habits in an overview.

use super::input::{HabitProgress, InputData};
use crate::civil::num::{index, len32};
use crate::civil::{Date, DateRange};
use crate::habits::{HabitName, HabitStatus, StreakUnit, Tally};
use crate::ids::{HabitId, ThemeId};
use crate::stats::period::Pieces;
use crate::themes::ThemeLabel;

/// How many of the streaks that are running are listed.
pub const TOP_STREAKS: usize = 5;

/// Habits in an overview. Days count as in [`crate::habits::HabitStats`]: due ones up to yesterday that weren't skipped,
/// and today once it is done; of quotas, days that were done or missed. Days on which a habit was archived don't.
#[derive(Debug, Clone, PartialEq)]
pub struct HabitsPart {
    /// Habits that are kept today.
    pub active: u32,
    /// Habits that were archived or have ended.
    pub archived: u32,
    /// Days that counted, of all habits together.
    pub due: u32,
    /// How many of them were done.
    pub done: u32,
    /// Done ÷ due over all habits, as [`crate::habits::completion_rate`] counts them: days, of quotas periods.
    pub completion_rate: Option<f64>,
    /// The days of each piece.
    pub trend: Vec<Tally>,
    /// Streaks that are unbroken, those first that span the most days; at most [`TOP_STREAKS`].
    pub top_streaks: Vec<RunningStreak>,
    /// The days of each weekday, Monday to Sunday.
    pub by_weekday: [Tally; 7],
    /// The days of each theme that has habits, by name; those without a theme come last.
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

/// A theme with the days of its habits.
#[derive(Debug, Clone, PartialEq)]
pub struct ThemeTally {
    /// The theme; null for habits without one.
    pub theme: Option<ThemeLabel>,
    /// How many habits.
    pub habits: u32,
    /// Their days.
    pub days: Tally,
}

pub(super) fn part(data: &InputData, habits: &[HabitProgress<'_>], range: DateRange, pieces: &Pieces) -> HabitsPart {
    let mut part = HabitsPart {
        active: 0,
        archived: 0,
        due: 0,
        done: 0,
        completion_rate: rate(habits, range),
        trend: vec![Tally::default(); pieces.pieces.len()],
        top_streaks: top_streaks(data.today, habits),
        by_weekday: [Tally::default(); 7],
        by_theme: Vec::new(),
    };
    let active = data.habits.iter().filter(|(habit, _)| habit.status(data.today) == HabitStatus::Active).count();
    part.active = len32(active);
    part.archived = len32(data.habits.len() - active);
    let mut of_themes: Vec<(Option<ThemeId>, u32, Tally)> = Vec::new();
    for HabitProgress { habit, progress } in habits {
        let mut own = Tally::default();
        for (date, done) in progress.counted_days(range) {
            own.add(done);
            if let Some(piece) = pieces.place_of(date).and_then(|at| part.trend.get_mut(at)) {
                piece.add(done);
            }
            if let Some(weekday) = part.by_weekday.get_mut(index(date.weekday().number())) {
                weekday.add(done);
            }
        }
        part.due += own.due;
        part.done += own.done;
        match of_themes.iter_mut().find(|(theme, ..)| *theme == habit.theme) {
            Some((_, habits, days)) => {
                *habits += 1;
                days.due += own.due;
                days.done += own.done;
            }
            None => of_themes.push((habit.theme, 1, own)),
        }
    }
    part.by_theme = data
        .themes_and_none()
        .filter_map(|theme| {
            let (_, habits, days) = of_themes.iter().find(|(of, ..)| *of == theme.map(|theme| theme.id))?;
            Some(ThemeTally { theme: theme.cloned(), habits: *habits, days: *days })
        })
        .collect();
    part
}

/// Done ÷ due over all habits; see [`HabitsPart::completion_rate`].
pub(super) fn rate(habits: &[HabitProgress<'_>], range: DateRange) -> Option<f64> {
    let mut all = Tally::default();
    for habits in habits {
        let own = habits.progress.tally(range);
        all.due += own.due;
        all.done += own.done;
    }
    all.rate()
}

/// Days done; see [`HabitsPart::done`].
pub(super) fn days_done(habits: &[HabitProgress<'_>], range: DateRange) -> u32 {
    let done = |(_, done): &(Date, bool)| *done;
    let count = |habits: &HabitProgress<'_>| habits.progress.counted_days(range).iter().filter(|day| done(day)).count();
    habits.iter().map(|habits| len32(count(habits))).sum()
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
