//! What is answered to commands.

use circadia_app::sync::CommandOutcome;
use circadia_domain::revision::Revision;
use circadia_domain::sleep::Conflict;
use circadia_domain::sync::{Change, SyncState};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::problem::ProblemDoc;

/// The results of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SyncBatchAnswer, example = json!({"results": [{"index": 0, "status": "applied", "revision": 42, "current": {"type": "mood", "key": "2026-03-10", "revision": 42, "item": null}}], "revision": 42, "state": {"hash": "717ea09673fde6dd32b2ac8f5226f286e2322f89b05db0d28cb6795a9c707bff", "counts": {"mood": 0, "settings": 1}}}))]
pub(super) struct BatchAnswer {
    /// The result of each command, in the order of the request.
    pub(super) results: Vec<ResultBody>,
    /// The account's revision. What others changed meanwhile, `GET /sync` tells.
    #[schema(value_type = i64)]
    pub(super) revision: Revision,
    /// What a copy is that has all changes.
    pub(super) state: SyncState,
}

/// Why a command was refused.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SyncProblem)]
struct CommandProblemDoc {
    #[serde(flatten)]
    problem: ProblemDoc,
    /// The logs of sleep that overlap, by start; with `sleep_overlap`.
    #[schema(nullable = false)]
    conflicts: Option<Vec<Conflict>>,
}

/// The result of a command.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SyncResult)]
pub(super) struct ResultBody {
    /// The command's index in the request, starting at 0.
    index: usize,
    /// How it ended.
    status: Status,
    /// The revision that it was carried out in; null if it wasn't.
    #[schema(value_type = Option<i64>)]
    revision: Option<Revision>,
    /// The problem, if it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<CommandProblemDoc>)]
    problem: Option<Value>,
    /// The item as it is now, after the whole batch; its `item` is null, and its `revision` 0, if there is none. Null of a
    /// command that doesn't say which item it is about.
    current: Option<Change>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SyncStatus)]
enum Status {
    /// It was carried out, now or before. (What is to be deleted, and is gone, counts too.)
    Applied,
    /// The item isn't what the command knows: it has another revision, it is gone, or its id is taken.
    Conflict,
    /// It can't be carried out.
    Rejected,
    /// It wasn't tried, because another one of the `atomic` batch was refused.
    NotApplied,
}

impl ResultBody {
    pub(super) fn new(index: usize, outcome: CommandOutcome, current: Option<Change>) -> Self {
        let (status, revision, problem) = match outcome {
            CommandOutcome::Applied(revision) => (Status::Applied, Some(revision), None),
            CommandOutcome::NotApplied => (Status::NotApplied, None, None),
            CommandOutcome::Refused(problem) => (refusal(&problem), None, Some(problem)),
        };
        Self { index, status, revision, problem, current }
    }
}

/// What kind of refusal a problem is.
fn refusal(problem: &Value) -> Status {
    let is_conflict = matches!(problem["status"].as_u64(), Some(404 | 412)) || problem["code"] == "id_taken";
    if is_conflict { Status::Conflict } else { Status::Rejected }
}
