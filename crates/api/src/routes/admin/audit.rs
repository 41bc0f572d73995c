//! `/admin/audit`: the audit log.

use circadia_domain::audit::{self, AuditAction, AuditEvent, AuditOutcome, AuditQuery};
use circadia_domain::civil::{Date, DayClock, DayStart, Instant, Zone};
use circadia_domain::ids::{AuditEventId, SessionId, UserId};
use circadia_domain::seek::NewestSeek;
use circadia_domain::violation::Violations;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, Parsed, Query, text};
use crate::http::page::{CountedPage, CountedPageRequest};
use crate::http::problem::Problem;
use crate::http::routing::{Routes, operations};
use crate::routes::date_queries::{InstantKey, NEWEST_FIRST, seek_newest};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, list_audit_events);
}

/// An event of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub struct AuditEventBody {
    /// The event's id.
    pub id: AuditEventId,
    /// When it happened.
    pub at: Instant,
    /// The user who caused it; null if unknown, or if an operator did it at the command line.
    pub actor_id: Option<UserId>,
    /// The user whose account it concerns. The account may have been deleted since.
    pub subject_id: Option<UserId>,
    /// The session that it happened in, or that it is about.
    pub session_id: Option<SessionId>,
    /// What was done.
    #[schema(value_type = String, example = "account_changed")]
    pub action: AuditAction,
    /// Whether it was done, or refused.
    pub outcome: AuditOutcome,
    /// More about it: ids, words and numbers. What was changed has its value `before` and `after`; of user names and
    /// addresses it is only said that they changed.
    #[schema(value_type = std::collections::BTreeMap<String, Value>, additional_properties, example = json!({"role": {"before": "regular", "after": "staff"}}))]
    pub details: Map<String, Value>,
}

impl From<AuditEvent> for AuditEventBody {
    fn from(event: AuditEvent) -> Self {
        Self {
            id: event.id,
            at: event.at,
            actor_id: event.actor,
            subject_id: event.subject,
            session_id: event.session,
            action: event.action,
            outcome: event.outcome,
            details: event.details,
        }
    }
}

/// Which events to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditListQuery {
    /// Only those about this user's account, which may have been deleted.
    user_id: Option<UserId>,
    /// Only those that this user caused.
    actor_id: Option<UserId>,
    /// Only those of this action.
    #[param(value_type = Option<String>, pattern = "^[a-z_]{1,40}$", example = "account_changed")]
    action: Option<AuditAction>,
    /// The first day. Without it, there is no lower limit.
    from: Option<Date>,
    /// The last day. Without it, there is no upper limit.
    to: Option<Date>,
    /// The time zone of these days, which begin at midnight. Defaults to one's own.
    tz: Option<Zone>,
    #[param(ignore)]
    page: CountedPageRequest,
}

fn action(word: &str) -> Parsed<AuditAction> {
    if (1..=40).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
        return Ok(AuditAction::from_stored(word.to_owned()));
    }
    Err(Violations::of("unknown_value", "must be the word of an action, such as `account_changed`"))
}

impl Decode for AuditListQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let user_id = fields.optional("user_id");
        let actor_id = fields.optional("actor_id");
        let action = fields.optional_with("action", text(action));
        let from = fields.optional("from");
        let to = fields.optional("to");
        fields.note_reversed(from, to);
        let tz = fields.optional("tz");
        let page = CountedPageRequest::decode(fields)?;
        Some(Self { user_id, actor_id, action, from, to, tz, page })
    }
}

/// List the audit log
///
/// What was done to accounts, newest first: by administrators, and by users to their own. The log only grows: its events
/// are neither changed nor removed, and outlive the accounts they are about.
#[utoipa::path(
    get,
    path = "/admin/audit",
    tag = "admin",
    operation_id = "listAuditEvents",
    extensions(("x-role" = json!("superuser"))),
    params(AuditListQuery, CountedPageRequest),
    responses((status = 200, description = "A page of events", body = CountedPage<AuditEventBody>))
)]
async fn list_audit_events(
    caller: Caller,
    query: Query<AuditListQuery>,
) -> Result<CountedPage<AuditEventBody>, Problem> {
    let AuditListQuery { user_id, actor_id, action, from, to, tz, page } = query.0;
    let (start, NewestSeek { beyond: after, backwards, skip, limit }) = seek_newest(&page)?;
    let sought =
        AuditQuery { subject: user_id, actor: actor_id, action, since: None, until: None, after, backwards, skip };
    let user = caller.user;
    let (items, total) = caller
        .query(move |store| {
            let zone = match tz {
                Some(zone) => zone,
                None => circadia_domain::users::find(store, user)?.settings.timezone,
            };
            let clock = DayClock { zone, day_start: DayStart::MIDNIGHT };
            let since = from.map(|day| clock.start_of(day));
            let until = to.map(|day| clock.start_of(day.saturating_add_days(1)));
            audit::list(store, &AuditQuery { since, until, ..sought.clone() }, limit)
        })
        .await?;
    let key = |event: &AuditEvent| InstantKey::new(event.at, event.id);
    Ok(CountedPage::of_selected(items, total, key, NEWEST_FIRST, &page, &start).map(AuditEventBody::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_words() {
        assert!(action("account_changed").is_ok());
        for wrong in ["", "Account", "a b", &"a".repeat(41)] {
            assert!(action(wrong).is_err(), "{wrong}");
        }
    }
}
