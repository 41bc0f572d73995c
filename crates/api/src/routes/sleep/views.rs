//! `GET /sleep/views/day`, `/week`, `/month`.

use circadia_domain::civil::{Date, DateRange, Instant, Span, Zone};
use circadia_domain::sleep::{self, HourBlock, Night, SleepDay, SleepDayView, SleepPeriodView};
use circadia_domain::unit_of_work::Store;
use circadia_domain::users::SleepGoal;
use serde::Serialize;
use utoipa::ToSchema;

use super::dto::SleepLogBody;
use super::stats::{NapsBody, SummaryBody};
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::Query;
use crate::http::problem::Problem;
use crate::http::rounding::six_places;
use crate::http::routing::{Routes, operations};
use crate::routes::date_queries::{DateQuery, view};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_sleep_day, get_sleep_week, get_sleep_month);
}

/// A night: `main` logs that each begin at most 3 hours after the end of the one before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Night)]
struct NightBody {
    /// When the first of its logs begins.
    bed: Instant,
    /// When the last of its logs ends.
    wake: Instant,
    /// The local time at `bed`, in the log's time zone.
    #[schema(example = "23:30")]
    bed_time: String,
    /// The local time at `wake`.
    #[schema(example = "07:10")]
    wake_time: String,
    /// The local time at mid-sleep.
    #[schema(example = "03:20")]
    mid_sleep_time: String,
    /// Seconds from start to end of its logs.
    duration_seconds: u32,
    /// Seconds asleep: without the seconds awake where they are known.
    asleep_seconds: u32,
    /// Time asleep ÷ time in bed, 0–1; null unless the seconds awake are known for all of its logs.
    efficiency: Option<f64>,
    /// The mean quality of its logs, 1–5; null where none has one.
    quality: Option<f64>,
}

impl From<Night> for NightBody {
    fn from(night: Night) -> Self {
        Self {
            bed: night.bed,
            wake: night.wake,
            bed_time: night.bed_time.to_string(),
            wake_time: night.wake_time.to_string(),
            mid_sleep_time: night.mid_time.to_string(),
            duration_seconds: night.duration_seconds,
            asleep_seconds: night.asleep_seconds,
            efficiency: night.efficiency().map(six_places),
            quality: night.mean_quality().map(six_places),
        }
    }
}

/// The sleep that ends on a date.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SleepDay)]
pub(in crate::routes) struct DayBody {
    /// The date of waking.
    date: Date,
    /// Its night, of two that end on the date the longer one; null if none was logged.
    night: Option<NightBody>,
    /// Its naps.
    naps: NapsBody,
    /// The logs of its nights and its naps, by start. The first log of a night can have the date before.
    logs: Vec<SleepLogBody>,
}

impl From<SleepDay> for DayBody {
    fn from(day: SleepDay) -> Self {
        Self {
            date: day.date,
            night: day.night.map(NightBody::from),
            naps: day.naps.into(),
            logs: day.logs.into_iter().map(SleepLogBody::from).collect(),
        }
    }
}

/// An hour of the clock.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HourBlock)]
struct HourBody {
    /// When it starts.
    start: Instant,
    /// The local time at its start. It repeats when clocks go back.
    #[schema(example = "01:00")]
    time: String,
    /// The length in minutes: 60, except where clocks change by half an hour.
    minutes: u32,
    /// The minutes of it within logs. Time awake isn't subtracted, since it isn't known when it was.
    asleep_minutes: u32,
}

impl From<HourBlock> for HourBody {
    fn from(block: HourBlock) -> Self {
        Self {
            start: block.start,
            time: block.time.to_string(),
            minutes: block.seconds / 60,
            asleep_minutes: (block.asleep_seconds + 30) / 60,
        }
    }
}

/// The view of a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SleepDayView)]
struct DayViewBody {
    /// The date.
    date: Date,
    /// The user's time zone, in which the hours are given.
    timezone: Zone,
    /// The user's sleep goal per night.
    goal_minutes: SleepGoal,
    /// Its night, of two that end on the date the longer one; null if none was logged.
    night: Option<NightBody>,
    /// Its naps.
    naps: NapsBody,
    /// The logs of its nights and its naps, by start. The first log of a night can have the date before.
    logs: Vec<SleepLogBody>,
    /// The hours of the civil day from midnight to midnight: 24, or 23 or 25 as clocks change. They cover the civil
    /// day, regardless of dates of waking: the part of a night after midnight, and in the evening the start of the next
    /// night.
    hours: Vec<HourBody>,
}

impl From<SleepDayView> for DayViewBody {
    fn from(view: SleepDayView) -> Self {
        let day = DayBody::from(view.day);
        Self {
            date: day.date,
            timezone: view.zone,
            goal_minutes: view.goal,
            night: day.night,
            naps: day.naps,
            logs: day.logs,
            hours: view.hours.into_iter().map(HourBody::from).collect(),
        }
    }
}

/// The view of a week or a month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SleepPeriodView)]
struct PeriodViewBody {
    #[serde(flatten)]
    range: DateRange,
    /// The user's sleep goal per night.
    goal_minutes: SleepGoal,
    /// Each date.
    days: Vec<DayBody>,
    /// Statistics of the nights.
    summary: SummaryBody,
    /// All naps.
    naps: NapsBody,
}

impl From<SleepPeriodView> for PeriodViewBody {
    fn from(view: SleepPeriodView) -> Self {
        Self {
            range: view.range,
            goal_minutes: view.goal,
            days: view.days.into_iter().map(DayBody::from).collect(),
            summary: view.summary.into(),
            naps: view.naps.into(),
        }
    }
}

/// A day of sleep
///
/// The night and the naps that end on the date, and the hours of its civil day with the minutes asleep in each.
#[utoipa::path(
    get,
    path = "/sleep/views/day",
    tag = "sleep",
    operation_id = "getSleepDay",
    extensions(("x-scope" = json!("sleep:read"))),
    params(DateQuery),
    responses((status = 200, description = "The day", body = DayViewBody))
)]
async fn get_sleep_day(caller: Caller, query: Query<DateQuery>) -> Result<Answer, Problem> {
    view::<_, DayViewBody>(&caller, query.0, sleep::day).await
}

/// A week of sleep
///
/// The week that contains the date, by the user's first day of the week.
#[utoipa::path(
    get,
    path = "/sleep/views/week",
    tag = "sleep",
    operation_id = "getSleepWeek",
    extensions(("x-scope" = json!("sleep:read"))),
    params(DateQuery),
    responses((status = 200, description = "The week", body = PeriodViewBody))
)]
async fn get_sleep_week(caller: Caller, query: Query<DateQuery>) -> Result<Answer, Problem> {
    let look = |store: &mut dyn Store, user, now, date| sleep::period(store, user, now, Span::Week, date);
    view::<_, PeriodViewBody>(&caller, query.0, look).await
}

/// A month of sleep
///
/// The month that contains the date.
#[utoipa::path(
    get,
    path = "/sleep/views/month",
    tag = "sleep",
    operation_id = "getSleepMonth",
    extensions(("x-scope" = json!("sleep:read"))),
    params(DateQuery),
    responses((status = 200, description = "The month", body = PeriodViewBody))
)]
async fn get_sleep_month(caller: Caller, query: Query<DateQuery>) -> Result<Answer, Problem> {
    let look = |store: &mut dyn Store, user, now, date| sleep::period(store, user, now, Span::Month, date);
    view::<_, PeriodViewBody>(&caller, query.0, look).await
}
