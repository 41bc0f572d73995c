//! What tasks are sorted and searched by: columns that are computed from their texts and never read back. Rows have the
//! version of the rules that they were computed by, so that a newer version of the program can rewrite them.

use circadia_domain::collation::KEYS_VERSION;
use circadia_domain::error::StoreError;
use circadia_domain::ids::{TaskId, UserId};
use circadia_domain::tasks::{TaskDescription, TaskKeys, TaskTitle};
use circadia_domain::unit_of_work::TransactionEnd;
use diesel::prelude::*;

use crate::database::SqlDatabase;
use crate::dialect::{self, Purpose};
use crate::schema::tasks;
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

/// Rows that are rewritten in one transaction.
const ROWS_PER_TRANSACTION: i64 = 500;

/// The columns.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = tasks)]
pub(crate) struct KeyColumns {
    title_key: String,
    search_key: String,
    keys_version: i32,
}

impl KeyColumns {
    pub(crate) fn of(title: &TaskTitle, description: Option<&TaskDescription>) -> Self {
        let keys = TaskKeys::of(title, description);
        Self { title_key: keys.title, search_key: keys.search, keys_version: KEYS_VERSION }
    }
}

/// Rewrites the keys that an older version computed: how many. Each transaction is one user's and raises the user's
/// revision, as every write does, so that no other writer comes in between. The tasks keep their own revisions, since
/// nothing changes that is shown.
pub(crate) fn renew(database: &SqlDatabase) -> Result<usize> {
    let mut renewed = 0;
    while let Some(user) = with_old_keys(database)? {
        let mut outcome = Ok(0);
        let ran = database.run(
            Purpose::Writing,
            |connection| dialect::raise_revision(connection, user),
            |transaction, _| {
                outcome = transaction.renew_task_keys(user);
                if outcome.is_ok() { TransactionEnd::Commit } else { TransactionEnd::Rollback }
            },
        );
        match ran {
            // Erased meanwhile, with all tasks.
            Err(StoreError::NoSuchUser) => {}
            ran => renewed += ran.and(outcome)?,
        }
    }
    Ok(renewed)
}

/// One of the users who have such tasks.
fn with_old_keys(database: &SqlDatabase) -> Result<Option<UserId>> {
    let mut found = Ok(None);
    database.run(
        Purpose::Reading,
        |_| Ok(()),
        |transaction, ()| {
            found = tasks::table
                .filter(tasks::keys_version.lt(KEYS_VERSION))
                .select(tasks::user_id)
                .first(transaction.connection())
                .optional()
                .classified();
            TransactionEnd::Commit
        },
    )?;
    found.map(|user| user.map(Sql::into_inner))
}

impl Transaction {
    /// Rewrites the old keys of some of a user's tasks: how many.
    fn renew_task_keys(&mut self, user: UserId) -> Result<usize> {
        type Texts = (Sql<TaskId>, Sql<TaskTitle>, Option<Sql<TaskDescription>>);
        let old: Vec<Texts> = tasks::table
            .filter(tasks::user_id.eq(Sql(user)))
            .filter(tasks::keys_version.lt(KEYS_VERSION))
            .select((tasks::id, tasks::title, tasks::description))
            .limit(ROWS_PER_TRANSACTION)
            .load(self.connection())
            .classified()?;
        for (id, Sql(title), description) in &old {
            let description = description.as_ref().map(|Sql(description)| description);
            diesel::update(tasks::table.find((Sql(user), *id)))
                .set(KeyColumns::of(title, description))
                .execute(self.connection())
                .classified()?;
        }
        Ok(old.len())
    }
}
