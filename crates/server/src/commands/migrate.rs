//! `circadia migrate`.

use std::time::Duration;

use super::{Outcome, say};
use crate::composition::open_database;
use crate::config::Config;

pub(super) fn run(config: &Config, wait: u64) -> Outcome {
    let applied = open_database(config)?.migrate(Duration::from_secs(wait))?;
    match applied.last() {
        None => say("The schema is up to date."),
        Some(latest) if applied.len() == 1 => say(format_args!("Applied one migration, {latest}.")),
        Some(latest) => say(format_args!("Applied {} migrations, up to {latest}.", applied.len())),
    }
    Ok(())
}
