//! One habit's story: `/habits/{habit_id}/occurrences`, `/streak`, `/score`, `/stats`, `/calendar`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use circadia_domain::civil::{Date, DateRange, Weekday};
use circadia_domain::habits::{
    self, BestRange, Habit, HabitStats, History, Month, Progress, Rated, Score, StreakUnit, Streaks, Tally, scores,
};
use circadia_domain::ids::HabitId;
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::super::me::WeekdayBody;
use super::dto::range;
use super::today::{DayStateBody, OnQuery};
use crate::app::App;
use crate::conditional::Answer;
use crate::identity::Principal;
use crate::input::{Decode, Fields, Query, Segment, boolean, date, integer, text};
use crate::problem::{Place, Problem};

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_occurrences).service(get_streak).service(get_score).service(get_stats).service(get_calendar);
}

/// The longest range of an answer: ten years.
const MAX_DAYS: u32 = 3_653;

/// What a streak counts.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = StreakUnit)]
#[serde(rename_all = "snake_case")]
pub(super) enum StreakUnitBody {
    /// Due days.
    Occurrences,
    /// Weeks that met their quota.
    Weeks,
    /// Months that met their quota.
    Months,
    /// Years that met their quota.
    Years,
}

impl From<StreakUnit> for StreakUnitBody {
    fn from(unit: StreakUnit) -> Self {
        match unit {
            StreakUnit::Occurrences => Self::Occurrences,
            StreakUnit::Weeks => Self::Weeks,
            StreakUnit::Months => Self::Months,
            StreakUnit::Years => Self::Years,
        }
    }
}

/// A figure between 0 and 1 to six places: more would only say how it was computed.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// A range of days.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct RangeQuery {
    /// The first day.
    #[param(value_type = String, format = Date)]
    from: Date,
    /// The last day; at most ten years after the first.
    #[param(value_type = String, format = Date)]
    to: Date,
}

impl Decode for RangeQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.required("from", text(date));
        let to = fields.required("to", text(date));
        Some(Self { from: from?, to: to? })
    }
}

impl RangeQuery {
    fn range(&self) -> Result<DateRange, Problem> {
        range(self.from, self.to, MAX_DAYS).map_err(|wrong| Problem::invalid(Place::Query, wrong))
    }
}

/// A range of days, as of a day.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct ScoreQuery {
    #[param(ignore)]
    range: RangeQuery,
    /// As of this day; the user's today if absent. There are no scores after it.
    #[param(value_type = Option<String>, format = Date)]
    on: Option<Date>,
}

impl Decode for ScoreQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let range = RangeQuery::decode(fields);
        let on = fields.optional("on", text(date));
        Some(Self { range: range?, on })
    }
}

/// The days on which a habit is due.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Occurrences)]
struct OccurrencesBody {
    /// The dates; of a quota, every day on which it can be met.
    #[schema(value_type = Vec<String>, format = Date)]
    dates: Vec<Date>,
    /// How many there are.
    count: u32,
}

/// On which days is it due?
///
/// By the plan versions in force, within the habit's window, pauses left out. At most ten years.
#[utoipa::path(
    tag = "habits",
    operation_id = "getOccurrences",
    params(("habit_id" = Uuid, Path, description = "The habit's id"), RangeQuery),
    responses((status = 200, description = "The days", body = OccurrencesBody))
)]
#[get("/habits/{habit_id}/occurrences")]
async fn get_occurrences(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    id: Segment<HabitId>,
    query: Query<RangeQuery>,
) -> Result<HttpResponse, Problem> {
    let range = query.0.range()?;
    let (habit, _) = app.work.read(move |store| habits::find(store, principal.user, id.0)).await?;
    let dates: Vec<Date> = habit.timeline.iter_due(range).collect();
    let count = habit.timeline.count_due(range);
    Answer::computed(&OccurrencesBody { dates, count })?.to(&request)
}

/// As of which day, and whether to say why.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct StreakQuery {
    /// As of this day; the user's today if absent.
    #[param(value_type = Option<String>, format = Date)]
    on: Option<Date>,
    /// Whether to give each day's reason.
    explain: Option<bool>,
}

impl Decode for StreakQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let on = fields.optional("on", text(date));
        let explain = fields.optional("explain", boolean);
        Some(Self { on, explain })
    }
}

/// The streaks of a habit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Streak)]
struct StreakBody {
    /// The one that is unbroken.
    current: u32,
    /// The longest of the same unit.
    longest: u32,
    /// What the current one counts.
    unit: StreakUnitBody,
    /// The current one's first day.
    #[schema(value_type = Option<String>, format = Date)]
    current_from: Option<Date>,
    /// The current one's last day so far.
    #[schema(value_type = Option<String>, format = Date)]
    current_to: Option<Date>,
    /// The longest ones of all units, longest first.
    best: Vec<BestBody>,
    /// Each day with its reason, from the habit's first day (at most the last ten years); only with `explain=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    days: Option<Vec<ExplainedBody>>,
}

