//! Habits in the overview.

use circadia_domain::civil::Date;
use circadia_domain::habits::Tally;
use circadia_domain::ids::HabitId;
use circadia_domain::stats::Pieces;
use circadia_domain::stats::overview::{HabitsPart, RunningStreak};
use circadia_domain::themes::ThemeLabel;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::chart::{ChartBody, DatasetBody};
use crate::http::rounding::six_places;

/// Habits. A day counts if it was due, wasn't skipped and is over, or is today and done. Quotas count by their periods,
/// each on its last day, and the running one once it is met. Archived days don't count.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HabitsOverview)]
pub(super) struct HabitsBody {
    /// Active habits.
    active: u32,
    /// Archived or ended habits.
    archived: u32,
    /// Due days and periods of quotas that counted, of all habits together.
    due: u32,
    /// How many of them were done, or met.
    done: u32,
    /// done ÷ due; null where nothing was due.
    completion_rate: Option<f64>,
    /// The days among them.
    days: Tally,
    /// The periods of quotas among them; of rolling quotas, each day is one.
    periods: Tally,
    /// `due`, `done` and `rate` over time.
    trend: ChartBody,
    /// Unbroken streaks, those that span the most days first; at most 5.
    top_streaks: Vec<StreakBody>,
    /// `due`, `done` and `rate` of days by weekday, from the user's first day of the week on. Of quotas, only days on which
    /// something was done count.
    by_weekday: ChartBody,
    /// Themes that have habits, by name; last, under null, habits without a theme.
    by_theme: Vec<ThemeHabitsBody>,
}

/// An unbroken streak.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunningStreak)]
struct StreakBody {
    /// The habit's id.
    habit_id: HabitId,
    /// The habit's name.
    name: String,
    /// The length.
    length: u32,
    /// The unit.
    #[schema(value_type = circadia_domain::habits::StreakUnit)]
    unit: &'static str,
    /// Its first day.
    from: Date,
    /// Its last day so far.
    to: Date,
}

/// The habits of a theme.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ThemeHabits)]
struct ThemeHabitsBody {
    /// The theme; null for habits without one.
    theme: Option<ThemeLabel>,
    /// The number of habits.
    habits: u32,
    /// Due days and periods of quotas that counted.
    due: u32,
    /// How many of them were done, or met.
    done: u32,
    /// done ÷ due; null where nothing was due.
    rate: Option<f64>,
}

fn tallies(tallies: &[Tally]) -> Vec<DatasetBody> {
    vec![
        DatasetBody::known("due", "Due", tallies, |tally| u64::from(tally.due)),
        DatasetBody::known("done", "Done", tallies, |tally| u64::from(tally.done)),
        DatasetBody::partial("rate", "Rate", tallies.iter().map(|tally| tally.rate())),
    ]
}

impl HabitsBody {
    pub(super) fn new(part: HabitsPart, pieces: &Pieces) -> Self {
        let streak = |streak: RunningStreak| StreakBody {
            habit_id: streak.habit,
            name: streak.name.to_string(),
            length: streak.length,
            unit: streak.unit.as_str(),
            from: streak.from,
            to: streak.to,
        };
        let all = part.counted.all();
        Self {
            active: part.active,
            archived: part.archived,
            due: all.due,
            done: all.done,
            completion_rate: all.rate().map(six_places),
            days: part.counted.days,
            periods: part.counted.periods,
            trend: ChartBody::over(pieces, tallies(&part.trend)),
            top_streaks: part.top_streaks.into_iter().map(streak).collect(),
            by_weekday: ChartBody {
                labels: part.by_weekday.iter().map(|day| day.of.to_string()).collect(),
                datasets: tallies(&part.by_weekday.map(|day| day.tally)),
            },
            by_theme: part
                .by_theme
                .into_iter()
                .map(|of| ThemeHabitsBody {
                    theme: of.theme,
                    habits: of.habits,
                    due: of.counted.all().due,
                    done: of.counted.all().done,
                    rate: of.counted.all().rate().map(six_places),
                })
                .collect(),
        }
    }
}
