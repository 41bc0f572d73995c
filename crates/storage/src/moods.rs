//! Moods of days and of moments.

use std::collections::BTreeMap;

use circadia_domain::civil::{Date, DateRange, Instant};
use circadia_domain::ids::{MoodMomentId, UserId};
use circadia_domain::moods::{DayValue, Mood, MoodDay, MoodMoment, MoodNote, MoodRepository, MoodValue, Tags};
use circadia_domain::revision::Revision;
use diesel::prelude::*;

use crate::convert::{corrupt, digest, number};
use crate::dialect::{Bind, Dates, Days, Moods, Upsert, Values};
use crate::schema::{mood_moments, moods};
use crate::sql_types::Sql;
use crate::tombstones::Item;
use crate::transaction::{Classify as _, Result, Transaction};

fn value(number: i32) -> Result<MoodValue> {
    MoodValue::from_number(number.into()).map_err(corrupt)
}

fn tags(json: &str) -> Result<Tags> {
    Tags::from_json(json).ok_or_else(|| corrupt("tags are no list of texts"))
}

const fn days(user: UserId, range: DateRange) -> Days {
    Days { user, from: range.from(), to: range.to() }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = moods)]
struct Row {
    date: Date,
    value: i32,
    note: Option<MoodNote>,
    tags: String,
    created_at: Instant,
    updated_at: Instant,
    rev: i64,
}

