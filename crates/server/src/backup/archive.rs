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

use std::collections::BTreeSet;
use std::io::{self, Read, Write};

use circadia_domain::users::AvatarFile;
use circadia_storage::transfer::{self, Fingerprint, Row, Table};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::BackupError;
use super::seal::{self, BackupKey, Sealing};

/// The version of this format.
const FORMAT: u32 = 1;

const HEAD: &str = "backup.json";
const MANIFEST: &str = "manifest.json";
const TABLES: &str = "tables/";
const MEDIA: &str = "media/";

/// Bytes of rows in one file, about.
const BYTES_PER_FILE: usize = 1 << 20;
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

/// Whether this is the key of an image in the media store. Nothing else is written there.
fn is_image(key: &str) -> bool {
    key.strip_prefix("avatars/").is_some_and(|name| AvatarFile::parse(name).is_some())
}

/// Writes an archive.
pub(super) struct Writer<W: Write> {
    tar: tar::Builder<zstd::Encoder<'static, Sealing<W>>>,
    modified: u64,
    manifest: Manifest,
    images: BTreeSet<String>,
}

/// Rows of a table that aren't written yet.
#[derive(Debug)]
pub(super) struct TableWriter<'a> {
    table: &'a Table,
    fingerprint: Fingerprint,
    lines: Vec<u8>,
    files: u32,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(to: W, key: Option<&BackupKey>, head: &Head, modified: u64) -> Result<Self, BackupError> {
        let mut encoder = zstd::Encoder::new(Sealing::new(key, to)?, zstd::DEFAULT_COMPRESSION_LEVEL)
            .map_err(|error| BackupError::writing(&error))?;
        encoder.include_checksum(true).map_err(|error| BackupError::writing(&error))?;
        let manifest = Manifest::default();
        let mut writer = Self { tar: tar::Builder::new(encoder), modified, manifest, images: BTreeSet::new() };
        writer.append(HEAD, &to_json(head)?)?;
        Ok(writer)
    }

    fn append(&mut self, name: &str, content: &[u8]) -> Result<(), BackupError> {
        let mut header = tar::Header::new_gnu();
        let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(self.modified);
        self.tar.append_data(&mut header, name, content).map_err(|error| BackupError::writing(&error))?;
        let sha256 = hex(&Sha256::digest(content));
        self.manifest.members.push(Member { name: name.to_owned(), size, sha256 });
        Ok(())
    }

    /// Whether an image was added.
    pub(super) fn has_image(&self, key: &str) -> bool {
        self.images.contains(key)
    }

    pub(super) fn add_image(&mut self, key: &str, content: &[u8]) -> Result<(), BackupError> {
        self.append(&format!("{MEDIA}{key}"), content)?;
        self.images.insert(key.to_owned());
        Ok(())
    }

    pub(super) fn add_missing_image(&mut self, key: String) {
        self.manifest.missing_images.push(key);
    }

    pub(super) fn add_rows(&mut self, writer: &mut TableWriter<'_>, rows: &[Row]) -> Result<(), BackupError> {
        for row in rows {
            writer.fingerprint.add(row);
            writer.lines.extend(row.to_line().as_bytes());
            writer.lines.push(b'\n');
            if writer.lines.len() >= BYTES_PER_FILE {
                self.write_lines(writer)?;
            }
        }
        Ok(())
    }

    pub(super) fn end_table(&mut self, mut writer: TableWriter<'_>) -> Result<(), BackupError> {
        self.write_lines(&mut writer)?;
        let (table, fingerprint) = (writer.table.name.clone(), writer.fingerprint);
        self.manifest.tables.push(Content { table, fingerprint });
        Ok(())
    }

    fn write_lines(&mut self, writer: &mut TableWriter<'_>) -> Result<(), BackupError> {
        if writer.lines.is_empty() {
            return Ok(());
        }
        writer.files += 1;
        let name = format!("{TABLES}{}/{:06}.ndjson", writer.table.name, writer.files);
        self.append(&name, &writer.lines)?;
        writer.lines.clear();
        Ok(())
    }

    /// Writes the manifest and all that makes the file whole.
    pub(super) fn finish(mut self) -> Result<(W, Manifest), BackupError> {
        let manifest = self.manifest.clone();
        self.append(MANIFEST, &to_json(&manifest)?)?;
        let ended = self.tar.into_inner().and_then(zstd::Encoder::finish).and_then(Sealing::finish);
        ended.map(|inner| (inner, manifest)).map_err(|error| BackupError::writing(&error))
    }
}

