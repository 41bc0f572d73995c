//! What operators see of this process besides its metrics: logs (lines for people in development, JSON in production),
//! and where they are configured, traces and reports of defects.

mod reports;
mod sender;
mod traces;

use std::io::IsTerminal as _;

use circadia_app::SPAN_TARGET;
use tracing::Metadata;
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::config::Config;
use reports::Reports;
use sender::Sender;
use traces::Traces;
pub(crate) use traces::take_over_parent;

/// What is exported ends with it, within about a second.
#[must_use]
#[derive(Debug, Default)]
pub struct Telemetry {
    // Dropped in this order.
    traces: Option<Traces>,
    reports: Option<Reports>,
    sender: Option<Sender>,
}

/// Why nothing can be exported.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The system gives no thread for it.
    #[error("no thread to export on: {0}")]
    Thread(#[from] std::io::Error),
    /// There is no HTTP client.
    #[error("no HTTP client: {0}")]
    Http(#[from] reqwest::Error),
    /// Spans can't be exported.
    #[error("spans can't be exported (OTEL_EXPORTER_OTLP_*): {0}")]
    Traces(String),
}

/// Starts logging to standard error, as `CIRCADIA_LOG` says (`info` unless it does), and exporting what is configured.
/// Once per process; a second call changes nothing.
///
/// # Errors
/// [`TelemetryError`], if something is to be exported and can't be.
pub fn init(config: &Config) -> Result<Telemetry, TelemetryError> {
    let mut telemetry = Telemetry::default();
    if config.traces.is_some() || config.reports.is_some() {
        telemetry.sender = Some(Sender::start()?);
    }
    if let Some(sender) = &telemetry.sender {
        telemetry.traces = config.traces.as_ref().map(|traces| Traces::start(traces, sender.clone())).transpose()?;
        telemetry.reports =
            config.reports.as_ref().map(|reports| Reports::start(reports.clone(), sender)).transpose()?;
    }
    let colored = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colored);
    let lines = if config.production {
        lines.json().flatten_event(true).with_current_span(false).boxed()
    } else {
        lines.with_target(false).boxed()
    };
    // Spans are for traces alone: without those, they aren't wanted, and they cost nothing.
    let logged = EnvFilter::new(&config.log).and(filter_fn(|metadata| !is_for_traces(metadata)));
    let registry = tracing_subscriber::registry()
        .with(lines.with_filter(logged))
        .with(telemetry.traces.as_ref().map(|traces| traces.layer().with_filter(filter_fn(is_for_traces))))
        .with(telemetry.reports.as_ref().map(|_| Reports::layer()));
    // The second of two initialisations in one process (tests) fails, and may.
    let _ = registry.try_init();
    Ok(telemetry)
}

fn is_for_traces(metadata: &Metadata<'_>) -> bool {
    metadata.target() == SPAN_TARGET
}
