//! The parts of an import: each is one transaction, which also notes how far the import is.

use super::{Event, Import, ImportId, ImportState, NamedThemes, merge, write};
use crate::error::Error;
use crate::unit_of_work::WriteTransaction;

/// How an import goes on after a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// With the next part.
    Part,
    /// Not: it has ended, is being undone, is gone, or another worker is at it.
    Nothing,
}

/// Does the part of an import that comes after `handled` events; the last one ends it. A part that was done before, or
/// whose import is no longer to be done, changes nothing.
///
/// # Errors
/// The store's.
pub fn run_part(
    tx: &mut WriteTransaction<'_>,
    id: ImportId,
    handled: u64,
    events: Vec<Event>,
    themes: &NamedThemes,
    is_last: bool,
) -> Result<Next, Error> {
    let Some(mut import) = tx.store.find_import(tx.user, id)? else { return Ok(Next::Nothing) };
    let is_to_be_done = matches!(import.state, ImportState::Waiting | ImportState::Running);
    if !is_to_be_done || import.handled != handled {
        return Ok(Next::Nothing);
    }
    let count = u64::try_from(events.len()).unwrap_or(u64::MAX);
    let merged = merge(tx.store, tx.user, events, themes, tx.now, tx.rev)?;
    write(tx, &merged)?;
    let made = merged.made_items(i64::try_from(import.made).unwrap_or(i64::MAX), tx.rev);
    if !made.is_empty() {
        tx.store.insert_made_items(tx.user, id, &made)?;
    }
    import.made = import.made.saturating_add(u64::try_from(made.len()).unwrap_or(0));
    import.handled = handled.saturating_add(count);
    import.report.add(merged.outcomes);
    import.state = if is_last { ImportState::Done } else { ImportState::Running };
    import.updated_at = tx.now;
    tx.store.update_import(tx.user, &import)?;
    Ok(if is_last { Next::Nothing } else { Next::Part })
}

/// Ends an import before its time. What it made stays, until it is undone.
///
/// # Errors
/// The store's.
pub fn fail(tx: &mut WriteTransaction<'_>, id: ImportId, failure: &str) -> Result<(), Error> {
    let Some(import) = tx.store.find_import(tx.user, id)? else { return Ok(()) };
    if !matches!(import.state, ImportState::Waiting | ImportState::Running) {
        return Ok(());
    }
    let failure = failure.chars().take(super::MAX_FAILURE).collect();
    let failed = Import { state: ImportState::Failed, failure: Some(failure), updated_at: tx.now, ..import };
    Ok(tx.store.update_import(tx.user, &failed)?)
}
