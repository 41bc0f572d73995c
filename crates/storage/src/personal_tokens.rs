//! Personal access tokens.

use circadia_domain::civil::Instant;
use circadia_domain::ids::{PersonalTokenId, SessionId, UserId};
use circadia_domain::personal_tokens::{PersonalToken, PersonalTokenRepository, PersonalTokenState, Scopes, TokenName};
use circadia_domain::revision::Revision;
use circadia_domain::sessions::Stopped;
use circadia_domain::users::Role;
use diesel::prelude::*;

use crate::convert::digest;
use crate::schema::{personal_tokens, users};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable)]
#[diesel(table_name = personal_tokens)]
struct Row {
    user_id: UserId,
    id: PersonalTokenId,
    name: TokenName,
    scopes: Scopes,
    secret_hash: Vec<u8>,
    created_at: Instant,
    expires_at: Instant,
    last_used_at: Option<Instant>,
    rev: i64,
}

impl Row {
    fn read(self) -> Result<PersonalToken> {
        Ok(PersonalToken {
            id: self.id,
            user: self.user_id,
            name: self.name,
            scopes: self.scopes,
            secret_hash: digest(&self.secret_hash)?,
            created_at: self.created_at,
            expires_at: self.expires_at,
            last_used_at: self.last_used_at,
            rev: Revision(self.rev),
        })
    }
}

impl PersonalTokenRepository for Transaction {
    fn insert_personal_token(&mut self, token: &PersonalToken) -> Result<()> {
        diesel::insert_into(personal_tokens::table)
            .values((
                personal_tokens::user_id.eq(Sql(token.user)),
                personal_tokens::id.eq(Sql(token.id)),
                personal_tokens::name.eq(Sql(&token.name)),
                personal_tokens::scopes.eq(Sql(token.scopes)),
                personal_tokens::secret_hash.eq(token.secret_hash.as_slice()),
                personal_tokens::created_at.eq(Sql(token.created_at)),
                personal_tokens::expires_at.eq(Sql(token.expires_at)),
                personal_tokens::last_used_at.eq(token.last_used_at.map(Sql)),
                personal_tokens::rev.eq(token.rev.0),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn personal_tokens(&mut self, user: UserId) -> Result<Vec<PersonalToken>> {
        let rows: Vec<Row> = personal_tokens::table
            .filter(personal_tokens::user_id.eq(Sql(user)))
            .order((personal_tokens::created_at, personal_tokens::id))
            .select(Row::as_select())
            .load(self.connection())
            .classified()?;
        rows.into_iter().map(Row::read).collect()
    }

    fn find_personal_token(&mut self, user: UserId, id: PersonalTokenId) -> Result<Option<PersonalTokenState>> {
        let found: Option<(Row, Role, bool)> = personal_tokens::table
            .find((Sql(user), Sql(id)))
            .inner_join(users::table.on(users::id.eq(personal_tokens::user_id)))
            .select((Row::as_select(), users::role, users::active))
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(|(row, role, active)| Ok(PersonalTokenState { token: row.read()?, role, active })).transpose()
    }

    fn delete_personal_token(&mut self, user: UserId, id: PersonalTokenId, now: Instant) -> Result<bool> {
        let removed = diesel::delete(personal_tokens::table.find((Sql(user), Sql(id))))
            .execute(self.connection())
            .classified()?;
        if removed == 0 {
            return Ok(false);
        }
        // Replicas follow one feed; ids are unique whatever they are of.
        self.publish(user, Stopped::Session(SessionId::from_uuid(id.as_uuid())), now)?;
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
        diesel::update(due)
            .set(personal_tokens::last_used_at.eq(Some(Sql(now))))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn purge_personal_tokens(&mut self, before: Instant) -> Result<usize> {
        diesel::delete(personal_tokens::table.filter(personal_tokens::expires_at.lt(Sql(before))))
            .execute(self.connection())
            .classified()
    }
}
