//! Reads files of other apps: what they hold, as the domain has it ([`Item`]), and what can't be taken over, one after
//! the other.
//!
//! Each app is one module in `formats`. A reader knows nothing of an account: what becomes of an item is decided by
//! [`circadia_domain::imports`]. The same file read twice tells the same, with the same ids, which derive from the user,
//! the app and what the app calls a thing.
//!
//! Files come from strangers. Everything is bounded: what a file may have unpacked, how many files an archive has, how
//! long a line is. Nothing of a file is executed: databases are read page by page ([`sqlite`]), entities of XML aren't
//! expanded.

mod archive;
mod context;
mod formats;
mod json;
mod out;
pub mod sqlite;
mod table;
mod values;

use std::io::{Read, Seek};
use std::ops::ControlFlow;

use circadia_domain::imports::{Event, ImportFormat};

pub use context::Context;
use out::Out;

#[cfg(doc)]
use circadia_domain::imports::Item;

/// A file that is read.
pub trait Source: Read + Seek {}
impl<T: Read + Seek> Source for T {}

/// Why a file isn't read to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The consumer of the events wanted no more.
    #[error("reading was stopped")]
    Stopped,
    /// It isn't a file of that app, or is damaged. For people.
    #[error("{0}")]
    Unreadable(String),
    /// The file can't be read at all.
    #[error("the file can't be read: {0}")]
    Io(std::io::Error),
}

impl ReadError {
    pub(crate) fn unreadable(reason: impl Into<String>) -> Self {
        Self::Unreadable(reason.into())
    }
}

impl From<std::io::Error> for ReadError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            // What decompressing, or a bound, says.
            std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput | std::io::ErrorKind::UnexpectedEof => {
                Self::Unreadable(format!("The file is damaged or too large: {error}"))
            }
            _ => Self::Io(error),
        }
    }
}

/// Reads a file of an app; `take` gets what it holds, and can stop it.
///
/// # Errors
/// [`ReadError`].
pub fn read(
    format: ImportFormat,
    file: &mut dyn Source,
    context: &Context,
    take: &mut dyn FnMut(Event) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let mut out = Out::new(take);
    let max = format.max_bytes();
    match format {
        ImportFormat::Loop => formats::loop_habits::read(file, max, context, &mut out),
        ImportFormat::HabitBull => formats::habitbull::read(file, max, context, &mut out),
        ImportFormat::Mhabit => formats::mhabit::read(file, max, context, &mut out),
        ImportFormat::BeaverHabits => formats::beaverhabits::read(file, max, context, &mut out),
        ImportFormat::Habitica => formats::habitica::read(file, max, context, &mut out),
        ImportFormat::Daylio => formats::daylio::read(file, max, context, &mut out),
        ImportFormat::SleepAsAndroid => formats::sleep_as_android::read(file, max, context, &mut out),
        ImportFormat::PleesTracker => formats::plees_tracker::read(file, max, context, &mut out),
        ImportFormat::AppleHealth => formats::apple_health::read(file, max, context, &mut out),
        ImportFormat::TickTick => formats::ticktick::read(file, max, context, &mut out),
        ImportFormat::Todoist => formats::todoist::read(file, max, context, &mut out),
        ImportFormat::Csv => formats::generic::read(file, max, context, &mut out),
    }
}
