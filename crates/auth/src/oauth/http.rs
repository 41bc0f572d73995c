//! What is needed of an HTTP client.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

pub use oauth2::{HttpRequest, HttpResponse};

/// Why there is no answer: no connection, no answer in time, more of it than is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpFailure(pub String);

impl fmt::Display for HttpFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for HttpFailure {}

/// An answer that is awaited.
pub type ResponseFuture<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpFailure>> + Send + 'a>>;

/// Sends requests to a provider. An implementation follows no redirects (what a provider sends us to is for browsers;
/// RFC 9700 §4.11), waits some seconds at most, and reads no more than an honest answer has.
pub trait HttpClient: Send + Sync {
    /// Sends a request.
    fn send(&self, request: HttpRequest) -> ResponseFuture<'_>;
}
