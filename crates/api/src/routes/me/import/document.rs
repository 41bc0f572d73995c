//! Reading a document item by item: what is in memory of it is what is imported.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use circadia_domain::civil::Instant;
use circadia_domain::export::{FORMAT, VERSION};
use circadia_domain::import::{Document, MAX_VIOLATIONS};
use circadia_domain::violation::Violations;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::http::input::json::{MAX_DEPTH, Shape, Skip, Strict};
use crate::http::input::{Decode, Fields, Parsed, Raw, integer, text};

/// The most values that an item may have: more than the largest habit.
const MAX_VALUES: usize = 250_000;

/// Why a document can't be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It isn't JSON within the limits.
    #[error("{0}")]
    Malformed(String),
    /// Parts of it are wrong.
    #[error("{0}")]
    Invalid(Violations),
}

/// Reads a document.
///
/// # Errors
/// What is wrong with it, up to [`MAX_VIOLATIONS`].
pub fn read(bytes: &[u8]) -> Result<Document, Unreadable> {
    let malformed = |detail: String| Err(Unreadable::Malformed(detail));
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return malformed(format!("The body is not UTF-8: byte {} is wrong.", error.valid_up_to())),
    };
    if text.trim().is_empty() {
        return malformed("The body is empty: a JSON object is expected.".to_owned());
    }
    let mut reader = Reader::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = Root(&mut reader).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    match read {
        _ if reader.wrong.len() >= MAX_VIOLATIONS => Err(Unreadable::Invalid(reader.wrong)),
        Err(error) => malformed(format!("The body is not valid JSON: {error}.")),
        Ok(()) if reader.wrong.is_empty() => Ok(reader.document),
        Ok(()) => Err(Unreadable::Invalid(reader.wrong)),
    }
}

/// What was read so far.
#[derive(Default)]
struct Reader {
    document: Document,
    wrong: Violations,
}

impl Reader {
    /// Takes violations over.
    ///
    /// # Errors
    /// If there are enough to stop.
    fn take<T, E: serde::de::Error>(&mut self, pointer: &str, read: Parsed<T>) -> Result<Option<T>, E> {
        let taken = self.wrong.take(pointer, read);
        if self.wrong.len() >= MAX_VIOLATIONS { Err(E::custom("too much is wrong")) } else { Ok(taken) }
    }
}

fn object<T: Decode>(value: &Value) -> Parsed<T> {
    Fields::object(Raw { value, textual: false })
}

/// The document itself.
struct Root<'a>(&'a mut Reader);

impl<'de> DeserializeSeed<'de> for Root<'_> {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Root<'_> {
    fn refuse<E: serde::de::Error>(self) -> Result<(), E> {
        self.0.take("", Err::<(), _>(Violations::of("wrong_type", "must be an object"))).map(drop)
    }
}

