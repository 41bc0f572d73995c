//! `/admin/charts`: sign-ins of everyone, or of the users who meet filters.

use actix_web::Either;
use circadia_domain::Error;
use circadia_domain::accounts::{AccountFilter, AccountGroup, AccountRole};
use circadia_domain::ids::UserId;
use circadia_domain::logins::{self as analytics, LoginPopulation};
use circadia_domain::unit_of_work::Store;
use circadia_domain::users::Role;
use utoipa::IntoParams;

use super::{in_query, user_ids};
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::csv::{Csv, Format};
use crate::http::input::{Decode, Fields, Query};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::routes::logins::{self, ComparisonBody, DistributionBody, LoginPeriodQuery, TrendsBody};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, login_trends, login_comparison, login_distribution);
}

/// Whose sign-ins are counted: of users who meet all filters.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct PopulationQuery {
    /// Only those of these users: 1 to 100 ids, each of an existing user. Without it, those of everyone.
    #[param(rename = "user_ids[]", value_type = Option<Vec<UserId>>, min_items = 1, max_items = 100, style = Form, explode)]
    user_ids: Option<Vec<UserId>>,
    /// Only those of users with this role: `regular`, `staff`, `superuser`, or `admin` for staff and superusers.
    #[param(inline)]
    role: Option<AccountRole>,
    /// Only those of users who may sign in (`true`), or may not.
    active: Option<bool>,
    /// Only your own (`true`), or only those of others.
    me: Option<bool>,
    /// `all` (default), `admin_only`, `regular_users` or `me`.
    #[param(inline)]
    filter: Option<AccountGroup>,
    #[param(ignore)]
    period: LoginPeriodQuery,
}

impl Decode for PopulationQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let user_ids = user_ids(fields);
        let role = fields.optional("role");
        let active = fields.optional("active");
        let me = fields.optional("me");
        let filter = fields.optional("filter");
        let period = LoginPeriodQuery::decode(fields)?;
        Some(Self { user_ids, role, active, me, filter, period })
    }
}

/// Whose sign-ins a query is about.
struct Population {
    user_ids: Option<Vec<UserId>>,
    filter: AccountFilter,
    caller_role: Role,
}

impl Population {
    fn new(caller: &Caller, query: PopulationQuery) -> (Self, LoginPeriodQuery) {
        let PopulationQuery { user_ids, role, active, me, filter, period } = query;
        let filter = AccountFilter { active, ..AccountFilter::default() }
            .of_role(role)
            .of_group(filter, caller.user)
            .of(me, caller.user);
        (Self { user_ids, filter, caller_role: caller.principal.role }, period)
    }

    fn find(&self, store: &mut dyn Store) -> Result<LoginPopulation, Error> {
        analytics::population(store, self.caller_role, self.user_ids.as_deref(), &self.filter)
    }
}

/// Get a chart of sign-ins by day
///
/// Of everyone, or of the users who meet the filters. As CSV with `Accept: text/csv`.
#[utoipa::path(
    get,
    path = "/admin/charts/trends",
    tag = "admin",
    operation_id = "getLoginTrends",
    extensions(("x-role" = json!("staff"))),
    params(PopulationQuery, LoginPeriodQuery),
    responses((status = 200, description = "The chart", content((TrendsBody = "application/json"), (String = "text/csv"))))
)]
async fn login_trends(
    caller: Caller,
    query: Query<PopulationQuery>,
    format: Format,
) -> Result<Either<Answer, Csv>, Problem> {
    let (population, period) = Population::new(&caller, query.0);
    logins::trends(&caller, period, format, move |store| population.find(store)).await.map_err(in_query)
}

/// Get a chart of sign-ins by week or month
///
/// Of everyone, or of the users who meet the filters. By weeks for up to 30 days, else by months. As CSV with `Accept:
/// text/csv`.
#[utoipa::path(
    get,
    path = "/admin/charts/comparison",
    tag = "admin",
    operation_id = "getLoginComparison",
    extensions(("x-role" = json!("staff"))),
    params(PopulationQuery, LoginPeriodQuery),
    responses((status = 200, description = "The chart", content((ComparisonBody = "application/json"), (String = "text/csv"))))
)]
async fn login_comparison(
    caller: Caller,
    query: Query<PopulationQuery>,
    format: Format,
) -> Result<Either<Answer, Csv>, Problem> {
    let (population, period) = Population::new(&caller, query.0);
    logins::comparison(&caller, period, format, move |store| population.find(store)).await.map_err(in_query)
}

/// Get charts of how sign-ins are distributed
///
/// Of everyone, or of the users who meet the filters: by outcome, hour, weekday, browser, system and device. As CSV with
/// `Accept: text/csv`.
#[utoipa::path(
    get,
    path = "/admin/charts/distribution",
    tag = "admin",
    operation_id = "getLoginDistribution",
    extensions(("x-role" = json!("staff"))),
    params(PopulationQuery, LoginPeriodQuery),
    responses((status = 200, description = "The charts", content((DistributionBody = "application/json"), (String = "text/csv"))))
)]
async fn login_distribution(
    caller: Caller,
    query: Query<PopulationQuery>,
    format: Format,
) -> Result<Either<Answer, Csv>, Problem> {
    let (population, period) = Population::new(&caller, query.0);
    logins::distribution(&caller, period, format, move |store| population.find(store)).await.map_err(in_query)
}
