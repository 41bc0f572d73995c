//! The result of a request that creates an item whose id the client may choose.
//!
//! Offline clients repeat requests whose answer they never saw. The same id with the same request again therefore
//! answers like the first time; with another request it is a conflict.

use crate::code::Code;
use crate::error::Error;

/// The result of a request to create an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creation<T> {
    /// It was created.
    Created(T),
    /// An earlier identical request had created it.
    Replayed(T),
}

impl<T> Creation<T> {
    /// The item, in either case.
    pub fn into_inner(self) -> T {
        match self {
            Self::Created(thing) | Self::Replayed(thing) => thing,
        }
    }

    /// The same with the thing turned into another.
    pub fn map<U>(self, turn: impl FnOnce(T) -> U) -> Creation<U> {
        match self {
            Self::Created(thing) => Creation::Created(turn(thing)),
            Self::Replayed(thing) => Creation::Replayed(turn(thing)),
        }
    }

    /// Answers a request for an id that exists already.
    pub(crate) fn replay(stored: &[u8; 32], sent: &[u8; 32], thing: T) -> Result<Self, Error> {
        if stored == sent {
            Ok(Self::Replayed(thing))
        } else {
            Err(Error::conflict(Code::IdTaken, "there already is one with this id, made by a different request"))
        }
    }
}
