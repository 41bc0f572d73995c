//! How many of something were done.

use circadia_domain::habits::Tally;
use serde::Serialize;
use utoipa::ToSchema;

/// How many counted, and how many of them were done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tally)]
pub(super) struct TallyBody {
    /// How many counted.
    due: u32,
    /// How many of them were done, or met.
    done: u32,
}

impl From<Tally> for TallyBody {
    fn from(tally: Tally) -> Self {
        Self { due: tally.due, done: tally.done }
    }
}
