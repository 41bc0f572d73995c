//! Apple Health: `export.xml`, by itself or in the archive that the app makes. Only sleep is read:
//! `<Record type="HKCategoryTypeIdentifierSleepAnalysis" sourceName="…" value="HKCategoryValueSleepAnalysis…"
//! startDate="2026-03-10 23:30:00 +0100" endDate="…">`, where values are `InBed`, `Awake`, `Asleep`, `AsleepUnspecified`,
//! `AsleepCore`, `AsleepDeep` and `AsleepREM`.
//!
//! The file may be as large as a gigabyte, and is read in one go: of records, only those of the sleep that is going on are
//! held. Stages that follow each other are one sleep; time awake in between is counted. Devices that tell of the same sleep
//! are told apart by their names: the first to tell of a time counts, the others overlap it and are reported. Time in bed
//! of which nothing says when one slept comes last, so that it counts only where no device tells more.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use chrono::DateTime;
use circadia_domain::civil::{Instant, ZoneOrOffset};
use circadia_domain::imports::{ItemKind, Line};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::archive::{Archive, Bounded, is_zip};
use crate::context::{SleepDraft, sleep_kind};
use crate::out::Out;
use crate::{Context, ReadError, Source};

/// The most seconds between two records of one sleep.
const MAX_GAP: i64 = 3_600;
/// The longest sleep: a day.
const MAX_SLEEP: i64 = 86_400;
/// The most bytes that one tag, or one text, may have.
const MAX_TAG: usize = 1024 * 1024;
/// The most devices whose sleep is put together at a time.
const MAX_SOURCES: usize = 64;
/// The most times in bed that are held until the end.
const MAX_IN_BED: usize = 100_000;
/// The most records of the sleep that is going on.
const MAX_RECORDS: usize = 5_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    InBed,
    Awake,
    Asleep,
}

/// A time in a stage.
#[derive(Debug, Clone, Copy)]
struct Record {
    line: Line,
    stage: Stage,
    start: Instant,
    end: Instant,
    zone: ZoneOrOffset,
}

pub(crate) fn read(file: &mut dyn Source, max: u64, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    if !is_zip(file)? {
        return records(Bounded::new(file, max), context, out);
    }
    let mut archive = Archive::open(file, max)?;
    // The name is in the language of the phone; the other XML file at the top is the clinical document.
    let is_it = |name: &&String| {
        let file = name.rsplit('/').next().unwrap_or(name);
        file.to_lowercase().ends_with(".xml") && !file.contains("cda") && name.split('/').count() <= 2
    };
    let names = archive.names();
    let found = names.iter().find(|name| name.ends_with("export.xml")).or_else(|| names.iter().find(is_it));
    let Some(name) = found else {
        return Err(ReadError::unreadable("The archive has no `export.xml`: it isn't an export of Apple Health."));
    };
    archive.read(name, |file| records(file, context, out))
}

fn damaged(error: &quick_xml::Error) -> ReadError {
    ReadError::unreadable(format!("The file isn't an export of Apple Health: {error}."))
}

/// Breaks off a tag, or a text, that is too long: the parser holds it in memory.
struct Gate<R> {
    inner: R,
    since: usize,
}

impl<R: BufRead> Read for Gate<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.inner.read(buffer)
    }
}

impl<R: BufRead> BufRead for Gate<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.since > MAX_TAG {
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "a tag, or a text, is too long"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.since = self.since.saturating_add(amount);
        self.inner.consume(amount);
    }
}

fn records(file: impl Read, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    let gate = Gate { inner: BufReader::with_capacity(64 * 1024, file), since: 0 };
    let mut reader = Reader::from_reader(gate);
    reader.config_mut().check_end_names = false;
    let (mut buffer, mut place, mut is_ours) = (Vec::new(), 0, false);
    let mut sleeps = Sleeps { context, going_on: BTreeMap::new(), in_bed: Vec::new() };
    loop {
        buffer.clear();
        reader.get_mut().since = 0;
        match reader.read_event_into(&mut buffer).map_err(|error| damaged(&error))? {
            Event::Eof => break,
            Event::Start(tag) | Event::Empty(tag) => match tag.local_name().as_ref() {
                b"HealthData" => is_ours = true,
                b"Record" if is_ours => {
                    place += 1;
                    if let Some((source, record)) = record(&tag, place, out)? {
                        sleeps.take(&source, record, out)?;
                    }
                }
                _ if !is_ours => {
                    return Err(ReadError::unreadable(
                        "The file isn't an export of Apple Health: it has no HealthData.",
                    ));
                }
                _ => {}
            },
            _ => {}
        }
    }
    if !is_ours {
        return Err(ReadError::unreadable("The file isn't an export of Apple Health: it has no HealthData."));
    }
    sleeps.end(out)?;
    sleeps.write_in_bed(out)
}

