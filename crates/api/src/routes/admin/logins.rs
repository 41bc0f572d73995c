//! Sign-ins of others: `/admin/users/{user_id}/logins`, `/stats` and `/charts`, and charts of several users.

use actix_web::Either;
use circadia_domain::Error;
use circadia_domain::accounts::{AccountFilter, AccountGroup, AccountRole};
use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::logins::{self as analytics, LoginPopulation, LoginUser, UserGroup};
use circadia_domain::unit_of_work::Store;
use circadia_domain::users::{Role, Username};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::csv::{Csv, Format, cell};
use crate::http::input::{Decode, Fields, PathParam, Query, list, text};
use crate::http::page::{CountedPage, CountedPageRequest};
use crate::http::problem::{InputLocation, Problem};
use crate::http::routing::{Routes, operations};
use crate::routes::logins::{
    self, ComparisonBody, DistributionBody, LoginBody, LoginPeriodQuery, LoginRangeBody, LoginStatsBody, LoginsQuery,
    SumsBody, TrendsBody,
};

pub(super) fn routes(routes: &mut Routes) {
    operations!(
        routes,
        batch_login_stats,
        list_user_logins,
        user_login_stats,
        user_login_trends,
        user_login_comparison,
        user_login_distribution,
        login_trends,
        login_comparison,
        login_distribution,
    );
}

/// The most users that are asked for at once.
const MAX_USERS: usize = 100;

/// Reads `user_ids[]`, which is never empty where it is there.
fn user_ids(fields: &mut Fields<'_>) -> Option<Vec<UserId>> {
    let ids = fields.optional_with("user_ids[]", list(MAX_USERS, text(UserId::parse)));
    if let Some(ids) = &ids {
        if ids.is_empty() {
            fields.note("user_ids[]", "required", "must name at least one user where it is sent");
        }
        let repeated = ids.iter().enumerate().any(|(place, id)| ids.iter().skip(place + 1).any(|other| other == id));
        if repeated {
            fields.note("user_ids[]", "duplicate", "must name each user only once");
        }
    }
    ids
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

    /// Whether a user meets the filters.
    fn holds(&self, user: &LoginUser) -> bool {
        let AccountFilter { roles, only, except, active, .. } = &self.filter;
        roles.as_ref().is_none_or(|roles| roles.contains(&user.role))
            && only.is_none_or(|only| only == user.id)
            && except.is_none_or(|except| except != user.id)
            && active.is_none_or(|active| active == user.active)
    }

    fn find(&self, store: &mut dyn Store) -> Result<LoginPopulation, Error> {
        let AccountFilter { roles, only, except, active, .. } = &self.filter;
        if roles.as_deref() == Some(&[Role::Superuser]) && self.caller_role < Role::Superuser {
            return Err(analytics::superusers_only());
        }
        let named = match (&self.user_ids, only) {
            (Some(ids), _) => Some(analytics::ensure_known(store, self.caller_role, ids)?),
            (None, Some(only)) => Some(store.login_users(&[*only])?),
            (None, None) => None,
        };
        if let Some(users) = named {
            let ids = users.iter().filter(|user| self.holds(user)).map(|user| user.id).collect();
            return Ok(LoginPopulation::Users(ids));
        }
        Ok(match roles {
            Some(roles) if roles.is_empty() => LoginPopulation::Users(Vec::new()),
            None if active.is_none() && except.is_none() => LoginPopulation::Everyone,
            roles => LoginPopulation::Group(UserGroup {
                roles: roles.clone().unwrap_or_default(),
                active: *active,
                except: *except,
            }),
        })
    }
}

/// What is wrong about `user_ids[]` is wrong in the query.
fn in_query(problem: Problem) -> Problem {
    problem.found_in(InputLocation::Query)
}

/// Which users' figures to give.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct BatchQuery {
    /// The users: 1 to 100 ids, each of an existing user.
    #[param(rename = "user_ids[]", value_type = Vec<UserId>, min_items = 1, max_items = 100, style = Form, explode)]
    user_ids: Vec<UserId>,
    /// Only those who may sign in (`true`), or may not.
    active: Option<bool>,
    #[param(ignore)]
    period: LoginPeriodQuery,
}

impl Decode for BatchQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let ids = user_ids(fields);
        if !fields.has("user_ids[]") {
            fields.note("user_ids[]", "required", "is required: name at least one user");
        }
        let active = fields.optional("active");
        let period = LoginPeriodQuery::decode(fields)?;
        Some(Self { user_ids: ids?, active, period })
    }
}

/// One user's figures.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserLoginStats)]
struct UserStatsBody {
    /// The user's id.
    user_id: UserId,
    /// The user name.
    username: Username,
    /// The role.
    role: Role,
    /// Whether the user may sign in.
    active: bool,
    #[serde(flatten)]
    sums: SumsBody,
    /// Successes less those of as many days right before.
    change: i64,
    /// The last sign-in ever; null if there was none.
    last_login_at: Option<Instant>,
}

/// Figures of several users.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BatchLoginStats)]
struct BatchStatsBody {
    range: LoginRangeBody,
    /// Of each user, in the order in which they were asked for.
    users: Vec<UserStatsBody>,
}

/// Get statistics of several users' sign-ins
///
/// As CSV with `Accept: text/csv`.
#[utoipa::path(
    get,
    path = "/admin/users/stats",
    tag = "admin",
    operation_id = "getBatchLoginStats",
    extensions(("x-role" = json!("staff"))),
    params(BatchQuery, LoginPeriodQuery),
    responses((status = 200, description = "The figures", content((BatchStatsBody = "application/json"), (String = "text/csv"))))
)]
async fn batch_login_stats(
    caller: Caller,
    query: Query<BatchQuery>,
    format: Format,
) -> Result<Either<Answer, Csv>, Problem> {
    let BatchQuery { user_ids, active, period } = query.0;
    let (own, role, now) = (caller.user, caller.principal.role, caller.now);
    let read = caller.query(move |store| {
        let range = analytics::login_range(store, own, period.period(), now)?;
        analytics::batch_stats(store, role, &user_ids, active, range)
    });
    let found = read.await.map_err(in_query)?;
    let users = found.users.into_iter().map(|stats| UserStatsBody {
        user_id: stats.user.id,
        username: stats.user.username,
        role: stats.user.role,
        active: stats.user.active,
        change: stats.logins.current.successes - stats.logins.previous.successes,
        sums: stats.logins.current.into(),
        last_login_at: stats.user.last_login_at,
    });
    if format == Format::Json {
        let body = BatchStatsBody { range: found.range.into(), users: users.collect() };
        return Ok(Either::Left(Answer::computed(&body)?));
    }
    let head = [
        "user_id",
        "username",
        "role",
        "active",
        "total",
        "successes",
        "failures",
        "success_rate",
        "change",
        "last_login_at",
    ];
    let rows = users.map(|user| {
        let [total, successes, failures, rate] = user.sums.cells();
        [
            user.user_id.to_string(),
            user.username.as_str().to_owned(),
            user.role.to_string(),
            user.active.to_string(),
            total,
            successes,
            failures,
            rate,
            user.change.to_string(),
            cell(user.last_login_at),
        ]
    });
    Ok(Either::Right(Csv::new("login-stats", &head, rows)?))
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
