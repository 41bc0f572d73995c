//! What is in the file: a tar archive, compressed with Zstandard, then encrypted if there is a key.
//!
//! ```text
//! backup.json                      what it is: versions, migrations, tables with their columns
//! media/avatars/….jpg              images, as they are stored
//! tables/users/000001.ndjson       rows: a line each, a JSON array of the values of its columns
//! tables/users/000002.ndjson
//! …
//! manifest.json                    what each table holds, and the SHA-256 of every file before this one
//! ```
//!
//! Tables come in an order in which rows may be inserted. `docs/BACKUP.md` describes it for people.

mod reading;
mod writing;

use circadia_storage::transfer::{self, Fingerprint, Table};
use serde::{Deserialize, Serialize};

pub(super) use self::reading::{Visitor, read};
pub(super) use self::writing::{TableWriter, Writer};

/// The version of this format.
const FORMAT: u32 = 1;

const HEAD: &str = "backup.json";
const MANIFEST: &str = "manifest.json";
const TABLES: &str = "tables/";
const MEDIA: &str = "media/";

/// The largest file that is read: one row may be large.
const MAX_FILE: u64 = 64 << 20;
/// Images are much smaller.
pub(super) const MAX_IMAGE: u64 = 32 << 20;
/// A manifest names every file.
const MAX_MANIFEST: u64 = 1 << 30;

/// What a backup is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// Of this layout.
    pub(super) format: u32,
    /// Of the program that wrote it.
    pub(super) version: String,
    /// When it was begun, in RFC 3339.
    pub(super) created_at: String,
    /// What the database was.
    pub(super) database: String,
    /// The migrations that its tables had.
    pub(super) migrations: Vec<String>,
    /// Its tables, in an order in which rows may be inserted.
    pub(super) tables: Vec<Table>,
}

impl Head {
    pub(super) fn new(database: &str, created_at: String, migrations: Vec<String>) -> Self {
        Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            created_at,
            database: database.to_owned(),
            migrations,
            tables: transfer::tables(),
        }
    }
}

/// A file of the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Member {
    name: String,
    size: u64,
    sha256: String,
}

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    table: String,
    #[serde(flatten)]
    fingerprint: Fingerprint,
}

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Manifest {
    tables: Vec<Content>,
    /// Images that a row names and the store hadn't.
    pub(super) missing_images: Vec<String>,
    members: Vec<Member>,
}

impl Manifest {
    /// What the tables hold.
    pub(super) fn fingerprints(&self) -> Vec<(String, Fingerprint)> {
        self.tables.iter().map(|content| (content.table.clone(), content.fingerprint)).collect()
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> u64 {
        self.tables.iter().map(|content| content.fingerprint.rows).sum()
    }

    /// How many images there are.
    pub(super) fn images(&self) -> usize {
        self.members.iter().filter(|member| member.name.starts_with(MEDIA)).count()
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
