//! Text from outside: trimmed, NFC, of a bounded length, without characters that no one types.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;

use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization as _;

use crate::json::FromJson;
use crate::violation::Violations;

/// What a [`Line`] or a [`Prose`] may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Line,
    Prose,
}

fn clean(text: &str, shape: Shape, min: usize, max: usize) -> Result<String, Violations> {
    let mut wrong = Violations::new();
    let forbidden = |c: char| c.is_control() && !(shape == Shape::Prose && matches!(c, '\n' | '\r' | '\t'));
    if text.contains('\0') {
        wrong.add("", "nul_character", "must not contain the NUL character");
    } else if text.contains(forbidden) {
        wrong.add("", "control_character", "must not contain control characters");
    }
    // Normalisation can lengthen a text: a cheap bound first keeps a huge one from costing work.
    let cleaned: String =
        if text.len() > max.saturating_mul(16) { text.to_owned() } else { text.trim().nfc().collect() };
    let length = cleaned.chars().count();
    if length > max {
        wrong.add("", "too_long", format!("must have at most {max} characters, but has {length}"));
    } else if length < min {
        let detail: Cow<'static, str> =
            if min == 1 { "must not be empty".into() } else { format!("must have at least {min} characters").into() };
        wrong.add("", "too_short", detail);
    } else if length > 0 && wrong.is_empty() && !cleaned.chars().any(is_visible) {
        wrong.add("", "not_visible", "must have at least one visible character");
    }
    if wrong.is_empty() { Ok(cleaned) } else { Err(wrong) }
}

/// Whether a character shows: neither blank, nor a control, nor one that fonts draw nothing for.
fn is_visible(c: char) -> bool {
    const BRAILLE_BLANK: char = '\u{2800}';
    const ANNOTATIONS: RangeInclusive<char> = '\u{FFF9}'..='\u{FFFB}';
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c);
    !(c.is_whitespace() || c.is_control() || ignorable || c == BRAILLE_BLANK || ANNOTATIONS.contains(&c))
}

/// One line of text (names, titles, units): between 1 and `MAX` characters, at least one of them visible, no control
/// characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Line<const MAX: usize>(String);

impl<const MAX: usize> Line<MAX> {
    /// Trims, normalises to NFC and checks `text`.
    ///
    /// # Errors
    /// `too_short`, `too_long`, `nul_character`, `control_character`; `not_visible` if no character shows.
    pub fn parse(text: &str) -> Result<Self, Violations> {
        clean(text, Shape::Line, 1, MAX).map(Self)
    }

    /// Takes a text that was checked before it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form under which two names count as the same: NFKC, lower case, white space folded.
    pub fn key(&self) -> String {
        key_of(&self.0)
    }
}

impl<const MAX: usize> fmt::Display for Line<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> Serialize for Line<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

json_value!(impl[const MAX: usize] Line<MAX>: str => Self::parse;
    format!("Line{MAX}"), schema::text().min_length(Some(1)).max_length(Some(MAX)));

/// Longer text (descriptions, notes): at most `MAX` characters, line breaks and tabs allowed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Prose<const MAX: usize>(String);

impl<const MAX: usize> Prose<MAX> {
    /// Trims, normalises to NFC and validates `text`; `None` if it is only white space.
    ///
    /// # Errors
    /// `too_long`, `nul_character`, `control_character`; `not_visible` if there are characters, but none shows.
    pub fn parse(text: &str) -> Result<Option<Self>, Violations> {
        clean(text, Shape::Prose, 0, MAX).map(|cleaned| if cleaned.is_empty() { None } else { Some(Self(cleaned)) })
    }

    /// Takes a text that was checked before it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Serialize for Prose<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<const MAX: usize> FromJson for Prose<MAX> {
    type Json = str;

    fn from_json(text: &str) -> Result<Option<Self>, Violations> {
        Self::parse(text)
    }
}

json_schema!(impl[const MAX: usize] Prose<MAX>: format!("Prose{MAX}"), schema::text().max_length(Some(MAX)));

/// The form under which two names count as the same: NFKC, lower case, white space folded. Databases compare these
/// keys byte by byte, so that no collation decides what is equal.
pub fn key_of(text: &str) -> String {
    let lower = text.nfkc().collect::<String>().to_lowercase();
    let folded: String = lower.nfkc().collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_trimmed_and_composed() {
        assert_eq!(Line::<10>::parse("  Cafe\u{301} ").unwrap().as_str(), "Café");
        assert_eq!(Line::<4>::parse("Cafe\u{301}").unwrap().as_str(), "Café");
    }

    #[test]
    fn wrong_lines_are_refused_with_their_reason() {
        let code = |text: &str| Line::<5>::parse(text).unwrap_err().iter().map(|v| v.code).collect::<Vec<_>>();
        assert_eq!(code(""), ["too_short"]);
        assert_eq!(code("   "), ["too_short"]);
        assert_eq!(code("abcdef"), ["too_long"]);
        assert_eq!(code("a\0b"), ["nul_character"]);
        assert_eq!(code("a\nb"), ["control_character"]);
        assert_eq!(code("\0abcdefgh"), ["nul_character", "too_long"]);
        assert!(Prose::<5>::parse("a\nb").unwrap().is_some());
        assert_eq!(Prose::<5>::parse(" ").unwrap(), None);
    }

    #[test]
    fn texts_of_nothing_visible_are_refused() {
        for nothing in [
            "\u{200B}",
            "\u{200B}\u{200C}\u{200D}\u{FEFF}",
            " \u{2060} ",
            "\u{AD}",
            "\u{115F}\u{1160}",
            "\u{3164}",
            "\u{FFA0}",
            "\u{2800}",
            "\u{200E}\u{202E}\u{2066}",
            "\u{FE0F}",
            "\u{E0020}\u{E007F}",
            "\u{FFF9}\u{FFFB}",
            "\u{180E}\u{17B4}",
        ] {
            let code = |wrong: Violations| wrong.iter().map(|v| v.code).collect::<Vec<_>>();
            assert_eq!(code(Line::<10>::parse(nothing).unwrap_err()), ["not_visible"], "{nothing:?}");
            assert_eq!(code(Prose::<10>::parse(nothing).unwrap_err()), ["not_visible"], "{nothing:?}");
        }
        // Joiners within a text matter: families of emoji, Persian words.
        for visible in ["👩\u{200D}👩", "می\u{200C}خواهم", "\u{301}", "\u{600}", ".", "\u{E000}"] {
            assert!(Line::<10>::parse(visible).is_ok(), "{visible:?}");
            assert!(Prose::<10>::parse(visible).unwrap().is_some(), "{visible:?}");
        }
    }

    #[test]
    fn keys_ignore_case_width_and_spacing_but_not_accents() {
        assert_eq!(key_of("Ｓport  Ａ"), key_of("sport a"));
        assert_eq!(key_of("ÉCOLE"), key_of("e\u{301}cole"));
        assert_ne!(key_of("Jose"), key_of("José"));
    }
}
