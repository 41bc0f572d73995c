//! What can be done with habits, their plans and their pauses.

use super::views::as_of;
use super::{
    Archive, ArchiveReason, Habit, HabitPatch, Kind, MAX_HABITS, NewHabit, Pause, Per, Plan, Recent, Schedule,
    Timeline, Window,
};
use super::{projection, tracked};
use crate::civil::{Date, Instant, Weekday};
use crate::code::Code;
use crate::entity;
use crate::error::Error;
use crate::idempotency::Creation;
use crate::ids::{HabitId, PauseId, ThemeId, UserId};
use crate::revision::Expected;
use crate::shared_pauses;
use crate::unit_of_work::{Store, WriteTransaction};
use crate::users::Settings;
use crate::violation::Violations;

/// A plan version to make. What is absent is taken over from the version in force on its first day.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PutPlanBody, example = json!({"schedule": {"type": "daily", "every": 2}, "effective_from": "2026-03-09"})))]
pub struct NewPlan {
    /// When the habit is due.
    pub schedule: Option<Schedule>,
    /// How a day is measured.
    pub kind: Option<Kind>,
    /// The first day it is in force. A version of that day is replaced; later ones stay.
    pub effective_from: Date,
    /// What `every`, COUNT and a cycle's phase count from; `effective_from` if absent (of a new target alone, what they
    /// counted from before).
    pub anchor: Option<Date>,
}

/// One habit, and its user's settings. One statement.
pub fn find(store: &mut dyn Store, user: UserId, id: HabitId) -> Result<(Habit, Settings), Error> {
    let (settings, habit) = store.settings_and_habit(user, id)?.ok_or(Error::not_found::<entity::User>())?;
    Ok((habit.ok_or(Error::not_found::<entity::Habit>())?, settings))
}

/// A user's habits in their own order, each with the history needed for `date` (the user's today if absent) and later
/// days. One statement.
pub fn list(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    date: Option<Date>,
) -> Result<(Vec<(Habit, Recent)>, Settings), Error> {
    let date_of = |present: Date| date.map_or(present, |date| date.min(present));
    let (settings, habits) = as_of::<Settings>(store, user, now, date, date_of)?;
    Ok((habits, settings))
}

/// Creates a habit, or returns the one that an earlier identical request created.
pub fn create(tx: &mut WriteTransaction<'_>, mut new: NewHabit) -> Result<(Creation<Habit>, Settings), Error> {
    let (settings, existing) =
        tx.store.settings_and_habit(tx.user, new.id)?.ok_or(Error::not_found::<entity::User>())?;
    if let Some(habit) = existing {
        let digest = habit.request_digest;
        return Ok((Creation::replay(&digest, &new.request_digest, habit)?, settings));
    }
    tx.ensure_never_deleted(new.id)?;
    let totals = tx.store.habit_totals(tx.user)?;
    Error::ensure_room(totals.count, MAX_HABITS, "an account", "habits")?;
    new.schedule = new.schedule.in_zone(&settings.timezone);
    let starts_on = new.starts_on.unwrap_or_else(|| settings.today(tx.now));
    let window = Window { starts_on, ends_on: new.ends_on };
    let plan = Plan {
        effective_from: starts_on,
        anchor: starts_on,
        week_start: settings.week_start,
        schedule: new.schedule.clone(),
        kind: new.kind.clone(),
    };
    let mut wrong = Violations::new();
    wrong.take("/schedule", plan.schedule.fits(&plan.kind));
    wrong.take("", window.validate());
    check_theme(tx, new.theme, &mut wrong)?;
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    let timeline = Timeline::new(window, vec![plan], Vec::new())?;
    let timeline = shared_pauses::of_habit(tx, &timeline, new.id)?;
    let position = totals.last_position.map_or(0, |last| last.saturating_add(1));
    let habit = new.into_habit(timeline, position, tx.now, tx.rev);
    tx.store.insert_habit(tx.user, &habit)?;
    projection::store_empty(tx, &habit)?;
    Ok((Creation::Created(habit), settings))
}

fn check_theme(tx: &mut WriteTransaction<'_>, theme: Option<ThemeId>, wrong: &mut Violations) -> Result<(), Error> {
    if let Some(theme) = theme
        && tx.store.find_theme(tx.user, theme)?.is_none()
    {
        wrong.add("/theme_id", "theme_not_found", "there is no such theme");
    }
    Ok(())
}

