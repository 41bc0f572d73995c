//! What imports from other apps need of a store.

use uuid::Uuid;

use super::{Import, ImportId, ItemId, ItemKind};
use crate::civil::Date;
use crate::error::StoreError;
use crate::ids::UserId;
use crate::revision::Revision;

/// Something that an import made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MadeItem {
    /// Its place in the order in which things were made, from 0.
    pub position: i64,
    /// What it is.
    pub kind: ItemKind,
    /// Its id; of an entry that of its habit, of a day's mood the nil UUID.
    pub item: ItemId,
    /// The date of an entry, or of a day's mood.
    pub date: Option<Date>,
    /// The revision it was made in.
    pub rev: Revision,
}

/// Imports in a store, and what they made.
pub trait ImportsRepository {
    /// A user's imports, newest first.
    fn imports(&mut self, user: UserId) -> Result<Vec<Import>, StoreError>;

    /// One import.
    fn find_import(&mut self, user: UserId, id: ImportId) -> Result<Option<Import>, StoreError>;

    /// Stores a new import.
    fn insert_import(&mut self, user: UserId, import: &Import) -> Result<(), StoreError>;

    /// Stores everything of an import but what was said when it was made.
    fn update_import(&mut self, user: UserId, import: &Import) -> Result<(), StoreError>;

    /// Forgets imports, and what they made, which stays.
    fn forget_imports(&mut self, user: UserId, ids: &[ImportId]) -> Result<(), StoreError>;

    /// Notes what an import made, in a bounded number of statements.
    fn insert_made_items(&mut self, user: UserId, id: ImportId, items: &[MadeItem]) -> Result<(), StoreError>;

    /// What an import made last, the latest first, at most `limit` of it.
    fn last_made_items(&mut self, user: UserId, id: ImportId, limit: usize) -> Result<Vec<MadeItem>, StoreError>;

    /// Forgets that an import made what has this position or a later one.
    fn forget_made_items(&mut self, user: UserId, id: ImportId, from: i64) -> Result<(), StoreError>;

    /// The revisions of those of these items that there are, in a bounded number of statements. Not for entries and days'
    /// moods, which have no ids.
    fn item_revisions(
        &mut self,
        user: UserId,
        kind: ItemKind,
        ids: &[Uuid],
    ) -> Result<Vec<(Uuid, Revision)>, StoreError>;
}
