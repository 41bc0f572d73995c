//! What can be done with moods.

use super::{MAX_MOMENTS_A_DAY, Mood, MoodDay, MoodMoment, MoodNote, MoodValue, Tags};
use crate::civil::{Date, DateRange, DayClock, Instant, ZoneOrOffset, latest_date_on_earth};
use crate::entity;
use crate::error::Error;
use crate::idempotency::Creation;
use crate::ids::{MoodMomentId, UserId};
use crate::revision::Expected;
use crate::unit_of_work::{Store, WriteTransaction};
use crate::users;

/// A day's own mood to put.
#[derive(Debug, Clone)]
pub struct MoodPut {
    /// Which day.
    pub date: Date,
    /// How it was.
    pub value: MoodValue,
    /// A note.
    pub note: Option<MoodNote>,
    /// What it went along with.
    pub tags: Tags,
}

/// A moment to make.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CreateMoodMomentBody, example = json!({"at": "2026-03-09T18:30:00Z", "value": 7, "tags": ["work"]})))]
pub struct NewMoment {
    /// Its id, if the client wants to choose it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<MoodMomentId>))]
    pub id: MoodMomentId,
    /// When it was; not in the future, but for a quarter of an hour by which clocks may differ.
    pub at: Instant,
    /// A whole number from 0 (worst) to 10 (best).
    pub value: MoodValue,
    /// A note.
    pub note: Option<MoodNote>,
    /// What it went along with: tags of 1–32 characters, kept in lower case (NFKC), each once.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Tags>))]
    pub tags: Tags,
    /// Where it was: a time zone, or an offset from UTC such as `+05:30`. If absent, the offset that `at` was sent with,
    /// unless it is that of the user's zone; else the user's zone.
    pub timezone: Option<ZoneOrOffset>,
    /// The offset that `at` was sent with.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub offset: Option<ZoneOrOffset>,
    /// A hash of the request, to recognise its repetition.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub request_digest: [u8; 32],
}

patch! {
    /// A change of a moment (RFC 7396): what is absent stays, null clears.
    #[derive(Debug, Clone, Default)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = UpdateMoodMomentBody, example = json!({"value": 8})))]
    pub struct MomentPatch of MoodMoment {
        /// A whole number from 0 (worst) to 10 (best).
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub value: Option<MoodValue>,
        /// A note.
        pub note: Option<Option<MoodNote>>,
        /// What it went along with; null is none.
        pub tags: Option<Tags>,
    } besides {
        /// When it was. `date` follows, in the time zone that the moment has.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub at: Option<Instant>,
        /// Where it was. `date` follows.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub timezone: Option<ZoneOrOffset>,
    }
}

/// A day's own mood.
pub fn find(store: &mut dyn Store, user: UserId, date: Date) -> Result<Mood, Error> {
    store.find_mood(user, date)?.ok_or(Error::not_found::<entity::Mood>())
}

/// Puts a day's own mood; whether there was none before. Putting the same twice is putting it once.
pub fn put(tx: &mut WriteTransaction<'_>, put: MoodPut, expected: &Expected) -> Result<(Mood, bool), Error> {
    if put.date > latest_date_on_earth(tx.now) {
        return Err(Error::field("/date", "in_future", "lies in the future, wherever on Earth one is"));
    }
    let existing = tx.store.find_mood(tx.user, put.date)?;
    match (&existing, expected) {
        (Some(mood), _) => expected.check(mood.rev)?,
        (None, Expected::Anything) => {}
        // What isn't there has no revision that anybody could expect.
        (None, Expected::Existing | Expected::OneOf(_)) => return Err(Error::Stale { current: None }),
    }
    let mood = Mood {
        date: put.date,
        value: put.value,
        note: put.note,
        tags: put.tags,
        created_at: existing.as_ref().map_or(tx.now, |mood| mood.created_at),
        updated_at: tx.now,
        rev: tx.rev,
    };
    tx.store.put_mood(tx.user, &mood)?;
    Ok((mood, existing.is_none()))
}

/// Deletes a day's own mood; its moments stay.
pub fn delete(tx: &mut WriteTransaction<'_>, date: Date, expected: &Expected) -> Result<(), Error> {
    expected.check(find(tx.store, tx.user, date)?.rev)?;
    tx.store.delete_mood(tx.user, date, tx.rev, tx.now)?;
    Ok(())
}

