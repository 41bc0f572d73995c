//! `circadia migrate`.

use std::time::Duration;

use super::{Outcome, say};
use crate::composition::open_database;
use crate::config::Config;

pub(super) fn run(config: &Config, wait: u64) -> Outcome {
    let applied = open_database(config)?.migrate(Duration::from_secs(wait))?;
    if applied.is_empty() {
        say("The schema is up to date.");
    }
    for name in applied {
        say(format_args!("applied {name}"));
    }
    Ok(())
}
