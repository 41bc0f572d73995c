//! Validation errors of input, reported to the client.
//!
//! A constructor of the domain collects *every* violation instead of stopping at the first. The API turns each into an
//! entry of a problem's `errors` and prepends the field's JSON pointer to [`Violation::path`].

use std::borrow::Cow;
use std::fmt;

/// One thing that is wrong with one part of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer (RFC 6901) to the wrong part, relative to the value being checked: empty for the value itself,
    /// `/weekdays/1` for a part of it.
    pub path: String,
    /// Stable machine code, `snake_case`: `required`, `too_long`, `out_of_range`, `unknown_value`, …
    pub code: &'static str,
    /// A sentence for people: what was wrong, and what is allowed.
    pub detail: Cow<'static, str>,
}

/// Every violation found in a value; never empty when returned as an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// An empty list, to collect into.
    pub fn new() -> Self {
        Self::default()
    }

    /// A single violation of the value itself.
    pub fn of(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let mut all = Self::new();
        all.add("", code, detail);
        all
    }

    /// One violation of a part.
    pub fn at(path: impl Into<String>, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let mut all = Self::new();
        all.add(path, code, detail);
        all
    }

    /// Notes that the part at `path` is wrong.
    pub fn add(&mut self, path: impl Into<String>, code: &'static str, detail: impl Into<Cow<'static, str>>) {
        self.0.push(Violation { path: path.into(), code, detail: detail.into() });
    }

    /// Takes the violations of a nested value over, its `path` put in front of theirs.
    pub fn nest(&mut self, path: &str, nested: Self) {
        self.0.extend(nested.0.into_iter().map(|mut violation| {
            violation.path.insert_str(0, path);
            violation
        }));
    }

    /// The value of `result`; if it is an error, its violations are collected and `None` is returned.
    pub fn take<T>(&mut self, path: &str, result: Result<T, Self>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(nested) => {
                self.nest(path, nested);
                None
            }
        }
    }

    /// Whether there are no violations.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The violations in the order they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.0.iter()
    }
}

impl IntoIterator for Violations {
    type Item = Violation;
    type IntoIter = std::vec::IntoIter<Violation>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            if !violation.path.is_empty() {
                write!(f, "{}: ", violation.path)?;
            }
            f.write_str(&violation.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}
