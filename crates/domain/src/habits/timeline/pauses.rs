//! A habit's pauses: its own, and its copies of the shared ones.

use super::Timeline;
use crate::habits::Pause;
use crate::ids::PauseId;
use crate::violation::Violations;

impl Timeline {
    /// A pause of its own.
    pub fn own_pause(&self, id: PauseId) -> Option<&Pause> {
        self.pauses.iter().find(|pause| pause.is_own() && pause.id == id)
    }

    /// This timeline with a pause of its own more, or with the own pause of that id changed.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_pause(&self, pause: Pause) -> Result<Self, Violations> {
        let mut pauses = self.pauses.clone();
        pauses.retain(|known| !known.is_own() || known.id != pause.id);
        pauses.push(pause);
        self.with_pauses(pauses)
    }

    /// This timeline without a pause of its own; `None` if it has none of that id.
    pub fn without_pause(&self, id: PauseId) -> Option<Self> {
        let mut pauses = self.pauses.clone();
        pauses.retain(|known| !known.is_own() || known.id != id);
        if pauses.len() == self.pauses.len() {
            return None;
        }
        self.with_pauses(pauses).ok()
    }

    /// This timeline with these shared pauses in place of those that it has. Those that don't touch its window are left
    /// out.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_shared_pauses(&self, shared: impl IntoIterator<Item = Pause>) -> Result<Self, Violations> {
        let window = self.window;
        let touching =
            shared.into_iter().filter(|pause| pause.from <= window.last() && window.starts_on <= pause.last());
        self.with_pauses(self.pauses.iter().filter(|pause| pause.is_own()).cloned().chain(touching).collect())
    }

    fn with_pauses(&self, pauses: Vec<Pause>) -> Result<Self, Violations> {
        Self::with_archives(self.window, self.plans.clone(), pauses, self.archives.clone())
    }
}
