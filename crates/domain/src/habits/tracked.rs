//! Copies the minutes of time entries into the entries of habits measured in minutes.
//!
//! [`Entry::tracked_minutes`] is derived: where the plan of a day measures minutes, it is the sum of the day's time
//! entries; otherwise it is 0. This module is its only writer: every change of time entries calls [`follow`] in the
//! same transaction, and every change of plans calls [`realign`], which `circadia doctor` also uses for repairs.
//!
//! Manual and tracked parts are separate, so adding a time entry and removing it again leaves an entry unchanged. An
//! entry without a manual part exists only while there are tracked minutes.

use std::collections::{BTreeMap, BTreeSet};

use super::projection::{store_changes, store_entries};
use super::{Entry, EntryState, Habit, History, Kind, MAX_VALUE, Timeline};
use crate::civil::{Date, DateRange, Instant};
use crate::error::Error;
use crate::ids::{HabitId, UserId};
use crate::revision::Revision;
use crate::unit_of_work::{Store, WriteTransaction};

/// The change to a day's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    Put(Entry),
    Remove(HabitId, Date),
}

/// Whether time that is spent on a day is part of its value.
pub(crate) fn measures_minutes(timeline: &Timeline, date: Date) -> bool {
    matches!(timeline.plan_on(date).kind, Kind::Minutes { .. })
}

/// The change to a day's entry when this many minutes are tracked; `None` if it stays the same.
fn with_minutes(
    habit: &Habit,
    date: Date,
    existing: Option<&Entry>,
    minutes: u32,
    (now, rev): (Instant, Revision),
) -> Option<Change> {
    match existing {
        None if minutes == 0 => None,
        None => Some(Change::Put(Entry {
            habit: habit.id,
            date,
            state: EntryState::Done,
            value: None,
            tracked_minutes: minutes,
            settled: false,
            note: None,
            created_at: now,
            updated_at: now,
            rev,
        })),
        Some(entry) if entry.tracked_minutes == minutes => None,
        Some(entry) if minutes == 0 && entry.is_tracked_only() => Some(Change::Remove(habit.id, date)),
        Some(entry) => {
            // Done without a value, from before the habit measured minutes, means that the target was reached.
            let stands = entry.tracked_minutes == 0
                && entry.state == EntryState::Done
                && entry.value.is_none()
                && !entry.settled;
            let target = habit.timeline.plan_on(date).kind.target();
            Some(Change::Put(Entry {
                value: if stands { target } else { entry.value },
                tracked_minutes: minutes,
                updated_at: now,
                rev,
                ..entry.clone()
            }))
        }
    }
}

/// What tracked minutes make of a day's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TrackedDay {
    Unchanged,
    Changed(Entry),
    Removed,
}

/// What becomes of a day's entry when this many minutes are tracked; for imports, which know all days at once.
pub(crate) fn day_with_minutes(
    habit: &Habit,
    date: Date,
    existing: Option<&Entry>,
    minutes: u32,
    now: Instant,
    rev: Revision,
) -> TrackedDay {
    match with_minutes(habit, date, existing, minutes, (now, rev)) {
        None => TrackedDay::Unchanged,
        Some(Change::Put(entry)) => TrackedDay::Changed(entry),
        Some(Change::Remove(..)) => TrackedDay::Removed,
    }
}

fn fitting(minutes: u64) -> Result<u32, Error> {
    u32::try_from(minutes).ok().filter(|minutes| *minutes <= MAX_VALUE).ok_or_else(|| {
        let detail = format!("would make {minutes} minutes of the habit's day, which are more than {MAX_VALUE}");
        Error::field("/minutes", "out_of_range", detail)
    })
}

/// The entries to store, and those to remove.
fn separated(changes: Vec<Change>) -> (Vec<Entry>, Vec<(HabitId, Date)>) {
    let (mut puts, mut removed) = (Vec::new(), Vec::new());
    for change in changes {
        match change {
            Change::Put(entry) => puts.push(entry),
            Change::Remove(habit, date) => removed.push((habit, date)),
        }
    }
    (puts, removed)
}

