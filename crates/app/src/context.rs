//! The dependencies that every service shares.

use std::sync::Arc;

use circadia_auth::Entropy;
use circadia_domain::audit::{AuditAction, AuditEvent};
use circadia_domain::civil::Instant;
use circadia_domain::ids::IdSource;

use crate::authenticate::Principal;
use crate::clock::Clock;
use crate::sign_in_measures::SignInMeasures;
use crate::unit_of_work::UnitOfWork;

/// Units of work, the clock, fresh ids and randomness, and how sign-ins end. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    pub unit_of_work: UnitOfWork,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
    pub entropy: Arc<dyn Entropy>,
    pub sign_ins: Arc<SignInMeasures>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("unit_of_work", &self.unit_of_work).finish_non_exhaustive()
    }
}

impl Context {
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// An audit event about what a signed-in user does to their own account.
    pub(crate) fn audit_event(&self, principal: Principal, action: AuditAction, now: Instant) -> AuditEvent {
        AuditEvent::by(self.ids.fresh().into(), action, principal.user, now).in_session(principal.session)
    }
}
