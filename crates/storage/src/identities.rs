//! Who users are elsewhere.

use circadia_domain::civil::Instant;
use circadia_domain::identities::{Identity, IdentityRepository, Provider, Subject};
use circadia_domain::ids::UserId;
use circadia_domain::users::Email;
use diesel::prelude::*;

use crate::schema::identities;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable)]
#[diesel(table_name = identities)]
struct Row {
    user_id: UserId,
    provider: Provider,
    subject: Subject,
    email: Email,
    linked_at: Instant,
}

impl From<Row> for Identity {
    fn from(row: Row) -> Self {
        Self {
            user: row.user_id,
            provider: row.provider,
            subject: row.subject,
            email: row.email,
            linked_at: row.linked_at,
        }
    }
}

impl IdentityRepository for Transaction {
    fn insert_identity(&mut self, identity: &Identity) -> Result<()> {
        diesel::insert_into(identities::table)
            .values((
                identities::user_id.eq(Sql(identity.user)),
                identities::provider.eq(Sql(identity.provider)),
                identities::subject.eq(Sql(&identity.subject)),
                identities::email.eq(Sql(&identity.email)),
                identities::linked_at.eq(Sql(identity.linked_at)),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn find_identity(&mut self, provider: Provider, subject: &Subject) -> Result<Option<Identity>> {
        let found: Option<Row> = identities::table
            .filter(identities::provider.eq(Sql(provider)))
            .filter(identities::subject.eq(Sql(subject)))
            .select(Row::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        Ok(found.map(Identity::from))
    }

    fn identity_of(&mut self, user: UserId, provider: Provider) -> Result<Option<Identity>> {
        let found: Option<Row> = identities::table
            .find((Sql(user), Sql(provider)))
            .select(Row::as_select())
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