/// A streak with its days.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BestStreak)]
struct BestBody {
    /// How many.
    length: u32,
    /// What was counted.
    unit: StreakUnitBody,
    /// Its first day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// Its last day.
    #[schema(value_type = String, format = Date)]
    to: Date,
}

/// A day with its reason.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedDay)]
struct ExplainedBody {
    /// The day.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// What it was.
    reason: DayStateBody,
    /// The first day of the plan version it was judged by.
    #[schema(value_type = String, format = Date)]
    plan: Date,
}

impl From<BestRange> for BestBody {
    fn from(best: BestRange) -> Self {
        Self { length: best.length, unit: best.unit.into(), from: best.from, to: best.to }
    }
}

impl StreakBody {
    fn new(streaks: Streaks, days: Option<Vec<ExplainedBody>>) -> Self {
        Self {
            current: streaks.current,
            longest: streaks.longest,
            unit: streaks.unit.into(),
            current_from: streaks.current_from,
            current_to: streaks.current_to,
            best: streaks.best.into_iter().map(BestBody::from).collect(),
            days,
        }
    }
}

/// How long was it kept without a break?
#[utoipa::path(
    tag = "habits",
    operation_id = "getStreak",
    params(("habit_id" = Uuid, Path, description = "The habit's id"), StreakQuery),
    responses((status = 200, description = "The streaks", body = StreakBody))
)]
#[get("/habits/{habit_id}/streak")]
async fn get_streak(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    id: Segment<HabitId>,
    query: Query<StreakQuery>,
) -> Result<HttpResponse, Problem> {
    let StreakQuery { on, explain } = query.0;
    let (habit, history, today) = load(&app, principal, id.0, on).await?;
    let progress = Progress::new(&habit.timeline, &history, today);
    let days = explain.unwrap_or(false).then(|| {
        let back = i32::try_from(MAX_DAYS).unwrap_or(i32::MAX) - 1;
        let from = habit.timeline.window().starts_on.max(today.saturating_add_days(-back));
        let days = DateRange::new(from, today).map(|days| progress.explain(days)).unwrap_or_default();
        days.into_iter()
            .map(|day| ExplainedBody { date: day.date, reason: day.reason.into(), plan: day.plan })
            .collect()
    });
    Answer::computed(&StreakBody::new(progress.streaks(), days))?.to(&request)
}

/// A habit with its history, and the day that is to be looked at from.
async fn load(
    app: &App,
    principal: Principal,
    id: HabitId,
    on: Option<Date>,
) -> Result<(Habit, History, Date), Problem> {
    let (habit, history, user) = app.work.read(move |store| habits::story(store, principal.user, id)).await?;
    Ok((habit, history, on.unwrap_or_else(|| user.today(app.now()))))
}

/// The strength of a habit by day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Scores)]
struct ScoresBody {
    /// The days from the habit's first up to today.
    items: Vec<ScoreBody>,
}

/// A day's score.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Score)]
struct ScoreBody {
    /// The day.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// 0–1.
    score: f64,
}

impl From<Score> for ScoreBody {
    fn from(score: Score) -> Self {
        Self { date: score.date, score: rounded(score.value) }
    }
}

/// How strong is it?
///
/// Exponential smoothing with a half-life of 13 days for a daily habit, longer for rarer ones. At most ten years.
#[utoipa::path(
    tag = "habits",
    operation_id = "getScores",
    params(("habit_id" = Uuid, Path, description = "The habit's id"), RangeQuery, ScoreQuery),
    responses((status = 200, description = "The scores", body = ScoresBody))
)]
#[get("/habits/{habit_id}/score")]
async fn get_score(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    id: Segment<HabitId>,
    query: Query<ScoreQuery>,
) -> Result<HttpResponse, Problem> {
    let range = query.0.range.range()?;
    let (habit, history, today) = load(&app, principal, id.0, query.0.on).await?;
    let items = scores(&habit.timeline, &history, range, today).into_iter().map(ScoreBody::from).collect();
    Answer::computed(&ScoresBody { items })?.to(&request)
}

/// What a habit amounts to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HabitStats)]
struct StatsBody {
    /// Totals from the habit's first day on.
    totals: TotalsBody,
    /// Done ÷ due days; of quotas, met ÷ counted periods; null where nothing was due.
    completion_rate: Option<f64>,
    /// By weekday, Monday to Sunday.
    by_weekday: Vec<WeekdayRateBody>,
    /// By month, from the first to the last with due days.
    by_month: Vec<MonthRateBody>,
    /// The weekday with the highest rate.
    #[schema(value_type = Option<WeekdayBody>)]
    best_weekday: Option<Weekday>,
    /// The weekday with the lowest rate.
    #[schema(value_type = Option<WeekdayBody>)]
    worst_weekday: Option<Weekday>,
    /// The month with the highest rate.
    #[schema(example = "2026-03")]
    best_month: Option<String>,
    /// The month with the lowest rate.
    #[schema(example = "2026-02")]
    worst_month: Option<String>,
    /// Done ÷ expected from the first to the last day; null without a last day.
    progress: Option<f64>,
}

