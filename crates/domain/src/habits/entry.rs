//! Entries: what was done, skipped or missed on a day.

use serde::Serialize;

use super::{DayRecord, Direction, Kind, Timeline};
use crate::civil::{Date, Instant};
use crate::ids::HabitId;
use crate::quantity::Quantity;
use crate::revision::Revision;
use crate::text::Prose;
use crate::violation::Violations;

/// A note on an entry: at most 1,000 characters.
pub type EntryNote = Prose<1000>;

/// The largest value of a day, in any unit: a million.
pub const MAX_VALUE: u32 = 1_000_000;

words! {
    /// What a day was.
    pub enum EntryState {
        /// Done.
        Done = "done",
        /// Left out on purpose: it neither counts nor breaks.
        Skipped = "skipped",
        /// Not done; for counts and minutes: the target isn't met.
        Missed = "missed",
    }
}

/// An entry as stored; there is at most one per habit and date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The habit it is about.
    pub habit: HabitId,
    /// The civil date it is about, in the user's own calendar.
    pub date: Date,
    /// Whether the day was done, skipped or missed. For counts and minutes the value decides between done and missed.
    pub state: EntryState,
    /// The value entered by hand: a count, or minutes.
    pub value: Option<Quantity>,
    /// The minutes of the day's time entries.
    pub tracked_minutes: u32,
    /// Whether the day was called done although it wasn't over: of what is to stay within a limit, that was all.
    pub settled: bool,
    /// A note.
    pub note: Option<EntryNote>,
    /// The time of creation.
    pub created_at: Instant,
    /// The time of the last change.
    pub updated_at: Instant,
    /// The revision it was last touched in.
    pub rev: Revision,
}

/// An entry as it is shown: at most one per habit and date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Entry))]
pub struct EntryView {
    /// The habit's id.
    pub habit_id: HabitId,
    /// The date.
    pub date: Date,
    /// The day's status; for counts and minutes, it follows from the value.
    pub state: EntryState,
    /// The day's value: the value entered by hand plus the tracked minutes; null without either.
    pub value: Option<Quantity>,
    /// The value entered by hand; null without one.
    pub manual_value: Option<Quantity>,
    /// The minutes of the day's time entries.
    pub tracked_minutes: u32,
    /// Of habits with a limit: whether the day was called `done` before it was over.
    pub settled: bool,
    /// A note.
    pub note: Option<EntryNote>,
    /// When it was first made.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        Self {
            habit_id: entry.habit,
            date: entry.date,
            state: entry.state,
            value: entry.total(),
            manual_value: entry.value,
            tracked_minutes: entry.tracked_minutes,
            settled: entry.settled,
            note: entry.note,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        }
    }
}

impl EntryView {
    /// Gives it the state that follows from its value by the plan in force on its date.
    pub fn reevaluate(&mut self, timeline: &Timeline) {
        (self.state, self.settled) = evaluated(timeline, self.date, self.value, self.state, self.settled);
    }
}

/// The state of a day where values are measured, and whether it is still settled.
fn evaluated(
    timeline: &Timeline,
    date: Date,
    total: Option<Quantity>,
    state: EntryState,
    settled: bool,
) -> (EntryState, bool) {
    let kind = &timeline.plan_on(date).kind;
    let state = match (kind.target(), total, state) {
        (Some(_), Some(total), EntryState::Done | EntryState::Missed) => verdict(kind, total),
        (_, _, state) => state,
    };
    (state, settled && state == EntryState::Done)
}

impl Entry {
    /// The day's value: what was entered by hand plus the tracked minutes.
    pub fn total(&self) -> Option<Quantity> {
        day_total(self.value, self.tracked_minutes)
    }

    /// Whether the entry has no manual part and exists only because time was tracked. (Its state is then a placeholder:
    /// no other entry is done without a value where values are measured.)
    pub fn is_tracked_only(&self) -> bool {
        let says_nothing = self.value.is_none() && self.note.is_none() && !self.settled;
        self.tracked_minutes > 0 && self.state == EntryState::Done && says_nothing
    }

    /// The entry with its state re-evaluated by the plan version in force on its date.
    #[must_use]
    pub fn reevaluated(mut self, timeline: &Timeline) -> Self {
        (self.state, self.settled) = evaluated(timeline, self.date, self.total(), self.state, self.settled);
        self
    }

