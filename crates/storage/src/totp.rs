//! Second factors and their recovery codes.

use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::totp::{TotpFactor, TotpRepository};
use diesel::prelude::*;

use crate::dialect::{Bind, Upsert};
use crate::schema::{recovery_codes, totp_factors};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable)]
#[diesel(table_name = totp_factors)]
struct Row {
    user_id: UserId,
    sealed: Vec<u8>,
    created_at: Instant,
    confirmed_at: Option<Instant>,
    last_step: Option<i64>,
    guesses_until: Option<Instant>,
}

impl From<Row> for TotpFactor {
    fn from(row: Row) -> Self {
        Self {
            user: row.user_id,
            sealed: row.sealed,
            created_at: row.created_at,
            confirmed_at: row.confirmed_at,
            last_step: row.last_step,
            guesses_until: row.guesses_until,
        }
    }
}

impl Transaction {
    fn remove_recovery_codes(&mut self, user: UserId) -> Result<()> {
        diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(Sql(user))))
            .execute(self.connection())
            .map(drop)
            .classified()
    }
}

impl TotpRepository for Transaction {
    fn find_totp(&mut self, user: UserId) -> Result<Option<TotpFactor>> {
        let row: Option<Row> = totp_factors::table
            .find(Sql(user))
            .select(Row::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        Ok(row.map(TotpFactor::from))
    }

    fn put_totp(&mut self, factor: &TotpFactor) -> Result<()> {
        diesel::delete(totp_factors::table.find(Sql(factor.user))).execute(self.connection()).classified()?;
        diesel::insert_into(totp_factors::table)
            .values((
                totp_factors::user_id.eq(Sql(factor.user)),
                totp_factors::sealed.eq(&factor.sealed),
                totp_factors::created_at.eq(Sql(factor.created_at)),
                totp_factors::confirmed_at.eq(factor.confirmed_at.map(Sql)),
                totp_factors::last_step.eq(factor.last_step),
                totp_factors::guesses_until.eq(factor.guesses_until.map(Sql)),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn delete_totp(&mut self, user: UserId) -> Result<bool> {
        self.remove_recovery_codes(user)?;
        let removed = diesel::delete(totp_factors::table.find(Sql(user))).execute(self.connection()).classified()?;
        Ok(removed > 0)
    }

    fn replace_recovery_codes(&mut self, user: UserId, hashes: &[[u8; 32]], now: Instant) -> Result<()> {
        self.remove_recovery_codes(user)?;
        let rows = hashes.iter().map(|hash| [Bind::User(user), Bind::Bytes(hash), Bind::Instant(now)]).collect();
        let codes = Upsert {
            table: "recovery_codes",
            columns: ["user_id", "code_hash", "created_at"],
            key: &["user_id", "code_hash"],
            replaced: &["created_at"],
            rows,
        };
        codes.run(self.connection()).classified()
    }

    fn use_recovery_code(&mut self, user: UserId, hash: &[u8; 32]) -> Result<bool> {
        let code = recovery_codes::table.find((Sql(user), hash.as_slice()));
        let used = diesel::delete(code).execute(self.connection()).classified()?;
        Ok(used > 0)
    }

    fn recovery_codes_left(&mut self, user: UserId) -> Result<i64> {
        recovery_codes::table
            .filter(recovery_codes::user_id.eq(Sql(user)))
            .count()
            .get_result(self.connection())
            .classified()
    }
}
