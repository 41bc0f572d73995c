//! Keys of requests that are carried out once.

use circadia_domain::civil::Instant;
use circadia_domain::idempotency_keys::{Attempt, AttemptId, IdempotencyRepository, StoredKey};
use circadia_domain::ids::UserId;
use diesel::prelude::*;

use crate::dialect::insert_rows;
use crate::row::{Stored as _, first_row, row};
use crate::schema::idempotency_keys;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = idempotency_keys, primary_key(user_id, key_hash))]
    struct KeyRow of StoredKey {
        key_hash: Vec<u8>,
        digest: Vec<u8>,
        attempt: Sql<AttemptId>,
        claimed_until: Sql<Instant>,
        is_committed: bool,
        answer: Option<Vec<u8>>,
        expires_at: Sql<Instant>,
    }
}

/// The row of a request's key, as long as it is that request's.
macro_rules! claimed_by {
    ($attempt:ident) => {
        idempotency_keys::table
            .filter(idempotency_keys::user_id.eq(Sql($attempt.user)))
            .filter(idempotency_keys::key_hash.eq($attempt.key.as_slice()))
            .filter(idempotency_keys::attempt.eq(Sql($attempt.id)))
    };
}

impl IdempotencyRepository for Transaction {
    fn find_idempotency_key(&mut self, user: UserId, key: &[u8; 32]) -> Result<Option<StoredKey>> {
        first_row!(self, idempotency_keys::table.find((Sql(user), key.as_slice())), KeyRow)
    }

    fn insert_idempotency_key(&mut self, user: UserId, key: &StoredKey) -> Result<()> {
        let row = (idempotency_keys::user_id.eq(Sql(user)), KeyRow::from_domain(key)?);
        insert_rows!(self.connection(), idempotency_keys, [row]).of_a_user()
    }

    fn take_over_idempotency_key(
        &mut self,
        user: UserId,
        key: &StoredKey,
        earlier: AttemptId,
        now: Instant,
    ) -> Result<bool> {
        let free = idempotency_keys::is_committed.eq(false).and(idempotency_keys::answer.is_null());
        let row = idempotency_keys::table
            .filter(idempotency_keys::user_id.eq(Sql(user)))
            .filter(idempotency_keys::key_hash.eq(&key.key_hash))
            .filter(idempotency_keys::attempt.eq(Sql(earlier)))
            .filter(free.or(idempotency_keys::expires_at.le(Sql(now))));
        let changed = diesel::update(row).set(KeyRow::from_domain(key)?).execute(self.connection()).classified()?;
        Ok(changed > 0)
    }

    fn note_idempotent_commit(&mut self, attempt: &Attempt) -> Result<bool> {
        let changed = diesel::update(claimed_by!(attempt))
            .set(idempotency_keys::is_committed.eq(true))
            .execute(self.connection())
            .classified()?;
        Ok(changed > 0)
    }

    fn end_idempotent_attempt(&mut self, attempt: &Attempt, answer: Option<&[u8]>, now: Instant) -> Result<()> {
        let ended = (idempotency_keys::answer.eq(answer), idempotency_keys::claimed_until.eq(Sql(now)));
        diesel::update(claimed_by!(attempt)).set(ended).execute(self.connection()).map(drop).classified()
    }

    fn release_idempotency_key(&mut self, attempt: &Attempt) -> Result<bool> {
        let free = claimed_by!(attempt).filter(idempotency_keys::is_committed.eq(false));
        Ok(diesel::delete(free).execute(self.connection()).classified()? > 0)
    }

    fn trim_idempotency_keys(&mut self, user: UserId, keep: i64) -> Result<()> {
        let own = idempotency_keys::user_id.eq(Sql(user));
        let last: Option<Sql<Instant>> = idempotency_keys::table
            .filter(own)
            .order(idempotency_keys::expires_at.desc())
            .select(idempotency_keys::expires_at)
            .offset(keep)
            .limit(1)
            .first(self.connection())
            .optional()
            .classified()?;
        let Some(last) = last else { return Ok(()) };
        let old = idempotency_keys::table.filter(own).filter(idempotency_keys::expires_at.le(last));
        diesel::delete(old).execute(self.connection()).map(drop).classified()
    }

    fn purge_idempotency_keys(&mut self, before: Instant) -> Result<usize> {
        let old = idempotency_keys::table.filter(idempotency_keys::expires_at.lt(Sql(before)));
        diesel::delete(old).execute(self.connection()).classified()
    }
}
