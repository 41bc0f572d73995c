//! Moods of days and of moments.

use std::collections::BTreeMap;

use circadia_domain::civil::{Date, DateRange, Instant};
use circadia_domain::error::StoreError;
use circadia_domain::ids::{MoodMomentId, UserId};
use circadia_domain::moods::{DayValue, Mood, MoodDay, MoodMoment, MoodNote, MoodRepository, MoodValue, Tags};
use circadia_domain::revision::Revision;
use diesel::prelude::*;

use crate::convert::{corrupt, digest, number};
use crate::dialect::{MoodDates, MoodDays, MoodUnion, MoodValues, insert_rows};
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

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = moods, treat_none_as_default_value = false)]
struct MoodRow {
    date: Sql<Date>,
    value: i32,
    note: Option<Sql<MoodNote>>,
    tags: String,
    created_at: Sql<Instant>,
    updated_at: Sql<Instant>,
    rev: i64,
}

impl From<&Mood> for MoodRow {
    fn from(mood: &Mood) -> Self {
        Self {
            date: Sql(mood.date),
            value: mood.value.number().into(),
            note: mood.note.clone().map(Sql),
            tags: mood.tags.to_json(),
            created_at: Sql(mood.created_at),
            updated_at: Sql(mood.updated_at),
            rev: mood.rev.0,
        }
    }
}

impl TryFrom<MoodRow> for Mood {
    type Error = StoreError;

    fn try_from(row: MoodRow) -> Result<Self> {
        Ok(Self {
            date: row.date.0,
            value: value(row.value)?,
            note: row.note.map(Sql::into_inner),
            tags: tags(&row.tags)?,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            rev: Revision(row.rev),
        })
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = mood_moments, primary_key(user_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
struct MomentRow {
    id: Sql<MoodMomentId>,
    felt_at: Sql<Instant>,
    date: Sql<Date>,
    value: i32,
    note: Option<Sql<MoodNote>>,
    tags: String,
    #[diesel(skip_update)]
    created_at: Sql<Instant>,
    updated_at: Sql<Instant>,
    rev: i64,
    #[diesel(skip_update)]
    request_digest: Vec<u8>,
}

impl From<&MoodMoment> for MomentRow {
    fn from(moment: &MoodMoment) -> Self {
        Self {
            id: Sql(moment.id),
            felt_at: Sql(moment.at),
            date: Sql(moment.date),
            value: moment.value.number().into(),
            note: moment.note.clone().map(Sql),
            tags: moment.tags.to_json(),
            created_at: Sql(moment.created_at),
            updated_at: Sql(moment.updated_at),
            rev: moment.rev.0,
            request_digest: moment.request_digest.to_vec(),
        }
    }
}

impl TryFrom<MomentRow> for MoodMoment {
    type Error = StoreError;

    fn try_from(row: MomentRow) -> Result<Self> {
        Ok(Self {
            id: row.id.0,
            at: row.felt_at.0,
            date: row.date.0,
            value: value(row.value)?,
            note: row.note.map(Sql::into_inner),
            tags: tags(&row.tags)?,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            rev: Revision(row.rev),
            request_digest: digest(&row.request_digest)?,
        })
    }
}

/// A row of [`MoodUnion`]: of `mood_moments`, or of `moods`, which has neither an id, a time nor a digest.
#[derive(Queryable)]
struct UnionRow {
    id: Option<Sql<MoodMomentId>>,
    felt_at: Option<Sql<Instant>>,
    date: Sql<Date>,
    value: i32,
    note: Option<Sql<MoodNote>>,
    tags: String,
    created_at: Sql<Instant>,
    updated_at: Sql<Instant>,
    rev: i64,
    request_digest: Option<Vec<u8>>,
}

impl UnionRow {
    fn add_to(self, days: &mut BTreeMap<Date, MoodDay>) -> Result<()> {
        let Self { id, felt_at, date, value, note, tags, created_at, updated_at, rev, request_digest } = self;
        let empty = || MoodDay { date: date.0, mood: None, moments: Vec::new() };
        let day = days.entry(date.0).or_insert_with(empty);
        match (id, felt_at, request_digest) {
            (Some(id), Some(felt_at), Some(request_digest)) => {
                let row =
                    MomentRow { id, felt_at, date, value, note, tags, created_at, updated_at, rev, request_digest };
                day.moments.push(row.try_into()?);
            }
            _ => day.mood = Some(MoodRow { date, value, note, tags, created_at, updated_at, rev }.try_into()?),
        }
        Ok(())
    }
}

impl MoodRepository for Transaction {
    fn find_mood(&mut self, user: UserId, date: Date) -> Result<Option<Mood>> {
        let found: Option<MoodRow> = moods::table
            .find((Sql(user), Sql(date)))
            .select(MoodRow::as_select())
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(Mood::try_from).transpose()
    }

    fn put_mood(&mut self, user: UserId, mood: &Mood) -> Result<()> {
        let row = (moods::user_id.eq(Sql(user)), MoodRow::from(mood));
        insert_rows!(
            self.connection(),
            moods,
            [row],
            on (user_id, date) replace (value, note, tags, updated_at, rev)
        )
        .classified()
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
        found.map(MoodMoment::try_from).transpose()
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
            .values((mood_moments::user_id.eq(Sql(user)), MomentRow::from(moment)))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn update_moment(&mut self, user: UserId, moment: &MoodMoment) -> Result<()> {
        diesel::update(mood_moments::table.find((Sql(user), Sql(moment.id))))
            .set(MomentRow::from(moment))
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
        let query = MoodDates { days: MoodDays::new(user, range), limit, backwards };
        let dates: Vec<Sql<Date>> = query.load(self.connection()).classified()?;
        Ok(dates.into_iter().map(Sql::into_inner).collect())
    }

    fn mood_days(&mut self, user: UserId, range: DateRange) -> Result<Vec<MoodDay>> {
        let rows: Vec<UnionRow> = MoodUnion(MoodDays::new(user, range)).load(self.connection()).classified()?;
        let mut days = BTreeMap::new();
        for row in rows {
            row.add_to(&mut days)?;
        }
        let mut days: Vec<MoodDay> = days.into_values().collect();
        for day in &mut days {
            day.moments.sort_unstable_by_key(|moment| (moment.at, moment.id));
        }
        Ok(days)
    }

    fn mood_values(&mut self, user: UserId, range: DateRange) -> Result<Vec<DayValue>> {
        let rows: Vec<(Sql<Date>, i32, i32)> =
            MoodValues(MoodDays::new(user, range)).load(self.connection()).classified()?;
        let mut days: BTreeMap<Date, (Option<MoodValue>, Vec<MoodValue>)> = BTreeMap::new();
        for (Sql(date), number, is_moment) in rows {
            let (own, moments) = days.entry(date).or_default();
            match is_moment {
                0 => *own = Some(value(number)?),
                _ => moments.push(value(number)?),
            }
        }
        Ok(days.into_iter().filter_map(|(date, (own, moments))| DayValue::of(date, own, moments.into_iter())).collect())
    }
}
