//! Accounts, as administrators see and change them.

use circadia_domain::accounts::{
    Account, AccountCursor, AccountDetails, AccountFilter, AccountRepository, AccountSeek, AccountSort, AccountState,
};
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::identities::ProviderName;
use circadia_domain::ids::UserId;
use circadia_domain::revision::Revision;
use circadia_domain::users::{Email, Role, Username};
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::connection::MultiBackend;
use crate::convert::sql_limit;
use crate::dialect;
use crate::row::execute;
use crate::schema::{identities, passkeys, personal_tokens, sessions, totp_factors, users};
use crate::sql_types::Sql;
use crate::text_search::containing;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct AccountRow {
    id: Sql<UserId>,
    username: Sql<Username>,
    email: Sql<Email>,
    email_verified_at: Option<Sql<Instant>>,
    role: Sql<Role>,
    active: bool,
    created_at: Sql<Instant>,
    updated_at: Sql<Instant>,
    last_login_at: Option<Sql<Instant>>,
    rev: i64,
}

impl AccountRow {
    fn into_account(self) -> Account {
        Account {
            id: self.id.0,
            username: self.username.0,
            email: self.email.0,
            email_verified_at: self.email_verified_at.map(Sql::into_inner),
            role: self.role.0,
            active: self.active,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            last_login_at: self.last_login_at.map(Sql::into_inner),
            rev: Revision(self.rev),
        }
    }
}

type Query<'a> = users::BoxedQuery<'a, MultiBackend>;

/// The accounts that meet a filter. Searching for a part of a text looks at each; so does a filter by what has no index.
fn filtered(filter: &AccountFilter) -> Query<'static> {
    let mut query = users::table.into_boxed();
    if let Some(roles) = &filter.roles {
        query = query.filter(users::role.eq_any(roles.iter().copied().map(Sql).collect::<Vec<_>>()));
    }
    if let Some(only) = filter.only {
        query = query.filter(users::id.eq(Sql(only)));
    }
    if let Some(except) = filter.except {
        query = query.filter(users::id.ne(Sql(except)));
    }
    if let Some(active) = filter.active {
        query = query.filter(users::active.eq(active));
    }
    match filter.verified {
        Some(true) => query = query.filter(users::email_verified_at.is_not_null()),
        Some(false) => query = query.filter(users::email_verified_at.is_null()),
        None => {}
    }
    if let Some(text) = &filter.text {
        let pattern = containing(text);
        let named = users::username_key.like(pattern.clone()).escape('!');
        // As the text that it is in each database.
        query = query.filter(named.or(sql::<Text>("users.email").like(pattern).escape('!')));
    }
    query
}

/// Orders a query by a column that no two rows have the same of, and starts it after a cursor.
macro_rules! ordered {
    ($query:expr, $column:expr, $ascending:expr, $beyond:expr) => {{
        let query = match ($ascending, $beyond) {
            (_, None) => $query,
            (true, Some(value)) => $query.filter($column.gt(value)),
            (false, Some(value)) => $query.filter($column.lt(value)),
        };
        if $ascending { query.order_by($column.asc()) } else { query.order_by($column.desc()) }
    }};
}

/// Orders a query by registration, and starts it after a cursor.
fn by_registration(query: Query<'static>, ascending: bool, beyond: Option<(Instant, UserId)>) -> Query<'static> {
    let query = match (ascending, beyond) {
        (_, None) => query,
        (true, Some((at, id))) => {
            query.filter(users::created_at.gt(Sql(at)).or(users::created_at.eq(Sql(at)).and(users::id.gt(Sql(id)))))
        }
        (false, Some((at, id))) => {
            query.filter(users::created_at.lt(Sql(at)).or(users::created_at.eq(Sql(at)).and(users::id.lt(Sql(id)))))
        }
    };
    if ascending {
        query.order_by((users::created_at.asc(), users::id.asc()))
    } else {
        query.order_by((users::created_at.desc(), users::id.desc()))
    }
}

fn sought(filter: &AccountFilter, seek: &AccountSeek) -> Query<'static> {
    let (query, ascending) = (filtered(filter), seek.is_ascending());
    match (seek.by, seek.beyond.clone()) {
        (AccountSort::CreatedAt, Some(AccountCursor::CreatedAt(at, id))) => {
            by_registration(query, ascending, Some((at, id)))
        }
        (AccountSort::CreatedAt, _) => by_registration(query, ascending, None),
        (AccountSort::Username, Some(AccountCursor::Username(key))) => {
            ordered!(query, users::username_key, ascending, Some(key))
        }
        (AccountSort::Username, _) => ordered!(query, users::username_key, ascending, None::<String>),
        (AccountSort::Email, Some(AccountCursor::Email(email))) => {
            ordered!(query, users::email, ascending, Some(Sql(email)))
        }
        (AccountSort::Email, _) => ordered!(query, users::email, ascending, None::<Sql<Email>>),
    }
}

