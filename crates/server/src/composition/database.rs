//! Opens the database of the configuration, and its read replica.

use std::sync::Arc;
use std::time::Duration;

use circadia_app::UnitOfWork;
use circadia_domain::unit_of_work::Database;
use circadia_storage::{SqlDatabase, StorageOptions};

use crate::config::Config;
use crate::files;
use crate::server::StartError;

/// How long a unit of work waits for its turn. While the database can't be reached, it doesn't wait.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a statement of a command may take, and how long it may wait for a lock.
const COMMAND_STATEMENT_TIMEOUT: Duration = Duration::from_mins(1);
const COMMAND_LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens the database of the configuration for a command, which no client waits for: it may take its time.
///
/// # Errors
/// [`StartError::DataFolder`], [`StartError::Storage`].
pub(crate) fn open_database(config: &Config) -> Result<SqlDatabase, StartError> {
    open_database_at(config, &config.database_url)
}

/// The same of another database.
///
/// # Errors
/// [`StartError::DataFolder`], [`StartError::Storage`].
pub(crate) fn open_database_at(config: &Config, url: &str) -> Result<SqlDatabase, StartError> {
    open_with(config, |options| {
        url.clone_into(&mut options.url);
        options.statement_timeout = COMMAND_STATEMENT_TIMEOUT;
        options.lock_timeout = COMMAND_LOCK_TIMEOUT;
        options.turn_timeout = COMMAND_LOCK_TIMEOUT;
    })
}

pub(super) fn open_with(config: &Config, change: impl FnOnce(&mut StorageOptions)) -> Result<SqlDatabase, StartError> {
    std::fs::create_dir_all(&config.data_dir)
        .map_err(|error| StartError::DataFolder(config.data_dir.display().to_string(), error))?;
    files::warn_if_open_to_others(&config.data_dir);
    open_at(config, config.database_url.clone(), change)
}

fn open_at(config: &Config, url: String, change: impl FnOnce(&mut StorageOptions)) -> Result<SqlDatabase, StartError> {
    let mut options = StorageOptions::new(url);
    options.max_connections = config.database_connections;
    change(&mut options);
    Ok(SqlDatabase::new(options)?)
}

/// Units of work on the database of the configuration, and on its read replica if it has one.
pub(super) fn units_of_work(config: &Config, database: Arc<dyn Database>) -> Result<UnitOfWork, StartError> {
    let connections = usize::try_from(config.database_connections).unwrap_or(4);
    let start = |database| {
        UnitOfWork::new(database, connections, ACQUIRE_TIMEOUT)
            .map_err(|error| StartError::System("the threads for the database".to_owned(), error))
    };
    let units = start(database)?;
    match &config.database_replica_url {
        Some(url) => Ok(units.with_replica(start(Arc::new(open_at(config, url.clone(), |_| {})?))?)),
        None => Ok(units),
    }
}
