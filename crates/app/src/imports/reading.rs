//! Reading files, on threads that may block: all of a small one, or part by part.

use std::fs::File;
use std::ops::ControlFlow;
use std::sync::Arc;

use circadia_domain::imports::{Event, Item, NamedThemes, PART};
use circadia_imports::{Context, ReadError, Source};
use tokio::sync::mpsc;

/// The most events that a file may hold to be tried out: they are in memory together.
const MAX_AT_ONCE: usize = 200_000;
/// The most themes of a file that are remembered: an account holds fewer.
const MAX_THEMES: usize = 1_000;

/// What a small file holds.
pub(super) enum Found {
    All(Vec<Event>),
    TooMany,
    /// Why it can't be read, for people.
    Unreadable(String),
}

fn note(themes: &mut NamedThemes, event: &Event) {
    if let Event::Item { item: Item::Theme(theme), .. } = event
        && themes.len() < MAX_THEMES
    {
        themes.insert(theme.id, theme.clone());
    }
}

/// The themes that events name.
pub(super) fn themes_of(events: &[Event]) -> NamedThemes {
    let mut themes = NamedThemes::new();
    for event in events {
        note(&mut themes, event);
    }
    themes
}

/// Reads all of a file.
pub(super) fn all(file: &mut dyn Source, context: &Context) -> Found {
    let mut events = Vec::new();
    let read = circadia_imports::read(context.format, file, context, &mut |event| {
        if events.len() >= MAX_AT_ONCE {
            return ControlFlow::Break(());
        }
        events.push(event);
        ControlFlow::Continue(())
    });
    match read {
        Ok(()) => Found::All(events),
        Err(ReadError::Stopped) => Found::TooMany,
        Err(error) => Found::Unreadable(error.to_string()),
    }
}

/// A part of a file.
pub(super) struct EventsOfPart {
    pub(super) events: Vec<Event>,
    /// The themes that were named up to its end.
    pub(super) themes: Arc<NamedThemes>,
    pub(super) is_last: bool,
}

/// What reading a file gives.
pub(super) enum Part {
    Events(EventsOfPart),
    /// It can't be read on. For people.
    Unreadable(String),
    /// It can't be read now.
    Failed(String),
}

/// Reads a file part by part, from behind so many events. Reading stops when the receiver is dropped.
pub(super) fn in_parts(mut file: File, context: Context, skip: u64) -> mpsc::Receiver<Part> {
    let (send, receive) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        let mut reader = Reader { send, left: skip, events: Vec::new(), themes: Arc::default() };
        let read = circadia_imports::read(context.format, &mut file, &context, &mut |event| reader.take(event));
        match read {
            Ok(()) => drop(reader.flush(true)),
            Err(ReadError::Stopped) => {}
            Err(ReadError::Unreadable(reason)) => {
                if reader.events.is_empty() || reader.flush(false).is_continue() {
                    let _ = reader.send.blocking_send(Part::Unreadable(reason));
                }
            }
            Err(error @ ReadError::Io(_)) => {
                let _ = reader.send.blocking_send(Part::Failed(error.to_string()));
            }
        }
    });
    receive
}

struct Reader {
    send: mpsc::Sender<Part>,
    /// How many events are still to be passed over.
    left: u64,
    events: Vec<Event>,
    themes: Arc<NamedThemes>,
}

impl Reader {
    fn take(&mut self, event: Event) -> ControlFlow<()> {
        if matches!(event, Event::Item { item: Item::Theme(_), .. }) {
            note(Arc::make_mut(&mut self.themes), &event);
        }
        if self.left > 0 {
            self.left -= 1;
            return ControlFlow::Continue(());
        }
        // The last part is known as such only at the end of the file.
        if self.events.len() >= PART && self.flush(false).is_break() {
            return ControlFlow::Break(());
        }
        self.events.push(event);
        ControlFlow::Continue(())
    }

    fn flush(&mut self, is_last: bool) -> ControlFlow<()> {
        let events = std::mem::take(&mut self.events);
        let part = EventsOfPart { events, themes: Arc::clone(&self.themes), is_last };
        match self.send.blocking_send(Part::Events(part)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}
