//! Daylio: CSV with `full_date,date,weekday,time,mood,activities,note_title,note` (newer: `scales` in between), a row per
//! moment. Activities are separated by ` | `.
//!
//! Moods are words, which users can change: those that Daylio comes with are known, others are told.

use std::collections::HashMap;
use std::io::BufReader;

use circadia_domain::imports::ItemKind;
use circadia_domain::moods::{MoodValue, Tag};

use crate::archive::Bounded;
use crate::out::Out;
use crate::table::{Header, Rows};
use crate::values::{clock, iso_date, plain};
use crate::{Context, ReadError, Source};

/// The value of a mood, from 0 to 10, in the languages of the words that Daylio comes with that are known here.
fn value_of(mood: &str) -> Option<i64> {
    Some(match mood.trim().to_lowercase().as_str() {
        "rad" | "super" | "genial" | "radiante" | "mega" => 10,
        "good" | "gut" | "bien" | "bem" | "bom" | "bene" | "goed" => 8,
        "meh" | "okay" | "ok" | "bof" | "so lala" | "más o menos" => 5,
        "bad" | "schlecht" | "mal" | "mauvais" | "mau" | "male" | "slecht" => 3,
        "awful" | "fugly" | "lausig" | "horrible" | "horrível" | "affreux" | "orribile" => 0,
        _ => return None,
    })
}

pub(crate) fn read(file: &mut dyn Source, max: u64, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    file.rewind()?;
    let mut rows = Rows::new(BufReader::new(Bounded::new(file, max)));
    let header = Header::of(&rows.next()?.unwrap_or_default());
    if !header.has(&["full_date", "mood"]) {
        return Err(ReadError::unreadable(
            "The file isn't of Daylio: its first line must be `full_date,date,weekday,time,mood,…`.",
        ));
    }
    let mut seen: HashMap<String, u32> = HashMap::new();
    while let Some(row) = rows.next()? {
        let get = |name: &str| header.get(&row, name);
        let kind = Some(ItemKind::MoodMoment);
        let Some(date) = iso_date(get("full_date")) else {
            out.skip(row.line, kind, "unreadable", "it has no date such as `2026-03-01`")?;
            continue;
        };
        let Some(value) = value_of(get("mood")).and_then(|value| MoodValue::from_number(value).ok()) else {
            let mood: String = get("mood").chars().take(50).collect();
            let detail = format!("the mood “{mood}” isn't one of rad, good, meh, bad and awful");
            out.skip(row.line, kind, "unknown_mood", detail)?;
            continue;
        };
        let time = clock(get("time"));
        if time.is_none() {
            let written: String = get("time").chars().take(50).collect();
            let detail = format!("“{written}” isn't a time such as `21:30`: it is put at noon");
            out.changed(row.line, ItemKind::MoodMoment, "time_unknown", detail)?;
        }
        let time = time.unwrap_or_else(|| chrono::NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default());
        let (year, month, day) = date.year_month_day();
        let Some(day) = chrono::NaiveDate::from_ymd_opt(year, month, day) else { continue };
        let key = format!("{} {}", get("full_date"), get("time"));
        let count = seen.entry(key.clone()).or_default();
        *count += 1;
        let note = match (get("note_title"), plain(get("note"))) {
            ("", note) => note,
            (title, note) if note.is_empty() => title.to_owned(),
            (title, note) => format!("{title}\n{note}"),
        };
        let tags: Vec<&str> = get("activities").split('|').map(str::trim).filter(|tag| !tag.is_empty()).collect();
        if let Some(tag) = tags.iter().find(|tag| Tag::parse(tag).is_err()) {
            let detail = format!("the activity “{tag}” can't be a tag: it is left out");
            out.changed(row.line, ItemKind::MoodMoment, "tag_left_out", detail)?;
        }
        if tags.len() > circadia_domain::moods::MAX_TAGS {
            let detail =
                format!("a moment has at most {} tags: the others are left out", circadia_domain::moods::MAX_TAGS);
            out.changed(row.line, ItemKind::MoodMoment, "too_many", detail)?;
        }
        let at = context.instant(day.and_time(time));
        out.item(row.line, context.moment(&format!("{key} {count}"), at, value, &note, &tags))?;
    }
    Ok(())
}
