//! Taking a backup.

use chrono::{DateTime, Utc};
use circadia_storage::SqlDatabase;
use circadia_storage::transfer::{Phase, Progress, Row, Table};
use sha2::{Digest as _, Sha256};
use std::io::Read as _;

use super::archive::{self, Head, Manifest, TableWriter, Visitor, Writer};
use super::vault::Written;
use super::{BackupError, BackupKey, Keep, Stop, Vault, images, keep};

/// A backup that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Created {
    /// Its name where it lies.
    pub(crate) name: String,
    /// How large the file is.
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
    pub(crate) images: usize,
    /// Images that accounts have and the store hadn't.
    pub(crate) missing_images: Vec<String>,
    /// Whether it was read back and compared row by row; otherwise, without the key that decrypts it, byte by byte.
    pub(crate) was_opened: bool,
    /// Earlier backups that were removed.
    pub(crate) removed: Vec<String>,
}

/// What is to be backed up, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan<'a> {
    pub(crate) database: &'a SqlDatabase,
    pub(crate) media: &'a Vault,
    pub(crate) vault: &'a Vault,
    pub(crate) key: Option<&'a BackupKey>,
    pub(crate) keep: Option<Keep>,
    /// When it begins.
    pub(crate) now: DateTime<Utc>,
}

/// Takes a backup while others may write, reads it back, and then removes earlier ones that aren't to be kept.
///
/// # Errors
/// [`BackupError`]. Nothing was removed, and nothing is left of a backup that isn't in order.
pub(crate) fn create(plan: &Plan<'_>, stop: &Stop, told: &mut dyn FnMut(Progress<'_>)) -> Result<Created, BackupError> {
    let database = plan.database;
    let pending = database.pending().map_err(circadia_storage::transfer::TransferError::from)?;
    if !pending.is_empty() {
        return Err(BackupError::Unusable(format!(
            "the database lacks {} migrations of this version: run `circadia migrate` before",
            pending.len()
        )));
    }
    if let Some(begun) = database.unfinished_load()? {
        return Err(BackupError::Unusable(format!("the database holds the beginning of {begun}: finish it before")));
    }
    let name = keep::name_of(plan.now, plan.key.is_some());
    if plan.vault.has(&name)? {
        return Err(BackupError::Vault(format!("{name} is in {} already", plan.vault.shown())));
    }
    let (written, manifest) = write(plan, &name, stop, told)?;
    let was_opened = match read_back(plan, &name, written, &manifest, stop, told) {
        Ok(was_opened) => was_opened,
        Err(error) => {
            // One that can't be removed is told of by its name, in the error.
            let _ = plan.vault.delete(&name);
            return Err(error);
        }
    };
    let mut removed = Vec::new();
    if let Some(keep) = plan.keep {
        for old in keep.superfluous(&plan.vault.names()?) {
            plan.vault.delete(&old)?;
            removed.push(old);
        }
    }
    Ok(Created {
        name,
        bytes: written.bytes,
        rows: manifest.rows(),
        images: manifest.images(),
        missing_images: manifest.missing_images,
        was_opened,
        removed,
    })
}

fn write(
    plan: &Plan<'_>,
    name: &str,
    stop: &Stop,
    told: &mut dyn FnMut(Progress<'_>),
) -> Result<(Written, Manifest), BackupError> {
    let migrations = plan.database.applied().map_err(circadia_storage::transfer::TransferError::from)?;
    let created_at = plan.now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let head = Head::new(plan.database.backend().name(), created_at, migrations);
    let modified = u64::try_from(plan.now.timestamp()).unwrap_or(0);
    let mut writer = Writer::new(plan.vault.upload(name)?, plan.key, &head, modified)?;

    // Images before rows: whichever a row of the snapshot has was there before it. Those that came between are added.
    images::add_all(plan.media, &mut writer, stop)?;
    let mut snapshot = plan.database.snapshot()?;
    told(Progress::Phase { phase: Phase::Moving, rows: snapshot.count(&head.tables)? });
    for table in &head.tables {
        let mut rows_of = TableWriter::new(table);
        let mut lacking = Vec::new();
        snapshot.each_batch::<BackupError>(table, |rows| {
            stop.check()?;
            lacking.extend(images::lacking(table, &rows, &writer));
            writer.add_rows(&mut rows_of, &rows)?;
            told(Progress::Rows(u64::try_from(rows.len()).unwrap_or(u64::MAX)));
            Ok(())
        })?;
        told(Progress::Table { name: &table.name, rows: rows_of.rows() });
        writer.end_table(rows_of)?;
        images::add(plan.media, &mut writer, lacking)?;
    }
    drop(snapshot);
    let (upload, manifest) = writer.finish()?;
    let written = upload.finish().map_err(|error| BackupError::writing(&error))?;
    Ok((written, manifest))
}

/// Reads what lies there: as far as possible as who restores it does.
fn read_back(
    plan: &Plan<'_>,
    name: &str,
    written: Written,
    manifest: &Manifest,
    stop: &Stop,
    told: &mut dyn FnMut(Progress<'_>),
) -> Result<bool, BackupError> {
    told(Progress::Phase { phase: Phase::Comparing, rows: manifest.rows() });
    let file = plan.vault.download(name)?;
    if plan.key.is_none_or(BackupKey::decrypts) {
        let (_, found) = archive::read(file, plan.key, &mut Count { stop, told })?;
        if found != *manifest {
            return Err(BackupError::Damaged(format!("{name} has another manifest than was written")));
        }
        return Ok(true);
    }
    let mut file = file;
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        stop.check()?;
        let read = file.read(&mut buffer).map_err(|error| BackupError::reading(&error))?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
        hash.update(part);
        bytes += u64::try_from(part.len()).unwrap_or(0);
    }
    if (Written { bytes, hash: hash.finalize().into() }) == written {
        return Ok(false);
    }
    Err(BackupError::Damaged(format!("{name} isn't what was written")))
}

/// Counts what it is passed.
pub(super) struct Count<'a, 'b> {
    pub(super) stop: &'a Stop,
    pub(super) told: &'a mut (dyn FnMut(Progress<'_>) + 'b),
}

impl Visitor for Count<'_, '_> {
    fn head(&mut self, _: &Head) -> Result<(), BackupError> {
        Ok(())
    }

    fn image(&mut self, _: &str, _: Vec<u8>) -> Result<(), BackupError> {
        Ok(())
    }

    fn rows(&mut self, _: &Table, rows: &[Row]) -> Result<(), BackupError> {
        self.stop.check()?;
        (self.told)(Progress::Rows(u64::try_from(rows.len()).unwrap_or(u64::MAX)));
        Ok(())
    }
}
