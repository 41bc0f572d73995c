//! The HTTP client for calls to providers.

use std::time::Duration;

use circadia_auth::oauth::{HttpClient, HttpFailure, HttpRequest, HttpResponse, ResponseFuture};
use reqwest::{Client, Request};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an answer may take, from the request to its last byte.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of an answer that are read. Google's keys have 2 KiB, Microsoft's 20, a token answer about 3.
const MAX_RESPONSE_BYTES: usize = 128 * 1024;

/// Follows no redirects, waits some seconds at most, reads no more than an honest answer has.
#[derive(Debug, Clone)]
pub(crate) struct ProviderClient(Client);

impl ProviderClient {
    /// The client.
    ///
    /// # Errors
    /// If the system's certificates can't be read.
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .user_agent(concat!("circadia/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .gzip(false)
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(RESPONSE_TIMEOUT)
            .build()?;
        Ok(Self(client))
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
        let request = Request::try_from(request).map_err(|error| failure(&error))?;
        let mut answer = self.0.execute(request).await.map_err(|error| failure(&error))?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| failure(&error))? {
            if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
                return Err(HttpFailure(format!(
                    "{} answers more than {MAX_RESPONSE_BYTES} bytes",
                    answer.url().path()
                )));
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = HttpResponse::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        Ok(response)
    }
}

/// Where it went wrong and why; not with what in the query.
fn failure(error: &reqwest::Error) -> HttpFailure {
    let place = error.url().map(|url| format!("{}{}", url.host_str().unwrap_or_default(), url.path()));
    let mut text = place.map_or_else(String::new, |place| format!("{place}: "));
    text.push_str(if error.is_timeout() { "no answer in time" } else { "no answer" });
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        cause = deeper.source();
    }
    HttpFailure(text)
}

impl HttpClient for ProviderClient {
    fn send(&self, request: HttpRequest) -> ResponseFuture<'_> {
        Box::pin(self.exchange(request))
    }
}
