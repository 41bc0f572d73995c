//! Parts of lists that are sorted by a date and, within a day, by an id.

use crate::civil::Date;

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
