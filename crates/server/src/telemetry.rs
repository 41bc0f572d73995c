//! Logs: lines for people in development, JSON in production.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::Config;

/// Starts logging to standard error, as `CIRCADIA_LOG` says (`info` unless it does). Once per process; a second call
/// changes nothing.
pub fn init(config: &Config) {
    let registry = tracing_subscriber::registry().with(EnvFilter::new(&config.log));
    let colored = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colored);
    // The second of two initialisations in one process (tests) fails, and may.
    let _ = if config.production {
        registry.with(lines.json().flatten_event(true).with_current_span(false)).try_init()
    } else {
        registry.with(lines.with_target(false)).try_init()
    };
}
