//! Figures of one user's attempts.

use circadia_domain::Error;
use circadia_domain::civil::{Date, DateRange, Instant};
use circadia_domain::ids::UserId;
use circadia_domain::logins::{self, LoginStats, LoginSums, Trend};
use circadia_domain::unit_of_work::Store;
use serde::Serialize;
use utoipa::ToSchema;

use super::{LoginPeriodQuery, LoginRangeBody};
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::csv::cell;
use crate::http::problem::Problem;
use crate::http::rounding::six_places;

/// Numbers of attempts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoginSums)]
pub(in crate::routes) struct SumsBody {
    /// Successes and failures.
    total: i64,
    /// Those that succeeded.
    successes: i64,
    /// Those that failed.
    failures: i64,
    /// Successes divided by the total; null without any.
    success_rate: Option<f64>,
}

impl From<LoginSums> for SumsBody {
    fn from(sums: LoginSums) -> Self {
        Self {
            total: sums.total(),
            successes: sums.successes,
            failures: sums.failures,
            success_rate: sums.success_rate().map(six_places),
        }
    }
}

impl SumsBody {
    /// The numbers as cells of a table: total, successes, failures, rate.
    pub(in crate::routes) fn cells(&self) -> [String; 4] {
        [self.total.to_string(), self.successes.to_string(), self.failures.to_string(), cell(self.success_rate)]
    }
}

/// A piece of the range.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoginSumsOfDays)]
struct PieceBody {
    /// Its first day.
    from: Date,
    /// Its last day.
    to: Date,
    #[serde(flatten)]
    sums: SumsBody,
}

impl PieceBody {
    fn new((days, sums): (DateRange, LoginSums)) -> Self {
        Self { from: days.from(), to: days.to(), sums: sums.into() }
    }
}

/// Figures of a user's attempts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoginStats)]
pub(in crate::routes) struct LoginStatsBody {
    range: LoginRangeBody,
    #[serde(flatten)]
    sums: SumsBody,
    /// The last sign-in ever; null if there was none.
    last_login_at: Option<Instant>,
    /// By week, cut off at the range.
    by_week: Vec<PieceBody>,
    /// By month, cut off at the range.
    by_month: Vec<PieceBody>,
    /// As many days right before; null at the edge of the calendar.
    previous: Option<PieceBody>,
    /// `up`, `down` or `stable`: successes compared with the days before; null if there are none to compare with.
    #[schema(value_type = Option<String>, example = "up")]
    trend: Option<&'static str>,
    /// Successes less those of the days before.
    change: Option<i64>,
}

impl From<LoginStats> for LoginStatsBody {
    fn from(stats: LoginStats) -> Self {
        let trend = stats.trend().map(|trend| match trend {
            Trend::Up => "up",
            Trend::Down => "down",
            Trend::Stable => "stable",
        });
        Self {
            range: stats.range.into(),
            change: stats.previous.map(|(_, sums)| stats.sums.successes - sums.successes),
            trend,
            sums: stats.sums.into(),
            last_login_at: stats.last_login_at,
            by_week: stats.weeks.into_iter().map(PieceBody::new).collect(),
            by_month: stats.months.into_iter().map(PieceBody::new).collect(),
            previous: stats.previous.map(PieceBody::new),
        }
    }
}

/// A user's figures. `may_see` is asked in the same unit of work.
pub(in crate::routes) async fn login_stats(
    caller: &Caller,
    user: UserId,
    query: LoginPeriodQuery,
    may_see: impl Fn(&mut dyn Store) -> Result<(), Error> + Send + 'static,
) -> Result<Answer, Problem> {
    let (own, now) = (caller.user, caller.now);
    let read = caller.query(move |store| {
        may_see(store)?;
        let range = logins::login_range(store, own, query.period(), now)?;
        logins::stats(store, user, range)
    });
    Answer::computed(&LoginStatsBody::from(read.await?))
}
