//! The command line.

mod backup;
mod copy;
mod create_admin;
mod demo;
mod demo_logins;
mod demo_nights;
mod demo_tasks;
mod doctor;
mod export;
mod healthcheck;
mod keys;
mod migrate;
mod openapi;
mod serve;

use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use circadia_app::export::ExportFormat;
use circadia_domain::keys::KeyPurpose;
use clap::{Parser, Subcommand, ValueEnum};

use crate::backup::Keep;
use crate::config::Config;

/// What `--help` ends with.
const EXAMPLES: &str = "\
Examples:
  circadia                        serve on http://127.0.0.1:8000, with a database in ./data
  circadia demo --password 'rhythm and blues 2026'
                                  an account with a year of data
  circadia migrate --wait 30      before a new version serves
  circadia backup                 everything into one file, in ./data/backups
  circadia copy --to postgres://db/circadia
                                  to another database
  circadia export --user ada --output ada.json
                                  all that an account holds; circadia import takes it back
  circadia doctor                 is all well?
  circadia openapi --path -       the OpenAPI document

Environment (all of it is in README.md, and may stand in a file .env):
  CIRCADIA_BIND, PORT    where to listen (127.0.0.1:8000)
  CIRCADIA_DATA_DIR      where the embedded database and the development key are (./data)
  DATABASE_URL           postgres://… or mysql://…, if the binary was built for it
  REDIS_URL              state that replicas share
  CIRCADIA_ENV           production insists on HTTPS and on CIRCADIA_SECRET_KEY
  CIRCADIA_LOG           a filter such as warn,circadia=debug";

/// The backend for apps that help people keep their days in rhythm.
///
/// A JSON API for habits, sleep, mood, tasks and time, on SQLite, PostgreSQL or MySQL/MariaDB. Without a command it
/// serves; documentation is then at /api/docs.
#[derive(Debug, Parser)]
#[command(name = "circadia", version, about, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API (what happens without a command, too).
    Serve,
    /// Migrate the database schema to the latest version.
    Migrate {
        /// How many seconds to wait for the database to be reachable.
        #[arg(long, value_name = "SECONDS", default_value_t = 0)]
        wait: u64,
    },
    /// Copy everything into another, empty database, and compare every row. Goes on with a copy that was cut off.
    Copy {
        /// The database to read: by default the one of the configuration. No server should use it meanwhile.
        #[arg(long, value_name = "URL")]
        from: Option<String>,
        /// The database to fill. It is migrated first.
        #[arg(long, value_name = "URL")]
        to: String,
        /// Remove whatever that database holds.
        #[arg(long)]
        replace: bool,
        /// Succeed even if the source was written to meanwhile. The copy is as of when it began.
        #[arg(long)]
        allow_changes: bool,
    },
    /// Write everything that the database holds, and the images, into one file. Servers may go on.
    Backup {
        /// The folder or the bucket for it: `file:///…`, a path, or `s3://bucket/prefix`. Without it,
        /// `CIRCADIA_BACKUP_URL`, or `backups` in the data folder.
        #[arg(long, value_name = "PLACE")]
        to: Option<String>,
        /// Then remove earlier ones but for so many (`7`), or some of each period (`daily=7,weekly=4,monthly=12`).
        #[arg(long, value_name = "NUMBER", value_parser = Keep::parse)]
        keep: Option<Keep>,
    },
    /// Fill an empty database, of any kind, and the store of images from a backup, after all of it was checked.
    Restore {
        /// The file (`file:///….tar.zst`, a path, `s3://bucket/….tar.zst.age`), or the place of several: the newest.
        from: String,
        /// Remove whatever the database holds. No server may use it meanwhile.
        #[arg(long)]
        replace: bool,
    },
    /// Create a superuser, or make an existing account one. The password of a new account is read from standard input, or
    /// generated and printed.
    CreateAdmin {
        /// The user name.
        #[arg(long, required_unless_present = "promote")]
        username: Option<String>,
        /// The e-mail address.
        #[arg(long, required_unless_present = "promote")]
        email: Option<String>,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
        /// Make the existing account with this user name, or this e-mail address, a superuser that may sign in. Its password
        /// stays.
        #[arg(long, conflicts_with = "password_stdin")]
        promote: bool,
    },
    /// Create an account with a year of realistic data, and print how to sign in.
    Demo {
        /// The user name.
        #[arg(long, default_value = "demo")]
        username: String,
        /// The password. Without it, one is generated and printed.
        #[arg(long)]
        password: Option<String>,
        /// Make the account a superuser, and 40 other accounts with their sign-ins.
        #[arg(long)]
        admin: bool,
    },
    /// Write the OpenAPI document.
    Openapi {
        /// The file to write; `-` for standard output.
        #[arg(long, default_value = "openapi/openapi.json")]
        path: PathBuf,
        /// Write nothing, but fail if the existing file isn't up to date.
        #[arg(long)]
        check: bool,
    },
    /// Export an account: everything that its user keeps here.
    Export {
        /// The user name, or the e-mail address.
        #[arg(long, value_name = "NAME")]
        user: String,
        /// `json` for the document that `import` takes, `csv` for an archive (ZIP) of tables.
        #[arg(long, value_enum, default_value_t = FormatArgument::Json)]
        format: FormatArgument,
        /// The file to write; standard output without it.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Import an export into an account. What the account has already stays where it was changed later.
    Import {
        /// The user name, or the e-mail address.
        #[arg(long, value_name = "NAME")]
        user: String,
        /// Write nothing, but tell what an import would do.
        #[arg(long)]
        dry_run: bool,
        /// The JSON document; `-` for standard input.
        file: PathBuf,
    },
    /// Check the configuration, the database and what is derived from it.
    Doctor {
        /// Repair what can be repaired: rebuild derived data that differs from its source.
        #[arg(long)]
        repair: bool,
    },
    /// The keys that sign tokens and decrypt passwords.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Ask the server of this configuration whether it is ready; for containers.
    Healthcheck,
}

