//! Users' identities with issuers, for signing in with them.

use circadia_domain::civil::Instant;
use circadia_domain::identities::{Identity, IdentityRepository, Issuer, ProviderName, Subject};
use circadia_domain::ids::UserId;
use circadia_domain::users::Email;
use diesel::prelude::*;

use crate::row::{Stored as _, execute, first_row, load_rows, row};
use crate::schema::identities;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = identities, primary_key(user_id, issuer))]
    struct IdentityRow of Identity {
        #[diesel(column_name = user_id)]
        user: Sql<UserId>,
        issuer: Sql<Issuer>,
        subject: Sql<Subject>,
        provider: Sql<ProviderName>,
        email: Sql<Email>,
        linked_at: Sql<Instant>,
    }
}

impl IdentityRepository for Transaction {
    fn insert_identity(&mut self, identity: &Identity) -> Result<()> {
        execute!(self, diesel::insert_into(identities::table).values(IdentityRow::from_domain(identity)?))
    }

    fn find_identity(&mut self, issuer: &Issuer, subject: &Subject) -> Result<Option<Identity>> {
        first_row!(
            self,
            identities::table
                .filter(identities::issuer.eq(Sql(issuer.clone())))
                .filter(identities::subject.eq(Sql(subject.clone()))),
            IdentityRow
        )
    }

    fn identities_of(&mut self, user: UserId) -> Result<Vec<Identity>> {
        load_rows!(
            self,
            identities::table
                .filter(identities::user_id.eq(Sql(user)))
                .order((identities::linked_at, identities::issuer)),
            IdentityRow
        )
    }

    fn delete_identity(&mut self, user: UserId, issuer: &Issuer) -> Result<bool> {
        let deleted = diesel::delete(identities::table.find((Sql(user), Sql(issuer.clone()))))
            .execute(self.connection())
            .classified()?;
        Ok(deleted > 0)
    }
}
