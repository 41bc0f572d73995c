//! `/admin/users/{user_id}/logins`, `/stats` and `/charts`: sign-ins of one user.

use actix_web::Either;
use circadia_domain::Error;
use circadia_domain::ids::UserId;
use circadia_domain::logins::{self as analytics, LoginPopulation};
use circadia_domain::unit_of_work::Store;

use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::csv::{Csv, Format};
use crate::http::input::{PathParam, Query};
use crate::http::page::{CountedPage, CountedPageRequest};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::routes::logins::{
    self, ComparisonBody, DistributionBody, LoginBody, LoginPeriodQuery, LoginStatsBody, LoginsQuery, TrendsBody,
};

pub(super) fn routes(routes: &mut Routes) {
    operations!(
        routes,
        list_user_logins,
        user_login_stats,
        user_login_trends,
        user_login_comparison,
        user_login_distribution
    );
}

/// List a user's sign-ins
///
/// Attempts to sign in to the account, newest first. Those of superusers are for superusers. As CSV with `Accept:
/// text/csv`.
#[utoipa::path(
    get,
    path = "/admin/users/{user_id}/logins",
    tag = "admin",
    operation_id = "listUserLogins",
    extensions(("x-role" = json!("staff"))),
    params(("user_id" = Uuid, Path, description = "The user's id"), LoginsQuery, LoginPeriodQuery, CountedPageRequest),
    responses((status = 200, description = "A page of attempts", content((CountedPage<LoginBody> = "application/json"), (String = "text/csv"))))
)]
async fn list_user_logins(
    caller: Caller,
    user: PathParam<UserId>,
    query: Query<LoginsQuery>,
    format: Format,
) -> Result<Either<CountedPage<LoginBody>, Csv>, Problem> {
    let (user, role) = (user.0, caller.principal.role);
    logins::logins(&caller, user, query.0, format, move |store| analytics::ensure_may_see(store, role, user)).await
}

/// Get statistics of a user's sign-ins
///
/// Compared with as many days right before. Those of superusers are for superusers.
#[utoipa::path(
    get,
    path = "/admin/users/{user_id}/stats",
    tag = "admin",
    operation_id = "getUserLoginStats",
    extensions(("x-role" = json!("staff"))),
    params(("user_id" = Uuid, Path, description = "The user's id"), LoginPeriodQuery),
    responses((status = 200, description = "The figures", body = LoginStatsBody))
)]
async fn user_login_stats(
    caller: Caller,
    user: PathParam<UserId>,
    query: Query<LoginPeriodQuery>,
) -> Result<Answer, Problem> {
    let (user, role) = (user.0, caller.principal.role);
    logins::login_stats(&caller, user, query.0, move |store| analytics::ensure_may_see(store, role, user)).await
}

/// Whose sign-ins are shown, if the caller may see them.
fn of_user(caller: &Caller, user: UserId) -> impl Fn(&mut dyn Store) -> Result<LoginPopulation, Error> + use<> {
    let role = caller.principal.role;
    move |store| {
        analytics::ensure_may_see(store, role, user)?;
        Ok(LoginPopulation::Users(vec![user]))
    }
}

/// Get a chart of a user's sign-ins by day
///
/// Those of superusers are for superusers. As CSV with `Accept: text/csv`.
#[utoipa::path(
    get,
    path = "/admin/users/{user_id}/charts/trends",
    tag = "admin",
    operation_id = "getUserLoginTrends",
    extensions(("x-role" = json!("staff"))),
    params(("user_id" = Uuid, Path, description = "The user's id"), LoginPeriodQuery),
    responses((status = 200, description = "The chart", content((TrendsBody = "application/json"), (String = "text/csv"))))
)]
async fn user_login_trends(
    caller: Caller,
    user: PathParam<UserId>,
    query: Query<LoginPeriodQuery>,
    format: Format,
) -> Result<Either<Answer, Csv>, Problem> {
    logins::trends(&caller, query.0, format, of_user(&caller, user.0)).await
}

/// Get a chart of a user's sign-ins by week or month
///
/// By weeks for up to 30 days, else by months. Those of superusers are for superusers. As CSV with `Accept: text/csv`.
#[utoipa::path(
    get,
    path = "/admin/users/{user_id}/charts/comparison",
    tag = "admin",
    operation_id = "getUserLoginComparison",
    extensions(("x-role" = json!("staff"))),
    params(("user_id" = Uuid, Path, description = "The user's id"), LoginPeriodQuery),
    responses((status = 200, description = "The chart", content((ComparisonBody = "application/json"), (String = "text/csv"))))
)]
async fn user_login_comparison(
    caller: Caller,
    user: PathParam<UserId>,
    query: Query<LoginPeriodQuery>,
    format: Format,
) -> Result<Either<Answer, Csv>, Problem> {
    logins::comparison(&caller, query.0, format, of_user(&caller, user.0)).await
}

/// Get charts of how a user's sign-ins are distributed
///
/// By outcome, hour, weekday, browser, system and device. Those of superusers are for superusers. As CSV with `Accept:
/// text/csv`.
#[utoipa::path(
    get,
    path = "/admin/users/{user_id}/charts/distribution",
    tag = "admin",
    operation_id = "getUserLoginDistribution",
    extensions(("x-role" = json!("staff"))),
    params(("user_id" = Uuid, Path, description = "The user's id"), LoginPeriodQuery),
    responses((status = 200, description = "The charts", content((DistributionBody = "application/json"), (String = "text/csv"))))
)]
async fn user_login_distribution(
    caller: Caller,
    user: PathParam<UserId>,
    query: Query<LoginPeriodQuery>,
    format: Format,
) -> Result<Either<Answer, Csv>, Problem> {
    logins::distribution(&caller, query.0, format, of_user(&caller, user.0)).await
}
