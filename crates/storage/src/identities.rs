//! Users' identities with providers, for signing in with them.

use circadia_domain::civil::Instant;
use circadia_domain::identities::{Identity, IdentityRepository, Provider, Subject};
use circadia_domain::ids::UserId;
use circadia_domain::users::Email;
use diesel::prelude::*;

use crate::row::{Stored as _, row};
use crate::schema::identities;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = identities, primary_key(user_id, provider))]
    struct IdentityRow of Identity {
        #[diesel(column_name = user_id)]
        user: Sql<UserId>,
        provider: Sql<Provider>,
        subject: Sql<Subject>,
        email: Sql<Email>,
        linked_at: Sql<Instant>,
    }
}

impl IdentityRepository for Transaction {
    fn insert_identity(&mut self, identity: &Identity) -> Result<()> {
        diesel::insert_into(identities::table)
            .values(IdentityRow::from_domain(identity)?)
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
        found.map(IdentityRow::into_domain).transpose()
    }

    fn identity_of(&mut self, user: UserId, provider: Provider) -> Result<Option<Identity>> {
        let found: Option<IdentityRow> = identities::table
            .find((Sql(user), Sql(provider)))
            .select(IdentityRow::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(IdentityRow::into_domain).transpose()
    }

    fn delete_identity(&mut self, user: UserId, provider: Provider) -> Result<bool> {
        let deleted = diesel::delete(identities::table.find((Sql(user), Sql(provider))))
            .execute(self.connection())
            .classified()?;
        Ok(deleted > 0)
    }
}
