//! Writing iCalendar (RFC 5545 §3.1): lines that end with CR LF and are folded at 75 octets, and texts that are escaped.

use crate::civil::{Date, Instant};

/// The most octets of a line, without its end.
const MAX_OCTETS: usize = 75;

/// An iCalendar stream in the making.
#[derive(Debug, Default)]
pub(super) struct Ical(String);

impl Ical {
    /// Begins a component.
    pub(super) fn begin(&mut self, component: &str) {
        self.line("BEGIN", component);
    }

    /// Ends it.
    pub(super) fn end(&mut self, component: &str) {
        self.line("END", component);
    }

    /// A property whose value isn't a text: it is written as it is. The name may have parameters.
    pub(super) fn line(&mut self, name: &str, value: &str) {
        let mut octets = 0;
        for character in name.chars().chain([':']).chain(value.chars()) {
            let length = character.len_utf8();
            if octets + length > MAX_OCTETS {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push(character);
            octets += length;
        }
        self.0.push_str("\r\n");
    }

    /// A property with a text.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.line(name, &escaped(value));
    }

    /// A property with a day.
    pub(super) fn date(&mut self, name: &str, date: Date) {
        self.line(&format!("{name};VALUE=DATE"), &day(date));
    }

    /// A property with an instant.
    pub(super) fn instant(&mut self, name: &str, instant: Instant) {
        self.line(name, &utc(instant));
    }

    /// All that was written.
    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// A day: `20260311`.
pub(super) fn day(date: Date) -> String {
    let (year, month, day) = date.year_month_day();
    format!("{year:04}{month:02}{day:02}")
}

/// An instant, to the second: `20260311T120000Z`.
fn utc(instant: Instant) -> String {
    instant.to_chrono().format("%Y%m%dT%H%M%SZ").to_string()
}

/// A text as a value (§3.3.11). Every kind of line break becomes `\n`; control characters, which no value may hold, are left
/// out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' | ';' | ',' => out.extend(['\\', character]),
            '\r' => {
                characters.next_if_eq(&'\n');
                out.push_str("\\n");
            }
            // Some readers take these for line breaks, too.
            '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push_str("\\n"),
            '\t' => out.push('\t'),
            _ if character.is_control() => {}
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, text: &str) -> String {
        let mut ical = Ical::default();
        ical.text(name, text);
        ical.into_text()
    }

    #[test]
    fn texts_are_escaped() {
        assert_eq!(written("SUMMARY", r"a,b;c\d:e"), "SUMMARY:a\\,b\\;c\\\\d:e\r\n");
        assert_eq!(written("SUMMARY", "a\r\nBEGIN:VEVENT\nb\rc\u{2028}d"), "SUMMARY:a\\nBEGIN:VEVENT\\nb\\nc\\nd\r\n");
        assert_eq!(written("SUMMARY", "a\0b\u{7}c\u{1b}\td"), "SUMMARY:abc\td\r\n");
    }

    #[test]
    fn lines_are_folded_between_characters() {
        for text in ["x".repeat(500), "äöü".repeat(100), "📖".repeat(80), "a📖,".repeat(99), "👨‍👩‍👧‍👦".repeat(30)]
        {
            let written = written("DESCRIPTION", &text);
            let lines: Vec<&str> = written.strip_suffix("\r\n").unwrap().split("\r\n").collect();
            assert!(lines.len() > 1 && lines.iter().all(|line| line.len() <= 75), "{written}");
            assert!(lines.iter().skip(1).all(|line| line.starts_with(' ') && line.len() > 1));
            let unfolded = written.replace("\r\n ", "");
            assert_eq!(unfolded.trim_end(), format!("DESCRIPTION:{}", text.replace(',', "\\,")));
        }
        assert_eq!(written("SUMMARY", &"x".repeat(67)).len(), 77);
        assert_eq!(written("SUMMARY", &"x".repeat(68)).matches("\r\n").count(), 2);
    }
}
