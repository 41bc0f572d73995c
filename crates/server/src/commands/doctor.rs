//! placeholder
use super::Outcome;
use crate::config::Config;
pub(super) fn run(_config: &Config, _repair: bool) -> Outcome { Ok(()) }
