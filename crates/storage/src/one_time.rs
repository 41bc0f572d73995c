//! One-time tokens.

use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::one_time::{OneTimePurpose, OneTimeRepository, StoredOneTimeToken};
use circadia_domain::users::Email;
use diesel::prelude::*;

use crate::dialect::insert_rows;
use crate::row::{Stored as _, first_row, row};
use crate::schema::one_time_tokens;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = one_time_tokens, primary_key(user_id, purpose))]
    struct OneTimeTokenRow of StoredOneTimeToken {
        #[diesel(column_name = user_id)]
        user: Sql<UserId>,
        purpose: Sql<OneTimePurpose>,
        token_hash: Vec<u8>,
        email: Sql<Email>,
        created_at: Sql<Instant>,
        expires_at: Sql<Instant>,
    }
}

impl OneTimeRepository for Transaction {
    fn put_one_time_token(&mut self, token: &StoredOneTimeToken) -> Result<()> {
        insert_rows!(
            self.connection(),
            one_time_tokens,
            [OneTimeTokenRow::from_domain(token)?],
            on (user_id, purpose) replace (token_hash, email, created_at, expires_at)
        )
        .of_a_user()
    }

    fn find_one_time_token(&mut self, user: UserId, purpose: OneTimePurpose) -> Result<Option<StoredOneTimeToken>> {
        first_row!(self, one_time_tokens::table.find((Sql(user), Sql(purpose))), OneTimeTokenRow)
    }

    fn delete_one_time_tokens(&mut self, user: UserId, purposes: &[OneTimePurpose]) -> Result<()> {
        let tokens = one_time_tokens::table
            .filter(one_time_tokens::user_id.eq(Sql(user)))
            .filter(one_time_tokens::purpose.eq_any(purposes.iter().copied().map(Sql)));
        diesel::delete(tokens).execute(self.connection()).map(drop).classified()
    }

    fn purge_one_time_tokens(&mut self, before: Instant) -> Result<usize> {
        let old = one_time_tokens::table.filter(one_time_tokens::expires_at.lt(Sql(before)));
        diesel::delete(old).execute(self.connection()).classified()
    }
}