impl Row {
    fn read(self) -> Result<Mood> {
        Ok(Mood {
            date: self.date,
            value: value(self.value)?,
            note: self.note,
            tags: tags(&self.tags)?,
            created_at: self.created_at,
            updated_at: self.updated_at,
            rev: Revision(self.rev),
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = mood_moments)]
struct MomentRow {
    id: MoodMomentId,
    felt_at: Instant,
    date: Date,
    value: i32,
    note: Option<MoodNote>,
    tags: String,
    created_at: Instant,
    updated_at: Instant,
    rev: i64,
    request_digest: Vec<u8>,
}

impl MomentRow {
    fn read(self) -> Result<MoodMoment> {
        Ok(MoodMoment {
            id: self.id,
            at: self.felt_at,
            date: self.date,
            value: value(self.value)?,
            note: self.note,
            tags: tags(&self.tags)?,
            created_at: self.created_at,
            updated_at: self.updated_at,
            rev: Revision(self.rev),
            request_digest: digest(&self.request_digest)?,
        })
    }
}

/// A row of either table; those of moods have neither an id, a time nor a digest.
#[derive(Queryable)]
struct EitherRow {
    id: Option<MoodMomentId>,
    felt_at: Option<Instant>,
    date: Date,
    value: i32,
    note: Option<MoodNote>,
    tags: String,
    created_at: Instant,
    updated_at: Instant,
    rev: i64,
    request_digest: Option<Vec<u8>>,
}

impl EitherRow {
    /// Adds what it says to the days.
    fn read_into(self, days: &mut BTreeMap<Date, MoodDay>) -> Result<()> {
        let Self { id, felt_at, date, value, note, tags, created_at, updated_at, rev, request_digest } = self;
        let day = days.entry(date).or_insert_with(|| MoodDay { date, mood: None, moments: Vec::new() });
        match (id, felt_at, request_digest) {
            (Some(id), Some(felt_at), Some(request_digest)) => {
                let row =
                    MomentRow { id, felt_at, date, value, note, tags, created_at, updated_at, rev, request_digest };
                day.moments.push(row.read()?);
            }
            _ => day.mood = Some(Row { date, value, note, tags, created_at, updated_at, rev }.read()?),
        }
        Ok(())
    }
}

impl MoodRepository for Transaction {
    fn find_mood(&mut self, user: UserId, date: Date) -> Result<Option<Mood>> {
        let found: Option<Row> = moods::table
            .find((Sql(user), Sql(date)))
            .select(Row::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(Row::read).transpose()
    }

    fn put_mood(&mut self, user: UserId, mood: &Mood) -> Result<()> {
        let tags = mood.tags.to_json();
        let upsert = Upsert {
            table: "moods",
            columns: ["user_id", "date", "value", "note", "tags", "created_at", "updated_at", "rev"],
            key: &["user_id", "date"],
            replaced: &["value", "note", "tags", "updated_at", "rev"],
            rows: vec![[
                Bind::User(user),
                Bind::Day(mood.date),
                Bind::Integer(mood.value.number().into()),
                Bind::MaybeText(mood.note.as_ref().map(MoodNote::as_str)),
                Bind::Text(&tags),
                Bind::Instant(mood.created_at),
                Bind::Instant(mood.updated_at),
                Bind::BigInt(mood.rev.0),
            ]],
        };
        upsert.run(self.connection()).classified()
    }

    fn delete_mood(&mut self, user: UserId, date: Date, rev: Revision, now: Instant) -> Result<bool> {
        let removed =
            diesel::delete(moods::table.find((Sql(user), Sql(date)))).execute(self.connection()).classified()?;
        if removed == 0 {
            return Ok(false);
        }
        self.leave_tombstone(user, &Item::mood(date), rev, now)?;
        Ok(true)
    }

    fn find_moment(&mut self, user: UserId, id: MoodMomentId) -> Result<Option<MoodMoment>> {
        let found: Option<MomentRow> = mood_moments::table
            .find((Sql(user), Sql(id)))
            .select(MomentRow::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(MomentRow::read).transpose()
    }

    fn count_moments(&mut self, user: UserId, date: Date) -> Result<usize> {
        let count: i64 = mood_moments::table
            .filter(mood_moments::user_id.eq(Sql(user)))
            .filter(mood_moments::date.eq(Sql(date)))
            .count()
            .get_result(self.connection())
            .classified()?;
        number(count)
    }

    fn insert_moment(&mut self, user: UserId, moment: &MoodMoment) -> Result<()> {
        diesel::insert_into(mood_moments::table)
            .values((
                mood_moments::user_id.eq(Sql(user)),
                mood_moments::id.eq(Sql(moment.id)),
                mood_moments::felt_at.eq(Sql(moment.at)),
                mood_moments::date.eq(Sql(moment.date)),
                mood_moments::value.eq(i32::from(moment.value.number())),
                mood_moments::note.eq(moment.note.as_ref().map(Sql)),
                mood_moments::tags.eq(moment.tags.to_json()),
                mood_moments::created_at.eq(Sql(moment.created_at)),
                mood_moments::updated_at.eq(Sql(moment.updated_at)),
                mood_moments::rev.eq(moment.rev.0),
                mood_moments::request_digest.eq(moment.request_digest.as_slice()),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn update_moment(&mut self, user: UserId, moment: &MoodMoment) -> Result<()> {
        diesel::update(mood_moments::table.find((Sql(user), Sql(moment.id))))
            .set((
                mood_moments::felt_at.eq(Sql(moment.at)),
                mood_moments::date.eq(Sql(moment.date)),
                mood_moments::value.eq(i32::from(moment.value.number())),
                mood_moments::note.eq(moment.note.as_ref().map(Sql)),
                mood_moments::tags.eq(moment.tags.to_json()),
                mood_moments::updated_at.eq(Sql(moment.updated_at)),
                mood_moments::rev.eq(moment.rev.0),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn delete_moment(&mut self, user: UserId, id: MoodMomentId, rev: Revision, now: Instant) -> Result<bool> {
        let removed =
            diesel::delete(mood_moments::table.find((Sql(user), Sql(id)))).execute(self.connection()).classified()?;
        if removed == 0 {
            return Ok(false);
        }
        self.leave_tombstone(user, &id.into(), rev, now)?;
        Ok(true)
    }

    fn moment_was_deleted(&mut self, user: UserId, id: MoodMomentId) -> Result<bool> {
        self.has_tombstone(user, &id.into())
    }

    fn mood_dates(&mut self, user: UserId, range: DateRange, limit: usize, backwards: bool) -> Result<Vec<Date>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Dates { days: days(user, range), limit, backwards }.load(self.connection()).classified()
    }

    fn mood_days(&mut self, user: UserId, range: DateRange) -> Result<Vec<MoodDay>> {
        let rows: Vec<EitherRow> = Moods(days(user, range)).load(self.connection()).classified()?;
        let mut days = BTreeMap::new();
        for row in rows {
            row.read_into(&mut days)?;
        }
        let mut days: Vec<MoodDay> = days.into_values().collect();
        for day in &mut days {
            day.moments.sort_unstable_by_key(|moment| (moment.at, moment.id));
        }
        Ok(days)
    }

    fn mood_values(&mut self, user: UserId, range: DateRange) -> Result<Vec<DayValue>> {
        let rows: Vec<(Date, i32, i32)> = Values(days(user, range)).load(self.connection()).classified()?;
        let mut days: BTreeMap<Date, (Option<MoodValue>, Vec<MoodValue>)> = BTreeMap::new();
        for (date, number, is_moment) in rows {
            let (own, moments) = days.entry(date).or_default();
            match is_moment {
                0 => *own = Some(value(number)?),
                _ => moments.push(value(number)?),
            }
        }
        Ok(days.into_iter().filter_map(|(date, (own, moments))| DayValue::of(date, own, moments.into_iter())).collect())
    }
}
