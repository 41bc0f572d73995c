//! What every route has at hand.

use std::sync::Arc;

use circadia_auth::Outbox;
use circadia_domain::civil::Instant;
use circadia_domain::ids::IdSource;

use crate::google::Google;
use crate::identity::Identity;
use crate::routes::health::Readiness;
use crate::settings::ApiSettings;
use crate::work::UnitOfWork;

/// The clock that requests are served by.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Instant;
}

/// What every route has at hand. One for all workers.
pub struct App {
    /// Units of work.
    pub unit_of_work: UnitOfWork,
    /// Passwords, tokens, sessions.
    pub identity: Identity,
    /// Signing in with Google, where it is configured.
    pub google: Option<Google>,
    /// What is done later.
    pub outbox: Outbox,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn IdSource>,
    /// How the service is set up.
    pub settings: ApiSettings,
    /// Whether the process wants to be given requests.
    pub readiness: Readiness,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl App {
    /// Now.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }
}
