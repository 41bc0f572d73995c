//! `GET /admin/security-events`: what is suspicious about sign-ins.

use circadia_domain::Error;
use circadia_domain::civil::Instant;
use circadia_domain::ids::{SecurityEventId, UserId};
use circadia_domain::logins::{
    self, Browser, DeviceKind, OperatingSystem, SecurityEvent, SecurityEventFilter, SecurityEventKind,
};
use circadia_domain::users::Locale;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, Query};
use crate::http::page::{CountedPage, CountedPageRequest};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::routes::date_queries::{InstantKey, NEWEST_FIRST, seek_newest};
use crate::routes::logins::LoginPeriodQuery;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, list_security_events);
}

/// Something suspicious about sign-ins.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SecurityEvent)]
struct SecurityEventBody {
    /// The event's id.
    id: SecurityEventId,
    /// When it was noticed.
    at: Instant,
    /// What was noticed.
    kind: SecurityEventKind,
    /// The account, if it is about one.
    user_id: Option<UserId>,
    /// The address, if it is about one; after 30 days only its network.
    #[schema(example = "192.0.2.1")]
    ip: Option<String>,
    /// The number of failed attempts.
    attempts: u32,
    /// The number of accounts and names that were tried.
    accounts: u32,
    /// What signed in, of a new device or country.
    browser: Option<Browser>,
    /// Its operating system.
    os: Option<OperatingSystem>,
    /// What kind of device it is.
    device: Option<DeviceKind>,
    /// The language that it prefers.
    language: Option<Locale>,
}

impl From<SecurityEvent> for SecurityEventBody {
    fn from(event: SecurityEvent) -> Self {
        Self {
            id: event.id,
            at: event.at,
            kind: event.kind,
            user_id: event.user,
            ip: event.ip.map(|ip| ip.to_string()),
            attempts: event.attempts,
            accounts: event.accounts,
            browser: event.client.map(|client| client.browser),
            os: event.client.map(|client| client.os),
            device: event.client.map(|client| client.device),
            language: event.language,
        }
    }
}

/// Which events to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// Only those of this kind.
    kind: Option<SecurityEventKind>,
    /// Only those about this user.
    #[param(value_type = Option<UserId>)]
    user_id: Option<UserId>,
    #[param(ignore)]
    period: LoginPeriodQuery,
    #[param(ignore)]
    page: CountedPageRequest,
}

impl Decode for EventsQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let kind = fields.optional("kind");
        let user_id = fields.optional("user_id");
        let period = LoginPeriodQuery::decode(fields)?;
        Some(Self { kind, user_id, period, page: CountedPageRequest::decode(fields)? })
    }
}

/// List security events
///
/// Newest first: many failures on one account or from one address over many accounts within a quarter of an hour, sign-ins
/// by a new kind of device, and with a language of a new country. Without `from` and `to`, all of them.
#[utoipa::path(
    get,
    path = "/admin/security-events",
    tag = "admin",
    operation_id = "listSecurityEvents",
    extensions(("x-role" = json!("superuser"))),
    params(EventsQuery, LoginPeriodQuery, CountedPageRequest),
    responses((status = 200, description = "A page of events", body = CountedPage<SecurityEventBody>))
)]
async fn list_security_events(
    caller: Caller,
    query: Query<EventsQuery>,
) -> Result<CountedPage<SecurityEventBody>, Problem> {
    let EventsQuery { kind, user_id, period, page } = query.0;
    let (start, seek) = seek_newest(&page)?;
    let (own, now) = (caller.user, caller.now);
    let read = caller.query(move |store| {
        let (from, until) = logins::instants_of(store, own, period.period(), now)?.unzip();
        let filter = SecurityEventFilter { kind, user: user_id, from, until };
        Ok::<_, Error>(logins::list_security_events(store, &filter, &seek)?)
    });
    let (events, total) = read.await?;
    let key = |event: &SecurityEvent| InstantKey::new(event.at, event.id);
    Ok(CountedPage::of_selected(events, total, key, NEWEST_FIRST, &page, &start).map(SecurityEventBody::from))
}
