//! `GET /sleep/stats`.

use circadia_domain::civil::{Date, DateRange};
use circadia_domain::sleep::{self, ClockMean, Debt, Naps, NightSummary, Regularity, SleepStats, SocialJetLag};
use circadia_domain::summary_stats::SummaryStats;
use circadia_domain::users::SleepGoal;
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, Query};
use crate::http::problem::Problem;
use crate::http::rounding::six_places;
use crate::http::routing::{Routes, operations};
use crate::routes::date_queries::range;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_sleep_stats);
}

/// The default number of days.
const DAYS: i32 = 30;

/// Mean, median and standard deviation, in minutes.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "every figure says its unit")]
pub(in crate::routes) struct MinutesSpread {
    /// The mean.
    mean_minutes: f64,
    /// The median.
    median_minutes: f64,
    /// The standard deviation of a sample (n − 1); null for a single one.
    sd_minutes: Option<f64>,
}

impl From<SummaryStats> for MinutesSpread {
    fn from(spread: SummaryStats) -> Self {
        Self {
            mean_minutes: minutes(spread.mean),
            median_minutes: minutes(spread.median),
            sd_minutes: spread.sd.map(minutes),
        }
    }
}

/// Seconds as minutes.
pub(super) fn minutes(seconds: f64) -> f64 {
    six_places(seconds / 60.0)
}

/// A mean of times of day, on the circle: of 23:00 and 01:00, 00:00.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClockMean)]
pub(in crate::routes) struct ClockMeanBody {
    /// The mean direction, atan2(Σ sin θ, Σ cos θ), to the nearest minute.
    #[schema(example = "23:42")]
    time: String,
    /// The circular standard deviation, √(−2 ln R) as an angle of the clock (Mardia & Jupp 2000); null for a single one.
    sd_minutes: Option<f64>,
    /// The number of nights.
    n: u32,
}

impl From<ClockMean> for ClockMeanBody {
    fn from(mean: ClockMean) -> Self {
        Self { time: mean.time.to_string(), sd_minutes: mean.sd.map(minutes), n: mean.n }
    }
}

/// Statistics of the nights in a range. A night is a run of `main` logs that each begin at most 3 hours after the end of
/// the one before; its date is that of the last waking. Dates without one are reported as missing and don't affect the
/// statistics.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NightSummary)]
pub(in crate::routes) struct SummaryBody {
    /// Nights with data.
    nights: u32,
    /// Dates in the range without a night, up to today.
    missing: u32,
    /// The time from start to end of a night's logs; null without nights.
    duration: Option<MinutesSpread>,
    /// The time asleep: without `awake_seconds` where they are known.
    asleep: Option<MinutesSpread>,
    /// The bedtime, as local time in the log's time zone; null without nights, or where the times cancel out.
    bed: Option<ClockMeanBody>,
    /// The time of waking.
    wake: Option<ClockMeanBody>,
    /// The middle of their sleep: start + (end − start) / 2.
    mid_sleep: Option<ClockMeanBody>,
    /// Sleep efficiency, 0–1: time asleep ÷ time in bed (TST/TIB), over all nights whose `awake_seconds` are known;
    /// null without such a night.
    efficiency: Option<f64>,
    /// The number of those nights.
    efficiency_nights: u32,
    /// The mean quality of the nights that have one, 1–5.
    quality: Option<f64>,
    /// The number of those nights.
    quality_nights: u32,
}

impl From<NightSummary> for SummaryBody {
    fn from(summary: NightSummary) -> Self {
        Self {
            nights: summary.nights,
            missing: summary.missing,
            duration: summary.duration.map(MinutesSpread::from),
            asleep: summary.asleep.map(MinutesSpread::from),
            bed: summary.bed.map(ClockMeanBody::from),
            wake: summary.wake.map(ClockMeanBody::from),
            mid_sleep: summary.mid_sleep.map(ClockMeanBody::from),
            efficiency: summary.efficiency.map(six_places),
            efficiency_nights: summary.efficiency_nights,
            quality: summary.quality.map(six_places),
            quality_nights: summary.quality_nights,
        }
    }
}

/// How far the middle of sleep on free days is from that on other days (Wittmann et al. 2006, Chronobiol. Int. 23:497).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SocialJetLag)]
struct SocialJetLagBody {
    /// |MSF − MSW| on the shorter arc of the clock, 0–720.
    minutes: f64,
    /// MSF: mid-sleep of the nights that end on a free day.
    free: ClockMeanBody,
    /// MSW: mid-sleep of the other nights.
    work: ClockMeanBody,
}

impl From<SocialJetLag> for SocialJetLagBody {
    fn from(lag: SocialJetLag) -> Self {
        Self { minutes: minutes(lag.seconds), free: lag.free.into(), work: lag.work.into() }
    }
}

