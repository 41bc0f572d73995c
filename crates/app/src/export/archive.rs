//! An export as an archive (ZIP) of tables (CSV), for spreadsheets and people. Imports from other apps read most of it.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use circadia_domain::Error;
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::export::{ExportWriter, FORMAT, Section, VERSION};
use serde::Serialize;
use serde_json::{Map, Value};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use super::chunks::Chunks;
use crate::csv;

/// Rows that are written at a time.
const BATCH: usize = 500;

/// What a habit has several of: member, file, and columns after the habit's id.
const OF_HABITS: [(&str, &str, &[&str]); 3] = [
    ("plans", "habit_plans", &["effective_from", "anchor", "week_start", "schedule", "kind"]),
    ("pauses", "habit_pauses", &["id", "from", "to"]),
    ("archives", "habit_archives", &["from", "until"]),
];

/// The columns of an object that isn't in a list.
fn columns_of_single(name: &str) -> &'static [&'static str] {
    match name {
        "account" => &[
            "id",
            "username",
            "email",
            "email_verified",
            "role",
            "created_at",
            "updated_at",
            "linked_providers",
            "push_subscriptions",
        ],
        "settings" => &[
            "timezone",
            "day_start",
            "week_start",
            "locale",
            "color_scheme",
            "sleep_goal_minutes",
            "free_days",
            "allow_overlapping_time",
        ],
        "timer" => &["habit_id", "task_id", "note", "started_at", "timezone"],
        _ => &[],
    }
}

/// The columns of a list.
const fn columns(section: Section) -> &'static [&'static str] {
    match section {
        Section::Themes => &["id", "name", "color", "created_at", "updated_at"],
        Section::Habits => &[
            "id",
            "name",
            "description",
            "theme_id",
            "color",
            "icon",
            "question",
            "time_of_day",
            "starts_on",
            "ends_on",
            "archived_at",
            "position",
            "created_at",
            "updated_at",
        ],
        Section::SharedPauses => &["id", "from", "to", "note", "except_habits", "source", "created_at", "updated_at"],
        Section::Entries => &["habit_id", "date", "state", "value", "settled", "note", "created_at", "updated_at"],
        Section::Tasks => &[
            "id",
            "title",
            "description",
            "priority",
            "status",
            "due_on",
            "theme_id",
            "completed_at",
            "created_at",
            "updated_at",
        ],
        Section::TimeEntries => &[
            "id",
            "habit_id",
            "task_id",
            "date",
            "minutes",
            "started_at",
            "ended_at",
            "timezone",
            "note",
            "created_at",
            "updated_at",
        ],
        Section::Reminders => &[
            "id",
            "about",
            "habit_id",
            "task_id",
            "time",
            "weekdays",
            "days_before",
            "wake_time",
            "minutes_before",
            "channels",
            "enabled",
            "created_at",
            "updated_at",
        ],
        Section::SleepLogs => &[
            "id",
            "start",
            "end",
            "date",
            "timezone",
            "kind",
            "quality",
            "awake_seconds",
            "note",
            "created_at",
            "updated_at",
        ],
        Section::Moods => &["date", "value", "note", "tags", "created_at", "updated_at"],
        Section::MoodMoments => &["id", "at", "date", "timezone", "value", "note", "tags", "created_at", "updated_at"],
        Section::SignIns => {
            &["id", "at", "failure", "method", "ip", "user_agent", "browser", "os", "device", "language"]
        }
        Section::SecurityEvents => &["id", "at", "kind", "ip", "attempts", "language"],
        Section::AuditEvents => &["id", "at", "action", "outcome", "by_user", "details"],
    }
}

fn defect(error: impl std::fmt::Display) -> Error {
    StoreError::Defect(format!("an export can't be written: {error}")).into()
}