impl<'de> Visitor<'de> for Root<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an export")
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.refuse()
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        self.refuse()
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        self.refuse()
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.refuse()
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        self.refuse()
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.refuse()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Skip(1))?.is_some() {}
        self.refuse()
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let reader = self.0;
        let mut seen = HashSet::new();
        let (mut format, mut version) = (false, false);
        while let Some(key) = members.next_key::<String>()? {
            if seen.contains(&key) {
                return Err(A::Error::custom(format_args!("the key {key:?} occurs twice in one object")));
            }
            match key.as_str() {
                "format" => format = single(reader, &mut members, "/format", |raw| text(format_of)(raw))?.is_some(),
                "version" => {
                    version = single(reader, &mut members, "/version", |raw| integer(version_of)(raw))?.is_some();
                }
                "exported_at" => drop(single(reader, &mut members, "/exported_at", |raw| text(Instant::parse)(raw))?),
                "account" | "activity" => {
                    let shape = members.next_value_seed(Skip(1))?;
                    if shape == Shape::Other {
                        let wrong = Violations::of("wrong_type", "must be an object");
                        reader.take(&format!("/{key}"), Err::<(), _>(wrong))?;
                    }
                }
                "settings" => {
                    reader.document.settings = single(reader, &mut members, "/settings", |raw| object(raw.value))?;
                }
                "timer" => reader.document.timer = single(reader, &mut members, "/timer", |raw| object(raw.value))?,
                "themes" => list(reader, &mut members, "/themes", |document| &mut document.themes)?,
                "habits" => list(reader, &mut members, "/habits", |document| &mut document.habits)?,
                "shared_pauses" => {
                    list(reader, &mut members, "/shared_pauses", |document| &mut document.shared_pauses)?;
                }
                "entries" => list(reader, &mut members, "/entries", |document| &mut document.entries)?,
                "tasks" => list(reader, &mut members, "/tasks", |document| &mut document.tasks)?,
                "time_entries" => list(reader, &mut members, "/time_entries", |document| &mut document.time_entries)?,
                "reminders" => list(reader, &mut members, "/reminders", |document| &mut document.reminders)?,
                "sleep_logs" => list(reader, &mut members, "/sleep_logs", |document| &mut document.sleep_logs)?,
                "moods" => list(reader, &mut members, "/moods", |document| &mut document.moods)?,
                "mood_moments" => list(reader, &mut members, "/mood_moments", |document| &mut document.mood_moments)?,
                unknown => {
                    members.next_value_seed(Skip(1))?;
                    let shown: String = unknown.chars().take(64).collect();
                    let pointer = format!("/{}", shown.replace('~', "~0").replace('/', "~1"));
                    let wrong = Violations::of("unknown_field", "is no part of an export");
                    reader.take(&pointer, Err::<(), _>(wrong))?;
                }
            }
            seen.insert(key);
        }
        for (name, is_there) in [("format", format), ("version", version)] {
            if !is_there && !reader.wrong.iter().any(|wrong| wrong.path == format!("/{name}")) {
                reader.take(&format!("/{name}"), Err::<(), _>(Violations::of("required", "is required")))?;
            }
        }
        Ok(())
    }
}

fn format_of(text: &str) -> Parsed<()> {
    if text == FORMAT { Ok(()) } else { Err(Violations::of("unknown_value", format!("must be `{FORMAT}`"))) }
}

fn version_of(number: i64) -> Parsed<()> {
    if number == i64::from(VERSION) {
        return Ok(());
    }
    Err(Violations::of("out_of_range", format!("must be {VERSION}: other versions can't be read here")))
}

/// Reads a member that isn't a list; null is as if it were absent.
fn single<'de, A: MapAccess<'de>, T>(
    reader: &mut Reader,
    members: &mut A,
    pointer: &str,
    read: impl FnOnce(Raw<'_>) -> Parsed<T>,
) -> Result<Option<T>, A::Error> {
    let left = Cell::new(MAX_VALUES);
    let value = members.next_value_seed(Strict::new(1, &left))?;
    if value.is_null() { Ok(None) } else { reader.take(pointer, read(Raw { value: &value, textual: false })) }
}

/// Reads a list.
fn list<'de, A: MapAccess<'de>, T: Decode>(
    reader: &mut Reader,
    members: &mut A,
    pointer: &'static str,
    items: impl Fn(&mut Document) -> &mut Vec<T>,
) -> Result<(), A::Error> {
    members.next_value_seed(List { reader, pointer, items })
}

struct List<'a, F> {
    reader: &'a mut Reader,
    pointer: &'static str,
    items: F,
}

impl<'de, T: Decode, F: Fn(&mut Document) -> &mut Vec<T>> DeserializeSeed<'de> for List<'_, F> {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<F> List<'_, F> {
    fn refuse<E: serde::de::Error>(self) -> Result<(), E> {
        let wrong = Violations::of("wrong_type", "must be a list");
        self.reader.take(self.pointer, Err::<(), _>(wrong)).map(drop)
    }
}

