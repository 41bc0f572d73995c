//! The interface to an HTTP client.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

pub use oauth2::{HttpRequest, HttpResponse};

/// Why there is no response: connection failed, timed out, or the body exceeds the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpFailure(pub String);

impl fmt::Display for HttpFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for HttpFailure {}

/// A pending response.
pub type ResponseFuture<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpFailure>> + Send + 'a>>;

/// Sends requests to a provider. Implementations don't follow redirects (the provider's redirects are for browsers; RFC
/// 9700 §4.11), time out after a few seconds, and limit the size of the body.
pub trait HttpClient: Send + Sync {
    /// Sends a request.
    fn send(&self, request: HttpRequest) -> ResponseFuture<'_>;
}
