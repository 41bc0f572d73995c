//! Sends messages over HTTPS, to public addresses alone.
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

use circadia_app::webhooks::{AttemptFuture, OutgoingMessage, WebhookSender};
use circadia_domain::webhooks::{AttemptResult, is_public};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, StatusCode};

/// How long a connection may take, with its look-up and TLS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an answer may take, from the request to the end of its headers.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// What is read of an answer's body, so that receivers can finish writing it. It says nothing.
const MAX_BODY_BYTES: usize = 64 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(1);

/// The addresses that a name has.
pub(super) type LookUp<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Looks names up.
pub(super) trait Names: Send + Sync + 'static {
    fn look_up<'a>(&'a self, name: &'a str) -> LookUp<'a>;
}

/// Looks names up as the system does.
#[derive(Debug)]
pub(super) struct SystemNames;

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

/// Sends messages.
#[derive(Debug, Clone)]
pub(crate) struct HttpSender {
    client: Client,
    private_targets: bool,
}

impl HttpSender {
    /// A sender; to addresses that aren't public only where `private_targets` are allowed.
    ///
    /// # Errors
    /// If the system's certificates can't be read.
    pub(crate) fn new(private_targets: bool) -> Result<Self, reqwest::Error> {
        Self::with_names(private_targets, Arc::new(SystemNames))
    }

    pub(super) fn with_names(private_targets: bool, names: Arc<dyn Names>) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .user_agent(concat!("circadia/", env!("CARGO_PKG_VERSION"), " (webhooks)"))
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

    async fn exchange(&self, message: OutgoingMessage) -> AttemptResult {
        let begun = Instant::now();
        let answered = tokio::time::timeout(ANSWER_TIMEOUT, self.answer(message)).await;
        let duration_ms = i32::try_from(begun.elapsed().as_millis()).unwrap_or(i32::MAX);
        let ended = |status: Option<StatusCode>, failure: Option<String>| AttemptResult {
            status: status.map(|status| i32::from(status.as_u16())),
            duration_ms,
            failure,
        };
        match answered {
            Err(_) => ended(None, Some(format!("no answer within {} s", ANSWER_TIMEOUT.as_secs()))),
            Ok(Err(failure)) => ended(None, Some(failure)),
            Ok(Ok(answer)) => {
                let status = answer.status();
                // However it ends: the status has said it all.
                let _ = tokio::time::timeout(BODY_TIMEOUT, read_some(answer)).await;
                ended(Some(status), failure_of(status))
            }
        }
    }

    async fn answer(&self, message: OutgoingMessage) -> Result<Response, String> {
        // An address in the URL isn't looked up, so it is checked here.
        if let Some(address) = message.url.address()
            && !self.private_targets
            && !is_public(address)
        {
            return Err(NotPublic.to_string());
        }
        let request = self
            .client
            .post(message.url.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.timestamp)
            .header("webhook-signature", message.signature)
            .body(message.body);
        request.send().await.map_err(|error| reason(&error))
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
fn failure_of(status: StatusCode) -> Option<String> {
    if status.is_success() {
        return None;
    }
    let name = status.canonical_reason().map(|name| format!(" ({name})")).unwrap_or_default();
    let code = status.as_u16();
    Some(if status.is_redirection() {
        format!("the answer was {code}{name}; redirects aren't followed: change the URL of the webhook")
    } else {
        format!("the answer was {code}{name}")
    })
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

impl WebhookSender for HttpSender {
    fn send(&self, message: OutgoingMessage) -> AttemptFuture<'_> {
        Box::pin(self.exchange(message))
    }
}
