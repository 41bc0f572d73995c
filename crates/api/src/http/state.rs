//! The state that every request can use, shared by all workers.

use std::fmt;
use std::sync::Arc;

use circadia_app::App;
use circadia_auth::throttles::Throttle;
use tokio::sync::watch;

use crate::http::settings::HttpSettings;

/// The application, and how it is served.
pub struct AppState {
    pub app: Arc<App>,
    pub settings: HttpSettings,
    pub throttles: RequestThrottles,
    pub readiness: Readiness,
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Counts requests by class; `None` is no limit. The quotas are those of [`HttpSettings`].
#[derive(Clone, Default)]
pub struct RequestThrottles {
    pub auth: Option<Arc<dyn Throttle>>,
    pub refresh: Option<Arc<dyn Throttle>>,
    pub anonymous: Option<Arc<dyn Throttle>>,
    pub user: Option<Arc<dyn Throttle>>,
    pub transfer: Option<Arc<dyn Throttle>>,
}

impl fmt::Debug for RequestThrottles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestThrottles(..)")
    }
}

/// Whether this process accepts requests. Withdrawn on shutdown.
#[derive(Debug)]
pub struct Readiness(watch::Sender<bool>);

impl Default for Readiness {
    fn default() -> Self {
        Self(watch::Sender::new(true))
    }
}

impl Readiness {
    pub fn withdraw(&self) {
        self.0.send_replace(false);
    }

    pub(crate) fn is_ready(&self) -> bool {
        *self.0.borrow()
    }

    /// For answers without an end, which are to end when it is withdrawn.
    pub(crate) fn follow(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }
}
