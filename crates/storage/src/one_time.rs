//! Tokens that are good once.

use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::UserId;
use circadia_domain::one_time::{OneTimePurpose, OneTimeRepository, StoredOneTimeToken};
use circadia_domain::users::Email;
use diesel::prelude::*;

use crate::convert::digest;
use crate::dialect::insert_rows;
use crate::schema::one_time_tokens;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = one_time_tokens, treat_none_as_default_value = false)]
struct OneTimeTokenRow {
    user_id: Sql<UserId>,
    purpose: Sql<OneTimePurpose>,
    token_hash: Vec<u8>,
    email: Sql<Email>,
    created_at: Sql<Instant>,
    expires_at: Sql<Instant>,
}

impl From<&StoredOneTimeToken> for OneTimeTokenRow {
    fn from(token: &StoredOneTimeToken) -> Self {
        Self {
            user_id: Sql(token.user),
            purpose: Sql(token.purpose),
            token_hash: token.token_hash.to_vec(),
            email: Sql(token.email.clone()),
            created_at: Sql(token.created_at),
            expires_at: Sql(token.expires_at),
        }
    }
}

impl TryFrom<OneTimeTokenRow> for StoredOneTimeToken {
    type Error = StoreError;

    fn try_from(row: OneTimeTokenRow) -> Result<Self> {
        Ok(Self {
            user: row.user_id.0,
            purpose: row.purpose.0,
            token_hash: digest(&row.token_hash)?,
            email: row.email.0,
            created_at: row.created_at.0,
            expires_at: row.expires_at.0,
        })
    }
}

impl OneTimeRepository for Transaction {
    fn put_one_time_token(&mut self, token: &StoredOneTimeToken) -> Result<()> {
        insert_rows!(
            self.connection(),
            one_time_tokens,
            [OneTimeTokenRow::from(token)],
            on (user_id, purpose) replace (token_hash, email, created_at, expires_at)
        )
        .of_a_user()
    }

    fn find_one_time_token(&mut self, user: UserId, purpose: OneTimePurpose) -> Result<Option<StoredOneTimeToken>> {
        let found: Option<OneTimeTokenRow> = one_time_tokens::table
            .find((Sql(user), Sql(purpose)))
            .select(OneTimeTokenRow::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(StoredOneTimeToken::try_from).transpose()
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