/// A record of sleep; none if it is of something else.
fn record(tag: &BytesStart<'_>, line: Line, out: &mut Out<'_>) -> Result<Option<(String, Record)>, ReadError> {
    let (mut is_sleep, mut value, mut start, mut end, mut source) = (false, None, None, None, String::new());
    for attribute in tag.attributes().with_checks(false) {
        let Ok(attribute) = attribute else { continue };
        let text = || String::from_utf8_lossy(&attribute.value).into_owned();
        match attribute.key.as_ref() {
            b"type" => {
                is_sleep = attribute.value.as_ref() == b"HKCategoryTypeIdentifierSleepAnalysis";
                if !is_sleep {
                    return Ok(None);
                }
            }
            b"value" => value = Some(text()),
            b"startDate" => start = Some(text()),
            b"endDate" => end = Some(text()),
            b"sourceName" => source = text().chars().take(200).collect(),
            _ => {}
        }
    }
    if !is_sleep {
        return Ok(None);
    }
    let stage = match value.as_deref().map(|value| value.trim_start_matches("HKCategoryValueSleepAnalysis")) {
        Some("InBed" | "0") => Some(Stage::InBed),
        Some("Awake" | "2") => Some(Stage::Awake),
        Some("Asleep" | "AsleepUnspecified" | "AsleepCore" | "AsleepDeep" | "AsleepREM" | "1" | "3" | "4" | "5") => {
            Some(Stage::Asleep)
        }
        _ => None,
    };
    let at = |text: Option<&str>| DateTime::parse_from_str(text?, "%Y-%m-%d %H:%M:%S %z").ok();
    let (Some(stage), Some(start), Some(end)) = (stage, at(start.as_deref()), at(end.as_deref())) else {
        out.skip(line, Some(ItemKind::SleepLog), "unreadable", "a record of sleep has no times, or an unknown value")?;
        return Ok(None);
    };
    let zone = ZoneOrOffset::of_timestamp(&end.to_rfc3339()).unwrap_or(ZoneOrOffset::UTC);
    let instant = |at: DateTime<chrono::FixedOffset>| Instant::from(at.to_utc());
    Ok(Some((source, Record { line, stage, start: instant(start), end: instant(end), zone })))
}

/// The sleep that is going on, by device.
struct Sleeps<'a> {
    context: &'a Context,
    going_on: BTreeMap<String, Vec<Record>>,
    /// Times in bed without sleep.
    in_bed: Vec<(String, Record)>,
}

impl Sleeps<'_> {
    fn take(&mut self, source: &str, record: Record, out: &mut Out<'_>) -> Result<(), ReadError> {
        if !self.going_on.contains_key(source) && self.going_on.len() >= MAX_SOURCES {
            self.end(out)?;
        }
        let records = self.going_on.entry(source.to_owned()).or_default();
        let from = records.iter().map(|record| record.start).min();
        let to = records.iter().map(|record| record.end).max();
        let belongs = match (from, to) {
            (Some(from), Some(to)) => {
                record.start <= to.plus_seconds(MAX_GAP)
                    && record.end >= from.plus_seconds(-MAX_GAP)
                    && record.end.max(to).seconds() - record.start.min(from).seconds() <= MAX_SLEEP
                    && records.len() < MAX_RECORDS
            }
            _ => true,
        };
        if !belongs {
            let ended = std::mem::take(records);
            records.push(record);
            return self.write(source, &ended, out);
        }
        records.push(record);
        Ok(())
    }

    fn end(&mut self, out: &mut Out<'_>) -> Result<(), ReadError> {
        let mut going_on: Vec<_> = std::mem::take(&mut self.going_on).into_iter().collect();
        // The first to tell of a time counts.
        going_on.sort_by_key(|(_, records)| records.iter().map(|record| record.line).min());
        for (source, records) in going_on {
            self.write(&source, &records, out)?;
        }
        Ok(())
    }

    /// Writes a sleep, or keeps it if nothing says when one slept.
    fn write(&mut self, source: &str, records: &[Record], out: &mut Out<'_>) -> Result<(), ReadError> {
        let of = |stage: Stage| records.iter().filter(move |record| record.stage == stage);
        let span = |stage: Stage| {
            let first = of(stage).min_by_key(|record| record.start)?;
            let last = of(stage).max_by_key(|record| record.end)?;
            Some(Record { end: last.end, zone: last.zone, ..*first })
        };
        if let Some(asleep) = span(Stage::Asleep) {
            let awake: Vec<(Instant, Instant)> = of(Stage::Awake)
                .map(|record| (record.start.max(asleep.start), record.end.min(asleep.end)))
                .filter(|(from, to)| from < to)
                .collect();
            let is_counted = of(Stage::Awake).next().is_some();
            let awake = is_counted.then(|| u32::try_from(seconds(awake)).unwrap_or(0));
            return write(source, &asleep, awake, self.context, out);
        }
        if let Some(in_bed) = span(Stage::InBed) {
            if self.in_bed.len() >= MAX_IN_BED {
                self.write_in_bed(out)?;
            }
            self.in_bed.push((source.to_owned(), in_bed));
        }
        Ok(())
    }

    fn write_in_bed(&mut self, out: &mut Out<'_>) -> Result<(), ReadError> {
        for (source, record) in std::mem::take(&mut self.in_bed) {
            write(&source, &record, None, self.context, out)?;
        }
        Ok(())
    }
}

/// Seconds of some times, those that are in several counted once.
fn seconds(mut times: Vec<(Instant, Instant)>) -> i64 {
    times.sort_unstable();
    let (mut sum, mut until) = (0, None);
    for (start, end) in times {
        let start = until.map_or(start, |until: Instant| until.max(start));
        sum += (end.seconds() - start.seconds()).max(0);
        until = Some(until.map_or(end, |until: Instant| until.max(end)));
    }
    sum
}

fn write(
    source: &str,
    sleep: &Record,
    awake_seconds: Option<u32>,
    context: &Context,
    out: &mut Out<'_>,
) -> Result<(), ReadError> {
    let key = format!("{source} {} {}", sleep.start.seconds(), sleep.end.seconds());
    let draft = SleepDraft {
        key: &key,
        start: sleep.start,
        end: sleep.end,
        zone: zone_of(sleep, context),
        kind: sleep_kind(sleep.start, sleep.end, sleep.zone),
        quality: None,
        awake_seconds,
        note: "",
    };
    out.item(sleep.line, context.sleep(&draft))
}

/// The user's zone, if its clock agrees with the record's.
fn zone_of(record: &Record, context: &Context) -> ZoneOrOffset {
    ZoneOrOffset::of_log(None, Some(record.zone), context.settings.timezone, record.end)
}