/// A value as a cell: lists of words with commas between, what is nested as JSON.
fn cell(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// The cells of these columns, which are taken out of an item.
fn row(item: &mut Map<String, Value>, columns: &[&str]) -> Vec<String> {
    columns.iter().map(|column| item.remove(*column).map(cell).unwrap_or_default()).collect()
}

fn object(item: &impl Serialize) -> Result<Map<String, Value>, Error> {
    match serde_json::to_value(item).map_err(defect)? {
        Value::Object(members) => Ok(members),
        Value::Null => Ok(Map::new()),
        other => Err(defect(format_args!("{other} is no row"))),
    }
}

/// Writes the archive.
pub(super) struct ArchiveWriter {
    zip: ZipWriter<StreamWriter<Chunks>>,
    options: SimpleFileOptions,
    columns: &'static [&'static str],
    rows: Vec<Vec<String>>,
    /// Rows of the habits' further tables.
    of_habits: [Vec<Vec<String>>; OF_HABITS.len()],
    is_of_habits: bool,
}

impl ArchiveWriter {
    pub(super) fn new() -> Self {
        Self {
            zip: ZipWriter::new_stream(Chunks::default()),
            options: SimpleFileOptions::default().compression_method(CompressionMethod::Deflated),
            columns: &[],
            rows: Vec::new(),
            of_habits: Default::default(),
            is_of_habits: false,
        }
    }

    pub(super) fn into_content(self) -> Result<Chunks, Error> {
        Ok(self.zip.finish().map_err(defect)?.into_inner())
    }

    fn file(&mut self, name: &str) -> Result<(), Error> {
        self.zip.start_file(name, self.options).map_err(defect)
    }

    fn table(&mut self, name: &str, columns: &[&str]) -> Result<(), Error> {
        self.file(&format!("{name}.csv"))?;
        self.write(vec![columns.iter().map(|column| (*column).to_owned()).collect()])
    }

    fn write(&mut self, rows: Vec<Vec<String>>) -> Result<(), Error> {
        let bytes = csv::encode(rows).map_err(defect)?;
        self.zip.write_all(&bytes).map_err(defect)
    }

    fn flush(&mut self) -> Result<(), Error> {
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() { Ok(()) } else { self.write(rows) }
    }
}

impl ExportWriter for ArchiveWriter {
    fn begin(&mut self, exported_at: Instant) -> Result<(), Error> {
        self.table("export", &["format", "version", "exported_at"])?;
        self.write(vec![vec![FORMAT.to_owned(), VERSION.to_string(), exported_at.to_string()]])
    }

    fn single(&mut self, name: &'static str, value: &impl Serialize) -> Result<(), Error> {
        let mut members = object(value)?;
        let columns = columns_of_single(name);
        self.table(name, columns)?;
        if !members.is_empty() {
            self.write(vec![row(&mut members, columns)])?;
        }
        let image = members.get("image").filter(|image| !image.is_null());
        if let Some(image) = image {
            let data = image["data"].as_str().unwrap_or_default();
            let content = STANDARD.decode(data).map_err(defect)?;
            self.file(if image["media_type"] == "image/png" { "image.png" } else { "image.jpg" })?;
            self.zip.write_all(&content).map_err(defect)?;
        }
        Ok(())
    }

    fn activity(&mut self, _: bool) -> Result<(), Error> {
        Ok(())
    }

    fn begin_list(&mut self, section: Section) -> Result<(), Error> {
        self.columns = columns(section);
        self.is_of_habits = section == Section::Habits;
        self.table(section.as_str(), self.columns)
    }

    fn item(&mut self, item: &impl Serialize) -> Result<(), Error> {
        let mut members = object(item)?;
        let cells = row(&mut members, self.columns);
        if self.is_of_habits {
            let id = cells.first().cloned().unwrap_or_default();
            for ((member, _, columns), rows) in OF_HABITS.iter().zip(&mut self.of_habits) {
                let Some(Value::Array(parts)) = members.remove(*member) else { continue };
                for part in parts {
                    let Value::Object(mut part) = part else { continue };
                    rows.push([vec![id.clone()], row(&mut part, columns)].concat());
                }
            }
        }
        self.rows.push(cells);
        if self.rows.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    fn end_list(&mut self) -> Result<(), Error> {
        self.flush()?;
        if std::mem::take(&mut self.is_of_habits) {
            let tables = std::mem::take(&mut self.of_habits);
            for ((_, file, columns), rows) in OF_HABITS.iter().zip(tables) {
                self.table(file, &[&["habit_id"], *columns].concat())?;
                self.write(rows)?;
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        Ok(())
    }
}
