//! Imports from other apps: what was read from their files ([`Item`]) is merged into an account, in parts, each in a
//! transaction; and taken back.
//!
//! Not here: how the files are read (the crate `circadia-imports`), and the import of our own export
//! ([`crate::import`]).
//!
//! Items have ids that derive from the user, the app and what the app calls them, so that the same file again makes
//! nothing anew. What the account has already stays as it is. What an import made is listed, with its revision: what has
//! another revision by now was changed, and isn't taken back.

mod item;
mod merge;
mod part;
mod report;
mod repository;
mod undo;

pub use item::{Event, Item, ItemKind, Line};
pub use merge::{Merged, NamedThemes, merge, write};
pub use part::{Next, fail, run_part};
pub use report::{Fate, ImportReport, LineOutcome, MAX_LINES, MAX_NOTES, Tally};
pub use repository::{ImportsRepository, MadeItem};
pub use undo::{MAX_UNDONE_AT_ONCE, undo_part};

use serde::Serialize;

use crate::civil::Instant;
use crate::code::Code;
use crate::entity::Entity;
use crate::ids::Id;

/// An import from another app.
#[derive(Debug)]
pub enum ImportEntity {}
impl Entity for ImportEntity {
    const NAME: &'static str = "import";
    const NOT_FOUND: Code = Code::ImportNotFound;
}

/// The id of an import.
pub type ImportId = Id<ImportEntity>;

/// Anything that an import made.
#[derive(Debug)]
pub enum ImportedItem {}
impl Entity for ImportedItem {
    const NAME: &'static str = "imported_item";
    const LABEL: &'static str = "imported item";
}

/// The id of anything that an import made.
pub type ItemId = Id<ImportedItem>;

/// The most imports that are remembered per user: an older one that has ended makes room.
pub const MAX_IMPORTS: usize = 100;
/// The most imports of a user that wait or run.
pub const MAX_OPEN_IMPORTS: usize = 3;
/// The most events of a file that are handled in one transaction.
pub const PART: usize = 500;

/// The most characters of the reason why an import failed.
pub const MAX_FAILURE: usize = 500;

/// One mebibyte.
const MIB: u64 = 1024 * 1024;

words! {
    /// The app that a file is of.
    pub enum ImportFormat {
        /// Loop Habit Tracker: the export as CSV (the ZIP, or its `Habits.csv` or `Checkmarks.csv`), or the backup (`.db`).
        Loop = "loop",
        /// `HabitBull`: CSV.
        HabitBull = "habitbull",
        /// mhabit (Table Habit): JSON.
        Mhabit = "mhabit",
        /// Beaver Habits: JSON.
        BeaverHabits = "beaverhabits",
        /// Habitica: the user data, JSON.
        Habitica = "habitica",
        /// Daylio: CSV.
        Daylio = "daylio",
        /// Sleep as Android: CSV, or the ZIP that has it.
        SleepAsAndroid = "sleep_as_android",
        /// Plees Tracker: CSV.
        PleesTracker = "plees_tracker",
        /// Apple Health: `export.xml`, or the ZIP that has it.
        AppleHealth = "apple_health",
        /// `TickTick`: CSV.
        TickTick = "ticktick",
        /// Todoist: the CSV of a project, or a backup (ZIP).
        Todoist = "todoist",
        /// Tables with the columns of our own export as CSV: the ZIP, or one of its files.
        Csv = "csv",
    }
}

impl ImportFormat {
    /// The most bytes that a file may have, and what is in it once it is unpacked.
    pub const fn max_bytes(self) -> u64 {
        match self {
            Self::AppleHealth => 1_024 * MIB,
            _ => 64 * MIB,
        }
    }
}

/// The most bytes of a file that is only tried out.
pub const MAX_DRY_RUN_BYTES: u64 = 16 * MIB;

words! {
    /// How far an import is.
    pub enum ImportState {
        /// Its turn hasn't come.
        Waiting = "waiting",
        /// It is being done.
        Running = "running",
        /// It ended.
        Done = "done",
        /// It ended before its time: `failure` says why. What it made until then is there.
        Failed = "failed",
        /// What it made is being removed.
        Undoing = "undoing",
        /// What it made was removed, but for what had been changed since.
        Undone = "undone",
    }
}

impl ImportState {
    /// Whether something is still to be done.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Running | Self::Undoing)
    }
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ImportDetails))]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// The app that the file is of.
    pub format: ImportFormat,
    /// How far it is.
    pub state: ImportState,
    /// How many bytes the file has.
    pub bytes: u64,
    /// How many items of the file have been handled so far, those included that can't be read.
    pub handled: u64,
    /// How many things it made that haven't been taken back.
    pub made: u64,
    /// Why it failed, for people; null unless it did.
    pub failure: Option<String>,
    /// What became of the items.
    pub report: ImportReport,
    /// When the file was uploaded.
    pub created_at: Instant,
    /// When this last changed.
    pub updated_at: Instant,
}