/// Totals of a habit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HabitTotals)]
struct TotalsBody {
    /// Days done, those included that weren't due.
    done: u32,
    /// Due days so far; skipped ones and an open today left out.
    due: u32,
    /// Due days that were skipped.
    skipped: u32,
    /// Due days that were missed.
    missed: u32,
    /// Days done that weren't due.
    bonus: u32,
    /// The sum of all values.
    value: u64,
}

/// A weekday's rate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WeekdayRate)]
struct WeekdayRateBody {
    /// Which weekday.
    #[schema(value_type = WeekdayBody)]
    weekday: Weekday,
    /// How many were done.
    done: u32,
    /// How many were due.
    due: u32,
    /// done ÷ due; null where nothing was due.
    rate: Option<f64>,
}

/// A month's rate.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MonthRate)]
struct MonthRateBody {
    /// Which month.
    #[schema(example = "2026-03")]
    month: String,
    /// How many were done.
    done: u32,
    /// How many were due.
    due: u32,
    /// done ÷ due; null where nothing was due.
    rate: Option<f64>,
}

fn month(month: Month) -> String {
    format!("{:04}-{:02}", month.year, month.month)
}

fn rate(tally: Tally) -> Option<f64> {
    tally.rate().map(rounded)
}

impl From<HabitStats> for StatsBody {
    fn from(stats: HabitStats) -> Self {
        let weekday = |rated: Rated<Weekday>| WeekdayRateBody {
            weekday: rated.of,
            done: rated.tally.done,
            due: rated.tally.due,
            rate: rate(rated.tally),
        };
        let by_month = |rated: Rated<Month>| MonthRateBody {
            month: month(rated.of),
            done: rated.tally.done,
            due: rated.tally.due,
            rate: rate(rated.tally),
        };
        Self {
            totals: TotalsBody {
                done: stats.done,
                due: stats.due,
                skipped: stats.skipped,
                missed: stats.missed,
                bonus: stats.bonus,
                value: stats.total_value,
            },
            completion_rate: stats.completion_rate.map(rounded),
            by_weekday: stats.by_weekday.into_iter().map(weekday).collect(),
            by_month: stats.by_month.into_iter().map(by_month).collect(),
            best_weekday: stats.best_weekday,
            worst_weekday: stats.worst_weekday,
            best_month: stats.best_month.map(month),
            worst_month: stats.worst_month.map(month),
            progress: stats.progress.map(rounded),
        }
    }
}

/// What does it amount to?
#[utoipa::path(
    tag = "habits",
    operation_id = "getHabitStats",
    params(("habit_id" = Uuid, Path, description = "The habit's id"), OnQuery),
    responses((status = 200, description = "Totals and rates", body = StatsBody))
)]
#[get("/habits/{habit_id}/stats")]
async fn get_stats(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    id: Segment<HabitId>,
    query: Query<OnQuery>,
) -> Result<HttpResponse, Problem> {
    let (habit, history, today) = load(&app, principal, id.0, query.0.on).await?;
    Answer::computed(&StatsBody::from(habits::stats(&habit.timeline, &history, today)))?.to(&request)
}

/// Which year.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct CalendarQuery {
    /// The year, 1970–2199; the user's present one if absent.
    #[param(minimum = 1970, maximum = 2199)]
    year: Option<i32>,
    /// As of this day; the user's today if absent.
    #[param(value_type = Option<String>, format = Date)]
    on: Option<Date>,
}

impl Decode for CalendarQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let year = fields.optional(
            "year",
            integer(|year| match i32::try_from(year) {
                Ok(year @ 1970..=2199) => Ok(year),
                _ => Err(Violations::of("out_of_range", "must be between 1970 and 2199")),
            }),
        );
        let on = fields.optional("on", text(date));
        Some(Self { year, on })
    }
}

/// A year of a habit, for a heat map.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Calendar)]
struct CalendarBody {
    /// The year.
    year: i32,
    /// Its days, from 1 January on.
    days: Vec<CalendarDayBody>,
}

/// A day of a calendar.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarDay)]
struct CalendarDayBody {
    /// The day.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// What it was; days to come are `pending` where they are due.
    state: DayStateBody,
    /// Its value; null without one.
    value: Option<u32>,
}

/// How did the year go?
#[utoipa::path(
    tag = "habits",
    operation_id = "getCalendar",
    params(("habit_id" = Uuid, Path, description = "The habit's id"), CalendarQuery),
    responses((status = 200, description = "The year", body = CalendarBody))
)]
#[get("/habits/{habit_id}/calendar")]
async fn get_calendar(
    app: Data<App>,
    request: HttpRequest,
    principal: Principal,
    id: Segment<HabitId>,
    query: Query<CalendarQuery>,
) -> Result<HttpResponse, Problem> {
    let (habit, history, today) = load(&app, principal, id.0, query.0.on).await?;
    let year = query.0.year.unwrap_or_else(|| today.year());
    let days = habits::calendar(&habit.timeline, &history, year, today)
        .into_iter()
        .map(|day| CalendarDayBody { date: day.date, state: day.state.into(), value: day.value })
        .collect();
    Answer::computed(&CalendarBody { year, days })?.to(&request)
}
