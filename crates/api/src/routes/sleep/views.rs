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
use crate::http::rounding::rounded;
use crate::http::routing::{Routes, operations};
use crate::routes::date_queries::{DateQuery, view};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_sleep_day, get_sleep_week, get_sleep_month);
}

/// A night: the `main` logs of one date together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Night)]
struct NightBody {
    /// When the first of its logs begins.
    bed: Instant,
    /// When the last of its logs ends.
    wake: Instant,
    /// What the clock showed at `bed`, in the zone in which it was written.
    #[schema(example = "23:30")]
    bed_time: String,
    /// What the clock showed at `wake`.
    #[schema(example = "07:10")]
    wake_time: String,
    /// What the clock showed halfway.
    #[schema(example = "03:20")]
    mid_sleep_time: String,
    /// Seconds from start to end of its logs.
    duration_seconds: u32,
    /// Seconds asleep: without those awake, as far as they were counted.
    asleep_seconds: u32,
    /// Time asleep ÷ time in bed, 0–1; null unless the seconds awake were counted in all of its logs.
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
            efficiency: night.efficiency().map(|efficiency| rounded(efficiency, 4)),
            quality: night.mean_quality().map(|quality| rounded(quality, 2)),
        }
    }
}

/// A date with the sleep that one wakes from on it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SleepDay)]
struct DayBody {
    /// The date of waking.
    date: Date,
    /// Its night; null if nobody logged one.
    night: Option<NightBody>,
    /// Its naps.
    naps: NapsBody,
    /// All its logs, by start.
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
    /// When it begins.
    start: Instant,
    /// What the clock shows then; twice the same where clocks go back.
    #[schema(example = "01:00")]
    time: String,
    /// How long it is: 60, but where clocks change by half an hour.
    minutes: u32,
    /// How many minutes of it lie within logs. Where one was awake in between isn't known.
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

/// The screen of a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SleepDayView)]
struct DayViewBody {
    /// The date.
    date: Date,
    /// The zone whose clock the hours are those of: the user's.
    timezone: Zone,
    /// What the user wants of a night.
    goal_minutes: SleepGoal,
    /// Its night; null if nobody logged one.
    night: Option<NightBody>,
    /// Its naps.
    naps: NapsBody,
    /// All logs with this date of waking, by start.
    logs: Vec<SleepLogBody>,
    /// The hours of the civil day from midnight to midnight: 24, or 23 or 25 as clocks change. They show what lies in
    /// the day, whatever its date of waking: of a night the part after midnight, and in the evening the next one's
    /// beginning.
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

/// The screen of a week or a month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SleepPeriodView)]
struct PeriodViewBody {
    #[serde(flatten)]
    range: DateRange,
    /// What the user wants of a night.
    goal_minutes: SleepGoal,
    /// Each date.
    days: Vec<DayBody>,
    /// What the nights have in common.
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
/// The night and the naps that one wakes from on the date, and the hours of its civil day with the minutes asleep in
/// each.
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
/// The week, as the user's weeks start, that the date is in.
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
/// The month that the date is in.
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
