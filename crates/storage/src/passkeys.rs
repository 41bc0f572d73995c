//! Passkeys.

use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::passkeys::{Passkey, PasskeyId, PasskeyName, PasskeyRepository, Transports};
use diesel::prelude::*;

use crate::row::{Stored as _, execute, first_row, load_rows, row};
use crate::schema::passkeys;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = passkeys, primary_key(user_id, id))]
    struct PasskeyRow of Passkey {
        #[diesel(column_name = user_id, skip_update)]
        user: Sql<UserId>,
        #[diesel(skip_update)]
        id: Sql<PasskeyId>,
        name: Sql<PasskeyName>,
        #[diesel(skip_update)]
        credential_id: Vec<u8>,
        #[diesel(skip_update)]
        public_key: Vec<u8>,
        sign_count: i64,
        #[diesel(skip_update)]
        backup_eligible: bool,
        backed_up: bool,
        #[diesel(skip_update)]
        transports: Sql<Transports>,
        #[diesel(skip_update)]
        created_at: Sql<Instant>,
        last_used_at: Option<Sql<Instant>>,
        rev: i64,
    }
}

impl PasskeyRepository for Transaction {
    fn insert_passkey(&mut self, passkey: &Passkey) -> Result<()> {
        execute!(self, diesel::insert_into(passkeys::table).values(PasskeyRow::from_domain(passkey)?))
    }

    fn passkeys(&mut self, user: UserId) -> Result<Vec<Passkey>> {
        load_rows!(
            self,
            passkeys::table.filter(passkeys::user_id.eq(Sql(user))).order((passkeys::created_at, passkeys::id)),
            PasskeyRow
        )
    }

    fn find_passkey(&mut self, user: UserId, id: PasskeyId) -> Result<Option<Passkey>> {
        first_row!(self, passkeys::table.find((Sql(user), Sql(id))), PasskeyRow)
    }

    fn find_passkey_of_credential(&mut self, user: UserId, credential_id: &[u8]) -> Result<Option<Passkey>> {
        first_row!(
            self,
            passkeys::table.filter(passkeys::credential_id.eq(credential_id)).filter(passkeys::user_id.eq(Sql(user))),
            PasskeyRow
        )
    }

    fn update_passkey(&mut self, passkey: &Passkey) -> Result<()> {
        let stored = passkeys::table.find((Sql(passkey.user), Sql(passkey.id)));
        execute!(self, diesel::update(stored).set(PasskeyRow::from_domain(passkey)?))
    }

    fn delete_passkey(&mut self, user: UserId, id: PasskeyId) -> Result<bool> {
        let removed =
            diesel::delete(passkeys::table.find((Sql(user), Sql(id)))).execute(self.connection()).classified()?;
        Ok(removed > 0)
    }

    fn delete_passkeys(&mut self, user: UserId) -> Result<usize> {
        diesel::delete(passkeys::table.filter(passkeys::user_id.eq(Sql(user)))).execute(self.connection()).classified()
    }
}