impl<'a> TableWriter<'a> {
    pub(super) fn new(table: &'a Table) -> Self {
        Self { table, fingerprint: Fingerprint::default(), lines: Vec::new(), files: 0 }
    }

    pub(super) const fn rows(&self) -> u64 {
        self.fingerprint.rows
    }
}

fn to_json(content: &impl Serialize) -> Result<Vec<u8>, BackupError> {
    serde_json::to_vec_pretty(content).map_err(|error| BackupError::Unusable(error.to_string()))
}

/// What takes what is in an archive, in the order in which it is there.
pub(super) trait Visitor {
    fn head(&mut self, head: &Head) -> Result<(), BackupError>;
    fn image(&mut self, key: &str, content: Vec<u8>) -> Result<(), BackupError>;
    fn rows(&mut self, table: &Table, rows: &[Row]) -> Result<(), BackupError>;
}

/// Reads an archive to its end, passes on what is in it, and checks all of it: that it is whole, that no byte of its
/// content differs from what was written, and that the tables hold what they held.
///
/// Parts were passed on before the whole is known to be in order: who mustn't take what isn't, reads twice.
pub(super) fn read(
    file: impl Read,
    key: Option<&BackupKey>,
    visitor: &mut dyn Visitor,
) -> Result<(Head, Manifest), BackupError> {
    let opened = io::BufReader::new(seal::open(key, file)?);
    let decoder = zstd::Decoder::with_buffer(opened).map_err(|error| BackupError::reading(&error))?;
    let mut archive = tar::Archive::new(decoder.single_frame());
    let mut reader = Reader { head: None, found: Vec::new(), manifest: None, place: 0, fingerprints: Vec::new() };
    {
        let entries = archive.entries().map_err(|error| BackupError::reading(&error))?;
        for entry in entries {
            let mut entry = entry.map_err(|error| BackupError::reading(&error))?;
            let name = entry.path().map_err(|error| BackupError::reading(&error))?.to_string_lossy().into_owned();
            if !entry.header().entry_type().is_file() {
                return Err(BackupError::Damaged(format!("{name} isn't a file")));
            }
            let most = if name == MANIFEST { MAX_MANIFEST } else { MAX_FILE };
            let size = entry.size();
            if size > most {
                return Err(BackupError::Damaged(format!("{name} has {size} bytes")));
            }
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(|error| BackupError::reading(&error))?;
            reader.take(name, content, visitor)?;
        }
    }
    // What ends the layers around it is checked as it is read. There is nothing behind it.
    let mut decoder = archive.into_inner();
    let is_ended = only_zeros(&mut decoder).and_then(|ended| Ok(ended && decoder.finish().read(&mut [0])? == 0));
    if !is_ended.map_err(|error| BackupError::reading(&error))? {
        return Err(BackupError::Damaged("there is something behind its end".to_owned()));
    }
    reader.end()
}

/// Whether nothing but zeros is left: a tar archive is filled up with them.
fn only_zeros(rest: &mut impl Read) -> io::Result<bool> {
    let mut buffer = [0; 4096];
    loop {
        let read = rest.read(&mut buffer)?;
        match buffer.get(..read) {
            Some([]) | None => return Ok(true),
            Some(bytes) if bytes.iter().any(|byte| *byte != 0) => return Ok(false),
            Some(_) => {}
        }
    }
}

/// What was read so far.
struct Reader {
    head: Option<Head>,
    found: Vec<Member>,
    manifest: Option<Manifest>,
    /// The table whose rows come.
    place: usize,
    fingerprints: Vec<Fingerprint>,
}

