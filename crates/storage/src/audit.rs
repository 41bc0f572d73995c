//! Security events.

use circadia_domain::audit::{AuditAction, AuditEvent, AuditOutcome, AuditQuery, AuditRepository};
use circadia_domain::civil::Instant;
use circadia_domain::ids::{AuditEventId, SessionId, UserId};
use diesel::prelude::*;
use serde_json::Value;

use crate::convert::corrupt;
use crate::schema::audit_events;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_events)]
struct Row {
    id: AuditEventId,
    occurred_at: Instant,
    actor_id: Option<UserId>,
    subject_id: Option<UserId>,
    session_id: Option<SessionId>,
    action: AuditAction,
    outcome: AuditOutcome,
    details: String,
}

impl Row {
    fn read(self) -> Result<AuditEvent> {
        Ok(AuditEvent {
            id: self.id,
            at: self.occurred_at,
            actor: self.actor_id,
            subject: self.subject_id,
            session: self.session_id,
            action: self.action,
            outcome: self.outcome,
            details: serde_json::from_str(&self.details).map_err(corrupt)?,
        })
    }
}

impl AuditRepository for Transaction {
    fn insert_audit_event(&mut self, event: &AuditEvent) -> Result<()> {
        diesel::insert_into(audit_events::table)
            .values((
                audit_events::id.eq(Sql(event.id)),
                audit_events::occurred_at.eq(Sql(event.at)),
                audit_events::actor_id.eq(event.actor.map(Sql)),
                audit_events::subject_id.eq(event.subject.map(Sql)),
                audit_events::session_id.eq(event.session.map(Sql)),
                audit_events::action.eq(Sql(&event.action)),
                audit_events::outcome.eq(Sql(event.outcome)),
                audit_events::details.eq(Value::Object(event.details.clone()).to_string()),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn audit_events(&mut self, sought: &AuditQuery, limit: usize) -> Result<Vec<AuditEvent>> {
        let mut query = audit_events::table.select(Row::as_select()).into_boxed();
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
        let rows: Vec<Row> = query
            .order((audit_events::occurred_at.desc(), audit_events::id.desc()))
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(Row::read).collect()
    }
}