/// The numbers of a user's passkeys, live sessions and good tokens.
type Counts = (Option<i64>, Option<i64>, Option<i64>);

impl AccountRepository for Transaction {
    fn accounts(&mut self, filter: &AccountFilter, seek: &AccountSeek) -> Result<Vec<Account>> {
        let rows: Vec<AccountRow> = sought(filter, seek)
            .offset(sql_limit(seek.skip))
            .limit(sql_limit(seek.limit))
            .select(AccountRow::as_select())
            .load(self.connection())
            .classified()?;
        Ok(rows.into_iter().map(AccountRow::into_account).collect())
    }

    fn account_total(&mut self, filter: &AccountFilter) -> Result<i64> {
        filtered(filter).count().get_result(self.connection()).classified()
    }

    fn find_account(&mut self, id: UserId, now: Instant) -> Result<Option<AccountDetails>> {
        let has_second_factor = exists(
            totp_factors::table
                .filter(totp_factors::user_id.eq(users::id))
                .filter(totp_factors::confirmed_at.is_not_null()),
        );
        let counts = (
            passkeys::table.filter(passkeys::user_id.eq(users::id)).count().single_value(),
            sessions::table
                .filter(sessions::user_id.eq(users::id))
                .filter(sessions::revoked_at.is_null())
                .filter(sessions::expires_at.gt(Sql(now)))
                .count()
                .single_value(),
            personal_tokens::table
                .filter(personal_tokens::user_id.eq(users::id))
                .filter(personal_tokens::expires_at.gt(Sql(now)))
                .count()
                .single_value(),
        );
        type Found = (AccountRow, bool, bool, Counts);
        let found: Option<Found> = users::table
            .find(Sql(id))
            .select((AccountRow::as_select(), users::password_hash.is_not_null(), has_second_factor, counts))
            .first(self.connection())
            .optional()
            .classified()?;
        let Some((row, has_password, second_factor, counts)) = found else { return Ok(None) };
        let providers: Vec<Sql<ProviderName>> = identities::table
            .filter(identities::user_id.eq(Sql(id)))
            .order(identities::provider)
            .select(identities::provider)
            .load(self.connection())
            .classified()?;
        let (passkeys, sessions, tokens) = counts;
        Ok(Some(AccountDetails {
            account: row.into_account(),
            has_password,
            second_factor,
            passkeys: passkeys.unwrap_or(0),
            providers: providers.into_iter().map(Sql::into_inner).collect(),
            sessions: sessions.unwrap_or(0),
            tokens: tokens.unwrap_or(0),
        }))
    }

    fn update_account(&mut self, id: UserId, state: &AccountState, rev: Revision, now: Instant) -> Result<()> {
        execute!(
            self,
            diesel::update(users::table.find(Sql(id))).set((
                users::username.eq(Sql(state.username.clone())),
                users::username_key.eq(state.username.key()),
                users::email.eq(Sql(state.email.clone())),
                users::email_verified_at.eq(state.email_verified_at.map(Sql)),
                users::role.eq(Sql(state.role)),
                users::active.eq(state.active),
                users::updated_at.eq(Sql(now)),
                users::rev.eq(rev.0),
            ))
        )
    }

    fn email_verifications(&mut self, ids: &[UserId]) -> Result<Vec<(UserId, bool)>> {
        let rows: Vec<(Sql<UserId>, bool)> = users::table
            .filter(users::id.eq_any(ids.iter().copied().map(Sql).collect::<Vec<_>>()))
            .select((users::id, users::email_verified_at.is_not_null()))
            .load(self.connection())
            .classified()?;
        Ok(rows.into_iter().map(|(Sql(id), verified)| (id, verified)).collect())
    }

    fn raise_revision(&mut self, id: UserId) -> Result<Revision> {
        match dialect::raise_revision(self.connection(), id) {
            Err(diesel::NotFound) => Err(StoreError::NoSuchUser),
            raised => raised.classified().map(Revision),
        }
    }

    fn verify_email(&mut self, id: UserId, rev: Revision, now: Instant) -> Result<bool> {
        let unverified = users::table.find(Sql(id)).filter(users::email_verified_at.is_null());
        let changed = diesel::update(unverified)
            .set((users::email_verified_at.eq(Some(Sql(now))), users::updated_at.eq(Sql(now)), users::rev.eq(rev.0)))
            .execute(self.connection())
            .classified()?;
        Ok(changed > 0)
    }
}
