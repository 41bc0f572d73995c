//! `/me/logins`: the user's own attempts to sign in.

use actix_web::Either;
use circadia_domain::logins::LoginPopulation;

use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::csv::{Csv, Format};
use crate::http::input::Query;
use crate::http::page::{CountedPage, CountedPageRequest};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::routes::logins::{
    self, ComparisonBody, DistributionBody, LoginBody, LoginPeriodQuery, LoginStatsBody, LoginsQuery, TrendsBody,
};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, list_my_logins, my_login_stats, my_login_trends, my_login_comparison, my_login_distribution);
}

/// List my sign-ins
///
/// Attempts to sign in to your account, newest first: those that succeeded and those that failed. As CSV with `Accept:
/// text/csv`.
#[utoipa::path(
    get,
    path = "/me/logins",
    tag = "me",
    operation_id = "listMyLogins",
    params(LoginsQuery, LoginPeriodQuery, CountedPageRequest),
    responses((status = 200, description = "A page of attempts", content((CountedPage<LoginBody> = "application/json"), (String = "text/csv"))))
)]
async fn list_my_logins(
    caller: Caller,
    query: Query<LoginsQuery>,
    format: Format,
) -> Result<Either<CountedPage<LoginBody>, Csv>, Problem> {
    logins::logins(&caller, caller.user, query.0, format, |_| Ok(())).await
}

/// Get statistics of my sign-ins
///
/// Compared with as many days right before.
#[utoipa::path(
    get,
    path = "/me/logins/stats",
    tag = "me",
    operation_id = "getMyLoginStats",
    params(LoginPeriodQuery),
    responses((status = 200, description = "The figures", body = LoginStatsBody))
)]
async fn my_login_stats(caller: Caller, query: Query<LoginPeriodQuery>) -> Result<Answer, Problem> {
    logins::login_stats(&caller, caller.user, query.0, |_| Ok(())).await
}

/// Get a chart of my sign-ins by day
///
/// One label for each day, those without attempts included. As CSV with `Accept: text/csv`.
#[utoipa::path(
    get,
    path = "/me/logins/charts/trends",
    tag = "me",
    operation_id = "getMyLoginTrends",
    params(LoginPeriodQuery),
    responses((status = 200, description = "The chart", content((TrendsBody = "application/json"), (String = "text/csv"))))
)]
async fn my_login_trends(
    caller: Caller,
    query: Query<LoginPeriodQuery>,
    format: Format,
) -> Result<Either<Answer, Csv>, Problem> {
    let user = caller.user;
    logins::trends(&caller, query.0, format, move |_| Ok(LoginPopulation::Users(vec![user]))).await
}

/// Get a chart of my sign-ins by week or month
///
/// By weeks for up to 30 days, else by months; those without attempts included. As CSV with `Accept: text/csv`.
#[utoipa::path(
    get,
    path = "/me/logins/charts/comparison",
    tag = "me",
    operation_id = "getMyLoginComparison",
    params(LoginPeriodQuery),
    responses((status = 200, description = "The chart", content((ComparisonBody = "application/json"), (String = "text/csv"))))
)]
async fn my_login_comparison(
    caller: Caller,
    query: Query<LoginPeriodQuery>,
    format: Format,
) -> Result<Either<Answer, Csv>, Problem> {
    let user = caller.user;
    logins::comparison(&caller, query.0, format, move |_| Ok(LoginPopulation::Users(vec![user]))).await
}

/// Get charts of how my sign-ins are distributed
///
/// By outcome, hour of the day, day of the week, browser, system and device. As CSV with `Accept: text/csv`.
#[utoipa::path(
    get,
    path = "/me/logins/charts/distribution",
    tag = "me",
    operation_id = "getMyLoginDistribution",
    params(LoginPeriodQuery),
    responses((status = 200, description = "The charts", content((DistributionBody = "application/json"), (String = "text/csv"))))
)]
async fn my_login_distribution(
    caller: Caller,
    query: Query<LoginPeriodQuery>,
    format: Format,
) -> Result<Either<Answer, Csv>, Problem> {
    let user = caller.user;
    logins::distribution(&caller, query.0, format, move |_| Ok(LoginPopulation::Users(vec![user]))).await
}