/// One moment.
pub fn find_moment(store: &mut dyn Store, user: UserId, id: MoodMomentId) -> Result<MoodMoment, Error> {
    store.find_moment(user, id)?.ok_or(Error::not_found::<entity::MoodMoment>())
}

/// The day that a moment belongs to, with room for it.
fn day_with_room(
    tx: &mut WriteTransaction<'_>,
    clock: DayClock,
    at: Instant,
    before: Option<Date>,
) -> Result<Date, Error> {
    let date = clock.date_at(at);
    if before != Some(date) {
        Error::ensure_room(tx.store.count_moments(tx.user, date)?, MAX_MOMENTS_A_DAY, "a day", "moments")?;
    }
    Ok(date)
}

/// Creates a moment, or returns the one that an earlier identical request created.
pub fn create_moment(tx: &mut WriteTransaction<'_>, new: NewMoment) -> Result<Creation<MoodMoment>, Error> {
    if let Some(moment) = tx.store.find_moment(tx.user, new.id)? {
        let digest = moment.request_digest;
        return Creation::replay(&digest, &new.request_digest, moment);
    }
    tx.ensure_never_deleted(new.id)?;
    new.at.ensure_happened("/at", tx.now)?;
    let user = users::find(tx.store, tx.user)?;
    let zone = ZoneOrOffset::of_log(new.timezone, new.offset, user.settings.timezone, new.at);
    let moment = MoodMoment {
        id: new.id,
        at: new.at,
        date: day_with_room(tx, user.day_clock_in(zone), new.at, None)?,
        zone,
        value: new.value,
        note: new.note,
        tags: new.tags,
        created_at: tx.now,
        updated_at: tx.now,
        rev: tx.rev,
        request_digest: new.request_digest,
    };
    tx.store.insert_moment(tx.user, &moment)?;
    Ok(Creation::Created(moment))
}

/// Changes a moment. Wherever the user is now, it stays in the zone that it was written in, unless another one is named.
pub fn update_moment(
    tx: &mut WriteTransaction<'_>,
    id: MoodMomentId,
    expected: &Expected,
    patch: MomentPatch,
) -> Result<MoodMoment, Error> {
    let mut moment = find_moment(tx.store, tx.user, id)?;
    expected.check(moment.rev)?;
    let (at, zone) = (patch.at.unwrap_or(moment.at), patch.timezone.unwrap_or(moment.zone));
    if at != moment.at {
        at.ensure_happened("/at", tx.now)?;
    }
    let date = if (at, zone) == (moment.at, moment.zone) {
        moment.date
    } else {
        let clock = users::find(tx.store, tx.user)?.day_clock_in(zone);
        day_with_room(tx, clock, at, Some(moment.date))?
    };
    patch.apply_to(&mut moment);
    let changed = MoodMoment { at, date, zone, updated_at: tx.now, rev: tx.rev, ..moment };
    tx.store.update_moment(tx.user, &changed)?;
    Ok(changed)
}

/// Deletes a moment.
pub fn delete_moment(tx: &mut WriteTransaction<'_>, id: MoodMomentId, expected: &Expected) -> Result<(), Error> {
    expected.check(find_moment(tx.store, tx.user, id)?.rev)?;
    tx.store.delete_moment(tx.user, id, tx.rev, tx.now)?;
    Ok(())
}

/// The moods and moments of the days of a range, at most `limit` days: the first ones, or from the end if `backwards`
/// (then the latest comes first).
pub fn days(
    store: &mut dyn Store,
    user: UserId,
    range: Option<DateRange>,
    limit: usize,
    backwards: bool,
) -> Result<Vec<MoodDay>, Error> {
    let Some(range) = range else { return Ok(Vec::new()) };
    let dates = store.mood_dates(user, range, limit, backwards)?;
    let (Some(first), Some(last)) = (dates.iter().min(), dates.iter().max()) else { return Ok(Vec::new()) };
    let Some(range) = DateRange::new(*first, *last) else { return Ok(Vec::new()) };
    let mut days = store.mood_days(user, range)?;
    if backwards {
        days.reverse();
    }
    Ok(days)
}
