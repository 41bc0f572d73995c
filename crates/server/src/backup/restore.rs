//! Restoring a backup.

use std::time::Duration;

use circadia_storage::SqlDatabase;
use circadia_storage::transfer::{Loader, Origin, Phase, Progress, Row, Table, TransferError, differences};

use super::archive::{self, Head, Manifest, Visitor};
use super::create::Count;
use super::{BackupError, BackupKey, Stop, Vault, keep};

/// A backup that was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Restored {
    pub(crate) name: String,
    /// When it was taken, in RFC 3339.
    pub(crate) created_at: String,
    /// The database that it was taken of.
    pub(crate) database: String,
    pub(crate) rows: u64,
    pub(crate) tables: usize,
    pub(crate) images: usize,
    pub(crate) missing_images: usize,
    /// Migrations that came after the backup, and were run.
    pub(crate) migrations: usize,
}

/// What is to be restored, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan<'a> {
    pub(crate) vault: &'a Vault,
    /// The name of the backup; the newest one without.
    pub(crate) name: Option<&'a str>,
    pub(crate) key: Option<&'a BackupKey>,
    pub(crate) database: &'a SqlDatabase,
    pub(crate) media: &'a Vault,
    /// Whether what the database holds may go.
    pub(crate) replace: bool,
}

/// Reads the whole backup and checks it, then fills the database and the media store, and compares what arrived.
///
/// # Errors
/// [`BackupError`]. A backup that isn't in order, or doesn't fit, leaves everything as it was.
pub(crate) fn restore(plan: &Plan<'_>, told: &mut dyn FnMut(Progress<'_>)) -> Result<Restored, BackupError> {
    let name = match plan.name {
        Some(name) => name.to_owned(),
        None => newest(plan.vault)?,
    };
    // All of it, before anything is touched.
    let (head, manifest) =
        archive::read(plan.vault.download(&name)?, plan.key, &mut Count { stop: &Stop::default(), told: &mut |_| {} })?;
    check_migrations(plan.database, &head)?;

    let migrated = |error| BackupError::from(TransferError::Storage(error));
    plan.database.migrate_to(&head.migrations).map_err(migrated)?;
    let loader = plan.database.loader(&head.tables, Origin::Backup, plan.replace)?;
    told(Progress::Phase { phase: Phase::Moving, rows: manifest.rows() });
    let mut load = Load { expected: &head, media: plan.media, loader, told };
    let again = archive::read(plan.vault.download(&name)?, plan.key, &mut load)?;
    let Load { mut loader, told, .. } = load;
    if again != (head.clone(), manifest.clone()) {
        return Err(BackupError::Damaged(format!("{name} changed while it was read")));
    }
    loader.renumber()?;

    told(Progress::Phase { phase: Phase::Comparing, rows: manifest.rows() });
    let arrived = plan.database.snapshot()?.fingerprints(&head.tables, told)?;
    let different = differences(&manifest.fingerprints(), &arrived);
    if !different.is_empty() {
        return Err(TransferError::Different(different).into());
    }
    loader.finish()?;
    let later = plan.database.migrate(Duration::ZERO).map_err(migrated)?;
    Ok(summary(name, head, &manifest, later.len()))
}

fn summary(name: String, head: Head, manifest: &Manifest, migrations: usize) -> Restored {
    Restored {
        name,
        created_at: head.created_at,
        database: head.database,
        rows: manifest.rows(),
        tables: head.tables.len(),
        images: manifest.images(),
        missing_images: manifest.missing_images.len(),
        migrations,
    }
}

fn newest(vault: &Vault) -> Result<String, BackupError> {
    let names = vault.names()?;
    let newest = names.into_iter().filter_map(|name| Some((keep::begun_at(&name)?, name))).max();
    newest.map(|(_, name)| name).ok_or_else(|| BackupError::Vault(format!("there is no backup in {}", vault.shown())))
}

/// Refuses a backup of a newer version, and a database with other tables than the backup's.
fn check_migrations(database: &SqlDatabase, head: &Head) -> Result<(), BackupError> {
    let unusable = |reason: String| Err(BackupError::Unusable(reason));
    let failed = |error| BackupError::from(TransferError::Storage(error));
    let known = database.known_migrations().map_err(failed)?;
    let unknown: Vec<&str> = head.migrations.iter().filter(|name| !known.contains(name)).map(String::as_str).collect();
    if let Some(last) = unknown.last() {
        return unusable(format!(
            "this backup was written by version {}, with {} migrations that this version ({}) doesn't know, up to \
             {last}: restore it with that version, or a later one",
            head.version,
            unknown.len(),
            env!("CARGO_PKG_VERSION")
        ));
    }
    let applied = database.applied().map_err(failed)?;
    if applied.is_empty() || applied == head.migrations {
        return Ok(());
    }
    let later = applied.iter().filter(|name| !head.migrations.contains(name)).count();
    let earlier = head.migrations.iter().filter(|name| !applied.contains(name)).count();
    unusable(format!(
        "the tables of the database aren't those of the backup ({later} migrations are later, {earlier} are lacking): \
         restore into a database without tables. They are made as the backup had them, filled, and then brought up to date"
    ))
}

/// Fills the database and the media store.
struct Load<'a, 'b> {
    expected: &'a Head,
    media: &'a Vault,
    loader: Loader,
    told: &'a mut (dyn FnMut(Progress<'_>) + 'b),
}

impl Visitor for Load<'_, '_> {
    fn head(&mut self, head: &Head) -> Result<(), BackupError> {
        if head == self.expected {
            return Ok(());
        }
        Err(BackupError::Damaged("the backup changed while it was read".to_owned()))
    }

    fn image(&mut self, key: &str, content: Vec<u8>) -> Result<(), BackupError> {
        self.media.put(key, content)
    }

    fn rows(&mut self, table: &Table, rows: &[Row]) -> Result<(), BackupError> {
        self.loader.insert(table, rows)?;
        (self.told)(Progress::Rows(u64::try_from(rows.len()).unwrap_or(u64::MAX)));
        Ok(())
    }
}
