//! Keys that replicas share, and rows that serve as locks.

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::keys::{KeyPurpose, KeyRepository, StoredKey};
use diesel::prelude::*;

use crate::dialect::Purpose;
use crate::row::{Stored as _, execute, load_rows, row};
use crate::schema::{global_locks, server_keys};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

/// The row of `global_locks` that is locked to create keys.
const KEYS_LOCK: &str = "server_keys";

row! {
    #[diesel(table_name = server_keys, primary_key(kid))]
    struct KeyRow of StoredKey {
        kid: String,
        purpose: Sql<KeyPurpose>,
        sealed: Vec<u8>,
        created_at: Sql<Instant>,
        retires_at: Option<Sql<Instant>>,
    }
}

impl Transaction {
    /// Locks a row of `global_locks` until the end of the transaction.
    pub(crate) fn acquire_lock(&mut self, name: &'static str) -> Result<()> {
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
            self.acquire_lock(KEYS_LOCK)?;
        }
        // A newer replica may have made keys for purposes that this one doesn't know.
        let known = server_keys::purpose.eq_any(KeyPurpose::ALL.map(Sql));
        load_rows!(self, server_keys::table.filter(known).order((server_keys::created_at, server_keys::kid)), KeyRow)
    }

    fn insert_key(&mut self, key: &StoredKey) -> Result<()> {
        execute!(self, diesel::insert_into(server_keys::table).values(KeyRow::from_domain(key)?))
    }

    fn retire_key(&mut self, kid: &str, at: Instant) -> Result<()> {
        execute!(self, diesel::update(server_keys::table.find(kid)).set(server_keys::retires_at.eq(Some(Sql(at)))))
    }
}