impl Reader {
    fn take(&mut self, name: String, content: Vec<u8>, visitor: &mut dyn Visitor) -> Result<(), BackupError> {
        let damaged = |reason: &str| BackupError::Damaged(format!("{name}: {reason}"));
        if self.manifest.is_some() {
            return Err(damaged("it comes after the manifest"));
        }
        if name == MANIFEST {
            self.manifest = Some(serde_json::from_slice(&content).map_err(|error| damaged(&error.to_string()))?);
            return Ok(());
        }
        let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
        let sha256 = hex(&Sha256::digest(&content));
        if name == HEAD && self.head.is_none() {
            let head = head_of(&content)?;
            visitor.head(&head)?;
            self.fingerprints = vec![Fingerprint::default(); head.tables.len()];
            self.head = Some(head);
        } else if let Some(head) = &self.head {
            if let Some(key) = name.strip_prefix(MEDIA) {
                if !is_image(key) {
                    return Err(damaged("it isn't an image"));
                }
                visitor.image(key, content)?;
            } else {
                let table = name.strip_prefix(TABLES).and_then(|rest| rest.split_once('/')).map(|(table, _)| table);
                let place = head.tables.iter().position(|known| Some(known.name.as_str()) == table);
                let place =
                    place.filter(|place| *place >= self.place).ok_or_else(|| damaged("it doesn't belong here"))?;
                self.place = place;
                let Some((table, fingerprint)) = head.tables.get(place).zip(self.fingerprints.get_mut(place)) else {
                    return Err(damaged("it doesn't belong here"));
                };
                let rows = rows_of(table, &content)?;
                for row in &rows {
                    fingerprint.add(row);
                }
                visitor.rows(table, &rows)?;
            }
        } else {
            return Err(BackupError::Unusable("this isn't a backup of Circadia".to_owned()));
        }
        self.found.push(Member { name, size, sha256 });
        Ok(())
    }

    fn end(self) -> Result<(Head, Manifest), BackupError> {
        let Some(head) = self.head else {
            return Err(BackupError::Unusable("this isn't a backup of Circadia".to_owned()));
        };
        let Some(manifest) = self.manifest else {
            return Err(BackupError::Damaged("its manifest is missing: it was cut off".to_owned()));
        };
        if let Some((written, found)) = manifest.members.iter().zip(&self.found).find(|(one, other)| one != other) {
            let (written, found) = (&written.name, &found.name);
            return Err(BackupError::Damaged(if written == found {
                format!("{found} isn't what was written")
            } else {
                format!("{found} is where {written} was")
            }));
        }
        if manifest.members.len() != self.found.len() {
            return Err(BackupError::Damaged("it has more files, or fewer, than were written".to_owned()));
        }
        let found: Vec<_> =
            head.tables.iter().zip(self.fingerprints).map(|(table, found)| (table.name.clone(), found)).collect();
        let different = transfer::differences(&manifest.fingerprints(), &found);
        if !different.is_empty() {
            return Err(BackupError::Damaged(format!("other rows than were written, in {}", different.join(", "))));
        }
        Ok((head, manifest))
    }
}

fn head_of(content: &[u8]) -> Result<Head, BackupError> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
        version: String,
    }
    let damaged = |error: serde_json::Error| BackupError::Damaged(format!("{HEAD}: {error}"));
    // Before the rest, which another format may write otherwise.
    let Format { format, version } = serde_json::from_slice(content).map_err(damaged)?;
    if format != FORMAT {
        return Err(BackupError::Unusable(format!(
            "this backup is of format {format}, written by version {version}; this version ({}) reads format {FORMAT}",
            env!("CARGO_PKG_VERSION")
        )));
    }
    let head: Head = serde_json::from_slice(content).map_err(damaged)?;
    head.tables.iter().try_for_each(Table::check)?;
    let names: BTreeSet<&String> = head.tables.iter().map(|table| &table.name).collect();
    if names.len() != head.tables.len() {
        return Err(BackupError::Damaged(format!("{HEAD} names a table twice")));
    }
    Ok(head)
}

fn rows_of(table: &Table, content: &[u8]) -> Result<Vec<Row>, BackupError> {
    let text = std::str::from_utf8(content)
        .map_err(|_| BackupError::Damaged(format!("rows of {} aren't UTF-8", table.name)))?;
    text.lines().map(|line| Ok(Row::of_line(table, line)?)).collect()
}
