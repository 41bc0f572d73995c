//! Backups on a schedule.

use std::sync::Arc;

use circadia_domain::civil::Instant;
use circadia_domain::jobs::{Attempt, JobKind, Schedule};
use circadia_storage::SqlDatabase;
use tokio::runtime::Handle;

use crate::backup::{self, BackupError, BackupPlan, Created, Stop, Vault};
use crate::config::{BackupConfig, BackupSchedule, Config, MediaLocation};

/// Seconds of an hour.
const HOUR: i64 = 3_600;

/// When backups are taken, if they are scheduled.
pub(crate) fn schedule(config: &Config) -> Option<Schedule> {
    let (interval, daily_at) = match config.backup.schedule? {
        BackupSchedule::Hours(hours) => (hours * HOUR, None),
        BackupSchedule::Daily(second) => (24 * HOUR, Some(second)),
    };
    Some(Schedule { kind: JobKind::Backup, interval, daily_at })
}

/// Takes backups.
pub(crate) struct Backups {
    database: Arc<SqlDatabase>,
    media: MediaLocation,
    config: BackupConfig,
}

impl Backups {
    /// None if they aren't scheduled.
    pub(crate) fn new(config: &Config, database: Arc<SqlDatabase>) -> Option<Self> {
        config.backup.schedule?;
        Some(Self { database, media: config.media.clone(), config: config.backup.clone() })
    }

    /// Takes one.
    pub(super) async fn take(&self, now: Instant, stop: Arc<Stop>) -> Attempt {
        let (database, media, config) = (Arc::clone(&self.database), self.media.clone(), self.config.clone());
        let runtime = Handle::current();
        let work = move || -> Result<Created, BackupError> {
            let plan = BackupPlan {
                database: &database,
                media: &Vault::open(&media, runtime.clone())?,
                vault: &Vault::open(&config.location, runtime)?,
                key: config.key.as_ref(),
                keep: config.keep,
                now: now.to_chrono(),
            };
            backup::create(&plan, &stop, &mut |_| {})
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(Created { name, rows, images, bytes, removed, .. })) => {
                tracing::info!(name, rows, images, bytes, removed = removed.len(), "took a backup");
                Attempt::Done
            }
            Ok(Err(error)) => Attempt::Failed(error.to_string()),
            Err(error) => Attempt::Failed(error.to_string()),
        }
    }
}
