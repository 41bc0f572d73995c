//! Pauses of all habits.

use circadia_domain::civil::{Date, Instant};
use circadia_domain::ids::{SharedPauseId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::shared_pauses::{
    ExceptHabits, SharedPause, SharedPauseNote, SharedPauseRepository, SharedPauseSource,
};
use diesel::prelude::*;

use crate::convert::corrupt;
use crate::row::{Stored, delete_row, execute, first_row, load_rows, row};
use crate::schema::shared_pauses;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = shared_pauses, primary_key(user_id, id))]
    pub(crate) struct SharedPauseRow of SharedPause {
        id: Sql<SharedPauseId>,
        #[diesel(column_name = from_date)]
        from: Sql<Date>,
        #[diesel(column_name = to_date)]
        to: Option<Sql<Date>>,
        note: Option<Sql<SharedPauseNote>>,
        except_habits: String,
        source: Sql<SharedPauseSource>,
        #[diesel(skip_update)]
        created_at: Sql<Instant>,
        updated_at: Sql<Instant>,
        rev: i64,
        #[diesel(skip_update)]
        request_digest: Vec<u8>,
    }
}

impl Stored<ExceptHabits> for String {
    fn from_domain(habits: &ExceptHabits) -> Result<Self> {
        Ok(habits.to_json())
    }
    fn into_domain(self) -> Result<ExceptHabits> {
        ExceptHabits::from_json(&self).ok_or_else(|| corrupt("the habits that are left out are no list of ids"))
    }
}

impl SharedPauseRepository for Transaction {
    fn shared_pauses(&mut self, user: UserId) -> Result<Vec<SharedPause>> {
        load_rows!(
            self,
            shared_pauses::table
                .filter(shared_pauses::user_id.eq(Sql(user)))
                .order((shared_pauses::from_date, shared_pauses::id)),
            SharedPauseRow
        )
    }

    fn find_shared_pause(&mut self, user: UserId, id: SharedPauseId) -> Result<Option<SharedPause>> {
        first_row!(self, shared_pauses::table.find((Sql(user), Sql(id))), SharedPauseRow)
    }

    fn insert_shared_pause(&mut self, user: UserId, pause: &SharedPause) -> Result<()> {
        execute!(
            self,
            diesel::insert_into(shared_pauses::table)
                .values((shared_pauses::user_id.eq(Sql(user)), SharedPauseRow::from_domain(pause)?))
        )
    }

    fn update_shared_pause(&mut self, user: UserId, pause: &SharedPause) -> Result<()> {
        execute!(
            self,
            diesel::update(shared_pauses::table.find((Sql(user), Sql(pause.id))))
                .set(SharedPauseRow::from_domain(pause)?)
        )
    }

    fn delete_shared_pause(&mut self, user: UserId, id: SharedPauseId, rev: Revision, now: Instant) -> Result<bool> {
        delete_row!(self, shared_pauses, user, id, rev, now)
    }
}
