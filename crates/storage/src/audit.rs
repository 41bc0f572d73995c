//! Security events.

use circadia_domain::audit::{AuditAction, AuditEvent, AuditOutcome, AuditQuery, AuditRepository};
use circadia_domain::civil::Instant;
use circadia_domain::ids::{AuditEventId, SessionId, UserId};
use circadia_domain::seek::NewestSeek;
use diesel::prelude::*;
use serde_json::{Map, Value};

use crate::connection::MultiBackend;
use crate::convert::corrupt;
use crate::row::{Stored, execute, load_rows, row};
use crate::schema::audit_events;
use crate::seek::seek_newest;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = audit_events, primary_key(id))]
    struct AuditEventRow of AuditEvent {
        id: Sql<AuditEventId>,
        #[diesel(column_name = occurred_at)]
        at: Sql<Instant>,
        #[diesel(column_name = actor_id)]
        actor: Option<Sql<UserId>>,
        #[diesel(column_name = subject_id)]
        subject: Option<Sql<UserId>>,
        #[diesel(column_name = session_id)]
        session: Option<Sql<SessionId>>,
        action: Sql<AuditAction>,
        outcome: Sql<AuditOutcome>,
        details: String,
    }
}

impl Stored<Map<String, Value>> for String {
    fn from_domain(details: &Map<String, Value>) -> Result<Self> {
        Ok(Value::Object(details.clone()).to_string())
    }
    fn into_domain(self) -> Result<Map<String, Value>> {
        serde_json::from_str(&self).map_err(corrupt)
    }
}

impl AuditRepository for Transaction {
    fn insert_audit_event(&mut self, event: &AuditEvent) -> Result<()> {
        execute!(self, diesel::insert_into(audit_events::table).values(AuditEventRow::from_domain(event)?))
    }

    fn audit_events(&mut self, sought: &AuditQuery, limit: usize) -> Result<Vec<AuditEvent>> {
        let AuditQuery { after, backwards, skip, .. } = *sought;
        let seek = NewestSeek { beyond: after, backwards, skip, limit };
        let part = seek_newest!(filtered(sought), (audit_events::occurred_at, audit_events::id), seek);
        load_rows!(self, part, AuditEventRow)
    }

    fn audit_event_total(&mut self, sought: &AuditQuery) -> Result<i64> {
        filtered(sought).count().get_result(self.connection()).classified()
    }
}

/// The events that meet a query, wherever it begins.
fn filtered(sought: &AuditQuery) -> audit_events::BoxedQuery<'static, MultiBackend> {
    let mut query = audit_events::table.into_boxed();
    if let Some(subject) = sought.subject {
        query = query.filter(audit_events::subject_id.eq(Some(Sql(subject))));
    }
    if let Some(actor) = sought.actor {
        query = query.filter(audit_events::actor_id.eq(Some(Sql(actor))));
    }
    if let Some(action) = &sought.action {
        query = query.filter(audit_events::action.eq(Sql(action.clone())));
    }
    if let Some(since) = sought.since {
        query = query.filter(audit_events::occurred_at.ge(Sql(since)));
    }
    if let Some(until) = sought.until {
        query = query.filter(audit_events::occurred_at.lt(Sql(until)));
    }
    query
}
