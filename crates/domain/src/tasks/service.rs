//! What can be done with tasks.

use super::{MAX_TASKS, Priority, Task, TaskDescription, TaskFilter, TaskSeek, TaskStatus, TaskTitle};
use crate::civil::{Date, Instant};
use crate::code::Code;
use crate::entity;
use crate::error::Error;
use crate::idempotency::Creation;
use crate::ids::{TaskId, ThemeId, UserId};
use crate::reminders;
use crate::revision::Expected;
use crate::unit_of_work::{Store, WriteTransaction};
use crate::users;

/// A task to make; it begins as `todo`.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CreateTaskBody, example = json!({"title": "Book the dentist", "priority": "high", "due_on": "2026-03-31"})))]
pub struct NewTask {
    /// Its id, if the client wants to choose it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<TaskId>))]
    pub id: TaskId,
    /// The title. Example: `Book the dentist`
    pub title: TaskTitle,
    /// The description.
    pub description: Option<TaskDescription>,
    /// How much it matters; `medium` if absent.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Priority>))]
    pub priority: Priority,
    /// The day by which it should be done.
    pub due_on: Option<Date>,
    /// The theme it belongs to.
    #[cfg_attr(feature = "openapi", schema(rename = "theme_id"))]
    pub theme: Option<ThemeId>,
    /// A hash of the request, to recognise its repetition.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub request_digest: [u8; 32],
}

patch! {
    /// A change of a task (RFC 7396): what is absent stays, null clears. Its status is changed by
    /// `POST /tasks/{task_id}/transition`.
    #[derive(Debug, Clone, Default)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = UpdateTaskBody, example = json!({"priority": "low"})))]
    pub struct TaskPatch of Task {
        /// The title.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub title: Option<TaskTitle>,
        /// The description.
        pub description: Option<Option<TaskDescription>>,
        /// How much it matters.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub priority: Option<Priority>,
        /// The day by which it should be done.
        pub due_on: Option<Option<Date>>,
        /// The theme it belongs to.
        #[cfg_attr(feature = "openapi", schema(rename = "theme_id"))]
        pub theme: Option<Option<ThemeId>>,
    }
}

/// Which tasks are wanted, as of a day.
#[derive(Debug, Clone)]
pub struct TaskQuery {
    /// All but what depends on the day.
    pub filter: TaskFilter,
    /// Only those that are overdue, or only those that aren't.
    pub overdue: Option<bool>,
    /// The day; the user's today if absent.
    pub on: Option<Date>,
    /// Which part of the list.
    pub seek: TaskSeek,
}

/// Tasks in order, as a [`TaskSeek`] wants them.
pub type TaskList = Vec<Task>;

/// A part of a user's tasks: one statement, and one more where today has to be known.
pub fn list(store: &mut dyn Store, user: UserId, now: Instant, query: &TaskQuery) -> Result<TaskList, Error> {
    let mut filter = query.filter.clone();
    if let Some(overdue) = query.overdue {
        let today = match query.on {
            Some(on) => on,
            None => users::find(store, user)?.today(now),
        };
        filter.overdue = Some((today, overdue));
    }
    Ok(store.tasks(user, &filter, &query.seek)?)
}

/// One task.
pub fn find(store: &mut dyn Store, user: UserId, id: TaskId) -> Result<Task, Error> {
    store.find_task(user, id)?.ok_or(Error::not_found::<entity::Task>())
}

/// Creates a task, or returns the one that an earlier identical request created.
pub fn create(tx: &mut WriteTransaction<'_>, new: NewTask) -> Result<Creation<Task>, Error> {
    if let Some(task) = tx.store.find_task(tx.user, new.id)? {
        let digest = task.request_digest;
        return Creation::replay(&digest, &new.request_digest, task);
    }
    tx.ensure_never_deleted(new.id)?;
    ensure_theme_exists(tx, new.theme)?;
    Error::ensure_room(tx.store.task_total(tx.user)?, MAX_TASKS, "an account", "tasks")?;
    let task = Task {
        id: new.id,
        title: new.title,
        description: new.description,
        priority: new.priority,
        status: TaskStatus::Todo,
        due_on: new.due_on,
        theme: new.theme,
        completed_at: None,
        created_at: tx.now,
        updated_at: tx.now,
        rev: tx.rev,
        request_digest: new.request_digest,
    };
    tx.store.insert_task(tx.user, &task)?;
    Ok(Creation::Created(task))
}

fn ensure_theme_exists(tx: &mut WriteTransaction<'_>, theme: Option<ThemeId>) -> Result<(), Error> {
    match theme {
        Some(theme) if tx.store.find_theme(tx.user, theme)?.is_none() => {
            Err(Error::field("/theme_id", "theme_not_found", "there is no such theme"))
        }
        _ => Ok(()),
    }
}

/// Changes a task; not its status, see [`transition`].
pub fn update(tx: &mut WriteTransaction<'_>, id: TaskId, expected: &Expected, patch: TaskPatch) -> Result<Task, Error> {
    let mut task = find(tx.store, tx.user, id)?;
    expected.check(task.rev)?;
    ensure_theme_exists(tx, patch.theme.flatten())?;
    let due_on = task.due_on;
    patch.apply_to(&mut task);
    let changed = Task { updated_at: tx.now, rev: tx.rev, ..task };
    tx.store.update_task(tx.user, &changed)?;
    if changed.due_on != due_on {
        reminders::follow_task(tx, &changed)?;
    }
    Ok(changed)
}

/// Takes a task to another status.
///
/// # Errors
/// The conflict `illegal_transition`, saying what is allowed, for any that [`TaskStatus::next`] doesn't have.
pub fn transition(
    tx: &mut WriteTransaction<'_>,
    id: TaskId,
    expected: &Expected,
    to: TaskStatus,
) -> Result<Task, Error> {
    let task = find(tx.store, tx.user, id)?;
    expected.check(task.rev)?;
    let next = task.status.next();
    if !next.contains(&to) {
        let allowed: Vec<String> = next.iter().map(|status| format!("`{}`", status.as_str())).collect();
        let detail = format!(
            "a task that is `{}` can't become `{}`, only {}",
            task.status.as_str(),
            to.as_str(),
            allowed.join(", "),
        );
        return Err(Error::conflict(Code::IllegalTransition, detail));
    }
    let completed_at = (to == TaskStatus::Done).then_some(tx.now);
    let changed = Task { status: to, completed_at, updated_at: tx.now, rev: tx.rev, ..task };
    tx.store.update_task(tx.user, &changed)?;
    Ok(changed)
}

/// Deletes a task; its time entries are kept without a task.
pub fn delete(tx: &mut WriteTransaction<'_>, id: TaskId, expected: &Expected) -> Result<(), Error> {
    let task = find(tx.store, tx.user, id)?;
    expected.check(task.rev)?;
    tx.store.delete_task(tx.user, id, tx.rev, tx.now)?;
    Ok(())
}
