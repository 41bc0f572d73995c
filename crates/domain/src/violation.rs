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
    /// Stable machine code, one of [`CODES`].
    pub code: &'static str,
    /// A sentence for people: what was wrong, and what is allowed.
    pub detail: Cow<'static, str>,
}

/// The machine codes of violations: part of the public contract, where clients know them as an enum.
pub const CODES: &[&str] = &[
    "after_end",
    "all_numeric",
    "bad_port",
    "before_start",
    "common",
    "conflict",
    "contradiction",
    "control_character",
    "damaged_image",
    "day_full",
    "duplicate",
    "expired",
    "guessable",
    "habit_not_found",
    "idempotency_key_not_supported",
    "idempotency_key_reused",
    "image_too_large",
    "in_future",
    "insecure_url",
    "invalid",
    "invalid_code_challenge",
    "invalid_code_verifier",
    "invalid_color",
    "invalid_date",
    "invalid_email",
    "invalid_encoding",
    "invalid_etag",
    "invalid_id",
    "invalid_idempotency_key",
    "invalid_instant",
    "invalid_key",
    "invalid_kid",
    "invalid_locale",
    "invalid_provider",
    "invalid_rrule",
    "invalid_time",
    "invalid_token",
    "invalid_url",
    "invalid_username",
    "not_countable",
    "not_decryptable",
    "not_nullable",
    "not_verified",
    "not_visible",
    "nul_character",
    "out_of_range",
    "private_address",
    "read_only",
    "required",
    "similar_to_email",
    "similar_to_username",
    "target_met",
    "target_missed",
    "task_not_found",
    "theme_not_found",
    "too_long",
    "too_many",
    "too_precise",
    "too_short",
    "unexpected",
    "unexpected_amount",
    "unexpected_value",
    "unknown_field",
    "unknown_timezone",
    "unknown_value",
    "unsupported_image",
    "user_not_found",
    "wrong_code",
    "wrong_type",
];

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
        debug_assert!(CODES.contains(&code), "`{code}` is missing from the list of codes");
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

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_in_order_and_each_is_listed_once() {
        assert!(CODES.is_sorted_by(|one, other| one < other));
    }

    #[test]
    #[should_panic(expected = "missing from the list")]
    fn a_code_that_is_not_listed_is_noticed() {
        let _ = Violations::of("made_up", "is wrong");
    }
}