/// Brings the entries of these days, and the histories of their habits, in line with the time entries that are stored:
/// in a constant number of statements.
///
/// # Errors
/// `out_of_range` at `/minutes` if a day would have more minutes than a value can hold.
pub fn follow(tx: &mut WriteTransaction<'_>, days: impl IntoIterator<Item = (HabitId, Date)>) -> Result<(), Error> {
    let days: BTreeSet<(HabitId, Date)> = days.into_iter().collect();
    let ids: BTreeSet<HabitId> = days.iter().map(|(habit, _)| *habit).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<HabitId> = ids.into_iter().collect();
    let found = tx.store.find_habits(tx.user, &ids)?;
    let mut habits: BTreeMap<HabitId, (Habit, History)> =
        found.into_iter().map(|(habit, history)| (habit.id, (habit, history))).collect();
    let measured = |(habit, date): &(HabitId, Date)| {
        habits.get(habit).is_some_and(|(habit, _)| measures_minutes(&habit.timeline, *date))
    };
    let days: Vec<(HabitId, Date)> = days.into_iter().filter(measured).collect();
    if days.is_empty() {
        return Ok(());
    }
    let sums: BTreeMap<(HabitId, Date), u64> = tx
        .store
        .minutes_of_days(tx.user, &days)?
        .into_iter()
        .map(|(habit, date, minutes)| ((habit, date), minutes))
        .collect();
    let entries: BTreeMap<(HabitId, Date), Entry> =
        tx.store.find_entries(tx.user, &days)?.into_iter().map(|entry| ((entry.habit, entry.date), entry)).collect();
    let mut changes = Vec::new();
    for day in days {
        let Some((habit, _)) = habits.get(&day.0) else { continue };
        let minutes = fitting(sums.get(&day).copied().unwrap_or(0))?;
        changes.extend(with_minutes(habit, day.1, entries.get(&day), minutes, (tx.now, tx.rev)));
    }
    let (puts, removed) = separated(changes);
    store_changes(tx, &mut habits, &puts, &removed)
}

/// What has to change about a habit's entries for them to agree with its time entries.
fn differences(
    store: &mut dyn Store,
    user: UserId,
    habit: &Habit,
    created: (Instant, Revision),
) -> Result<Vec<Change>, Error> {
    let mut minutes: BTreeMap<Date, u64> = store.minutes_of_habit(user, habit.id)?.into_iter().collect();
    minutes.retain(|date, _| measures_minutes(&habit.timeline, *date));
    let entries = store.entries(user, habit.id, DateRange::ALL, usize::MAX, false)?;
    let entries: BTreeMap<Date, Entry> = entries.into_iter().map(|entry| (entry.date, entry)).collect();
    let days: BTreeSet<Date> = minutes.keys().chain(entries.keys()).copied().collect();
    let mut changes = Vec::new();
    for date in days {
        let tracked = fitting(minutes.get(&date).copied().unwrap_or(0))?;
        changes.extend(with_minutes(habit, date, entries.get(&date), tracked, created));
    }
    Ok(changes)
}

/// On which days a habit's entries disagree with its time entries: none, unless something went wrong.
pub fn wrong_days(store: &mut dyn Store, user: UserId, habit: &Habit) -> Result<Vec<Date>, Error> {
    let changes = differences(store, user, habit, (Instant::from_micros(0), Revision(0)))?;
    Ok(changes
        .into_iter()
        .map(|change| match change {
            Change::Put(entry) => entry.date,
            Change::Remove(_, date) => date,
        })
        .collect())
}

/// Updates all entries of a habit from its time entries. Required after its plans changed, because they determine on
/// which days minutes are measured. Rebuild the habit's history afterwards.
pub fn realign(tx: &mut WriteTransaction<'_>, habit: &Habit) -> Result<(), Error> {
    let changes = differences(tx.store, tx.user, habit, (tx.now, tx.rev))?;
    let (puts, removed) = separated(changes);
    store_entries(tx, &puts, &removed)
}

