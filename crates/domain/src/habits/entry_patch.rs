//! Changing a part of an entry.

use super::entry::verdict;
use super::{Entry, EntryInput, EntryNote, EntryState, Timeline};
use crate::quantity::Quantity;
use crate::violation::Violations;

patch! {
    /// A change of an entry (RFC 7396): what is absent stays, null clears.
    ///
    /// A `value` alone decides the state, unless the day is skipped. A `state` must agree with the value that stays; with
    /// `"value": null` it is stored as if there had been none: `done` stores the target.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PatchEntryBody, example = json!({"note": "With lemon"})))]
    pub struct EntryPatch of Entry {
        /// A note.
        pub note: Option<Option<EntryNote>>,
    } besides {
        /// The state of the day.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub state: Option<EntryState>,
        /// A count, or minutes, with up to three decimals; not for habits that are only checked.
        #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>, minimum = 0, maximum = 1_000_000))]
        pub value: Option<Option<Quantity>>,
    }
}

impl EntryPatch {
    /// Whether the day has to be judged anew.
    pub(super) fn judges(&self, existing: &Entry) -> bool {
        match self.value {
            Some(None) => self.state.is_some() || existing.value.is_some(),
            Some(Some(_)) => true,
            None => self.state.is_some(),
        }
    }

    /// The entry with the change made. A note alone leaves state and value as they are.
    ///
    /// # Errors
    /// Those of [`EntryInput::resolve`]; at `/state` where the value that stays contradicts it.
    pub(super) fn merged(self, existing: &Entry, timeline: &Timeline) -> Result<Entry, Violations> {
        let kind = &timeline.plan_on(existing.date).kind;
        let mut entry = existing.clone();
        if self.judges(existing) {
            let is_measured = kind.target().is_some();
            let present = existing.clone().reevaluated(timeline).state;
            let state = match (self.state, self.value) {
                (None, Some(Some(_))) if is_measured && present != EntryState::Skipped => None,
                (state, _) => Some(state.unwrap_or(present)),
            };
            let value = self.value.unwrap_or(existing.value.filter(|_| is_measured));
            let settles = EntryInput { state: self.state, ..EntryInput::default() }.settles(kind);
            let resolved =
                EntryInput { state, value, note: None }.resolve(kind, existing.value, existing.tracked_minutes);
            let (state, value) =
                resolved.map_err(|wrong| if self.value.is_none() { at_state(wrong) } else { wrong })?;
            entry.state = state;
            entry.settled = settles || existing.settled && self.state.is_none() && state == EntryState::Done;
            // What was measured before the habit was only checked stays.
            entry.value = if is_measured || self.value.is_some() { value } else { existing.value };
        }
        self.apply_to(&mut entry);
        if existing.is_tracked_only()
            && entry.state == EntryState::Done
            && entry.value.is_none()
            && entry.note.is_some()
        {
            // Without the tracked minutes, it would be done without a value.
            entry.value = Some(Quantity::ZERO);
            entry.state = verdict(kind, Quantity::whole(entry.tracked_minutes));
        }
        Ok(entry)
    }
}

fn at_state(wrong: Violations) -> Violations {
    let mut moved = Violations::new();
    for violation in wrong {
        moved.add("/state", violation.code, violation.detail);
    }
    moved
}
