//! Who users are elsewhere.

use circadia_domain::civil::Instant;
use circadia_domain::identities::{Identity, IdentityRepository, Provider, Subject};
use circadia_domain::ids::UserId;
use circadia_domain::users::Email;
use diesel::prelude::*;

use crate::schema::identities;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = identities, treat_none_as_default_value = false)]
struct IdentityRow {
    user_id: Sql<UserId>,
    provider: Sql<Provider>,
    subject: Sql<Subject>,
    email: Sql<Email>,
    linked_at: Sql<Instant>,
}

impl From<&Identity> for IdentityRow {
    fn from(identity: &Identity) -> Self {
        Self {
            user_id: Sql(identity.user),
            provider: Sql(identity.provider),
            subject: Sql(identity.subject.clone()),
            email: Sql(identity.email.clone()),
            linked_at: Sql(identity.linked_at),
        }
    }
}

impl From<IdentityRow> for Identity {
    fn from(row: IdentityRow) -> Self {
        Self {
            user: row.user_id.0,
            provider: row.provider.0,
            subject: row.subject.0,
            email: row.email.0,
            linked_at: row.linked_at.0,
        }
    }
}

impl IdentityRepository for Transaction {
    fn insert_identity(&mut self, identity: &Identity) -> Result<()> {
        diesel::insert_into(identities::table)
            .values(IdentityRow::from(identity))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn find_identity(&mut self, provider: Provider, subject: &Subject) -> Result<Option<Identity>> {
        let found: Option<IdentityRow> = identities::table
            .filter(identities::provider.eq(Sql(provider)))
            .filter(identities::subject.eq(Sql(subject.clone())))
            .select(IdentityRow::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        Ok(found.map(Identity::from))
    }

    fn identity_of(&mut self, user: UserId, provider: Provider) -> Result<Option<Identity>> {
        let found: Option<IdentityRow> = identities::table
            .find((Sql(user), Sql(provider)))
            .select(IdentityRow::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        Ok(found.map(Identity::from))
    }

    fn delete_identity(&mut self, user: UserId, provider: Provider) -> Result<bool> {
        let deleted = diesel::delete(identities::table.find((Sql(user), Sql(provider))))
            .execute(self.connection())
            .classified()?;
        Ok(deleted > 0)
    }
}
