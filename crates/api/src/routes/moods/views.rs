//! `GET /moods/views/day`, `/week`, `/month` and `GET /moods/trend`.

use circadia_domain::civil::{Date, DateRange, Span};
use circadia_domain::moods::{self, MAX_WINDOW, MoodPeriodView, Trend, TrendPoint, TrendRange};
use circadia_domain::summary_stats::SummaryStats;
use circadia_domain::unit_of_work::Store;
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::dto::MoodDayBody;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, Parsed, Query, integer, text};
use crate::http::problem::Problem;
use crate::http::rounding::six_places;
use crate::http::routing::{Routes, operations};
use crate::routes::date_queries::{DateQuery, view};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_mood_day, get_mood_week, get_mood_month, get_mood_trend);
}

/// The screen of a week or a month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MoodPeriodView)]
struct PeriodViewBody {
    #[serde(flatten)]
    range: DateRange,
    /// Each day, including days without a mood.
    days: Vec<MoodDayBody>,
    /// Statistics of the days' values; null without any.
    values: Option<SummaryStats>,
    /// The number of days with a value.
    n: u32,
}

impl From<MoodPeriodView> for PeriodViewBody {
    fn from(view: MoodPeriodView) -> Self {
        Self {
            range: view.range,
            days: view.days.into_iter().map(MoodDayBody::from).collect(),
            values: view.values.map(|values| values.map(six_places)),
            n: view.n,
        }
    }
}

/// A day's mood
///
/// With its value, its own mood and its moments.
#[utoipa::path(
    get,
    path = "/moods/views/day",
    tag = "moods",
    operation_id = "getMoodDay",
    extensions(("x-scope" = json!("moods:read"))),
    params(DateQuery),
    responses((status = 200, description = "The day", body = MoodDayBody))
)]
async fn get_mood_day(caller: Caller, query: Query<DateQuery>) -> Result<Answer, Problem> {
    view::<_, MoodDayBody>(&caller, query.0, moods::day).await
}

/// A week of moods
///
/// The week that contains the date, by the user's first day of the week.
#[utoipa::path(
    get,
    path = "/moods/views/week",
    tag = "moods",
    operation_id = "getMoodWeek",
    extensions(("x-scope" = json!("moods:read"))),
    params(DateQuery),
    responses((status = 200, description = "The week", body = PeriodViewBody))
)]
async fn get_mood_week(caller: Caller, query: Query<DateQuery>) -> Result<Answer, Problem> {
    let look = |store: &mut dyn Store, user, now, date| moods::period(store, user, now, Span::Week, date);
    view::<_, PeriodViewBody>(&caller, query.0, look).await
}

/// A month of moods
///
/// The month that contains the date.
#[utoipa::path(
    get,
    path = "/moods/views/month",
    tag = "moods",
    operation_id = "getMoodMonth",
    extensions(("x-scope" = json!("moods:read"))),
    params(DateQuery),
    responses((status = 200, description = "The month", body = PeriodViewBody))
)]
async fn get_mood_month(caller: Caller, query: Query<DateQuery>) -> Result<Answer, Problem> {
    let look = |store: &mut dyn Store, user, now, date| moods::period(store, user, now, Span::Month, date);
    view::<_, PeriodViewBody>(&caller, query.0, look).await
}

/// The range and window of a trend.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct TrendQuery {
    /// `7d`, `30d` (default), `90d` or `365d` up to today, or `all`: from the first day with a value, at most ten years.
    #[param(value_type = Option<String>, pattern = "^(7d|30d|90d|365d|all)$", example = "30d")]
    range: Option<TrendRange>,
    /// The window of the moving mean in days, including the day itself. Defaults to 7.
    #[param(minimum = 1, maximum = 90)]
    window: Option<u32>,
}

fn range(word: &str) -> Parsed<TrendRange> {
    match word {
        "7d" => Ok(TrendRange::Last(7)),
        "30d" => Ok(TrendRange::Last(30)),
        "90d" => Ok(TrendRange::Last(90)),
        "365d" => Ok(TrendRange::Last(365)),
        "all" => Ok(TrendRange::All),
        _ => Err(Violations::of("unknown_value", "must be `7d`, `30d`, `90d`, `365d` or `all`")),
    }
}

fn window(given: i64) -> Parsed<u32> {
    match u32::try_from(given) {
        Ok(window @ 1..=MAX_WINDOW) => Ok(window),
        _ => Err(Violations::of("out_of_range", format!("must be between 1 and {MAX_WINDOW} days"))),
    }
}

impl Decode for TrendQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let range = fields.optional_with("range", text(range));
        let window = fields.optional_with("window", integer(window));
        Some(Self { range, window })
    }
}

/// The trend of moods.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MoodTrend)]
struct TrendBody {
    #[serde(flatten)]
    range: DateRange,
    /// The window of the moving mean in days.
    window: u32,
    /// Statistics of the days' values; null without any.
    values: Option<SummaryStats>,
    /// The number of days with a value.
    n: u32,
    /// Each of its days.
    items: Vec<TrendPointBody>,
}

/// A day of a trend.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MoodTrendPoint)]
struct TrendPointBody {
    /// The day.
    date: Date,
    /// Its value; null without one.
    value: Option<f64>,
    /// The mean of the values of the window that ends with it; null without any.
    mean: Option<f64>,
    /// The number of days in the window with a value.
    n: u32,
}

impl From<TrendPoint> for TrendPointBody {
    fn from(point: TrendPoint) -> Self {
        let figure = |value: Option<f64>| value.map(six_places);
        Self { date: point.date, value: figure(point.value), mean: figure(point.mean), n: point.n }
    }
}

impl From<Trend> for TrendBody {
    fn from(trend: Trend) -> Self {
        Self {
            range: trend.range,
            window: trend.window,
            values: trend.values.map(|values| values.map(six_places)),
            n: trend.n,
            items: trend.points.into_iter().map(TrendPointBody::from).collect(),
        }
    }
}

/// Get the trend of my moods
///
/// Each day's value, and the mean of the days of a window that ends with it: means of day means, so that a day with many
/// moments weighs no more than another. Nothing is imputed: days without a value are null and enter no mean.
#[utoipa::path(
    get,
    path = "/moods/trend",
    tag = "moods",
    operation_id = "getMoodTrend",
    extensions(("x-scope" = json!("moods:read"))),
    params(TrendQuery),
    responses((status = 200, description = "The trend", body = TrendBody))
)]
async fn get_mood_trend(caller: Caller, query: Query<TrendQuery>) -> Result<Answer, Problem> {
    let (now, range) = (caller.now, query.0.range.unwrap_or(TrendRange::Last(30)));
    let window = query.0.window.unwrap_or(7);
    let trend = caller.query_replica(move |store| moods::trend(store, caller.user, now, range, window)).await?;
    Answer::computed(&TrendBody::from(trend))
}
