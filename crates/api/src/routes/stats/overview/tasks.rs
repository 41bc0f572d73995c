//! Tasks in the overview.

use circadia_domain::stats::Pieces;
use circadia_domain::stats::overview::{TaskTally, TasksPart};
use circadia_domain::tasks::Priority;
use circadia_domain::themes::ThemeLabel;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::chart::{ChartBody, DatasetBody};
use crate::http::rounding::six_places;

/// Tasks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TasksOverview)]
pub(super) struct TasksBody {
    /// The number of tasks, regardless of status.
    total: u32,
    /// The number of open tasks (to do or in progress).
    active: u32,
    /// The number of done tasks.
    completed: u32,
    /// Done ÷ (all − cancelled); null without any.
    completion_rate: Option<f64>,
    /// The number of tasks created in the range.
    created_in_range: u32,
    /// The number of tasks completed in the range and still done.
    completed_in_range: u32,
    /// The mean hours from creation to completion, of tasks completed in the range; null without any.
    avg_completion_hours: Option<f64>,
    /// `created` and `completed` over time.
    trend: ChartBody,
    /// By priority, from high to low.
    by_priority: Vec<PriorityTasksBody>,
    /// Themes that have tasks, by name; last, under null, tasks without a theme.
    by_theme: Vec<ThemeTasksBody>,
}

/// The tasks of a priority.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PriorityTasks)]
struct PriorityTasksBody {
    /// The priority.
    #[schema(value_type = circadia_domain::tasks::Priority)]
    priority: &'static str,
    /// The number of tasks.
    total: u32,
    /// The number of open tasks (to do or in progress).
    active: u32,
    /// The number of done tasks.
    completed: u32,
    /// Done ÷ (all − cancelled); null without any.
    completion_rate: Option<f64>,
}

/// The tasks of a theme.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ThemeTasks)]
struct ThemeTasksBody {
    /// The theme; null for tasks without one.
    theme: Option<ThemeLabel>,
    /// The number of tasks.
    total: u32,
    /// The number of open tasks (to do or in progress).
    active: u32,
    /// The number of done tasks.
    completed: u32,
    /// Done ÷ (all − cancelled); null without any.
    completion_rate: Option<f64>,
}

impl TasksBody {
    pub(super) fn new(part: TasksPart, pieces: &Pieces) -> Self {
        let rate = |tasks: TaskTally| tasks.completion_rate().map(six_places);
        let of_priority = |priority: Priority, tasks: TaskTally| PriorityTasksBody {
            priority: priority.as_str(),
            total: tasks.total,
            active: tasks.active,
            completed: tasks.completed,
            completion_rate: rate(tasks),
        };
        let trend = vec![
            DatasetBody::known("created", "Created", &part.created, |count| u64::from(*count)),
            DatasetBody::known("completed", "Completed", &part.completed, |count| u64::from(*count)),
        ];
        Self {
            total: part.all.total,
            active: part.all.active,
            completed: part.all.completed,
            completion_rate: rate(part.all),
            created_in_range: part.created_in_range,
            completed_in_range: part.completed_in_range,
            avg_completion_hours: part.avg_completion_hours.map(six_places),
            trend: ChartBody::over(pieces, trend),
            by_priority: part.by_priority.map(|of| of_priority(of.priority, of.tasks)).into(),
            by_theme: part
                .by_theme
                .into_iter()
                .map(|of| ThemeTasksBody {
                    theme: of.theme,
                    total: of.tasks.total,
                    active: of.tasks.active,
                    completed: of.tasks.completed,
                    completion_rate: rate(of.tasks),
                })
                .collect(),
        }
    }
}