/// The Sleep Regularity Index (Phillips et al. 2017, Sci. Rep. 7:3216): −100 + 200 · (1 − mean |s(t + 24 h) − s(t)|),
/// where s is 1 asleep and 0 awake; over continuous time, from the intervals, naps included. Only pairs of instants of
/// which both are known count: known is, for each run of consecutive dates with a night, the time from 12 hours before
/// the middle of its first night to 12 hours after that of its last. A night without a log is unknown, never awake.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SleepRegularity)]
struct RegularityBody {
    /// −100 (always the opposite) to 100 (always the same).
    index: f64,
    /// How many days' worth of pairs are known; below about 7, the index says little.
    days: f64,
}

impl From<Regularity> for RegularityBody {
    fn from(regularity: Regularity) -> Self {
        Self { index: six_places(regularity.index), days: six_places(regularity.days) }
    }
}

/// The sleep debt: max(0, Σ (goal − asleep)) over the nights of the last 14 dates. Naps don't reduce it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SleepDebt)]
struct DebtBody {
    /// The debt in minutes; null without any night.
    minutes: Option<f64>,
    /// The user's sleep goal per night.
    goal_minutes: u16,
    /// The first of the 14 dates.
    from: Date,
    /// The last of the 14 dates: the end of the range, or today if that is earlier.
    to: Date,
    /// How many of the dates have a night.
    nights: u32,
    /// How many have none. They don't count towards the debt.
    missing: u32,
}

impl DebtBody {
    fn new(debt: Debt, goal: SleepGoal) -> Self {
        let seconds = debt.seconds.and_then(|seconds| u32::try_from(seconds).ok());
        Self {
            minutes: seconds.map(|seconds| minutes(f64::from(seconds))),
            goal_minutes: goal.minutes(),
            from: debt.dates.from(),
            to: debt.dates.to(),
            nights: debt.nights,
            missing: debt.missing,
        }
    }
}

/// Naps.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Naps)]
pub(in crate::routes) struct NapsBody {
    /// The number of naps.
    count: u32,
    /// The number of dates with naps.
    days: u32,
    /// The duration of naps; null without naps.
    duration: Option<MinutesSpread>,
}

impl From<Naps> for NapsBody {
    fn from(naps: Naps) -> Self {
        Self { count: naps.count, days: naps.days, duration: naps.duration.map(MinutesSpread::from) }
    }
}

/// Statistics of the sleep in a range of dates.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SleepStats)]
struct StatsBody {
    #[serde(flatten)]
    range: DateRange,
    /// Statistics of the nights.
    summary: SummaryBody,
    /// The social jet lag between free days (the user's `free_days`) and other days; null unless there are nights of
    /// both kinds.
    social_jet_lag: Option<SocialJetLagBody>,
    /// The regularity index; null without two consecutive nights.
    regularity: Option<RegularityBody>,
    /// The sleep debt.
    debt: DebtBody,
    /// Naps. Of the other figures, only the regularity includes them.
    naps: NapsBody,
}

impl StatsBody {
    fn new(stats: &SleepStats, goal: SleepGoal) -> Self {
        Self {
            range: stats.range,
            summary: stats.summary.into(),
            social_jet_lag: stats.social_jet_lag.map(SocialJetLagBody::from),
            regularity: stats.regularity.map(RegularityBody::from),
            debt: DebtBody::new(stats.debt, goal),
            naps: stats.naps.into(),
        }
    }
}

/// The range of dates.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct StatsQuery {
    /// The first date of waking. Defaults to 29 days before the last.
    from: Option<Date>,
    /// The last date of waking, at most ten years after the first. Defaults to the user's today.
    to: Option<Date>,
}

impl Decode for StatsQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let from = fields.optional("from");
        let to = fields.optional("to");
        Some(Self { from, to })
    }
}

impl StatsQuery {
    /// The range as of the user's today.
    fn range(&self, today: Date) -> Result<DateRange, Violations> {
        let to = self.to.unwrap_or(today);
        let from = self.from.unwrap_or(to.saturating_add_days(1 - DAYS));
        range(from, to)
    }
}

/// Get statistics of my sleep
///
/// By dates of waking. Durations are elapsed time; times of day are averaged on the circle, each read from the clock of
/// the zone in which it was written; every figure comes with the number of nights behind it, and nothing is assumed
/// about nights without a log.
#[utoipa::path(
    get,
    path = "/sleep/stats",
    tag = "sleep",
    operation_id = "getSleepStats",
    extensions(("x-scope" = json!("sleep:read"))),
    params(StatsQuery),
    responses((status = 200, description = "The figures", body = StatsBody))
)]
async fn get_sleep_stats(caller: Caller, query: Query<StatsQuery>) -> Result<Answer, Problem> {
    let (user, now, query) = (caller.user, caller.now, query.0);
    let read = caller.query_replica(move |store| sleep::statistics(store, user, now, |today| query.range(today)));
    let (stats, goal) = read.await.map_err(Problem::in_query)?;
    Answer::computed(&StatsBody::new(&stats, goal))
}
