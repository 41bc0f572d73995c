//! Imports from other apps, and what they made.

use circadia_domain::civil::{Date, Instant};
use circadia_domain::ids::UserId;
use circadia_domain::imports::{
    Import, ImportFormat, ImportId, ImportReport, ImportState, ImportsRepository, ItemId, ItemKind, MadeItem,
};
use circadia_domain::revision::Revision;
use diesel::prelude::*;
use uuid::Uuid;

use crate::convert::{corrupt, number, sql_limit};
use crate::dialect::insert_rows;
use crate::row::{Stored, execute, first_row, load_rows, row};
use crate::schema::{habits, import_items, imports, mood_moments, sleep_logs, tasks, themes, time_entries};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

/// Ids that one statement asks for: every database takes as many values.
const IDS_PER_STATEMENT: usize = 1_000;

row! {
    #[diesel(table_name = imports, primary_key(user_id, id))]
    struct ImportRow of Import {
        id: Sql<ImportId>,
        #[diesel(skip_update)]
        format: Sql<ImportFormat>,
        state: Sql<ImportState>,
        #[diesel(skip_update)]
        bytes: i64,
        handled: i64,
        made: i64,
        failure: Option<String>,
        report: String,
        #[diesel(skip_update)]
        created_at: Sql<Instant>,
        updated_at: Sql<Instant>,
    }
}

row! {
    #[diesel(table_name = import_items, primary_key(user_id, import_id, position))]
    struct MadeItemRow of MadeItem {
        position: i64,
        kind: Sql<ItemKind>,
        #[diesel(column_name = item_id)]
        item: Sql<ItemId>,
        date: Option<Sql<Date>>,
        #[diesel(column_name = made_rev)]
        rev: i64,
    }
}

impl Stored<u64> for i64 {
    fn from_domain(value: &u64) -> Result<Self> {
        number(*value)
    }
    fn into_domain(self) -> Result<u64> {
        number(self)
    }
}

impl Stored<ImportReport> for String {
    fn from_domain(report: &ImportReport) -> Result<Self> {
        serde_json::to_string(report).map_err(corrupt)
    }
    fn into_domain(self) -> Result<ImportReport> {
        serde_json::from_str(&self).map_err(corrupt)
    }
}

/// The ids and revisions of a table's rows with these ids.
macro_rules! revisions {
    ($transaction:ident, $table:ident, $user:ident, $ids:ident) => {{
        $table::table
            .filter($table::user_id.eq(Sql($user)))
            .filter($table::id.eq_any($ids.iter().map(|id| Sql(ItemId::from_uuid(*id)))))
            .select(($table::id, $table::rev))
            .load::<(Sql<ItemId>, i64)>($transaction.connection())
            .classified()?
    }};
}

impl ImportsRepository for Transaction {
    fn imports(&mut self, user: UserId) -> Result<Vec<Import>> {
        load_rows!(
            self,
            imports::table
                .filter(imports::user_id.eq(Sql(user)))
                .order((imports::created_at.desc(), imports::id.desc())),
            ImportRow
        )
    }

    fn find_import(&mut self, user: UserId, id: ImportId) -> Result<Option<Import>> {
        first_row!(self, imports::table.find((Sql(user), Sql(id))), ImportRow)
    }

    fn insert_import(&mut self, user: UserId, import: &Import) -> Result<()> {
        execute!(
            self,
            diesel::insert_into(imports::table)
                .values((imports::user_id.eq(Sql(user)), ImportRow::from_domain(import)?))
        )
    }

    fn update_import(&mut self, user: UserId, import: &Import) -> Result<()> {
        execute!(
            self,
            diesel::update(imports::table.find((Sql(user), Sql(import.id)))).set(ImportRow::from_domain(import)?)
        )
    }

    fn forget_imports(&mut self, user: UserId, ids: &[ImportId]) -> Result<()> {
        let ids = || ids.iter().copied().map(Sql);
        diesel::delete(
            import_items::table
                .filter(import_items::user_id.eq(Sql(user)))
                .filter(import_items::import_id.eq_any(ids())),
        )
        .execute(self.connection())
        .classified()?;
        execute!(
            self,
            diesel::delete(imports::table.filter(imports::user_id.eq(Sql(user))).filter(imports::id.eq_any(ids())))
        )
    }

    fn insert_made_items(&mut self, user: UserId, id: ImportId, items: &[MadeItem]) -> Result<()> {
        let key = || (import_items::user_id.eq(Sql(user)), import_items::import_id.eq(Sql(id)));
        let rows = items.iter().map(|item| Ok((key(), MadeItemRow::from_domain(item)?)));
        let rows = rows.collect::<Result<Vec<_>>>()?;
        insert_rows!(self.connection(), import_items, rows).classified()
    }

    fn last_made_items(&mut self, user: UserId, id: ImportId, limit: usize) -> Result<Vec<MadeItem>> {
        load_rows!(
            self,
            import_items::table
                .filter(import_items::user_id.eq(Sql(user)))
                .filter(import_items::import_id.eq(Sql(id)))
                .order(import_items::position.desc())
                .limit(sql_limit(limit)),
            MadeItemRow
        )
    }

    fn forget_made_items(&mut self, user: UserId, id: ImportId, from: i64) -> Result<()> {
        execute!(
            self,
            diesel::delete(
                import_items::table
                    .filter(import_items::user_id.eq(Sql(user)))
                    .filter(import_items::import_id.eq(Sql(id)))
                    .filter(import_items::position.ge(from))
            )
        )
    }

    fn item_revisions(&mut self, user: UserId, kind: ItemKind, ids: &[Uuid]) -> Result<Vec<(Uuid, Revision)>> {
        let mut found = Vec::new();
        for ids in ids.chunks(IDS_PER_STATEMENT) {
            let rows = match kind {
                ItemKind::Theme => revisions!(self, themes, user, ids),
                ItemKind::Habit => revisions!(self, habits, user, ids),
                ItemKind::Task => revisions!(self, tasks, user, ids),
                ItemKind::TimeEntry => revisions!(self, time_entries, user, ids),
                ItemKind::SleepLog => revisions!(self, sleep_logs, user, ids),
                ItemKind::MoodMoment => revisions!(self, mood_moments, user, ids),
                ItemKind::Entry | ItemKind::Mood => Vec::new(),
            };
            found.extend(rows.into_iter().map(|(Sql(id), rev)| (id.as_uuid(), Revision(rev))));
        }
        Ok(found)
    }
}
