//! Moods of days and of moments.

use std::collections::BTreeMap;

use circadia_domain::civil::{Date, DateRange, Instant, ZoneOrOffset};
use circadia_domain::ids::{MoodMomentId, UserId};
use circadia_domain::moods::{DayValue, Mood, MoodDay, MoodMoment, MoodNote, MoodRepository, MoodValue, Tags};
use circadia_domain::revision::Revision;
use circadia_domain::tombstones::ItemKey;
use diesel::prelude::*;

use crate::convert::{corrupt, number, sql_limit};
use crate::dialect::{MoodDates, MoodUnion, MoodValues, UserDays, insert_rows};
use crate::row::{Stored, delete_row, execute, first_row, row};
use crate::schema::{mood_moments, moods};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = moods, primary_key(user_id, date))]
    pub(crate) struct MoodRow of Mood {
        date: Sql<Date>,
        value: i32,
        note: Option<Sql<MoodNote>>,
        tags: String,
        created_at: Sql<Instant>,
        updated_at: Sql<Instant>,
        rev: i64,
    }
}

row! {
    #[diesel(table_name = mood_moments, primary_key(user_id, id))]
    pub(crate) struct MomentRow of MoodMoment {
        id: Sql<MoodMomentId>,
        #[diesel(column_name = felt_at)]
        at: Sql<Instant>,
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
        #[diesel(column_name = timezone)]
        zone: Sql<ZoneOrOffset>,
    }
}

impl Stored<MoodValue> for i32 {
    fn from_domain(value: &MoodValue) -> Result<Self> {
        Ok(value.number().into())
    }
    fn into_domain(self) -> Result<MoodValue> {
        MoodValue::from_number(self.into()).map_err(corrupt)
    }
}

impl Stored<Tags> for String {
    fn from_domain(tags: &Tags) -> Result<Self> {
        Ok(tags.to_json())
    }
    fn into_domain(self) -> Result<Tags> {
        Tags::from_json(&self).ok_or_else(|| corrupt("tags are no list of texts"))
    }
}

/// A row of [`MoodUnion`]: of `mood_moments`, or of `moods`, which has neither an id, a time, a digest nor a zone.
#[derive(Queryable)]
pub(crate) struct MoodUnionRow {
    pub(crate) id: Option<Sql<MoodMomentId>>,
    pub(crate) felt_at: Option<Sql<Instant>>,
    pub(crate) date: Sql<Date>,
    pub(crate) value: i32,
    pub(crate) note: Option<Sql<MoodNote>>,
    pub(crate) tags: String,
    pub(crate) created_at: Sql<Instant>,
    pub(crate) updated_at: Sql<Instant>,
    pub(crate) rev: i64,
    pub(crate) request_digest: Option<Vec<u8>>,
    pub(crate) zone: Option<Sql<ZoneOrOffset>>,
}

impl MoodUnionRow {
    fn add_to(self, days: &mut BTreeMap<Date, MoodDay>) -> Result<()> {
        let Self { id, felt_at, date, value, note, tags, created_at, updated_at, rev, request_digest, zone } = self;
        let empty = || MoodDay { date: date.0, mood: None, moments: Vec::new() };
        let day = days.entry(date.0).or_insert_with(empty);
        match (id, felt_at, request_digest, zone) {
            (Some(id), Some(felt_at), Some(request_digest), Some(zone)) => {
                let at = felt_at;
                let row =
                    MomentRow { id, at, date, value, note, tags, created_at, updated_at, rev, request_digest, zone };
                day.moments.push(row.into_domain()?);
            }
            _ => day.mood = Some(MoodRow { date, value, note, tags, created_at, updated_at, rev }.into_domain()?),
        }
        Ok(())
    }
}

/// The days of rows, by date, with their moments by time.
pub(crate) fn days_of(rows: Vec<MoodUnionRow>) -> Result<Vec<MoodDay>> {
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

impl MoodRepository for Transaction {
    fn find_mood(&mut self, user: UserId, date: Date) -> Result<Option<Mood>> {
        first_row!(self, moods::table.find((Sql(user), Sql(date))), MoodRow)
    }

    fn put_mood(&mut self, user: UserId, mood: &Mood) -> Result<()> {
        let row = (moods::user_id.eq(Sql(user)), MoodRow::from_domain(mood)?);
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
        self.leave_tombstone(user, &ItemKey::mood(date), rev, now)?;
        Ok(true)
    }

    fn find_moment(&mut self, user: UserId, id: MoodMomentId) -> Result<Option<MoodMoment>> {
        first_row!(self, mood_moments::table.find((Sql(user), Sql(id))), MomentRow)
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
        execute!(
            self,
            diesel::insert_into(mood_moments::table)
                .values((mood_moments::user_id.eq(Sql(user)), MomentRow::from_domain(moment)?))
        )
    }

    fn update_moment(&mut self, user: UserId, moment: &MoodMoment) -> Result<()> {
        execute!(
            self,
            diesel::update(mood_moments::table.find((Sql(user), Sql(moment.id)))).set(MomentRow::from_domain(moment)?)
        )
    }

    fn delete_moment(&mut self, user: UserId, id: MoodMomentId, rev: Revision, now: Instant) -> Result<bool> {
        delete_row!(self, mood_moments, user, id, rev, now)
    }

    fn mood_dates(&mut self, user: UserId, range: DateRange, limit: usize, backwards: bool) -> Result<Vec<Date>> {
        let limit = sql_limit(limit);
        let query = MoodDates { days: UserDays::new(user, range), limit, backwards };
        let dates: Vec<Sql<Date>> = query.load(self.connection()).classified()?;
        Ok(dates.into_iter().map(Sql::into_inner).collect())
    }

    fn mood_days(&mut self, user: UserId, range: DateRange) -> Result<Vec<MoodDay>> {
        days_of(MoodUnion(UserDays::new(user, range)).load(self.connection()).classified()?)
    }

    fn mood_values(&mut self, user: UserId, range: DateRange) -> Result<Vec<DayValue>> {
        let rows: Vec<(Sql<Date>, i32, i32)> =
            MoodValues(UserDays::new(user, range)).load(self.connection()).classified()?;
        let mut days: BTreeMap<Date, (Option<MoodValue>, Vec<MoodValue>)> = BTreeMap::new();
        for (Sql(date), number, is_moment) in rows {
            let (own, moments) = days.entry(date).or_default();
            match is_moment {
                0 => *own = Some(number.into_domain()?),
                _ => moments.push(number.into_domain()?),
            }
        }
        Ok(days.into_iter().filter_map(|(date, (own, moments))| DayValue::of(date, own, moments.into_iter())).collect())
    }
}
