//! Parts of lists that are sorted by a date or an instant and, among equal ones, by an id.

use crate::civil::{Date, Instant};

/// Which part of a list by date and id is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateSeek<I> {
    /// Whether the latest comes first.
    pub reversed: bool,
    /// Behind the item of this date and id; from the beginning if absent.
    pub beyond: Option<(Date, I)>,
    /// Whether the list is read from that item back to its beginning (then what is nearest comes first).
    pub backwards: bool,
    /// At most so many.
    pub limit: usize,
}

impl<I> DateSeek<I> {
    /// Whether dates are read in ascending order.
    pub const fn is_ascending(&self) -> bool {
        self.reversed == self.backwards
    }
}

/// Which part of a list by instant and id, newest first, is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewestSeek<I> {
    /// Behind the item of this instant and id; from the beginning if absent.
    pub beyond: Option<(Instant, I)>,
    /// Whether the list is read from that item back to its beginning (then what is nearest comes first).
    pub backwards: bool,
    /// How many to leave out first.
    pub skip: usize,
    /// At most so many.
    pub limit: usize,
}
