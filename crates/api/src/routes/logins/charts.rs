//! Charts of attempts.

use actix_web::Either;
use circadia_domain::Error;
use circadia_domain::civil::DateRange;
use circadia_domain::logins::{self, LoginClient, LoginPopulation, LoginRange, LoginSums};
use circadia_domain::unit_of_work::Store;
use serde::Serialize;
use utoipa::ToSchema;

use super::{LoginPeriodQuery, LoginRangeBody};
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::chart::{ChartBody, DatasetBody};
use crate::http::csv::{Csv, Format};
use crate::http::problem::Problem;

/// A table or an answer.
pub(in crate::routes) type Charted = Either<Answer, Csv>;

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Successes and failures by label; for everyone also failures without an account.
pub(in crate::routes) fn sums_chart(labelled: &[(String, LoginSums)], everyone: bool) -> ChartBody {
    let series = |key, label, of: fn(&LoginSums) -> i64| {
        DatasetBody::known(key, label, labelled.iter(), move |(_, sums)| count(of(sums)))
    };
    let mut datasets = vec![
        series("successes", "Successes", |sums| sums.successes),
        series("failures", "Failures", |sums| sums.failures),
    ];
    if everyone {
        datasets.push(series("unknown_failures", "Failures without an account", |sums| sums.unknown_failures));
    }
    ChartBody { labels: labelled.iter().map(|(label, _)| label.clone()).collect(), datasets }
}

fn named(key: &'static str, label: &'static str, values: &[(&str, i64)]) -> ChartBody {
    ChartBody {
        labels: values.iter().map(|(name, _)| (*name).to_owned()).collect(),
        datasets: vec![DatasetBody::known(key, label, values, |(_, number)| count(*number))],
    }
}

/// Attempts by day: one label for each day of the range.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoginTrends)]
pub(in crate::routes) struct TrendsBody {
    range: LoginRangeBody,
    #[serde(flatten)]
    chart: ChartBody,
}

/// What is read of a population's attempts: the range, and whether it is everyone's. `of` says whose, in the same unit of
/// work.
async fn read_of<T: Send + 'static>(
    caller: &Caller,
    query: LoginPeriodQuery,
    of: impl Fn(&mut dyn Store) -> Result<LoginPopulation, Error> + Send + 'static,
    read: impl Fn(&mut dyn Store, &LoginPopulation, LoginRange) -> Result<T, Error> + Send + 'static,
) -> Result<(LoginRange, T, bool), Problem> {
    let (own, now) = (caller.user, caller.now);
    let found = caller.query(move |store| {
        let of = of(store)?;
        let range = logins::login_range(store, own, query.period(), now)?;
        Ok::<_, Error>((range, read(store, &of, range)?, of == LoginPopulation::Everyone))
    });
    found.await
}

/// A chart of attempts by day. `of` says whose.
pub(in crate::routes) async fn trends(
    caller: &Caller,
    query: LoginPeriodQuery,
    format: Format,
    of: impl Fn(&mut dyn Store) -> Result<LoginPopulation, Error> + Send + 'static,
) -> Result<Charted, Problem> {
    let days = |store: &mut dyn Store, of: &LoginPopulation, range: LoginRange| {
        logins::login_days(store, of, range.zone, range.days)
    };
    let (range, days, everyone) = read_of(caller, query, of, days).await?;
    let labelled: Vec<(String, LoginSums)> = days.iter().map(|day| (day.date.to_string(), day.sums)).collect();
    let chart = sums_chart(&labelled, everyone);
    match format {
        Format::Json => Ok(Either::Left(Answer::computed(&TrendsBody { range: range.into(), chart })?)),
        Format::Csv => Ok(Either::Right(Csv::of_chart("login-trends", "date", &chart)?)),
    }
}

/// Attempts by week or month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoginComparison)]
pub(in crate::routes) struct ComparisonBody {
    range: LoginRangeBody,
    /// `week` (of up to 30 days; labelled by its first day within the range) or `month` (labelled `YYYY-MM`).
    #[schema(value_type = String, example = "week")]
    unit: &'static str,
    #[serde(flatten)]
    chart: ChartBody,
}