/// Changes a habit. A new schedule or kind holds from today on (or from the start, if that is to come): what was
/// before keeps its own.
pub fn update(
    tx: &mut WriteTransaction<'_>,
    id: HabitId,
    expected: &Expected,
    mut patch: HabitPatch,
) -> Result<(Habit, Settings), Error> {
    let (mut habit, settings) = find(tx.store, tx.user, id)?;
    expected.check(habit.rev)?;
    let mut wrong = Violations::new();
    check_theme(tx, patch.theme.flatten(), &mut wrong)?;
    let before = habit.timeline.clone();
    let window = Window {
        starts_on: patch.starts_on.unwrap_or(before.window().starts_on),
        ends_on: patch.ends_on.unwrap_or(before.window().ends_on),
    };
    if window != before.window() {
        let moved = wrong.take("", with_window(&before, window, settings.today(tx.now)));
        if let Some(moved) = moved {
            habit.timeline = shared_pauses::of_habit(tx, &moved, id)?;
        }
    }
    let effective_from = settings.today(tx.now).max(habit.timeline.window().starts_on);
    let schedule = patch.schedule.take().map(|schedule| schedule.in_zone(&settings.timezone));
    let edited = with_edit(&habit.timeline, schedule, patch.kind.take(), effective_from, settings.week_start);
    habit.timeline = wrong.take("", edited).unwrap_or(habit.timeline);
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    patch.apply_to(&mut habit);
    store_changed(tx, &mut habit, &before)?;
    Ok((habit, settings))
}

/// The timeline with another window. A habit that had ended and is brought back was archived in between.
fn with_window(timeline: &Timeline, window: Window, today: Date) -> Result<Timeline, Violations> {
    let ended = timeline.window().ends_on.filter(|last| *last < today && *last < window.last());
    let moved = timeline.with_window(window)?;
    match ended.and_then(Date::succ) {
        Some(from) => moved.with_archive(Archive { from, until: Some(today) }),
        None => Ok(moved),
    }
}

/// The timeline with another schedule or kind from a day on. An unchanged one leaves it as it is, so that saving a form
/// doesn't restart the phase, unless the user's weeks begin on another day by now. One that is taken back on its day
/// leaves no trace.
fn with_edit(
    timeline: &Timeline,
    schedule: Option<Schedule>,
    kind: Option<Kind>,
    effective_from: Date,
    week_start: Weekday,
) -> Result<Timeline, Violations> {
    let present = timeline.plan_on(effective_from);
    let week_moved =
        |plan: &Plan| plan.week_start != week_start && matches!(plan.schedule, Schedule::Quota { per: Per::Week, .. });
    let schedule = schedule.filter(|schedule| *schedule != present.schedule || week_moved(present));
    let kind = kind.filter(|kind| *kind != present.kind);
    if schedule.is_none() && kind.is_none() {
        return Ok(timeline.clone());
    }
    let before = timeline.plan_before(effective_from).filter(|before| !week_moved(before));
    let (next_schedule, next_kind) =
        (schedule.as_ref().unwrap_or(&present.schedule), kind.as_ref().unwrap_or(&present.kind));
    if let Some(before) = before.filter(|before| before.schedule == *next_schedule) {
        return match timeline.without_plan(effective_from)? {
            Some(restored) if before.kind == *next_kind => Ok(restored),
            restored => {
                let plan = NewPlan { schedule: None, kind: Some(next_kind.clone()), effective_from, anchor: None };
                with_version(restored.as_ref().unwrap_or(timeline), plan, week_start)
            }
        };
    }
    with_version(timeline, NewPlan { schedule, kind, effective_from, anchor: None }, week_start)
}

/// The timeline with one more version. Only a new schedule begins to count again: a new target leaves its phase alone.
fn with_version(timeline: &Timeline, new: NewPlan, week_start: Weekday) -> Result<Timeline, Violations> {
    let present = timeline.plan_on(new.effective_from);
    let (anchor, week_start) = match (&new.schedule, new.anchor) {
        (_, Some(anchor)) => (anchor, week_start),
        (Some(_), None) => (new.effective_from, week_start),
        (None, None) => (present.anchor, present.week_start),
    };
    let plan = Plan {
        effective_from: new.effective_from,
        anchor,
        week_start,
        schedule: new.schedule.unwrap_or_else(|| present.schedule.clone()),
        kind: new.kind.unwrap_or_else(|| present.kind.clone()),
    };
    let mut wrong = Violations::new();
    wrong.take("/schedule", plan.schedule.fits(&plan.kind));
    if !wrong.is_empty() {
        return Err(wrong);
    }
    timeline.with_plan(plan)
}

