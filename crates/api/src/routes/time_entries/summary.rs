//! `GET /time-entries/summary` and `GET /habits/{habit_id}/time/weekly`.

use circadia_domain::civil::{Date, DateRange, Span};
use circadia_domain::color::Color;
use circadia_domain::ids::{HabitId, ThemeId};
use circadia_domain::themes::ThemeLabel;
use circadia_domain::time_entries::{self, GroupBy, HabitLabel, SpentOn, TimeSpent};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, Query};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_summary);
}

/// The maximum number of days in a summary: ten years.
const MAX_DAYS: u32 = 3_660;

/// The range and the grouping of a summary.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SummaryQuery {
    /// The first day.
    from: Date,
    /// The last day; at most 3,660 days in all.
    to: Date,
    /// How to group. Defaults to `day`.
    group_by: Option<GroupBy>,
}

impl Decode for SummaryQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.required("from");
        let to = fields.required("to");
        let group_by = fields.optional("group_by");
        let (from, to) = from.zip(to)?;
        match DateRange::new(from, to) {
            None => fields.note("to", "before_start", "must not lie before `from`"),
            Some(range) if range.len() > MAX_DAYS => {
                fields.note("to", "out_of_range", format!("must lie at most {MAX_DAYS} days after `from`"));
            }
            Some(_) => {}
        }
        Some(Self { from, to, group_by })
    }
}

/// A summary of tracked time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TimeSummary)]
struct SummaryBody {
    /// The first day.
    from: Date,
    /// The last day.
    to: Date,
    /// The grouping.
    group_by: GroupBy,
    /// The total minutes.
    minutes: u64,
    /// The total number of entries.
    count: u64,
    /// The groups: periods in order, those without anything included; habits and themes with the most minutes first, and
    /// only those with any.
    items: Vec<GroupBody>,
}

/// A group of time entries: a period, a habit or a theme. What another grouping would say is null.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = TimeGroup)]
struct GroupBody {
    /// The first day of the period.
    from: Option<Date>,
    /// Its last day within the range.
    to: Option<Date>,
    /// The habit; null for time without one.
    habit_id: Option<HabitId>,
    /// The theme; null for time without one.
    theme_id: Option<ThemeId>,
    /// The name of habit or theme.
    name: Option<String>,
    /// The theme's colour.
    color: Option<Color>,
    /// Its minutes.
    minutes: u64,
    /// The number of entries.
    count: u64,
}

impl From<(DateRange, TimeSpent)> for GroupBody {
    fn from((period, spent): (DateRange, TimeSpent)) -> Self {
        Self {
            from: Some(period.from()),
            to: Some(period.to()),
            minutes: spent.minutes,
            count: spent.count,
            ..Self::default()
        }
    }
}

impl From<SpentOn<HabitLabel>> for GroupBody {
    fn from(sum: SpentOn<HabitLabel>) -> Self {
        Self {
            habit_id: sum.on.as_ref().map(|habit| habit.id),
            name: sum.on.map(|habit| habit.name.to_string()),
            minutes: sum.spent.minutes,
            count: sum.spent.count,
            ..Self::default()
        }
    }
}

impl From<SpentOn<ThemeLabel>> for GroupBody {
    fn from(sum: SpentOn<ThemeLabel>) -> Self {
        Self {
            theme_id: sum.on.as_ref().map(|theme| theme.id),
            color: sum.on.as_ref().map(|theme| theme.color),
            name: sum.on.map(|theme| theme.name.to_string()),
            minutes: sum.spent.minutes,
            count: sum.spent.count,
            ..Self::default()
        }
    }
}

fn groups<T: Into<GroupBody>>(sums: Vec<T>) -> Vec<GroupBody> {
    sums.into_iter().map(Into::into).collect()
}

/// Summarise my time
///
/// Minutes and numbers of entries by day, week, month, habit or theme.
#[utoipa::path(
    get,
    path = "/time-entries/summary",
    tag = "time",
    operation_id = "getTimeSummary",
    extensions(("x-scope" = json!("time:read"))),
    params(SummaryQuery),
    responses((status = 200, description = "The sums", body = SummaryBody))
)]
async fn get_summary(caller: Caller, query: Query<SummaryQuery>) -> Result<Answer, Problem> {
    let SummaryQuery { from, to, group_by } = query.0;
    let group_by = group_by.unwrap_or(GroupBy::Day);
    let range = DateRange::new(from, to).unwrap_or(DateRange::day(from));
    let user = caller.user;
    let read = caller.read_replica(move |store| {
        let span = match group_by {
            GroupBy::Day => Span::Day,
            GroupBy::Week => Span::Week,
            GroupBy::Month => Span::Month,
            GroupBy::Habit => return time_entries::summary_by_habit(store, user, range).map(groups),
            GroupBy::Theme => return time_entries::summary_by_theme(store, user, range).map(groups),
        };
        time_entries::summary_by_period(store, user, range, span).map(groups)
    });
    let items: Vec<GroupBody> = read.await?;
    let (minutes, count) =
        items.iter().fold((0, 0), |(minutes, count), group| (minutes + group.minutes, count + group.count));
    Answer::computed(&SummaryBody { from, to, group_by, minutes, count, items })
}
