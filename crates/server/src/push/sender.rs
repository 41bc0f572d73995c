//! Sends messages to push services (RFC 8030).

use circadia_app::push::{OutgoingPush, PushAnswer, PushFuture, PushSender};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, RETRY_AFTER};

use crate::outgoing::{OutgoingClient, failure_of};

/// Sends messages.
#[derive(Debug, Clone)]
pub(crate) struct HttpPushSender(OutgoingClient);

impl HttpPushSender {
    /// A sender; to addresses that aren't public only where `private_targets` are allowed.
    ///
    /// # Errors
    /// If the system's certificates can't be read.
    pub(crate) fn new(private_targets: bool) -> Result<Self, reqwest::Error> {
        let user_agent = concat!("circadia/", env!("CARGO_PKG_VERSION"), " (web push)");
        OutgoingClient::new(user_agent, private_targets).map(Self)
    }

    async fn exchange(&self, message: OutgoingPush) -> PushAnswer {
        let OutgoingPush { endpoint, authorization, topic, ttl_seconds, body } = message;
        let answered = self.0.post(&endpoint, |request| {
            request
                .header(AUTHORIZATION, authorization)
                .header(CONTENT_ENCODING, "aes128gcm")
                .header(CONTENT_TYPE, "application/octet-stream")
                .header("ttl", ttl_seconds)
                .header("topic", topic)
                .header("urgency", "normal")
                .body(body)
        });
        match answered.await.answer {
            Ok((status, headers)) => PushAnswer {
                status: Some(status.as_u16()),
                retry_after: seconds_of(&headers),
                failure: failure_of(status),
            },
            Err(failure) => PushAnswer { failure: Some(failure), ..PushAnswer::default() },
        }
    }
}

/// `Retry-After` in seconds. As a date, it would depend on the service's clock; then the usual pause must do.
fn seconds_of(headers: &HeaderMap) -> Option<i64> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().filter(|seconds| *seconds >= 0)
}

impl PushSender for HttpPushSender {
    fn send(&self, message: OutgoingPush) -> PushFuture<'_> {
        Box::pin(self.exchange(message))
    }
}