impl<'de, T: Decode, F: Fn(&mut Document) -> &mut Vec<T>> Visitor<'de> for List<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.refuse()
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        self.refuse()
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        self.refuse()
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.refuse()
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        self.refuse()
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_key::<String>()?.is_some() {
            members.next_value_seed(Skip(2))?;
        }
        self.refuse()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { reader, pointer, items: place } = self;
        for at in 0_usize.. {
            let left = Cell::new(MAX_VALUES);
            let Some(value) = items.next_element_seed(Strict::new(2, &left))? else { break };
            if let Some(item) = reader.take(&format!("{pointer}/{at}"), object::<T>(&value))? {
                place(&mut reader.document).push(item);
            }
        }
        Ok(())
    }
}

const _: () = assert!(MAX_DEPTH > 2, "items lie two deep");

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> Vec<(String, &'static str)> {
        match read(text.as_bytes()).unwrap_err() {
            Unreadable::Invalid(wrong) => wrong.into_iter().map(|wrong| (wrong.path, wrong.code)).collect(),
            Unreadable::Malformed(detail) => panic!("{detail}"),
        }
    }

    fn malformed(text: &str) -> String {
        match read(text.as_bytes()).unwrap_err() {
            Unreadable::Malformed(detail) => detail,
            Unreadable::Invalid(wrong) => panic!("{wrong}"),
        }
    }

    #[test]
    fn the_least_document_has_a_format_and_a_version() {
        assert_eq!(read(br#"{"format":"circadia-export","version":1}"#).unwrap(), Document::default());
        assert_eq!(wrong("{}"), [("/format".into(), "required"), ("/version".into(), "required")]);
        assert_eq!(
            wrong(r#"{"format":"other","version":2,"x/y":1}"#),
            [
                ("/format".into(), "unknown_value"),
                ("/version".into(), "out_of_range"),
                ("/x~1y".into(), "unknown_field")
            ]
        );
        for other in ["[]", "1", "null", "\"x\"", "true", "-1", "1.5"] {
            assert_eq!(wrong(other), [(String::new(), "wrong_type")], "{other}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let head = r#""format":"circadia-export","version":1"#;
        assert_eq!(
            wrong(&format!(r#"{{{head},"themes":[{{"name":""}}],"tasks":{{}},"moods":7,"settings":1,"account":[]}}"#)),
            [
                ("/themes/0/name".into(), "too_short"),
                ("/themes/0/id".into(), "required"),
                ("/themes/0/color".into(), "required"),
                ("/themes/0/created_at".into(), "required"),
                ("/themes/0/updated_at".into(), "required"),
                ("/tasks".into(), "wrong_type"),
                ("/moods".into(), "wrong_type"),
                ("/settings".into(), "wrong_type"),
                ("/account".into(), "wrong_type"),
            ]
        );
        assert_eq!(wrong(&format!(r#"{{{head},"moods":[{}1]}}"#, "1,".repeat(1_000))).len(), MAX_VIOLATIONS);
    }

    #[test]
    fn hostile_documents_cost_little() {
        let deep = |member: &str| format!(r#"{{"{member}":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
        for member in ["account", "unknown", "habits", "settings", "format"] {
            assert!(malformed(&deep(member)).contains("more than 32 deep"), "{member}");
        }
        let wide = format!(r#"{{"habits":[[{}1]]}}"#, "1,".repeat(MAX_VALUES));
        assert!(malformed(&wide).contains("too many values"));
        assert!(malformed(r#"{"format":1,"format":1}"#).contains("occurs twice"));
        assert!(malformed(r#"{"themes":[{"id":1,"id":2}]}"#).contains("occurs twice"));
        for wrong in ["", "{", "{} x", "{\"x\":\"\\ud800\"}", "{\"account\":1e999}", "nonsense"] {
            malformed(wrong);
        }
    }
}
