//! What can be done with logs of sleep.

use super::{Conflict, Quality, Sleep, SleepInput, SleepKind, SleepLog, SleepNote, SleepSlice, waking_date};
use crate::civil::{Date, DateRange, Instant, ZoneOrOffset};
use crate::entity;
use crate::error::Error;
use crate::idempotency::Creation;
use crate::ids::{SleepLogId, UserId};
use crate::revision::Expected;
use crate::unit_of_work::{Store, WriteTransaction};
use crate::users;

words! {
    /// What becomes of stored logs that overlap.
    #[derive(Default)]
    pub enum OnOverlap {
        /// They stay, and the new one is refused.
        #[default]
        Refuse = "refuse",
        /// They are removed, and the new one takes their place.
        Replace = "replace",
    }
}

/// A log of sleep to make.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CreateSleepLogBody, example = json!({"start": "2026-03-10T22:30:00Z", "end": "2026-03-11T06:10:00Z", "quality": 4})))]
pub struct NewSleepLog {
    /// Its id, if the client wants to choose it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SleepLogId>))]
    pub id: SleepLogId,
    /// The content of the log.
    #[cfg_attr(feature = "openapi", serde(flatten))]
    pub input: SleepInput,
    /// Where they woke: a time zone, or an offset from UTC such as `+05:30`. If absent, the offset that `end` or `start`
    /// was sent with, unless it is that of the user's zone; else the user's zone.
    pub timezone: Option<ZoneOrOffset>,
    /// The offset that the end, or else the start, was sent with.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub offset: Option<ZoneOrOffset>,
    /// A hash of the request, to recognise its repetition.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub request_digest: [u8; 32],
}

/// A change of a log of sleep (RFC 7396): what is absent stays, null clears.
#[derive(Debug, Clone, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = UpdateSleepLogBody, example = json!({"quality": 5})))]
pub struct SleepPatch {
    /// When they fell asleep, or went to bed.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub start: Option<Instant>,
    /// When they woke, or got up. `date` follows, in the time zone that the log has.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub end: Option<Instant>,
    /// Where they woke. `date` follows.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub timezone: Option<ZoneOrOffset>,
    /// What kind of sleep it was.
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub kind: Option<SleepKind>,
    /// How good it was, from 1 (bad) to 5 (good).
    pub quality: Option<Option<Quality>>,
    /// Seconds awake in between.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 86_399))]
    pub awake_seconds: Option<Option<u32>>,
    /// A note.
    pub note: Option<Option<SleepNote>>,
}

/// One log.
pub fn find(store: &mut dyn Store, user: UserId, id: SleepLogId) -> Result<SleepLog, Error> {
    store.find_sleep_log(user, id)?.ok_or(Error::not_found::<entity::SleepLog>())
}

/// Part of the list of logs.
pub fn list(store: &mut dyn Store, user: UserId, slice: &SleepSlice) -> Result<Vec<SleepLog>, Error> {
    Ok(store.sleep_logs(user, slice)?)
}

/// The stored logs, but for one that is being changed, that a sleep would overlap, by start.
///
/// # Errors
/// [`Error::Invalid`] if it couldn't be stored anyway.
pub fn check(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    input: &SleepInput,
    changed: Option<SleepLogId>,
) -> Result<Vec<Conflict>, Error> {
    input.check(now)?;
    let found = store.sleep_logs_between(user, input.start, input.end)?;
    Ok(found.iter().map(Conflict::from).filter(|conflict| Some(conflict.id) != changed).collect())
}

fn made(input: &SleepInput, zone: ZoneOrOffset, date: Date) -> Sleep {
    Sleep {
        start: input.start,
        end: input.end,
        date,
        zone,
        kind: input.kind,
        quality: input.quality,
        awake_seconds: input.awake_seconds,
    }
}

