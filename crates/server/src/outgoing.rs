//! The HTTP client for requests to URLs that users choose, to public addresses alone.
//!
//! A name is looked up once, what isn't public of its addresses is dropped, and the connection is opened to one of those
//! that were checked: there is no second look-up that could answer something else (DNS rebinding). Connections aren't
//! kept. Redirects aren't followed, and no proxy is used.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use circadia_domain::outgoing::{OutgoingUrl, is_public};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderMap;
use reqwest::{Client, RequestBuilder, Response, StatusCode};

/// How long a connection may take, with its look-up and TLS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer may take, from the request to the end of its headers.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// What is read of an answer's body, so that receivers can finish writing it. It says nothing.
const MAX_BODY_BYTES: usize = 64 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(1);

/// The addresses that a name has.
pub(crate) type LookUp<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Looks names up.
pub(crate) trait Names: Send + Sync + 'static {
    fn look_up<'a>(&'a self, name: &'a str) -> LookUp<'a>;
}

/// Looks names up as the system does.
#[derive(Debug)]
struct SystemNames;

impl Names for SystemNames {
    fn look_up<'a>(&'a self, name: &'a str) -> LookUp<'a> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
    }
}

/// Why a name isn't connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the host has no public address")
    }
}

impl StdError for NotPublic {}

/// Gives the client the public addresses of a name, or all of them where private ones are allowed.
#[derive(Clone)]
struct CheckedNames {
    names: Arc<dyn Names>,
    private_targets: bool,
}

impl Resolve for CheckedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let Self { names, private_targets } = self.clone();
        Box::pin(async move {
            let found = names.look_up(name.as_str()).await?;
            let checked: Vec<SocketAddr> =
                found.into_iter().filter(|address| private_targets || is_public(address.ip())).collect();
            if checked.is_empty() {
                return Err(NotPublic.into());
            }
            let checked: Addrs = Box::new(checked.into_iter());
            Ok(checked)
        })
    }
}

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Answered {
    /// Its status and headers, or why there are none.
    pub(crate) answer: Result<(StatusCode, HeaderMap), String>,
    /// How long that took.
    pub(crate) elapsed: Duration,
}

/// Sends requests.
#[derive(Debug, Clone)]
pub(crate) struct OutgoingClient {
    client: Client,
    private_targets: bool,
}

impl OutgoingClient {
    /// A client; to addresses that aren't public only where `private_targets` are allowed. `user_agent` says what for.
    ///
    /// # Errors
    /// If the system's certificates can't be read.
    pub(crate) fn new(user_agent: &str, private_targets: bool) -> Result<Self, reqwest::Error> {
        Self::with_names(user_agent, private_targets, Arc::new(SystemNames))
    }

    pub(crate) fn with_names(
        user_agent: &str,
        private_targets: bool,
        names: Arc<dyn Names>,
    ) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .user_agent(user_agent)
            .dns_resolver(Arc::new(CheckedNames { names, private_targets }))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .gzip(false)
            .referer(false)
            .pool_max_idle_per_host(0)
            .connect_timeout(CONNECT_TIMEOUT)
            .build()?;
        Ok(Self { client, private_targets })
    }

    /// Posts what `fill` makes of a request to a URL.
    pub(crate) async fn post(
        &self,
        url: &OutgoingUrl,
        fill: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Answered {
        let begun = Instant::now();
        let answered = match tokio::time::timeout(ANSWER_TIMEOUT, self.send(url, fill)).await {
            Ok(answered) => answered,
            Err(_) => Err(format!("no answer within {} s", ANSWER_TIMEOUT.as_secs())),
        };
        let elapsed = begun.elapsed();
        match answered {
            Ok(answer) => {
                let head = (answer.status(), answer.headers().clone());
                // However it ends: the status has said it all.
                let _ = tokio::time::timeout(BODY_TIMEOUT, read_some(answer)).await;
                Answered { answer: Ok(head), elapsed }
            }
            Err(failure) => Answered { answer: Err(failure), elapsed },
        }
    }

    async fn send(
        &self,
        url: &OutgoingUrl,
        fill: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, String> {
        // An address in the URL isn't looked up, so it is checked here.
        if let Some(address) = url.address()
            && !self.private_targets
            && !is_public(address)
        {
            return Err(NotPublic.to_string());
        }
        fill(self.client.post(url.as_str())).send().await.map_err(|error| reason(&error))
    }
}

async fn read_some(mut answer: Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        read += chunk.len();
        if read >= MAX_BODY_BYTES {
            return;
        }
    }
}

/// Why an answer isn't a good one.
pub(crate) fn failure_of(status: StatusCode) -> Option<String> {
    if status.is_success() {
        return None;
    }
    let name = status.canonical_reason().map(|name| format!(" ({name})")).unwrap_or_default();
    let redirects = if status.is_redirection() { "; redirects aren't followed: change the URL" } else { "" };
    Some(format!("the answer was {}{name}{redirects}", status.as_u16()))
}

/// Why there is no answer: the first cause, which says most, and nothing of the URL.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn StdError = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    if error.is_timeout() && error.is_connect() {
        return format!("no connection within {} s", CONNECT_TIMEOUT.as_secs());
    }
    if cause.downcast_ref::<NotPublic>().is_some() {
        return cause.to_string();
    }
    if error.is_connect() { format!("no connection: {cause}") } else { format!("no answer: {cause}") }
}
