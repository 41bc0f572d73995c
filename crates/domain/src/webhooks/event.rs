//! What webhooks are told of.

use std::fmt;

use crate::sync::{Change, SyncType};
use crate::violation::Violations;

words! {
    /// What happened to it.
    pub enum Happening {
        /// It was created, or changed.
        Changed = "changed",
        /// It was deleted.
        Deleted = "deleted",
    }
}

/// An event: `habit.changed`, `entry.deleted` and so on, `reminder.due`, or `ping`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookEvent {
    /// A change.
    Change(SyncType, Happening),
    /// A reminder whose time has come, and that there is still something to be reminded of.
    ReminderDue,
    /// A test that its owner asked for. It is sent whatever the filter.
    Ping,
}

impl WebhookEvent {
    /// Every event there is.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::choices().chain(std::iter::once(Self::Ping))
    }

    /// Every event that a webhook can be restricted to.
    pub fn choices() -> impl Iterator<Item = Self> {
        Self::changes().chain(std::iter::once(Self::ReminderDue))
    }

    fn changes() -> impl Iterator<Item = Self> {
        let all = SyncType::ALL.into_iter().flat_map(|kind| Happening::ALL.map(|happening| (kind, happening)));
        // There always are settings.
        all.filter(|event| *event != (SyncType::Settings, Happening::Deleted))
            .map(|(kind, happening)| Self::Change(kind, happening))
    }

    /// The event of a change.
    pub fn of(change: &Change) -> Self {
        let happening = if change.item.is_deleted() { Happening::Deleted } else { Happening::Changed };
        Self::Change(change.item.kind(), happening)
    }

    /// Reads the name of an event that was stored.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::all().find(|event| event.to_string() == text)
    }
}

impl fmt::Display for WebhookEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Change(kind, happening) => write!(f, "{}.{}", kind.as_str(), happening.as_str()),
            Self::ReminderDue => f.write_str("reminder.due"),
            Self::Ping => f.write_str("ping"),
        }
    }
}

/// Which events a webhook is sent for: all, or at least one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter(Vec<WebhookEvent>);

impl EventFilter {
    /// The word for all events, those of later versions included.
    pub const EVERYTHING: &'static str = "*";

    /// Every word that a filter may have.
    pub fn words() -> impl Iterator<Item = String> {
        std::iter::once(Self::EVERYTHING.to_owned()).chain(WebhookEvent::choices().map(|event| event.to_string()))
    }

    /// Reads a word of a filter: none is every event.
    ///
    /// # Errors
    /// `unknown_value`, with those that are known.
    pub fn parse_word(text: &str) -> Result<Option<WebhookEvent>, Violations> {
        if text == Self::EVERYTHING {
            return Ok(None);
        }
        WebhookEvent::choices().find(|event| event.to_string() == text).map(Some).ok_or_else(|| {
            let known: Vec<String> = Self::words().collect();
            Violations::of("unknown_value", format!("must be one of {}", known.join(", ")))
        })
    }

    /// A filter of its words.
    ///
    /// # Errors
    /// `required` if there are none.
    pub fn of_words(words: Vec<Option<WebhookEvent>>) -> Result<Self, Violations> {
        if words.is_empty() {
            return Err(Violations::of("required", "must name at least one event, or `*` for all"));
        }
        let named: Option<Vec<WebhookEvent>> = words.into_iter().collect();
        Ok(named.map_or_else(Self::default, |named| {
            Self(WebhookEvent::choices().filter(|event| named.contains(event)).collect())
        }))
    }

    /// Whether the webhook is sent for an event.
    pub fn admits(&self, event: WebhookEvent) -> bool {
        event == WebhookEvent::Ping || self.0.is_empty() || self.0.contains(&event)
    }

    /// Its words.
    pub fn to_words(&self) -> Vec<String> {
        if self.0.is_empty() {
            return vec![Self::EVERYTHING.to_owned()];
        }
        self.0.iter().map(ToString::to_string).collect()
    }

    /// The text that is stored: the words, with a blank between.
    pub fn to_text(&self) -> String {
        self.to_words().join(" ")
    }

    /// Reads what was stored.
    pub fn from_text(text: &str) -> Option<Self> {
        let words: Option<Vec<_>> = text.split(' ').map(|word| Self::parse_word(word).ok()).collect();
        Self::of_words(words?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(words: &[&str]) -> EventFilter {
        EventFilter::of_words(words.iter().map(|word| EventFilter::parse_word(word).unwrap()).collect()).unwrap()
    }

    #[test]
    fn events_read_back() {
        for event in WebhookEvent::all() {
            assert_eq!(WebhookEvent::from_text(&event.to_string()), Some(event));
        }
        assert_eq!(WebhookEvent::from_text("habit"), None);
    }

    #[test]
    fn filters_read_back_and_fit_their_column() {
        let all: Vec<String> = WebhookEvent::choices().map(|event| event.to_string()).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        for words in [&["*"][..], &["entry.changed"], &["timer.deleted", "habit.changed"], &all] {
            let filter = filter(words);
            assert!(filter.to_text().len() <= 1_000);
            assert_eq!(EventFilter::from_text(&filter.to_text()), Some(filter));
        }
        assert!(EventFilter::of_words(Vec::new()).is_err() && EventFilter::from_text("").is_none());
        for wrong in ["", "ping", "habit", "habit.*", "habit.created", "Habit.changed"] {
            assert!(EventFilter::parse_word(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_filter_admits_what_it_names_and_pings() {
        let event = |name: &str| WebhookEvent::from_text(name).unwrap();
        let entries = filter(&["entry.changed", "entry.deleted"]);
        assert!(entries.admits(event("entry.deleted")) && entries.admits(WebhookEvent::Ping));
        assert!(!entries.admits(event("habit.changed")));
        assert!(WebhookEvent::all().all(|event| filter(&["habit.changed", "*"]).admits(event)));
    }
}