/// Ensures that no log overlaps `input`, except the one being changed.
fn make_room(
    tx: &mut WriteTransaction<'_>,
    input: &SleepInput,
    changed: Option<SleepLogId>,
    on_overlap: OnOverlap,
) -> Result<(), Error> {
    let conflicts = check(tx.store, tx.user, tx.now, input, changed)?;
    match on_overlap {
        _ if conflicts.is_empty() => Ok(()),
        OnOverlap::Refuse => Err(Error::SleepOverlap { conflicts }),
        OnOverlap::Replace => {
            let ids: Vec<SleepLogId> = conflicts.iter().map(|conflict| conflict.id).collect();
            tx.store.delete_sleep_logs(tx.user, &ids, tx.rev, tx.now)?;
            Ok(())
        }
    }
}

/// Creates a log, or returns the one that an earlier identical request created.
///
/// # Errors
/// [`Error::SleepOverlap`] if it overlaps others that are to stay.
pub fn create(
    tx: &mut WriteTransaction<'_>,
    new: NewSleepLog,
    on_overlap: OnOverlap,
) -> Result<Creation<SleepLog>, Error> {
    if let Some(log) = tx.store.find_sleep_log(tx.user, new.id)? {
        let digest = log.request_digest;
        return Creation::replay(&digest, &new.request_digest, log);
    }
    tx.ensure_never_deleted(new.id)?;
    make_room(tx, &new.input, None, on_overlap)?;
    let user = users::find(tx.store, tx.user)?;
    let zone = ZoneOrOffset::of_log(new.timezone, new.offset, user.settings.timezone, new.input.end);
    let log = SleepLog {
        id: new.id,
        sleep: made(&new.input, zone, waking_date(zone.zone(), new.input.end)),
        note: new.input.note,
        created_at: tx.now,
        updated_at: tx.now,
        rev: tx.rev,
        request_digest: new.request_digest,
    };
    tx.store.insert_sleep_log(tx.user, &log)?;
    Ok(Creation::Created(log))
}

/// Changes a log. Wherever the user is now, it stays in the zone that it was written in, unless another one is named.
///
/// # Errors
/// [`Error::SleepOverlap`] if it then overlaps others that are to stay.
pub fn update(
    tx: &mut WriteTransaction<'_>,
    id: SleepLogId,
    expected: &Expected,
    patch: SleepPatch,
    on_overlap: OnOverlap,
) -> Result<SleepLog, Error> {
    let log = find(tx.store, tx.user, id)?;
    expected.check(log.rev)?;
    let before = log.sleep;
    let input = SleepInput {
        start: patch.start.unwrap_or(before.start),
        end: patch.end.unwrap_or(before.end),
        kind: patch.kind.unwrap_or(before.kind),
        quality: patch.quality.unwrap_or(before.quality),
        awake_seconds: patch.awake_seconds.unwrap_or(before.awake_seconds),
        note: patch.note.unwrap_or_else(|| log.note.clone()),
    };
    make_room(tx, &input, Some(id), on_overlap)?;
    let zone = patch.timezone.unwrap_or(before.zone);
    let stays = (zone, input.end) == (before.zone, before.end);
    let date = if stays { before.date } else { waking_date(zone.zone(), input.end) };
    let changed =
        SleepLog { sleep: made(&input, zone, date), note: input.note, updated_at: tx.now, rev: tx.rev, ..log };
    tx.store.update_sleep_log(tx.user, &changed)?;
    Ok(changed)
}

/// Deletes a log.
pub fn delete(tx: &mut WriteTransaction<'_>, id: SleepLogId, expected: &Expected) -> Result<(), Error> {
    let log = find(tx.store, tx.user, id)?;
    expected.check(log.rev)?;
    tx.store.delete_sleep_logs(tx.user, &[id], tx.rev, tx.now)?;
    Ok(())
}

/// Deletes all logs of a date, naps included.
pub fn delete_of_date(tx: &mut WriteTransaction<'_>, date: Date) -> Result<(), Error> {
    let dates = DateRange::day(date);
    let slice = SleepSlice { dates, after: None, before: None, limit: usize::MAX, backwards: false };
    let ids: Vec<SleepLogId> = tx.store.sleep_logs(tx.user, &slice)?.iter().map(|log| log.id).collect();
    if ids.is_empty() {
        return Err(Error::not_found::<entity::SleepLog>());
    }
    tx.store.delete_sleep_logs(tx.user, &ids, tx.rev, tx.now)?;
    Ok(())
}
