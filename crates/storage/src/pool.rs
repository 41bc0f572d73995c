//! The connection pool.

use diesel::r2d2::R2D2Connection as _;
use diesel::result::ConnectionError;
use r2d2::ManageConnection;

use crate::backend::Backend;
use crate::connection::{self, AnyConnection};
use crate::options::{StorageError, StorageOptions};

/// A connection in the pool.
pub(crate) struct Pooled {
    pub(crate) connection: AnyConnection,
    /// Set when a transaction could not be begun or ended: the connection's state is unknown, so the pool closes it.
    /// Diesel's own `is_broken` doesn't notice a `BEGIN` that fails because the connection is dead.
    pub(crate) broken: bool,
}

/// Opens connections for the pool.
pub(crate) struct Manager {
    pub(crate) backend: Backend,
    pub(crate) options: StorageOptions,
}

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = ConnectionError;

    fn connect(&self) -> Result<Pooled, ConnectionError> {
        Ok(Pooled { connection: connection::open(self.backend, &self.options)?, broken: false })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), ConnectionError> {
        pooled.connection.ping().map_err(ConnectionError::CouldntSetupConfiguration)
    }

    /// Unlike Diesel's own manager, keeps the connection of a thread that panics: its transaction was rolled back.
    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.broken || pooled.connection.is_broken()
    }
}

/// Logs connections that couldn't be opened.
#[derive(Debug)]
struct LogErrors;

impl r2d2::HandleError<ConnectionError> for LogErrors {
    fn handle_error(&self, error: ConnectionError) {
        tracing::warn!(%error, "could not connect to the database");
    }
}

/// A pool that opens connections on demand.
///
/// It doesn't test connections on checkout, which costs a quarter of the throughput; the runner retries on another
/// connection instead.
pub(crate) fn build(backend: Backend, options: &StorageOptions) -> Result<r2d2::Pool<Manager>, StorageError> {
    if options.max_connections == 0 {
        return Err(StorageError::InvalidOptions("max_connections must be at least 1".into()));
    }
    if options.acquire_timeout.is_zero() {
        return Err(StorageError::InvalidOptions("acquire_timeout must be longer than nothing".into()));
    }
    Ok(r2d2::Pool::builder()
        .max_size(options.max_connections)
        .min_idle(Some(0))
        .connection_timeout(options.acquire_timeout)
        .test_on_check_out(false)
        .error_handler(Box::new(LogErrors))
        .build_unchecked(Manager { backend, options: options.clone() }))
}
