//! `GET /stats/insights`.

use circadia_domain::civil::Date;
use circadia_domain::ids::HabitId;
use circadia_domain::stats::insights::{
    Analysis, DEFAULT_RATE, Hypothesis, MIN_DAYS, MIN_VARIED, MissingData, Subject, TestedPair, Untested, of_account,
};
use circadia_domain::stats::{Period, RangeName};
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::RangeBody;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, Parsed, Query, text};
use crate::http::problem::Problem;
use crate::http::rounding::six_places;
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_insights);
}

/// The days to analyse, and the false discovery rate.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documents what `Asked` reads")]
struct InsightsQuery {
    /// So many days up to today, or all; `365d` if no days are named. At most the latest 730 days are analysed.
    #[param(value_type = Option<String>, pattern = "^(7d|30d|90d|365d|all)$", example = "365d")]
    range: Option<String>,
    /// The first day, together with `to`.
    from: Option<Date>,
    /// The last day, together with `from`.
    to: Option<Date>,
    /// The day to evaluate at. Defaults to the user's today.
    on: Option<Date>,
    /// The accepted false discovery rate, 0.001–0.5; 0.05 if absent.
    #[param(value_type = Option<f64>, minimum = 0.001, maximum = 0.5)]
    rate: Option<f64>,
}

struct Asked {
    period: Period,
    on: Option<Date>,
    rate: f64,
}

fn rate(digits: &str) -> Parsed<f64> {
    let rate = digits.parse().ok().filter(|rate| (0.001..=0.5).contains(rate));
    rate.ok_or_else(|| Violations::of("out_of_range", "must be a number between 0.001 and 0.5, such as 0.05"))
}

impl Decode for Asked {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let period = super::period(fields);
        let on = fields.optional("on");
        let rate = fields.optional_with("rate", text(rate));
        Some(Self {
            period: period?.unwrap_or(Period::Named(RangeName::Days(365))),
            on,
            rate: rate.unwrap_or(DEFAULT_RATE),
        })
    }
}

/// Associations between a user's data.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Insights)]
struct InsightsBody {
    /// The days that were analysed.
    range: RangeBody,
    /// The accepted false discovery rate: the expected share of chance findings among the significant ones.
    rate: f64,
    /// The number of questions tested; `p_adjusted` accounts for all of them.
    family_size: usize,
    /// The number of significant ones.
    significant: usize,
    /// Every tested question, significant or not, lowest `p` first.
    findings: Vec<FindingBody>,
    /// Every question that lacks data, those closest to being testable first.
    untested: Vec<UntestedBody>,
}

/// One of two things that were compared.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InsightSubject)]
struct SubjectBody {
    /// What it is. Habits: done or not on each due day, or the day's value; `sleep_…` and `mid_sleep`: of the night that
    /// ended on the day; `mid_sleep` is its middle as a time of day.
    #[schema(pattern = "^(habit|mood|sleep_duration|sleep_quality|mid_sleep|tracked_minutes)$")]
    kind: &'static str,
    /// The habit's id, if it is one.
    habit_id: Option<HabitId>,
    /// The habit's name, if it is one.
    name: Option<String>,
}

/// A question that was tested.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InsightFinding)]
struct FindingBody {
    /// The one of the earlier day.
    first: SubjectBody,
    /// The other.
    second: SubjectBody,
    /// Days from the first to the second: 0 or 1.
    lag_days: u32,
    /// The effect, −1 to 1: a rank correlation, adjusted for weekdays, trend and the similarity of neighbouring days.
    r: f64,
    /// Days with both.
    n: u32,
    /// The p-value of this question alone.
    p: f64,
    /// The same, adjusted for all questions that were tested (Benjamini–Hochberg).
    p_adjusted: f64,
    /// Whether `p_adjusted` is below the rate.
    significant: bool,
    /// The result in words. It describes an association, never a cause.
    sentence: String,
}

/// A question that can't be tested yet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InsightUntested)]
struct UntestedBody {
    /// The one of the earlier day.
    first: SubjectBody,
    /// The other.
    second: SubjectBody,
    /// Days from the first to the second: 0 or 1.
    lag_days: u32,
    /// Days with both so far.
    n: u32,
    /// The minimum number of additional days needed.
    days_needed: u32,
    /// What kind of data is lacking.
    lacks: MissingData,
    /// The same in words.
    sentence: String,
}

impl InsightsBody {
    fn new(analysis: &Analysis) -> Self {
        let found = &analysis.insights;
        Self {
            range: analysis.range.into(),
            rate: found.rate,
            family_size: found.findings.len(),
            significant: found.findings.iter().filter(|pair| pair.significant).count(),
            findings: found.findings.iter().map(|finding| FindingBody::new(analysis, finding)).collect(),
            untested: found.untested.iter().map(|lacking| UntestedBody::new(analysis, lacking)).collect(),
        }
    }
}

fn subjects(analysis: &Analysis, asked: Hypothesis) -> [SubjectBody; 2] {
    [asked.first, asked.second].map(|subject| SubjectBody {
        kind: subject.as_str(),
        habit_id: match subject {
            Subject::Habit(id) => Some(id),
            _ => None,
        },
        name: analysis.name(subject).map(ToString::to_string),
    })
}

impl FindingBody {
    fn new(analysis: &Analysis, pair: &TestedPair) -> Self {
        let [first, second] = subjects(analysis, pair.asked);
        Self {
            first,
            second,
            lag_days: pair.asked.lag,
            r: six_places(pair.r),
            n: pair.n,
            p: pair.p,
            p_adjusted: pair.p_adjusted,
            significant: pair.significant,
            sentence: pair.sentence(|subject| analysis.name(subject).map(ToString::to_string).unwrap_or_default()),
        }
    }
}

impl UntestedBody {
    fn new(analysis: &Analysis, untested: &Untested) -> Self {
        let [first, second] = subjects(analysis, untested.asked);
        let needed = untested.days_needed;
        let sentence = match untested.lacks {
            MissingData::Variety => format!(
                "One of the two is nearly always the same: at least {needed} more days are needed that differ, of \
                 {MIN_VARIED} or more."
            ),
            MissingData::Days => format!(
                "At least {needed} more days with both are needed: {MIN_DAYS} in all, and there are {}.",
                untested.n
            ),
        };
        Self {
            first,
            second,
            lag_days: untested.asked.lag,
            n: untested.n,
            days_needed: needed,
            lacks: untested.lacks,
            sentence,
        }
    }
}

/// Get associations in my data
///
/// Habits, sleep, mood and tracked time are compared day by day: the same day, the next day, the night before, the
/// night after. Both series are ranked; weekdays, a trend and slow waves are removed; each is whitened by a first-order
/// autoregression; what is left is correlated and judged by Student's t, with fewer degrees of freedom the more
/// neighbouring days still resemble each other. All questions form one family (Benjamini–Hochberg). Every question is
/// listed, significant or not; those that lack data say how much. At least 28 days with both, and 5 that differ, are
/// needed. An association doesn't imply a cause.
#[utoipa::path(
    get,
    path = "/stats/insights",
    tag = "stats",
    operation_id = "getInsights",
    extensions(("x-scope" = json!("stats:read"))),
    params(InsightsQuery),
    responses((status = 200, description = "What was found", body = InsightsBody))
)]
async fn get_insights(caller: Caller, query: Query<Asked>) -> Result<Answer, Problem> {
    let (now, Asked { period, on, rate }) = (caller.now, query.0);
    let analysis = caller.read_replica(move |store| of_account(store, caller.user, now, on, period, rate)).await?;
    Answer::computed(&InsightsBody::new(&analysis))
}
