//! Users' identities with providers, for signing in with them.

use circadia_domain::civil::Instant;
use circadia_domain::identities::{Identity, IdentityRepository, Provider, Subject};
use circadia_domain::ids::UserId;
use circadia_domain::users::Email;
use diesel::prelude::*;

use crate::row::{Stored as _, execute, first_row, row};
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
        execute!(self, diesel::insert_into(identities::table).values(IdentityRow::from_domain(identity)?))
    }

    fn find_identity(&mut self, provider: Provider, subject: &Subject) -> Result<Option<Identity>> {
        first_row!(
            self,
            identities::table
                .filter(identities::provider.eq(Sql(provider)))
                .filter(identities::subject.eq(Sql(subject.clone()))),
            IdentityRow
        )
    }

    fn identity_of(&mut self, user: UserId, provider: Provider) -> Result<Option<Identity>> {
        first_row!(self, identities::table.find((Sql(user), Sql(provider))), IdentityRow)
    }

    fn delete_identity(&mut self, user: UserId, provider: Provider) -> Result<bool> {
        let deleted = diesel::delete(identities::table.find((Sql(user), Sql(provider))))
            .execute(self.connection())
            .classified()?;
        Ok(deleted > 0)
    }
}