/// A chart of attempts by week or month. `of` says whose.
pub(in crate::routes) async fn comparison(
    caller: &Caller,
    query: LoginPeriodQuery,
    format: Format,
    of: impl Fn(&mut dyn Store) -> Result<LoginPopulation, Error> + Send + 'static,
) -> Result<Charted, Problem> {
    let (range, (by_week, pieces), everyone) = read_of(caller, query, of, logins::comparison).await?;
    let label = |days: DateRange| {
        let date = days.from().to_string();
        if by_week { date } else { date.chars().take(7).collect() }
    };
    let labelled: Vec<(String, LoginSums)> = pieces.into_iter().map(|(days, sums)| (label(days), sums)).collect();
    let chart = sums_chart(&labelled, everyone);
    let unit = if by_week { "week" } else { "month" };
    match format {
        Format::Json => Ok(Either::Left(Answer::computed(&ComparisonBody { range: range.into(), unit, chart })?)),
        Format::Csv => Ok(Either::Right(Csv::of_chart("login-comparison", unit, &chart)?)),
    }
}

/// How attempts are distributed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoginDistribution)]
pub(in crate::routes) struct DistributionBody {
    range: LoginRangeBody,
    /// Successes and failures.
    success_ratio: ChartBody,
    /// By the hour of the day, `00` to `23`.
    hours: ChartBody,
    /// By the day of the week, which begins as yours does.
    weekdays: ChartBody,
    /// By browser, the most frequent first.
    browsers: ChartBody,
    /// By operating system, the most frequent first.
    systems: ChartBody,
    /// By kind of device, the most frequent first.
    devices: ChartBody,
}

/// Attempts by one property of their clients, the most frequent first.
fn by(clients: &[(LoginClient, LoginSums)], name: impl Fn(&LoginClient) -> &'static str) -> ChartBody {
    let mut sums: Vec<(String, LoginSums)> = Vec::new();
    for (client, more) in clients {
        let name = name(client);
        match sums.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum)) => sum.add(*more),
            None => sums.push((name.to_owned(), *more)),
        }
    }
    sums.sort_by_key(|(_, sums)| -sums.total());
    sums_chart(&sums, false)
}

/// Charts of how attempts are distributed. `of` says whose.
pub(in crate::routes) async fn distribution(
    caller: &Caller,
    query: LoginPeriodQuery,
    format: Format,
    of: impl Fn(&mut dyn Store) -> Result<LoginPopulation, Error> + Send + 'static,
) -> Result<Charted, Problem> {
    let (range, found, _) = read_of(caller, query, of, logins::distribution).await?;
    let hours: Vec<(String, LoginSums)> =
        found.hours.iter().enumerate().map(|(hour, sums)| (format!("{hour:02}"), *sums)).collect();
    let weekdays: Vec<(String, LoginSums)> =
        found.weekdays.iter().map(|(weekday, sums)| (weekday.to_string(), *sums)).collect();
    let ratio = [("success", found.sums.successes), ("failure", found.sums.failures)];
    let body = DistributionBody {
        range: range.into(),
        success_ratio: named("attempts", "Attempts", &ratio),
        hours: sums_chart(&hours, false),
        weekdays: sums_chart(&weekdays, false),
        browsers: by(&found.clients, |client| client.browser.title()),
        systems: by(&found.clients, |client| client.os.title()),
        devices: by(&found.clients, |client| client.device.title()),
    };
    if format == Format::Json {
        return Ok(Either::Left(Answer::computed(&body)?));
    }
    let charts = [
        ("hour", &body.hours),
        ("weekday", &body.weekdays),
        ("browser", &body.browsers),
        ("system", &body.systems),
        ("device", &body.devices),
    ];
    let rows = charts.into_iter().flat_map(|(chart, body)| {
        body.labels.iter().enumerate().map(move |(place, label)| {
            let value = |dataset: usize| {
                crate::http::csv::cell(body.datasets.get(dataset).and_then(|dataset| *dataset.data.get(place)?))
            };
            [chart.to_owned(), label.clone(), value(0), value(1)]
        })
    });
    Ok(Either::Right(Csv::new("login-distribution", &["chart", "label", "successes", "failures"], rows)?))
}
