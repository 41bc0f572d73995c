//! `/admin/users/stats`: figures of several users, side by side.

use actix_web::Either;
use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::logins as analytics;
use circadia_domain::users::{Role, Username};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{in_query, user_ids};
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::csv::{Csv, Format, cell};
use crate::http::input::{Decode, Fields, Query};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::routes::logins::{LoginPeriodQuery, LoginRangeBody, SumsBody};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, batch_login_stats);
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
