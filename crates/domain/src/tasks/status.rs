//! How far a task is, and how much it matters.

words! {
    /// How far a task is.
    #[derive(PartialOrd, Ord)]
    pub enum TaskStatus {
        /// Not begun. Can become `in_progress`, `done` or `cancelled`.
        Todo = "todo",
        /// Begun. Can become `todo`, `done` or `cancelled`.
        InProgress = "in_progress",
        /// Done. Can become `todo`.
        Done = "done",
        /// Given up. Can become `todo`.
        Cancelled = "cancelled",
    }
}

impl TaskStatus {
    /// What a task of this status may become. What is done or cancelled has to be taken up again first.
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Todo => &[Self::InProgress, Self::Done, Self::Cancelled],
            Self::InProgress => &[Self::Todo, Self::Done, Self::Cancelled],
            Self::Done | Self::Cancelled => &[Self::Todo],
        }
    }

    /// Whether something is still to be done.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Todo | Self::InProgress)
    }
}

words! {
    /// How much a task matters.
    #[derive(PartialOrd, Ord, Default)]
    pub enum Priority {
        /// It can wait.
        Low = "low",
        /// As any other.
        #[default]
        Medium = "medium",
        /// Before others.
        High = "high",
    }
}

impl Priority {
    /// Its place from low to high, 1–3.
    pub const fn rank(self) -> i32 {
        match self {
            Self::Low => 1,
            Self::Medium => 2,
            Self::High => 3,
        }
    }

    /// The priority of a [`Self::rank`].
    pub fn from_rank(rank: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.rank() == rank)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_these_transitions_are_allowed() {
        use TaskStatus::{Cancelled, Done, InProgress, Todo};
        let allowed = [
            (Todo, InProgress),
            (Todo, Done),
            (Todo, Cancelled),
            (InProgress, Todo),
            (InProgress, Done),
            (InProgress, Cancelled),
            (Done, Todo),
            (Cancelled, Todo),
        ];
        for from in TaskStatus::ALL {
            for to in TaskStatus::ALL {
                assert_eq!(from.next().contains(&to), allowed.contains(&(from, to)), "{from:?} to {to:?}");
            }
        }
    }

    #[test]
    fn words_and_ranks_read_back() {
        for status in TaskStatus::ALL {
            assert_eq!(TaskStatus::parse(status.as_str()), Ok(status));
        }
        for priority in Priority::ALL {
            assert_eq!(Priority::parse(priority.as_str()), Ok(priority));
            assert_eq!(Priority::from_rank(priority.rank()), Some(priority));
        }
        assert!(TaskStatus::parse("Done").is_err() && Priority::parse("").is_err());
        assert!(Priority::Low < Priority::High && Priority::from_rank(0).is_none());
    }
}
