//! Secrets that replicas share.

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::keys::{KeyPurpose, KeyRepository, StoredKey};
use diesel::prelude::*;

use crate::dialect::Purpose;
use crate::schema::{global_locks, server_keys};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

/// The row that whoever makes keys holds.
const LOCK: &str = "server_keys";

#[derive(Queryable, Selectable)]
#[diesel(table_name = server_keys)]
struct Row {
    kid: String,
    purpose: KeyPurpose,
    sealed: Vec<u8>,
    created_at: Instant,
    retires_at: Option<Instant>,
}

impl From<Row> for StoredKey {
    fn from(row: Row) -> Self {
        Self {
            kid: row.kid,
            purpose: row.purpose,
            sealed: row.sealed,
            created_at: row.created_at,
            retires_at: row.retires_at,
        }
    }
}

impl Transaction {
    /// Waits until nobody else holds a row of `global_locks`; then nobody does until this transaction ends.
    pub(crate) fn hold_lock(&mut self, name: &'static str) -> Result<()> {
        let held = diesel::update(global_locks::table.find(name))
            .set(global_locks::taken.eq(global_locks::taken + 1))
            .execute(self.connection())
            .classified()?;
        if held == 0 {
            return Err(StoreError::Corrupt(format!("the row {name:?} of global_locks is missing")));
        }
        Ok(())
    }
}

impl KeyRepository for Transaction {
    fn keys(&mut self) -> Result<Vec<StoredKey>> {
        if self.purpose() == Purpose::Writing {
            self.hold_lock(LOCK)?;
        }
        let rows: Vec<Row> = server_keys::table
            .order((server_keys::created_at, server_keys::kid))
            .select(Row::as_select())
            .load(self.connection())
            .classified()?;
        Ok(rows.into_iter().map(StoredKey::from).collect())
    }

    fn insert_key(&mut self, key: &StoredKey) -> Result<()> {
        diesel::insert_into(server_keys::table)
            .values((
                server_keys::kid.eq(&key.kid),
                server_keys::purpose.eq(Sql(key.purpose)),
                server_keys::sealed.eq(&key.sealed),
                server_keys::created_at.eq(Sql(key.created_at)),
                server_keys::retires_at.eq(key.retires_at.map(Sql)),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn retire_key(&mut self, kid: &str, at: Instant) -> Result<()> {
        diesel::update(server_keys::table.find(kid))
            .set(server_keys::retires_at.eq(Some(Sql(at))))
            .execute(self.connection())
            .map(drop)
            .classified()
    }
}
