//! The command line.

mod create_admin;
mod demo;
mod demo_nights;
mod demo_tasks;
mod doctor;
mod healthcheck;
mod keys;
mod migrate;
mod openapi;
mod serve;

use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use circadia_domain::keys::KeyPurpose;
use clap::{Parser, Subcommand};

use crate::config::Config;

/// What `--help` ends with.
const EXAMPLES: &str = "\
Examples:
  circadia                        serve on http://127.0.0.1:8000, with a database in ./data
  circadia demo --password 'rhythm and blues 2026'
                                  an account with a year of data
  circadia migrate --wait 30      before a new version serves
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
    /// Create a superuser. The password is read from standard input, or generated and printed.
    CreateAdmin {
        /// The user name.
        #[arg(long)]
        username: String,
        /// The e-mail address.
        #[arg(long)]
        email: String,
        /// Read the password from the first line of standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Create an account with a year of realistic data, and print how to sign in.
    Demo {
        /// The user name.
        #[arg(long, default_value = "demo")]
        username: String,
        /// The password. Without it, one is generated and printed.
        #[arg(long)]
        password: Option<String>,
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
    crate::telemetry::init(&config);
    crate::files::keep_private();
    match command {
        Command::Serve => serve::run(&config),
        Command::Migrate { wait } => migrate::run(&config, wait),
        Command::CreateAdmin { username, email, password_stdin } => {
            create_admin::run(&config, &username, &email, password_stdin)
        }
        Command::Demo { username, password } => demo::run(&config, &username, password),
        Command::Doctor { repair } => doctor::run(&config, repair),
        Command::Keys { command: KeysCommand::Rotate { emergency, purpose } } => {
            keys::rotate(&config, emergency, &purpose)
        }
        Command::Healthcheck => healthcheck::run(&config),
        Command::Openapi { path, check } => openapi::run(&path, check),
    }
}
