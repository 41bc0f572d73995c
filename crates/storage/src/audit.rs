//! Security events.

use circadia_domain::audit::{AuditAction, AuditEvent, AuditOutcome, AuditQuery, AuditRepository};
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::{AuditEventId, SessionId, UserId};
use diesel::prelude::*;
use serde_json::Value;

use crate::convert::corrupt;
use crate::schema::audit_events;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_events, treat_none_as_default_value = false)]
struct AuditEventRow {
    id: Sql<AuditEventId>,
    occurred_at: Sql<Instant>,
    actor_id: Option<Sql<UserId>>,
    subject_id: Option<Sql<UserId>>,
    session_id: Option<Sql<SessionId>>,
    action: Sql<AuditAction>,
    outcome: Sql<AuditOutcome>,
    details: String,
}

impl From<&AuditEvent> for AuditEventRow {
    fn from(event: &AuditEvent) -> Self {
        Self {
            id: Sql(event.id),
            occurred_at: Sql(event.at),
            actor_id: event.actor.map(Sql),
            subject_id: event.subject.map(Sql),
            session_id: event.session.map(Sql),
            action: Sql(event.action.clone()),
            outcome: Sql(event.outcome),
            details: Value::Object(event.details.clone()).to_string(),
        }
    }
}

impl TryFrom<AuditEventRow> for AuditEvent {
    type Error = StoreError;

    fn try_from(row: AuditEventRow) -> Result<Self> {
        Ok(Self {
            id: row.id.0,
            at: row.occurred_at.0,
            actor: row.actor_id.map(Sql::into_inner),
            subject: row.subject_id.map(Sql::into_inner),
            session: row.session_id.map(Sql::into_inner),
            action: row.action.0,
            outcome: row.outcome.0,
            details: serde_json::from_str(&row.details).map_err(corrupt)?,
        })
    }
}

impl AuditRepository for Transaction {
    fn insert_audit_event(&mut self, event: &AuditEvent) -> Result<()> {
        diesel::insert_into(audit_events::table)
            .values(AuditEventRow::from(event))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn audit_events(&mut self, sought: &AuditQuery, limit: usize) -> Result<Vec<AuditEvent>> {
        let mut query = audit_events::table.select(AuditEventRow::as_select()).into_boxed();
        if let Some(subject) = sought.subject {
            query = query.filter(audit_events::subject_id.eq(Some(Sql(subject))));
        }
        if let Some(since) = sought.since {
            query = query.filter(audit_events::occurred_at.ge(Sql(since)));
        }
        if let Some((at, id)) = sought.after {
            let later = audit_events::occurred_at.eq(Sql(at)).and(audit_events::id.lt(Sql(id)));
            query = query.filter(audit_events::occurred_at.lt(Sql(at)).or(later));
        }
        let rows: Vec<AuditEventRow> = query
            .order((audit_events::occurred_at.desc(), audit_events::id.desc()))
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(AuditEvent::try_from).collect()
    }
}