/// Stores a habit that was changed, and what follows from a changed timeline.
fn store_changed(tx: &mut WriteTransaction<'_>, habit: &mut Habit, before: &Timeline) -> Result<(), Error> {
    habit.updated_at = tx.now;
    habit.rev = tx.rev;
    tx.store.update_habit(tx.user, habit)?;
    if habit.timeline != *before {
        if tracked::may_measure_minutes(before) || tracked::may_measure_minutes(&habit.timeline) {
            tracked::realign(tx, habit)?;
        }
        projection::store_rebuilt(tx, habit)?;
    }
    Ok(())
}

/// Puts a habit away: from the user's day on, it counts as paused. One that is away already stays as it is.
pub fn archive(tx: &mut WriteTransaction<'_>, id: HabitId, expected: &Expected) -> Result<(Habit, Settings), Error> {
    let (mut habit, settings) = find(tx.store, tx.user, id)?;
    expected.check(habit.rev)?;
    if habit.archived_at.is_none() {
        habit.archived_at = Some(tx.now);
        let before = habit.timeline.clone();
        habit.timeline = before.archived_from(settings.today(tx.now))?;
        store_changed(tx, &mut habit, &before)?;
    }
    Ok((habit, settings))
}

/// Takes a habit up again.
///
/// # Errors
/// The conflict `habit_ended` if its last day is past: that has to be moved.
pub fn restore(tx: &mut WriteTransaction<'_>, id: HabitId, expected: &Expected) -> Result<(Habit, Settings), Error> {
    let (mut habit, settings) = find(tx.store, tx.user, id)?;
    expected.check(habit.rev)?;
    if habit.archived_at.take().is_some() {
        let before = habit.timeline.clone();
        habit.timeline = before.restored_on(settings.today(tx.now))?;
        store_changed(tx, &mut habit, &before)?;
    }
    if habit.archived_because(settings.today(tx.now)) == Some(ArchiveReason::Ended) {
        return Err(Error::conflict(
            Code::HabitEnded,
            "its last day is past: move or clear `ends_on` to take it up again",
        ));
    }
    Ok((habit, settings))
}

/// Deletes a habit with its entries.
pub fn delete(tx: &mut WriteTransaction<'_>, id: HabitId, expected: &Expected) -> Result<(), Error> {
    let habit = tx.store.find_habit(tx.user, id)?.ok_or(Error::not_found::<entity::Habit>())?;
    expected.check(habit.rev)?;
    tx.store.delete_habit(tx.user, id, tx.rev, tx.now)?;
    Ok(())
}

/// Puts habits in order: those listed first, as listed, the others after them, as they were.
///
/// # Errors
/// `habit_not_found` at `/ids/n`, `duplicate` for one that is listed twice.
pub fn reorder(tx: &mut WriteTransaction<'_>, ids: &[HabitId]) -> Result<(), Error> {
    let habits = tx.store.habits(tx.user)?;
    let mut wrong = Violations::new();
    let mut seen = std::collections::HashSet::new();
    let known: std::collections::HashSet<HabitId> = habits.iter().map(|habit| habit.id).collect();
    for (index, id) in ids.iter().enumerate() {
        if !known.contains(id) {
            wrong.add(format!("/ids/{index}"), "habit_not_found", "there is no such habit");
        } else if !seen.insert(*id) {
            wrong.add(format!("/ids/{index}"), "duplicate", "is listed twice");
        }
    }
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    let others = habits.iter().map(|habit| habit.id).filter(|id| !seen.contains(id));
    let present: std::collections::HashMap<HabitId, i32> =
        habits.iter().map(|habit| (habit.id, habit.position)).collect();
    let moved: Vec<(HabitId, i32)> = (0_i32..)
        .zip(ids.iter().copied().chain(others))
        .map(|(position, id)| (id, position))
        .filter(|(id, position)| present.get(id) != Some(position))
        .collect();
    if !moved.is_empty() {
        tx.store.move_habits(tx.user, &moved, tx.rev, tx.now)?;
    }
    Ok(())
}

