//! Sends what is exported, on a thread of its own: neither a request nor the thread that panics ever waits for it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Request, Response};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::TelemetryError;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an answer may take.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    /// Until it is dropped.
    runtime: Option<Arc<Runtime>>,
    client: Client,
}

impl Sender {
    pub(super) fn start() -> Result<Self, TelemetryError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("telemetry")
            .enable_all()
            .build()?;
        let client = Client::builder()
            .user_agent(concat!("circadia/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(RESPONSE_TIMEOUT)
            .build()?;
        Ok(Self { runtime: Some(Arc::new(runtime)), client })
    }

    /// Runs a task on the thread.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> io::Result<JoinHandle<T>> {
        let runtime = self.runtime.as_ref().ok_or_else(|| io::Error::other("it has stopped"))?;
        Ok(runtime.spawn(task))
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request on the thread.
    ///
    /// # Errors
    /// That there was no answer.
    pub(super) async fn send(&self, request: Request) -> io::Result<Response> {
        let client = self.client.clone();
        let sent = self.spawn(async move { client.execute(request).await })?;
        sent.await.map_err(io::Error::other)?.map_err(|error| io::Error::other(error.without_url()))
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        // The last of them must not wait for its tasks, which may be asking a server that doesn't answer.
        if let Some(runtime) = self.runtime.take().and_then(Arc::into_inner) {
            runtime.shutdown_background();
        }
    }
}