/// Whether time could ever be part of a day's value.
pub(super) fn may_measure_minutes(timeline: &Timeline) -> bool {
    timeline.plans().iter().any(|plan| matches!(plan.kind, Kind::Minutes { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::habits::{EntryInput, EntryNote, Plan, Window};
    use crate::quantity::Quantity;
    use proptest::prelude::*;

    const CREATED: (Instant, Revision) = (Instant::from_seconds(9), Revision(9));

    fn habit(kind: &str) -> Habit {
        let day = Date::parse("2026-03-01").unwrap();
        let plan = Plan {
            effective_from: day,
            anchor: day,
            week_start: crate::civil::Weekday::Mo,
            schedule: serde_json::from_str(r#"{"type":"daily"}"#).unwrap(),
            kind: serde_json::from_str(kind).unwrap(),
        };
        Habit {
            id: HabitId::parse("01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b").unwrap(),
            name: crate::habits::HabitName::parse("Read").unwrap(),
            description: None,
            theme: None,
            color: None,
            icon: None,
            question: None,
            time_of_day: crate::habits::TimeOfDay::Any,
            timeline: Timeline::new(Window { starts_on: day, ends_on: None }, vec![plan], vec![]).unwrap(),
            archived_at: None,
            position: 0,
            created_at: CREATED.0,
            updated_at: CREATED.0,
            rev: CREATED.1,
            request_digest: [0; 32],
        }
    }

    fn minutes(direction: &str) -> Habit {
        habit(&format!(r#"{{"type":"minutes","target":30,"direction":"{direction}"}}"#))
    }

    fn day() -> Date {
        Date::parse("2026-03-10").unwrap()
    }

    /// The entry after tracking this many minutes.
    fn tracked(habit: &Habit, entry: Option<Entry>, minutes: u32) -> Option<Entry> {
        match with_minutes(habit, day(), entry.as_ref(), minutes, CREATED) {
            None => entry,
            Some(Change::Put(entry)) => Some(entry),
            Some(Change::Remove(..)) => None,
        }
    }

    /// The entry that putting makes.
    fn put(habit: &Habit, existing: Option<&Entry>, input: &EntryInput) -> Option<Entry> {
        let before = existing.map_or(0, |entry| entry.tracked_minutes);
        let (state, value) = input.resolve(&habit.timeline.plan_on(day()).kind, None, before).ok()?;
        let note = input.note.clone();
        let settled = input.settles(&habit.timeline.plan_on(day()).kind);
        let (habit, date, (now, rev)) = (habit.id, day(), CREATED);
        Some(Entry {
            habit,
            date,
            state,
            value,
            tracked_minutes: before,
            settled,
            note,
            created_at: now,
            updated_at: now,
            rev,
        })
    }

    fn inputs() -> impl Strategy<Value = EntryInput> {
        let state = prop_oneof![
            Just(None),
            Just(Some(EntryState::Done)),
            Just(Some(EntryState::Skipped)),
            Just(Some(EntryState::Missed))
        ];
        let note = prop_oneof![Just(None), Just(EntryNote::parse("n").unwrap())];
        (state, proptest::option::of(0_u32..60), note).prop_map(|(state, value, note)| EntryInput {
            state,
            value: value.map(Quantity::whole),
            note,
        })
    }

    proptest! {
        #[test]
        fn time_that_is_removed_again_leaves_an_entry_as_it_was(
            input in proptest::option::of(inputs()),
            limited in any::<bool>(),
            steps in proptest::collection::vec(0_u32..90, 0..6),
        ) {
            let habit = minutes(if limited { "at_most" } else { "at_least" });
            let before = input.and_then(|input| put(&habit, None, &input));
            let mut entry = before.clone();
            for step in steps {
                entry = tracked(&habit, entry, step);
                prop_assert_eq!(entry.as_ref().map_or(0, |entry| entry.tracked_minutes), step);
                let manual = before.as_ref().and_then(|entry| entry.value);
                let total = entry.as_ref().and_then(Entry::total);
                prop_assert_eq!(total.unwrap_or_default(), manual.unwrap_or_default().plus(Quantity::whole(step)));
            }
            let after = tracked(&habit, entry, 0);
            let said = |entry: &Entry| (entry.state, entry.value, entry.note.clone(), entry.tracked_minutes);
            prop_assert_eq!(after.as_ref().map(said), before.as_ref().map(said));
        }

        #[test]
        fn the_order_of_what_is_said_and_what_is_tracked_does_not_matter(
            value in 0_u32..60, minutes_tracked in 1_u32..60,
        ) {
            let habit = minutes("at_least");
            let input = EntryInput { value: Some(Quantity::whole(value)), ..EntryInput::default() };
            let first = tracked(&habit, put(&habit, None, &input), minutes_tracked);
            let time = tracked(&habit, None, minutes_tracked);
            let then = put(&habit, time.as_ref(), &input);
            let reevaluated = |entry: Option<Entry>| entry.map(|entry| entry.reevaluated(&habit.timeline));
            prop_assert_eq!(reevaluated(first), reevaluated(then));
        }
    }

    #[test]
    fn a_day_is_judged_by_both_parts_together() {
        let habit = minutes("at_least");
        let half = put(&habit, None, &EntryInput { value: Some(Quantity::whole(20)), ..EntryInput::default() });
        assert_eq!(half.clone().unwrap().state, EntryState::Missed);
        let whole = tracked(&habit, half, 10).unwrap().reevaluated(&habit.timeline);
        assert_eq!(
            (whole.state, whole.value, whole.total()),
            (EntryState::Done, Some(Quantity::whole(20)), Some(Quantity::whole(30)))
        );
        let alone = tracked(&habit, None, 29).unwrap();
        assert!(alone.is_tracked_only());
        assert_eq!(alone.reevaluated(&habit.timeline).state, EntryState::Missed);
        let skipped = put(&habit, None, &EntryInput { state: Some(EntryState::Skipped), ..EntryInput::default() });
        assert_eq!(tracked(&habit, skipped, 45).unwrap().reevaluated(&habit.timeline).state, EntryState::Skipped);
    }

    #[test]
    fn what_contradicts_the_tracked_minutes_is_refused() {
        let kind = minutes("at_least").timeline.plan_on(day()).kind.clone();
        let missed = EntryInput { state: Some(EntryState::Missed), ..EntryInput::default() };
        assert!(missed.resolve(&kind, None, 29).is_ok());
        let refused = missed.resolve(&kind, None, 30).unwrap_err();
        assert_eq!(refused.iter().map(|wrong| wrong.code).collect::<Vec<_>>(), ["target_met"]);
        let done = EntryInput { state: Some(EntryState::Done), ..EntryInput::default() };
        assert_eq!(done.resolve(&kind, None, 12), Ok((EntryState::Done, Some(Quantity::whole(18)))));
        assert_eq!(done.resolve(&kind, None, 45), Ok((EntryState::Done, Some(Quantity::ZERO))));
    }

    #[test]
    fn done_from_before_minutes_were_measured_keeps_its_meaning() {
        let habit = minutes("at_least");
        let checked = Entry { tracked_minutes: 0, ..tracked(&habit, None, 5).unwrap() };
        let with_time = tracked(&habit, Some(checked), 5).unwrap();
        assert_eq!((with_time.value, with_time.tracked_minutes), (Some(Quantity::whole(30)), 5));
        assert_eq!(tracked(&habit, Some(with_time), 0).unwrap().value, Some(Quantity::whole(30)));
    }

    #[test]
    fn only_days_that_are_measured_in_minutes_follow() {
        for (kind, follows) in [
            (r#"{"type":"check"}"#, false),
            (r#"{"type":"count","target":3,"unit":"pages"}"#, false),
            (r#"{"type":"minutes","target":30}"#, true),
        ] {
            let habit = habit(kind);
            assert_eq!(measures_minutes(&habit.timeline, day()), follows, "{kind}");
            assert_eq!(may_measure_minutes(&habit.timeline), follows, "{kind}");
        }
        assert!(fitting(u64::from(MAX_VALUE)).is_ok() && fitting(u64::from(MAX_VALUE) + 1).is_err());
    }
}
