//! The kinds of databases.

use crate::options::StorageError;

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// SQLite, embedded.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
}

impl Backend {
    /// The backend that the scheme of `url` names.
    ///
    /// # Errors
    /// If the scheme is none of `sqlite`, `postgres`, `postgresql`, `mysql` and `mariadb`, or its backend isn't part of
    /// this build.
    pub fn of_url(url: &str) -> Result<Self, StorageError> {
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        let backend = match scheme {
            "sqlite" => Self::Sqlite,
            "postgres" | "postgresql" => Self::Postgres,
            "mysql" | "mariadb" => Self::Mysql,
            _ => return Err(StorageError::UnknownScheme { scheme: scheme.to_owned() }),
        };
        if backend.is_compiled_in() { Ok(backend) } else { Err(StorageError::NotCompiledIn { backend }) }
    }

    /// Its name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
        }
    }

    /// Its cargo feature, which is also the name of the folder of its migrations.
    pub const fn feature(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }

    const fn is_compiled_in(self) -> bool {
        match self {
            Self::Sqlite => true,
            Self::Postgres => cfg!(feature = "postgres"),
            Self::Mysql => cfg!(feature = "mysql"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_picks_the_backend() {
        assert_eq!(Backend::of_url("sqlite://data/circadia.db").unwrap(), Backend::Sqlite);
        for wrong in ["", "circadia.db", "sqlite:circadia.db", "postgre://localhost/circadia", "http://localhost"] {
            assert!(matches!(Backend::of_url(wrong), Err(StorageError::UnknownScheme { .. })), "{wrong}");
        }
    }

    #[test]
    #[cfg(not(feature = "postgres"))]
    fn a_backend_left_out_of_the_build_says_how_to_get_it() {
        let error = Backend::of_url("postgresql://localhost/circadia").unwrap_err();
        assert!(error.to_string().contains("--features postgres"), "{error}");
    }

    #[test]
    #[cfg(feature = "postgres")]
    fn postgres_has_two_schemes() {
        for url in ["postgres://localhost/circadia", "postgresql://localhost/circadia"] {
            assert_eq!(Backend::of_url(url).unwrap(), Backend::Postgres);
        }
    }

    #[test]
    #[cfg(feature = "mysql")]
    fn mysql_has_two_schemes() {
        for url in ["mysql://localhost/circadia", "mariadb://localhost/circadia"] {
            assert_eq!(Backend::of_url(url).unwrap(), Backend::Mysql);
        }
    }
}
