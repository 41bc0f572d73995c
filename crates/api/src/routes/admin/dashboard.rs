//! `/admin/dashboard` and `/admin/charts`: the state of an installation.

use circadia_domain::Error;
use circadia_domain::civil::{Date, Zone};
use circadia_domain::logins::{self, AdminDashboard, LoginPopulation, LoginSums, SecurityEventKind, UserTotals};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::chart::{ChartBody, DatasetBody};
use crate::http::input::{Decode, Fields, Query};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::routes::logins::{LoginPeriodQuery, LoginRangeBody, SumsBody, sums_chart};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, get_dashboard, get_charts);
}

/// The time zone whose days are shown.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct ZoneQuery {
    /// The IANA time zone whose days they are. Defaults to your own.
    tz: Option<Zone>,
}

impl Decode for ZoneQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { tz: fields.optional("tz") })
    }
}

/// How many accounts there are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserTotals)]
struct UserTotalsBody {
    /// All of them.
    total: i64,
    /// Those that may sign in.
    active: i64,
    /// Those whose address is verified.
    verified: i64,
    /// Those without a role.
    regular: i64,
    /// Staff.
    staff: i64,
    /// Superusers.
    superuser: i64,
    /// Those that signed in today.
    signed_in_today: i64,
    /// Those that signed in within the last 7 days.
    signed_in_7_days: i64,
    /// Those that signed in within the last 30 days.
    signed_in_30_days: i64,
}

/// Attempts of some days.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DashboardLogins)]
struct DashboardSums {
    #[serde(flatten)]
    sums: SumsBody,
    /// Failures for which there was no account.
    unknown_failures: i64,
}

impl From<LoginSums> for DashboardSums {
    fn from(sums: LoginSums) -> Self {
        Self { unknown_failures: sums.unknown_failures, sums: sums.into() }
    }
}

/// Security events of the last 7 days.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SecurityEventCount)]
struct EventCountBody {
    /// What was noticed.
    kind: SecurityEventKind,
    /// How often.
    count: i64,
}

/// The state of an installation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminDashboard)]
struct DashboardBody {
    /// The present day in the time zone.
    today: Date,
    /// The time zone whose days they are.
    timezone: Zone,
    /// How many accounts there are.
    users: UserTotalsBody,
    /// The attempts of today.
    logins_today: DashboardSums,
    /// Those of the last 7 days, today included.
    logins_7_days: DashboardSums,
    /// Those of the last 30 days, today included.
    logins_30_days: DashboardSums,
    /// The last 30 days, one by one.
    daily_logins: ChartBody,
    /// Security events of the last 7 days by kind; kinds that didn't occur are left out.
    security_events: Vec<EventCountBody>,
}

impl DashboardBody {
    fn new(dashboard: AdminDashboard, timezone: Zone) -> Self {
        let UserTotals { total, active, verified, regular, staff, superuser } = dashboard.users;
        let [signed_in_today, signed_in_7_days, signed_in_30_days] = dashboard.active_users;
        let days: Vec<(String, LoginSums)> =
            dashboard.days.iter().map(|day| (day.date.to_string(), day.sums)).collect();
        Self {
            today: dashboard.today,
            timezone,
            users: UserTotalsBody {
                total,
                active,
                verified,
                regular,
                staff,
                superuser,
                signed_in_today,
                signed_in_7_days,
                signed_in_30_days,
            },
            logins_today: dashboard.logins_today.into(),
            logins_7_days: dashboard.logins_7_days.into(),
            logins_30_days: dashboard.logins_30_days.into(),
            daily_logins: sums_chart(&days, true),
            security_events: dashboard
                .security_events
                .into_iter()
                .map(|(kind, count)| EventCountBody { kind, count })
                .collect(),
        }
    }
}

/// Get the dashboard
///
/// Accounts, who signed in lately, the latest attempts and what was suspicious about them.
#[utoipa::path(
    get,
    path = "/admin/dashboard",
    tag = "admin",
    operation_id = "getDashboard",
    extensions(("x-role" = json!("staff"))),
    params(ZoneQuery),
    responses((status = 200, description = "The dashboard", body = DashboardBody))
)]
async fn get_dashboard(caller: Caller, query: Query<ZoneQuery>) -> Result<Answer, Problem> {
    let (own, now, tz) = (caller.user, caller.now, query.0.tz);
    let read = caller.query(move |store| {
        let period = logins::LoginPeriod { days: None, zone: tz };
        let range = logins::login_range(store, own, period, now)?;
        Ok::<_, Error>((logins::dashboard(store, range.zone, range.today)?, range.zone))
    });
    let (dashboard, zone) = read.await?;
    Answer::computed(&DashboardBody::new(dashboard, zone))
}

/// Charts of an installation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminCharts)]
struct AdminChartsBody {
    range: LoginRangeBody,
    /// New accounts and all accounts by day; accounts that were deleted since are not among them.
    user_growth: ChartBody,
    /// Attempts by day.
    daily_logins: ChartBody,
    /// Successes divided by attempts on accounts by day; null on days without any.
    success_ratio: ChartBody,
}

/// Get charts of the installation
///
/// Growth, sign-ins and their success by day.
#[utoipa::path(
    get,
    path = "/admin/charts",
    tag = "admin",
    operation_id = "getAdminCharts",
    extensions(("x-role" = json!("staff"))),
    params(LoginPeriodQuery),
    responses((status = 200, description = "The charts", body = AdminChartsBody))
)]
async fn get_charts(caller: Caller, query: Query<LoginPeriodQuery>) -> Result<Answer, Problem> {
    let (own, now) = (caller.user, caller.now);
    let read = caller.query(move |store| {
        let range = logins::login_range(store, own, query.0.period(), now)?;
        let days = logins::login_days(store, &LoginPopulation::Everyone, range.zone, range.days)?;
        Ok::<_, Error>((range, days, logins::growth(store, range)?))
    });
    let (range, days, growth) = read.await?;
    let labels: Vec<String> = days.iter().map(|day| day.date.to_string()).collect();
    let number = |number: i64| u64::try_from(number).unwrap_or(0);
    let labelled: Vec<(String, LoginSums)> = days.iter().map(|day| (day.date.to_string(), day.sums)).collect();
    let body = AdminChartsBody {
        range: range.into(),
        user_growth: ChartBody {
            labels: labels.clone(),
            datasets: vec![
                DatasetBody::known("new", "New accounts", &growth, |(_, new, _)| number(*new)),
                DatasetBody::known("total", "All accounts", &growth, |(_, _, total)| number(*total)),
            ],
        },
        daily_logins: sums_chart(&labelled, true),
        success_ratio: ChartBody {
            labels,
            datasets: vec![DatasetBody::partial(
                "success_rate",
                "Success rate",
                days.iter().map(|day| day.sums.success_rate()),
            )],
        },
    };
    Answer::computed(&body)
}
