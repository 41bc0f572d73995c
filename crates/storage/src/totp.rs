//! Second factors and their recovery codes.

use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::totp::{TotpFactor, TotpRepository};
use diesel::prelude::*;

use crate::dialect::insert_rows;
use crate::row::{Stored as _, execute, first_row, row};
use crate::schema::{recovery_codes, totp_factors};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = totp_factors, primary_key(user_id))]
    struct TotpRow of TotpFactor {
        #[diesel(column_name = user_id)]
        user: Sql<UserId>,
        sealed: Vec<u8>,
        created_at: Sql<Instant>,
        confirmed_at: Option<Sql<Instant>>,
        last_step: Option<i64>,
        guesses_until: Option<Sql<Instant>>,
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
        first_row!(self, totp_factors::table.find(Sql(user)), TotpRow)
    }

    fn put_totp(&mut self, factor: &TotpFactor) -> Result<()> {
        diesel::delete(totp_factors::table.find(Sql(factor.user))).execute(self.connection()).classified()?;
        execute!(self, diesel::insert_into(totp_factors::table).values(TotpRow::from_domain(factor)?))
    }

    fn delete_totp(&mut self, user: UserId) -> Result<bool> {
        self.remove_recovery_codes(user)?;
        let removed = diesel::delete(totp_factors::table.find(Sql(user))).execute(self.connection()).classified()?;
        Ok(removed > 0)
    }

    fn replace_recovery_codes(&mut self, user: UserId, hashes: &[[u8; 32]], now: Instant) -> Result<()> {
        self.remove_recovery_codes(user)?;
        let rows = hashes.iter().map(|hash| {
            (
                recovery_codes::user_id.eq(Sql(user)),
                recovery_codes::code_hash.eq(hash.as_slice()),
                recovery_codes::created_at.eq(Sql(now)),
            )
        });
        insert_rows!(self.connection(), recovery_codes, rows, on (user_id, code_hash) replace (created_at)).classified()
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
