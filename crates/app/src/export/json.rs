//! An export as a JSON document, each item on a line of its own.

use std::io::Write as _;

use circadia_domain::Error;
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::export::{ExportWriter, FORMAT, Section, VERSION};
use serde::Serialize;

use super::chunks::Chunks;

/// Writes the document.
#[derive(Debug, Default)]
pub(super) struct JsonWriter {
    out: Chunks,
    /// Whether something precedes what comes next in the present object or list.
    follows: bool,
    /// Whether `activity` is open.
    in_activity: bool,
}

fn defect(error: impl std::fmt::Display) -> Error {
    StoreError::Defect(format!("an export can't be written: {error}")).into()
}

impl JsonWriter {
    pub(super) fn into_content(self) -> Chunks {
        self.out
    }

    fn text(&mut self, text: &str) -> Result<(), Error> {
        self.out.write_all(text.as_bytes()).map_err(defect)
    }

    fn json(&mut self, value: &impl Serialize) -> Result<(), Error> {
        serde_json::to_writer(&mut self.out, value).map_err(defect)
    }

    /// What separates from what precedes.
    fn next(&mut self) -> Result<(), Error> {
        let follows = std::mem::replace(&mut self.follows, true);
        self.text(if follows { ",\n" } else { "\n" })
    }

    fn member(&mut self, name: &str) -> Result<(), Error> {
        self.next()?;
        self.json(&name)?;
        self.text(":")
    }
}

impl ExportWriter for JsonWriter {
    fn begin(&mut self, exported_at: Instant) -> Result<(), Error> {
        self.text("{")?;
        self.single("format", &FORMAT)?;
        self.single("version", &VERSION)?;
        self.single("exported_at", &exported_at)
    }

    fn single(&mut self, name: &'static str, value: &impl Serialize) -> Result<(), Error> {
        self.member(name)?;
        self.json(value)
    }

    fn activity(&mut self, there: bool) -> Result<(), Error> {
        self.member("activity")?;
        if there {
            (self.in_activity, self.follows) = (true, false);
            self.text("{")
        } else {
            self.text("null")
        }
    }

    fn begin_list(&mut self, section: Section) -> Result<(), Error> {
        self.member(section.as_str())?;
        self.follows = false;
        self.text("[")
    }

    fn item(&mut self, item: &impl Serialize) -> Result<(), Error> {
        self.next()?;
        self.json(item)
    }

    fn end_list(&mut self) -> Result<(), Error> {
        self.follows = true;
        self.text("]")
    }

    fn end(&mut self) -> Result<(), Error> {
        self.text(if self.in_activity { "\n}\n}\n" } else { "\n}\n" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(activity: bool) -> serde_json::Value {
        let mut writer = JsonWriter::default();
        writer.begin(Instant::from_seconds(0)).unwrap();
        writer.single("timer", &None::<u8>).unwrap();
        for (section, items) in [(Section::Themes, vec![]), (Section::Tasks, vec![1, 2])] {
            writer.begin_list(section).unwrap();
            for item in &items {
                writer.item(item).unwrap();
            }
            writer.end_list().unwrap();
        }
        writer.activity(activity).unwrap();
        if activity {
            for section in [Section::SignIns, Section::AuditEvents] {
                writer.begin_list(section).unwrap();
                writer.item(&section).unwrap();
                writer.end_list().unwrap();
            }
        }
        writer.end().unwrap();
        serde_json::from_slice(&writer.into_content().into_pieces().concat()).unwrap()
    }

    #[test]
    fn the_document_is_json_with_and_without_activity() {
        let mut expected = serde_json::json!({
            "format": "circadia-export", "version": 1, "exported_at": "1970-01-01T00:00:00Z", "timer": null,
            "themes": [], "tasks": [1, 2], "activity": null,
        });
        assert_eq!(written(false), expected);
        expected["activity"] = serde_json::json!({"sign_ins": ["sign_ins"], "audit_events": ["audit_events"]});
        assert_eq!(written(true), expected);
    }
}