/// Makes a plan version.
///
/// # Errors
/// `before_start` if it would begin before the habit does.
pub fn put_plan(tx: &mut WriteTransaction<'_>, id: HabitId, expected: &Expected, new: NewPlan) -> Result<Habit, Error> {
    let (mut habit, settings) = find(tx.store, tx.user, id)?;
    expected.check(habit.rev)?;
    if new.effective_from < habit.timeline.window().starts_on {
        return Err(Error::field("/effective_from", "before_start", "must not lie before the habit's `starts_on`"));
    }
    let before = habit.timeline.clone();
    let new = NewPlan { schedule: new.schedule.map(|schedule| schedule.in_zone(&settings.timezone)), ..new };
    habit.timeline = with_version(&before, new, settings.week_start)?;
    store_changed(tx, &mut habit, &before)?;
    Ok(habit)
}

/// Removes the plan version that begins on a day: the one before it holds on, or of the first one, the next holds from
/// the habit's first day on.
///
/// # Errors
/// The conflict `only_plan` if there is no other.
pub fn delete_plan(tx: &mut WriteTransaction<'_>, id: HabitId, plan: Date, expected: &Expected) -> Result<(), Error> {
    let (mut habit, _) = find(tx.store, tx.user, id)?;
    expected.check(habit.rev)?;
    let before = habit.timeline.clone();
    if before.plans().iter().any(|known| known.effective_from == plan) && before.plans().len() == 1 {
        return Err(Error::conflict(
            Code::OnlyPlan,
            "it is the habit's only plan version: change it, or delete the habit",
        ));
    }
    habit.timeline = before.without_plan(plan)?.ok_or(Error::not_found::<entity::Plan>())?;
    store_changed(tx, &mut habit, &before)
}

/// Adds a pause, or returns the one that an earlier identical request created.
pub fn create_pause(
    tx: &mut WriteTransaction<'_>,
    id: HabitId,
    pause: Pause,
) -> Result<(Habit, Creation<Pause>), Error> {
    let (mut habit, _) = find(tx.store, tx.user, id)?;
    if let Some(known) = habit.timeline.own_pause(pause.id) {
        if *known != pause {
            return Err(Error::conflict(Code::IdTaken, "there already is a pause with this id, and it is another one"));
        }
        return Ok((habit, Creation::Replayed(pause)));
    }
    pause.validate()?;
    let before = habit.timeline.clone();
    habit.timeline = before.with_pause(pause.clone())?;
    store_changed(tx, &mut habit, &before)?;
    Ok((habit, Creation::Created(pause)))
}

/// Why a pause that isn't the habit's own can't be changed.
fn no_own_pause(habit: &Habit, pause: PauseId) -> Error {
    if habit.timeline.pauses().iter().any(|known| known.id == pause) {
        let detail =
            format!("it is a pause of all habits: change it at `/me/pauses/{pause}`, or except this habit there");
        return Error::conflict(Code::PauseShared, detail);
    }
    Error::not_found::<entity::Pause>()
}

/// Changes a pause: what is absent stays, `Some(None)` clears the end.
pub fn update_pause(
    tx: &mut WriteTransaction<'_>,
    id: HabitId,
    pause: PauseId,
    expected: &Expected,
    from: Option<Date>,
    to: Option<Option<Date>>,
) -> Result<(Habit, Pause), Error> {
    let (mut habit, _) = find(tx.store, tx.user, id)?;
    expected.check(habit.rev)?;
    let known = habit.timeline.own_pause(pause).ok_or_else(|| no_own_pause(&habit, pause))?;
    let changed = Pause { from: from.unwrap_or(known.from), to: to.unwrap_or(known.to), ..known.clone() };
    changed.validate()?;
    let before = habit.timeline.clone();
    habit.timeline = before.with_pause(changed.clone())?;
    store_changed(tx, &mut habit, &before)?;
    Ok((habit, changed))
}

/// Removes a pause: its days count again.
pub fn delete_pause(
    tx: &mut WriteTransaction<'_>,
    id: HabitId,
    pause: PauseId,
    expected: &Expected,
) -> Result<(), Error> {
    let (mut habit, _) = find(tx.store, tx.user, id)?;
    expected.check(habit.rev)?;
    let before = habit.timeline.clone();
    habit.timeline = before.without_pause(pause).ok_or_else(|| no_own_pause(&habit, pause))?;
    store_changed(tx, &mut habit, &before)
}
