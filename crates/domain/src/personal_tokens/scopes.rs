//! The scopes of a personal access token: read or write, everywhere or in one area.
//!
//! There is no scope for sessions, passwords, second factors, tokens and the account, so a leaked token can't be used
//! to take the account over.

use std::fmt;

use crate::violation::Violations;

words! {
    /// A part of the API.
    pub enum Area {
        /// Habits, their entries, plans, pauses, streaks; schedules.
        Habits = "habits",
        /// Themes.
        Themes = "themes",
        /// Sleep.
        Sleep = "sleep",
        /// Moods.
        Moods = "moods",
        /// Tasks.
        Tasks = "tasks",
        /// Tracked time.
        Time = "time",
        /// Statistics over all of these.
        Stats = "stats",
        /// Who the user is and how their days lie.
        Profile = "profile",
        /// Webhooks. Whoever changes one also needs to read what it tells of.
        Webhooks = "webhooks",
    }
}

words! {
    /// What is done there.
    pub enum Access {
        /// Looking.
        Read = "read",
        /// Write access, which includes read access.
        Write = "write",
    }
}

/// A scope: `read`, `write`, or one of them in an area, such as `habits:read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Where; everywhere if none is named.
    pub area: Option<Area>,
    /// The access.
    pub access: Access,
}

impl Scope {
    /// Every scope there is.
    pub fn all() -> impl Iterator<Item = Self> {
        let areas = std::iter::once(None).chain(Area::ALL.into_iter().map(Some));
        areas.flat_map(|area| [Access::Read, Access::Write].map(|access| Self { area, access }))
    }

    /// Reads a scope.
    ///
    /// # Errors
    /// `unknown_value`, with those that are known.
    pub fn parse(text: &str) -> Result<Self, Violations> {
        Self::all().find(|scope| scope.to_string() == text).ok_or_else(|| {
            let known: Vec<String> = Self::all().map(|scope| scope.to_string()).collect();
            Violations::of("unknown_value", format!("must be one of {}", known.join(", ")))
        })
    }

    /// Its place among all, as a bit.
    fn bit(self) -> u32 {
        Self::all().zip(0_u32..).find(|(scope, _)| *scope == self).map_or(0, |(_, place)| 1 << place)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.area {
            Some(area) => write!(f, "{}:{}", area.as_str(), self.access.as_str()),
            None => f.write_str(self.access.as_str()),
        }
    }
}

/// The scopes of a token: at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes(u32);

impl Scopes {
    /// Some scopes.
    ///
    /// # Errors
    /// `required` if there are none.
    pub fn of(scopes: &[Scope]) -> Result<Self, Violations> {
        let bits = scopes.iter().fold(0, |bits, scope| bits | scope.bit());
        if bits == 0 {
            return Err(Violations::of("required", "must name at least one scope"));
        }
        Ok(Self(bits))
    }

    /// The scopes, in the order in which they are documented.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::all().filter(move |scope| self.0 & scope.bit() != 0)
    }

    /// Whether what a scope stands for may be done.
    pub fn allow(self, wanted: Scope) -> bool {
        self.iter().any(|held| {
            let there = held.area.is_none() || held.area == wanted.area;
            there && (held.access == Access::Write || wanted.access == Access::Read)
        })
    }

    /// Those of the wanted scopes that these don't allow; `None` if they allow all of them.
    pub fn lacking(self, wanted: Self) -> Option<Self> {
        let refused: Vec<Scope> = wanted.iter().filter(|scope| !self.allow(*scope)).collect();
        Self::of(&refused).ok()
    }

    /// The text that is stored: the scopes, with a blank between.
    pub fn to_text(self) -> String {
        self.iter().map(|scope| scope.to_string()).collect::<Vec<_>>().join(" ")
    }

    /// Reads what was stored.
    pub fn from_text(text: &str) -> Option<Self> {
        let scopes: Option<Vec<Scope>> = text.split(' ').map(|word| Scope::parse(word).ok()).collect();
        Self::of(&scopes?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(words: &str) -> Scopes {
        Scopes::from_text(words).unwrap()
    }

    fn allows(held: &str, wanted: &str) -> bool {
        scopes(held).allow(Scope::parse(wanted).unwrap())
    }

    #[test]
    fn scopes_read_and_print() {
        assert_eq!(Scope::all().count(), (Area::ALL.len() + 1) * Access::ALL.len());
        for scope in Scope::all() {
            assert_eq!(Scope::parse(&scope.to_string()).unwrap(), scope);
        }
        let all: Vec<Scope> = Scope::all().collect();
        let whole = Scopes::of(&all).unwrap();
        assert_eq!(scopes(&whole.to_text()), whole);
        assert!(whole.to_text().len() <= 400, "it must fit its column");
        for wrong in ["", "admin", "Habits:read", "habits", "habits:", "habits:read ", "auth:write"] {
            assert!(Scope::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Scopes::of(&[]).is_err() && Scopes::from_text("").is_none());
    }

    #[test]
    fn writing_includes_reading_and_no_area_another() {
        assert!(allows("habits:read", "habits:read"));
        assert!(!allows("habits:read", "habits:write"));
        assert!(allows("habits:write", "habits:read"));
        assert!(!allows("habits:write", "sleep:read"));
        assert!(allows("sleep:read habits:write", "sleep:read"));
        assert!(!allows("sleep:read habits:write", "sleep:write"));
        for area in Area::ALL.map(Area::as_str) {
            assert!(allows("read", &format!("{area}:read")) && !allows("read", &format!("{area}:write")));
            assert!(allows("write", &format!("{area}:write")));
        }
    }

    #[test]
    fn what_is_lacking_is_what_is_not_allowed() {
        let lacking = |held: &str, wanted: &str| scopes(held).lacking(scopes(wanted)).map(Scopes::to_text);
        assert_eq!(lacking("habits:write tasks:read", "habits:read tasks:read"), None);
        assert_eq!(lacking("read", "habits:read sleep:read profile:read"), None);
        assert_eq!(lacking("tasks:read", "tasks:write habits:read").as_deref(), Some("habits:read tasks:write"));
    }
}
