//! Where readers put what they find.

use std::borrow::Cow;
use std::ops::ControlFlow;

use circadia_domain::imports::{Event, Item, ItemKind, Line};
use circadia_domain::violation::Violations;

use crate::ReadError;

/// Takes events, in the order in which they are in the file.
pub(crate) struct Out<'a> {
    take: &'a mut dyn FnMut(Event) -> ControlFlow<()>,
}

impl<'a> Out<'a> {
    pub(crate) fn new(take: &'a mut dyn FnMut(Event) -> ControlFlow<()>) -> Self {
        Self { take }
    }

    fn event(&mut self, event: Event) -> Result<(), ReadError> {
        match (self.take)(event) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ReadError::Stopped),
        }
    }

    pub(crate) fn item(&mut self, line: Line, item: Item) -> Result<(), ReadError> {
        self.event(Event::Item { line, item })
    }

    /// An item, or why it can't be made.
    pub(crate) fn item_or_skip(
        &mut self,
        line: Line,
        kind: ItemKind,
        item: Result<Item, Violations>,
    ) -> Result<(), ReadError> {
        match item {
            Ok(item) => self.item(line, item),
            Err(wrong) => {
                let (code, detail) = reason(&wrong);
                self.skip(line, Some(kind), code, detail)
            }
        }
    }

    /// Something that isn't taken over.
    pub(crate) fn skip(
        &mut self,
        line: Line,
        kind: Option<ItemKind>,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Result<(), ReadError> {
        self.event(Event::Note { line, kind, is_skipped: true, code, detail: detail.into() })
    }

    /// Something that isn't taken over as it is.
    pub(crate) fn changed(
        &mut self,
        line: Line,
        kind: ItemKind,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Result<(), ReadError> {
        self.event(Event::Note { line, kind: Some(kind), is_skipped: false, code, detail: detail.into() })
    }
}

/// The first of the things that are wrong.
pub(crate) fn reason(wrong: &Violations) -> (&'static str, String) {
    match wrong.iter().next() {
        Some(violation) => (
            violation.code,
            format!("{} {}", violation.path.trim_start_matches('/'), violation.detail).trim().to_owned(),
        ),
        None => ("invalid", "is not valid".to_owned()),
    }
}
