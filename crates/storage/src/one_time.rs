//! Tokens that are good once.

use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::one_time::{OneTimePurpose, OneTimeRepository, StoredOneTimeToken};
use circadia_domain::users::Email;
use diesel::prelude::*;

use crate::convert::digest;
use crate::dialect::{Bind, Upsert};
use crate::schema::one_time_tokens;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable)]
#[diesel(table_name = one_time_tokens)]
struct Row {
    user_id: UserId,
    purpose: OneTimePurpose,
    token_hash: Vec<u8>,
    email: Email,
    created_at: Instant,
    expires_at: Instant,
}

impl Row {
    fn read(self) -> Result<StoredOneTimeToken> {
        Ok(StoredOneTimeToken {
            user: self.user_id,
            purpose: self.purpose,
            token_hash: digest(&self.token_hash)?,
            email: self.email,
            created_at: self.created_at,
            expires_at: self.expires_at,
        })
    }
}

impl OneTimeRepository for Transaction {
    fn put_one_time_token(&mut self, token: &StoredOneTimeToken) -> Result<()> {
        let upsert = Upsert {
            table: "one_time_tokens",
            columns: ["user_id", "purpose", "token_hash", "email", "created_at", "expires_at"],
            key: &["user_id", "purpose"],
            replaced: &["token_hash", "email", "created_at", "expires_at"],
            rows: vec![[
                Bind::User(token.user),
                Bind::Text(token.purpose.as_str()),
                Bind::Bytes(&token.token_hash),
                Bind::Text(token.email.as_str()),
                Bind::Instant(token.created_at),
                Bind::Instant(token.expires_at),
            ]],
        };
        upsert.run(self.connection()).of_a_user()
    }

    fn find_one_time_token(&mut self, user: UserId, purpose: OneTimePurpose) -> Result<Option<StoredOneTimeToken>> {
        let found: Option<Row> = one_time_tokens::table
            .find((Sql(user), Sql(purpose)))
            .select(Row::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(Row::read).transpose()
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
