//! A connection to any of the databases.

use diesel::Connection as _;
use diesel::result::ConnectionError;
use diesel::sqlite::SqliteConnection;

use crate::backend::Backend;
use crate::dialect;
use crate::options::StorageOptions;
use crate::statements::WatchStatements;

/// A connection to any of the databases. Diesel's queries run on it as they are.
#[derive(diesel::MultiConnection)]
pub(crate) enum AnyConnection {
    /// To an SQLite file.
    Sqlite(SqliteConnection),
    /// To a PostgreSQL server.
    #[cfg(feature = "postgres")]
    Postgres(diesel::pg::PgConnection),
    /// To a MySQL or MariaDB server.
    #[cfg(feature = "mysql")]
    Mysql(diesel::mysql::MysqlConnection),
}

/// Opens a connection and sets its session up.
///
/// The derived `Connection::establish` tries one backend after the other, which hides the real error, and creates an
/// SQLite file from a mistyped URL.
pub(crate) fn open(backend: Backend, options: &StorageOptions) -> Result<AnyConnection, ConnectionError> {
    let address = dialect::address(backend, options)?;
    let mut connection = match backend {
        Backend::Sqlite => AnyConnection::Sqlite(SqliteConnection::establish(&address)?),
        #[cfg(feature = "postgres")]
        Backend::Postgres => AnyConnection::Postgres(diesel::pg::PgConnection::establish(&address)?),
        #[cfg(feature = "mysql")]
        Backend::Mysql => AnyConnection::Mysql(diesel::mysql::MysqlConnection::establish(&address)?),
        #[cfg(not(all(feature = "postgres", feature = "mysql")))]
        missing => {
            let error = crate::options::StorageError::NotCompiledIn { backend: missing };
            return Err(ConnectionError::InvalidConnectionUrl(error.to_string()));
        }
    };
    dialect::set_up(&mut connection, options).map_err(ConnectionError::CouldntSetupConfiguration)?;
    diesel::Connection::set_instrumentation(&mut connection, WatchStatements);
    Ok(connection)
}
