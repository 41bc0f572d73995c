//! placeholder
use super::Outcome;
use crate::config::Config;
pub(super) fn run(_config: &Config, _username: &str, _password: Option<String>) -> Outcome { Ok(()) }