    /// What the engine needs to know of the day.
    pub fn record(&self) -> DayRecord {
        DayRecord { state: self.state, value: self.total(), settled: self.settled }
    }
}

/// A day's value: what was entered by hand plus the tracked minutes; none without either.
pub fn day_total(value: Option<Quantity>, tracked_minutes: u32) -> Option<Quantity> {
    match (value, tracked_minutes) {
        (None, 0) => None,
        (value, tracked) => Some(value.unwrap_or_default().plus(Quantity::whole(tracked))),
    }
}

/// A day's entry, as submitted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PutEntryBody, example = json!({"state": "done"})))]
pub struct EntryInput {
    /// The state of the day; may be omitted if `value` implies it.
    pub state: Option<EntryState>,
    /// A count, or minutes, with up to three decimals; not for habits that are only checked. `done` without a value
    /// stores the target; of what is to stay within a limit it says that the day is done with the value it has, before
    /// it is over.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>, minimum = 0, maximum = 1_000_000))]
    pub value: Option<Quantity>,
    /// A note.
    pub note: Option<EntryNote>,
}

impl EntryInput {
    /// What is to be stored for a habit of this kind: the state and the value that follow. Of a limit, a day that is
    /// called done without a value keeps the `present` one.
    ///
    /// # Errors
    /// - `required` if neither state nor value is given, or the state of a habit without values is missing;
    /// - `unexpected_value` if a habit without values is given one;
    /// - `target_missed` or `target_met` if the state contradicts the value, or the tracked minutes.
    pub fn resolve(
        &self,
        kind: &Kind,
        present: Option<Quantity>,
        tracked_minutes: u32,
    ) -> Result<(EntryState, Option<Quantity>), Violations> {
        let one = |path: &str, code, detail: String| {
            let mut wrong = Violations::new();
            wrong.add(path, code, detail);
            Err(wrong)
        };
        let Some(target) = kind.target() else {
            if self.value.is_some() {
                return one("/value", "unexpected_value", "this habit is only checked: leave `value` out".into());
            }
            return match self.state {
                Some(state) => Ok((state, None)),
                None => one("/state", "required", "is required: `done`, `skipped` or `missed`".into()),
            };
        };
        let tracked = Quantity::whole(tracked_minutes);
        let total = |value: Quantity| value.plus(tracked);
        match (self.state, self.value) {
            (None, None) => one("/state", "required", "is required where no `value` is given".into()),
            (Some(EntryState::Skipped), value) => Ok((EntryState::Skipped, value)),
            (None, Some(value)) => Ok((verdict(kind, total(value)), Some(value))),
            (Some(EntryState::Done), None) if kind.direction() == Direction::AtMost => {
                let sum = total(present.unwrap_or_default());
                if sum > target {
                    return one(
                        "/state",
                        "target_missed",
                        format!("{sum} is over the limit of {target}: it can't be `done`"),
                    );
                }
                Ok((EntryState::Done, present))
            }
            (Some(EntryState::Done), None) => Ok((EntryState::Done, Some(target.minus(tracked)))),
            (Some(EntryState::Done), Some(value)) if !kind.is_met_by(total(value)) => {
                let detail = format!("{} does not meet the target of {target}: it can't be `done`", total(value));
                one("/value", "target_missed", detail)
            }
            (Some(EntryState::Missed), Some(value)) if kind.is_met_by(total(value)) => {
                let detail = format!("{} meets the target of {target}: it can't be `missed`", total(value));
                one("/value", "target_met", detail)
            }
            (Some(EntryState::Missed), None) if tracked_minutes > 0 && kind.is_met_by(tracked) => {
                let detail = format!(
                    "the {tracked_minutes} minutes that were tracked meet the target of {target}: it can't be `missed`"
                );
                one("/value", "target_met", detail)
            }
            (Some(state), value) => Ok((state, value)),
        }
    }
}

impl EntryInput {
    /// Whether it says that a day is done before it is over; see [`Entry::settled`].
    pub fn settles(&self, kind: &Kind) -> bool {
        kind.direction() == Direction::AtMost && self.state == Some(EntryState::Done)
    }
}

/// Whether a day with this total is done.
pub(super) fn verdict(kind: &Kind, total: Quantity) -> EntryState {
    if kind.is_met_by(total) { EntryState::Done } else { EntryState::Missed }
}
