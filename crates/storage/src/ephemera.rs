//! Short-lived values, found by the hash of a secret.

use circadia_domain::civil::Instant;
use circadia_domain::ephemera::{EphemeraRepository, EphemeronKind};
use diesel::prelude::*;

use crate::dialect::insert_rows;
use crate::schema::ephemera;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

impl EphemeraRepository for Transaction {
    fn put_ephemeron(&mut self, kind: EphemeronKind, key: &[u8; 32], value: &[u8], expires_at: Instant) -> Result<()> {
        let row = (
            ephemera::kind.eq(kind.as_str()),
            ephemera::key_hash.eq(key.as_slice()),
            ephemera::sealed.eq(value),
            ephemera::expires_at.eq(Sql(expires_at)),
        );
        insert_rows!(self.connection(), ephemera, [row], on (kind, key_hash) replace (sealed, expires_at)).classified()
    }

    fn find_ephemeron(&mut self, kind: EphemeronKind, key: &[u8; 32], now: Instant) -> Result<Option<Vec<u8>>> {
        ephemera::table
            .find((kind.as_str(), key.as_slice()))
            .filter(ephemera::expires_at.gt(Sql(now)))
            .select(ephemera::sealed)
            .first(self.connection())
            .optional()
            .classified()
    }

    fn take_ephemeron(&mut self, kind: EphemeronKind, key: &[u8; 32], now: Instant) -> Result<Option<Vec<u8>>> {
        let Some(value) = self.find_ephemeron(kind, key, now)? else { return Ok(None) };
        // Whoever removes the row that was read has it. The others waited for it, and find nothing to remove.
        let read = ephemera::table.find((kind.as_str(), key.as_slice())).filter(ephemera::sealed.eq(&value));
        let removed = diesel::delete(read).execute(self.connection()).classified()?;
        Ok(if removed == 0 { None } else { Some(value) })
    }

    fn delete_ephemeron(&mut self, kind: EphemeronKind, key: &[u8; 32]) -> Result<()> {
        diesel::delete(ephemera::table.find((kind.as_str(), key.as_slice())))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn purge_ephemera(&mut self, before: Instant) -> Result<usize> {
        diesel::delete(ephemera::table.filter(ephemera::expires_at.lt(Sql(before))))
            .execute(self.connection())
            .classified()
    }
}
