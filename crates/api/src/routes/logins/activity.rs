//! Attempts one by one.

use actix_web::Either;
use circadia_domain::Error;
use circadia_domain::civil::Instant;
use circadia_domain::ids::{LoginId, UserId};
use circadia_domain::logins::{
    self, Browser, DeviceKind, LoginAttempt, LoginClient, LoginFailure, LoginFilter, LoginMethod, OperatingSystem,
};
use circadia_domain::unit_of_work::Store;
use circadia_domain::users::Locale;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::LoginPeriodQuery;
use crate::http::caller::Caller;
use crate::http::csv::{Csv, Format, cell};
use crate::http::input::{Decode, Fields};
use crate::http::page::{CountedPage, CountedPageRequest};
use crate::http::problem::Problem;
use crate::routes::date_queries::{InstantKey, NEWEST_FIRST, seek_newest};

/// An attempt to sign in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoginAttempt)]
pub(in crate::routes) struct LoginBody {
    /// The attempt's id.
    id: LoginId,
    /// When it was made.
    at: Instant,
    /// Whether it succeeded.
    success: bool,
    /// Why it failed; null if it succeeded. `second_factor_required` means that the first factor was right: in figures it
    /// counts neither as a success nor as a failure.
    failure: Option<LoginFailure>,
    /// The method.
    method: LoginMethod,
    /// The IP address; after 30 days only its network.
    #[schema(example = "192.0.2.1")]
    ip: Option<String>,
    /// The first 400 characters of the user agent.
    user_agent: Option<String>,
    /// The browser, told by the user agent.
    browser: Browser,
    /// The operating system, told by the user agent.
    os: OperatingSystem,
    /// The kind of device, told by the user agent.
    device: DeviceKind,
    /// The language that the client prefers.
    language: Option<Locale>,
}

impl From<LoginAttempt> for LoginBody {
    fn from(attempt: LoginAttempt) -> Self {
        let LoginClient { browser, os, device } = attempt.client;
        Self {
            id: attempt.id,
            at: attempt.at,
            success: attempt.failure.is_none(),
            failure: attempt.failure,
            method: attempt.method,
            ip: attempt.ip.map(|ip| ip.to_string()),
            user_agent: attempt.user_agent,
            browser,
            os,
            device,
            language: attempt.language,
        }
    }
}

/// Which attempts to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::routes) struct LoginsQuery {
    /// Only those that succeeded (`true`), or didn't (`false`).
    success: Option<bool>,
    #[param(ignore)]
    period: LoginPeriodQuery,
    #[param(ignore)]
    page: CountedPageRequest,
}

impl Decode for LoginsQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let success = fields.optional("success");
        let period = LoginPeriodQuery::decode(fields)?;
        Some(Self { success, period, page: CountedPageRequest::decode(fields)? })
    }
}

/// A page of a user's attempts, newest first. `may_see` is asked in the same unit of work.
pub(in crate::routes) async fn logins(
    caller: &Caller,
    user: UserId,
    query: LoginsQuery,
    format: Format,
    may_see: impl Fn(&mut dyn Store) -> Result<(), Error> + Send + 'static,
) -> Result<Either<CountedPage<LoginBody>, Csv>, Problem> {
    let LoginsQuery { success, period, page } = query;
    let (start, seek) = seek_newest(&page)?;
    let (own, now) = (caller.user, caller.now);
    let read = caller.query(move |store| {
        may_see(store)?;
        let (from, until) = logins::instants_of(store, own, period.period(), now)?.unzip();
        logins::activity(store, &LoginFilter { user: Some(user), from, until, success }, &seek)
    });
    let (attempts, total) = read.await?;
    let key = |attempt: &LoginAttempt| InstantKey::new(attempt.at, attempt.id);
    let found = CountedPage::of_selected(attempts, total, key, NEWEST_FIRST, &page, &start).map(LoginBody::from);
    match format {
        Format::Json => Ok(Either::Left(found)),
        Format::Csv => Ok(Either::Right(table(found.items)?)),
    }
}

fn table(items: Vec<LoginBody>) -> Result<Csv, Problem> {
    let head = ["id", "at", "success", "failure", "method", "ip", "user_agent", "browser", "os", "device", "language"];
    let rows = items.into_iter().map(|item| {
        [
            item.id.to_string(),
            item.at.to_string(),
            item.success.to_string(),
            cell(item.failure),
            item.method.to_string(),
            cell(item.ip),
            cell(item.user_agent),
            item.browser.to_string(),
            item.os.to_string(),
            item.device.to_string(),
            cell(item.language.as_ref().map(Locale::as_str)),
        ]
    });
    Csv::new("logins", &head, rows)
}
