//! Personal access tokens.

use circadia_domain::civil::Instant;
use circadia_domain::ids::{PersonalTokenId, SessionId, UserId};
use circadia_domain::personal_tokens::{PersonalToken, PersonalTokenRepository, PersonalTokenState, Scopes, TokenName};
use circadia_domain::sessions::RevocationTarget;
use circadia_domain::users::Role;
use diesel::prelude::*;

use crate::row::{Stored as _, execute, load_rows, row};
use crate::schema::{personal_tokens, users};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = personal_tokens, primary_key(user_id, id))]
    struct PersonalTokenRow of PersonalToken {
        #[diesel(column_name = user_id)]
        user: Sql<UserId>,
        id: Sql<PersonalTokenId>,
        name: Sql<TokenName>,
        scopes: Sql<Scopes>,
        secret_hash: Vec<u8>,
        created_at: Sql<Instant>,
        expires_at: Sql<Instant>,
        last_used_at: Option<Sql<Instant>>,
        rev: i64,
    }
}

impl PersonalTokenRepository for Transaction {
    fn insert_personal_token(&mut self, token: &PersonalToken) -> Result<()> {
        execute!(self, diesel::insert_into(personal_tokens::table).values(PersonalTokenRow::from_domain(token)?))
    }

    fn personal_tokens(&mut self, user: UserId) -> Result<Vec<PersonalToken>> {
        load_rows!(
            self,
            personal_tokens::table
                .filter(personal_tokens::user_id.eq(Sql(user)))
                .order((personal_tokens::created_at, personal_tokens::id)),
            PersonalTokenRow
        )
    }

    fn find_personal_token(&mut self, user: UserId, id: PersonalTokenId) -> Result<Option<PersonalTokenState>> {
        let found: Option<(PersonalTokenRow, Sql<Role>, bool)> = personal_tokens::table
            .find((Sql(user), Sql(id)))
            .inner_join(users::table.on(users::id.eq(personal_tokens::user_id)))
            .select((PersonalTokenRow::as_select(), users::role, users::active))
            .first(self.connection())
            .optional()
            .classified()?;
        found
            .map(|(row, Sql(role), active)| Ok(PersonalTokenState { token: row.into_domain()?, role, active }))
            .transpose()
    }

    fn delete_personal_token(&mut self, user: UserId, id: PersonalTokenId, now: Instant) -> Result<bool> {
        let removed = diesel::delete(personal_tokens::table.find((Sql(user), Sql(id))))
            .execute(self.connection())
            .classified()?;
        if removed == 0 {
            return Ok(false);
        }
        // In the feed of sessions, which replicas follow: ids are unique across entities.
        self.publish_revocation(user, RevocationTarget::Session(SessionId::from_uuid(id.as_uuid())), now)?;
        Ok(true)
    }

    fn delete_personal_tokens(&mut self, user: UserId) -> Result<()> {
        diesel::delete(personal_tokens::table.filter(personal_tokens::user_id.eq(Sql(user))))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn note_personal_token_use(
        &mut self,
        user: UserId,
        id: PersonalTokenId,
        now: Instant,
        unless_since: Instant,
    ) -> Result<()> {
        let due = personal_tokens::table
            .filter(personal_tokens::user_id.eq(Sql(user)))
            .filter(personal_tokens::id.eq(Sql(id)))
            .filter(
                personal_tokens::last_used_at.is_null().or(personal_tokens::last_used_at.le(Some(Sql(unless_since)))),
            );
        execute!(self, diesel::update(due).set(personal_tokens::last_used_at.eq(Some(Sql(now)))))
    }

    fn purge_personal_tokens(&mut self, before: Instant) -> Result<usize> {
        diesel::delete(personal_tokens::table.filter(personal_tokens::expires_at.lt(Sql(before))))
            .execute(self.connection())
            .classified()
    }
}
