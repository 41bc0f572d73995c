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

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = server_keys, treat_none_as_default_value = false)]
struct KeyRow {
    kid: String,
    purpose: Sql<KeyPurpose>,
    sealed: Vec<u8>,
    created_at: Sql<Instant>,
    retires_at: Option<Sql<Instant>>,
}

impl From<&StoredKey> for KeyRow {
    fn from(key: &StoredKey) -> Self {
        Self {
            kid: key.kid.clone(),
            purpose: Sql(key.purpose),
            sealed: key.sealed.clone(),
            created_at: Sql(key.created_at),
            retires_at: key.retires_at.map(Sql),
        }
    }
}

impl From<KeyRow> for StoredKey {
    fn from(row: KeyRow) -> Self {
        Self {
            kid: row.kid,
            purpose: row.purpose.0,
            sealed: row.sealed,
            created_at: row.created_at.0,
            retires_at: row.retires_at.map(Sql::into_inner),
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
        let rows: Vec<KeyRow> = server_keys::table
            .order((server_keys::created_at, server_keys::kid))
            .select(KeyRow::as_select())
            .load(self.connection())
            .classified()?;
        Ok(rows.into_iter().map(StoredKey::from).collect())
    }

    fn insert_key(&mut self, key: &StoredKey) -> Result<()> {
        diesel::insert_into(server_keys::table)
            .values(KeyRow::from(key))
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
