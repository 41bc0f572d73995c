//! Reports of defects to Sentry: what is logged as an error, and panics, with the version and the environment.
//!
//! No report says whom it happened to: there are no addresses, cookies, bodies or queries in it, and e-mail addresses in
//! texts are taken out.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, mpsc as wait};
use std::time::Duration;

use circadia_domain::jobs::without_addresses;
use reqwest::header::CONTENT_TYPE;
use sentry::protocol::{Event, Value};
use sentry::{ClientInitGuard, ClientOptions, Envelope, Transport};
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::TelemetryError;
use super::sender::Sender;
use crate::config::ReportsConfig;

/// Reports that may wait; a further one is dropped.
const QUEUE_CAPACITY: usize = 32;
/// How long the end of the process may wait for the last reports to be sent.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// Reports defects until it is dropped.
pub(super) struct Reports {
    _client: ClientInitGuard,
}

impl fmt::Debug for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reports(..)")
    }
}

impl Reports {
    pub(super) fn start(config: ReportsConfig, sender: &Sender) -> Result<Self, TelemetryError> {
        let transport = Arc::new(ReportTransport::start(&config, sender)?);
        let mut options = ClientOptions::new()
            .release(concat!("circadia@", env!("CARGO_PKG_VERSION")))
            .environment(config.environment)
            .send_default_pii(false)
            .max_breadcrumbs(0)
            .shutdown_timeout(SHUTDOWN_TIMEOUT)
            .before_send(|event| Some(anonymous(event)))
            .transport(transport);
        options.dsn = Some(config.dsn);
        Ok(Self { _client: sentry::init(options) })
    }

    /// Takes what is logged as an error.
    pub(super) fn layer<S: Subscriber>() -> impl Layer<S> {
        ErrorLayer
    }
}

/// Without e-mail addresses, which panics may have in their texts.
fn anonymous(mut event: Event<'static>) -> Event<'static> {
    event.message = event.message.map(|text| without_addresses(&text));
    for exception in &mut event.exception.values {
        exception.value = exception.value.take().map(|text| without_addresses(&text));
    }
    event.server_name = None;
    event.user = None;
    event.request = None;
    event
}

struct ErrorLayer;

impl<S: Subscriber> Layer<S> for ErrorLayer {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() != Level::ERROR {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        sentry::capture_event(Event {
            level: sentry::Level::Error,
            logger: Some(event.metadata().target().to_owned()),
            message: Some(fields.message),
            extra: fields.others.into_iter().map(|(name, text)| (name.to_owned(), Value::String(text))).collect(),
            ..Event::default()
        });
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, String)>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = without_addresses(&format!("{value:?}"));
        if field.name() == "message" {
            self.message = text;
        } else {
            self.others.push((field.name(), text));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

/// Sends reports one after the other.
struct ReportTransport {
    /// Until the end.
    queue: Mutex<Option<mpsc::Sender<Envelope>>>,
    /// Disconnected once all are sent.
    sent: Mutex<wait::Receiver<()>>,
}

impl ReportTransport {
    fn start(config: &ReportsConfig, sender: &Sender) -> Result<Self, TelemetryError> {
        let (queue, mut envelopes) = mpsc::channel::<Envelope>(QUEUE_CAPACITY);
        let (end, sent) = wait::channel::<()>();
        let url = config.dsn.envelope_api_url().to_string();
        let authorization = config.dsn.to_auth(Some(concat!("circadia/", env!("CARGO_PKG_VERSION")))).to_string();
        let client = sender.client().clone();
        sender.spawn(async move {
            while let Some(envelope) = envelopes.recv().await {
                let mut body = Vec::new();
                if envelope.to_writer(&mut body).is_err() {
                    continue;
                }
                let request = client
                    .post(&url)
                    .header("x-sentry-auth", &authorization)
                    .header(CONTENT_TYPE, "application/x-sentry-envelope")
                    .body(body);
                let refusal = match request.send().await {
                    Ok(answer) if answer.status().is_success() => continue,
                    Ok(answer) => answer.status().to_string(),
                    Err(error) => error.without_url().to_string(),
                };
                tracing::warn!(reason = refusal, "a defect can't be reported");
            }
            drop(end);
        })?;
        Ok(Self { queue: Mutex::new(Some(queue)), sent: Mutex::new(sent) })
    }
}

impl Transport for ReportTransport {
    fn send_envelope(&self, envelope: Envelope) {
        if let Some(queue) = &*self.queue.lock().unwrap_or_else(PoisonError::into_inner) {
            // A full queue means that many were reported lately.
            let _ = queue.try_send(envelope);
        }
    }

    /// At once: a thread that panics must not wait.
    fn flush(&self, _: Duration) -> bool {
        true
    }

    fn shutdown(&self, timeout: Duration) -> bool {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(sent.recv_timeout(timeout), Err(wait::RecvTimeoutError::Disconnected))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::time::Instant;

    use super::*;

    fn config(listener: &TcpListener) -> ReportsConfig {
        let dsn = format!("http://public@{}/1", listener.local_addr().unwrap());
        ReportsConfig { dsn: dsn.parse().unwrap(), environment: "test".into() }
    }

    #[test]
    fn a_panic_is_reported_without_addresses() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sender = Sender::start().unwrap();
        let reports = Reports::start(config(&listener), &sender).unwrap();
        let panics = || assert!(std::thread::panicking(), "expected by the test, of ada@example.org");
        assert!(std::thread::spawn(panics).join().is_err());
        let (mut stream, _) = listener.accept().unwrap();
        let mut text = String::new();
        while !text.contains("expected by the test") {
            let mut part = [0; 4096];
            let length = stream.read(&mut part).unwrap();
            assert!(length > 0, "{text}");
            text.push_str(&String::from_utf8_lossy(&part[..length]));
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        assert!(!text.contains("ada@") && text.contains("\"release\":\"circadia@"), "{text}");
        drop(reports);
    }

    #[test]
    fn a_server_that_never_answers_holds_up_neither_reports_nor_the_end() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sender = Sender::start().unwrap();
        let transport = ReportTransport::start(&config(&listener), &sender).unwrap();
        let begun = Instant::now();
        for _ in 0..10 * QUEUE_CAPACITY {
            transport.send_envelope(Event::new().into());
        }
        assert!(transport.flush(Duration::from_secs(9)));
        assert!(begun.elapsed() < Duration::from_secs(1));
        assert!(!transport.shutdown(Duration::from_millis(100)));
        drop((transport, sender));
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    }
}
