//! Sends messages to webhooks.

use circadia_app::webhooks::{AttemptFuture, OutgoingMessage, WebhookSender};
use circadia_domain::webhooks::AttemptResult;
use reqwest::header::CONTENT_TYPE;

use crate::outgoing::{OutgoingClient, failure_of};

const USER_AGENT: &str = concat!("circadia/", env!("CARGO_PKG_VERSION"), " (webhooks)");

/// Sends messages.
#[derive(Debug, Clone)]
pub(crate) struct HttpSender(OutgoingClient);

impl HttpSender {
    /// A sender; to addresses that aren't public only where `private_targets` are allowed.
    ///
    /// # Errors
    /// If the system's certificates can't be read.
    pub(crate) fn new(private_targets: bool) -> Result<Self, reqwest::Error> {
        OutgoingClient::new(USER_AGENT, private_targets).map(Self)
    }

    #[cfg(test)]
    pub(super) fn with_names(
        private_targets: bool,
        names: std::sync::Arc<dyn crate::outgoing::Names>,
    ) -> Result<Self, reqwest::Error> {
        OutgoingClient::with_names(USER_AGENT, private_targets, names).map(Self)
    }

    async fn exchange(&self, message: OutgoingMessage) -> AttemptResult {
        let OutgoingMessage { url, id, timestamp, signature, body } = message;
        let answered = self.0.post(&url, |request| {
            request
                .header(CONTENT_TYPE, "application/json")
                .header("webhook-id", id)
                .header("webhook-timestamp", timestamp)
                .header("webhook-signature", signature)
                .body(body)
        });
        let answered = answered.await;
        let duration_ms = i32::try_from(answered.elapsed.as_millis()).unwrap_or(i32::MAX);
        match answered.answer {
            Ok((status, _)) => {
                AttemptResult { status: Some(status.as_u16().into()), duration_ms, failure: failure_of(status) }
            }
            Err(failure) => AttemptResult { status: None, duration_ms, failure: Some(failure) },
        }
    }
}

impl WebhookSender for HttpSender {
    fn send(&self, message: OutgoingMessage) -> AttemptFuture<'_> {
        Box::pin(self.exchange(message))
    }
}
