//! The composition root: configuration, wiring, the command line, background work, telemetry, shutdown.
//!
//! The only crate that sees every other, and the only one that reads the clock and makes ids.

mod background;
mod backup;
mod clock;
pub mod commands;
mod composition;
pub mod config;
mod files;
mod http_client;
mod http_server;
mod jobs;
mod keys;
mod listener;
mod mail;
mod media;
pub mod metrics;
mod outgoing;
mod progress;
mod push;
mod quotes;
mod reminders;
mod rotation;
mod server;
mod telemetry;
mod webhooks;

pub use clock::{FreshIds, SystemClock};
pub use config::{Config, ConfigError};
pub use rotation::rotate_keys;
pub use server::{Running, StartError, start, start_with};
pub use telemetry::{Telemetry, TelemetryError, init as init_telemetry};
