//! Security events.

use circadia_domain::audit::{AuditAction, AuditEvent, AuditOutcome, AuditQuery, AuditRepository};
use circadia_domain::civil::Instant;
use circadia_domain::ids::{AuditEventId, SessionId, UserId};
use diesel::prelude::*;
use serde_json::{Map, Value};

use crate::convert::corrupt;
use crate::row::{Stored, execute, row};
use crate::schema::audit_events;
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
        rows.into_iter().map(AuditEventRow::into_domain).collect()
    }
}