/// The form of an export.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatArgument {
    Json,
    Csv,
}

impl From<FormatArgument> for ExportFormat {
    fn from(format: FormatArgument) -> Self {
        match format {
            FormatArgument::Json => Self::Json,
            FormatArgument::Csv => Self::Csv,
        }
    }
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Replace keys by new ones. Users don't notice, except in an emergency rotation.
    Rotate {
        /// Refuse the old keys immediately, because they may have leaked: every user must sign in again.
        #[arg(long)]
        emergency: bool,
        /// Only the keys for this: `access_token`, `refresh_token` or `login`. May be given several times.
        #[arg(long, value_name = "PURPOSE", value_parser = keys::purpose)]
        purpose: Vec<KeyPurpose>,
    },
}

/// Why a command failed, as printed to standard error.
#[derive(Debug)]
pub struct Failure(String);

impl<E: fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

type Outcome = Result<(), Failure>;

/// Prints a line for people. Errors of standard output are ignored.
fn say(line: impl fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Runs the command that the process was called with.
pub fn run() -> ExitCode {
    let command = Arguments::parse().command.unwrap_or(Command::Serve);
    match dispatch(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(reason)) => {
            let _ = writeln!(std::io::stderr(), "circadia: {}", reason.trim_end());
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Outcome {
    // What needs no configuration must not fail for want of one.
    if let Command::Openapi { path, check } = command {
        return openapi::run(&path, check);
    }
    let config = Config::from_process()?;
    let _telemetry = crate::telemetry::init(&config)?;
    crate::files::keep_private();
    match command {
        Command::Serve => serve::run(&config),
        Command::Migrate { wait } => migrate::run(&config, wait),
        Command::Copy { from, to, replace, allow_changes } => {
            copy::run(&config, copy::Options { from, to, replace, allow_changes })
        }
        Command::Backup { to, keep } => backup::create(&config, to.as_deref(), keep),
        Command::Restore { from, replace } => backup::restore(&config, &from, replace),
        Command::CreateAdmin { username, email, promote: true, .. } => {
            create_admin::promote(&config, username.as_deref(), email.as_deref())
        }
        Command::CreateAdmin { username, email, password_stdin, promote: false } => create_admin::run(
            &config,
            username.as_deref().unwrap_or_default(),
            email.as_deref().unwrap_or_default(),
            password_stdin,
        ),
        Command::Demo { username, password, admin } => demo::run(&config, &username, password, admin),
        Command::Export { user, format, output } => export::export(&config, &user, format.into(), output.as_deref()),
        Command::Import { user, dry_run, file } => export::import(&config, &user, dry_run, &file),
        Command::Doctor { repair } => doctor::run(&config, repair),
        Command::Keys { command: KeysCommand::Rotate { emergency, purpose } } => {
            keys::rotate(&config, emergency, &purpose)
        }
        Command::Healthcheck => healthcheck::run(&config),
        Command::Openapi { path, check } => openapi::run(&path, check),
    }
}
