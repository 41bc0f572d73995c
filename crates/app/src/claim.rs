//! Who decides about a unit of work: the thread that runs it, or who waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use circadia_domain::error::StoreError;

/// A thread runs it, or its sender took it back.
const TAKEN: u8 = 1;
/// The thread was allowed to commit.
const COMMITTING: u8 = 2;
/// Nobody waits for it any more.
const GIVEN_UP: u8 = 4;

/// The state of a unit of work. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claim(Arc<AtomicU8>);

impl Claim {
    /// Takes it, to run it or to take it back. Whether it was free.
    pub(crate) fn take(&self) -> bool {
        self.0.fetch_or(TAKEN, Ordering::AcqRel) & TAKEN == 0
    }

    /// The thread begins to run it, or begins again after a roll-back: nothing is being committed.
    pub(crate) fn begin(&self) {
        self.0.fetch_and(!COMMITTING, Ordering::AcqRel);
    }

    /// Asks for leave to commit. There is none once it was given up: its client was told that nothing was stored.
    pub(crate) fn may_commit(&self) -> bool {
        let allow = |state| (state & GIVEN_UP == 0).then_some(state | COMMITTING);
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, allow).is_ok()
    }

    /// Gives it up while it runs.
    pub(crate) fn give_up(&self) {
        self.0.fetch_or(GIVEN_UP, Ordering::AcqRel);
    }

    /// The error of a unit of work that was given up.
    pub(crate) fn given_up(&self) -> Option<StoreError> {
        let state = self.0.load(Ordering::Acquire);
        let reason = "it didn't answer in time";
        match (state & GIVEN_UP != 0, state & COMMITTING != 0) {
            (false, _) => None,
            (true, false) => Some(StoreError::Unavailable(reason.to_owned())),
            (true, true) => Some(StoreError::OutcomeUnknown(reason.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_up_before_its_commit_is_never_committed() {
        let claim = Claim::default();
        assert!(claim.take() && !claim.take());
        assert!(claim.given_up().is_none());
        claim.give_up();
        assert!(!claim.may_commit());
        assert!(matches!(claim.given_up(), Some(StoreError::Unavailable(_))));
    }

    #[test]
    fn what_was_given_up_between_two_attempts_is_never_committed() {
        let claim = Claim::default();
        assert!(claim.take() && claim.may_commit());
        claim.begin();
        claim.give_up();
        assert!(!claim.may_commit());
        assert!(matches!(claim.given_up(), Some(StoreError::Unavailable(_))));
    }

    #[test]
    fn the_outcome_of_what_was_given_up_during_its_commit_is_unknown() {
        let claim = Claim::default();
        assert!(claim.take() && claim.may_commit());
        claim.give_up();
        assert!(matches!(claim.given_up(), Some(StoreError::OutcomeUnknown(_))));
    }
}
