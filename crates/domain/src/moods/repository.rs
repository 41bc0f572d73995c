//! What moods need of a store.

use super::{DayValue, Mood, MoodDay, MoodMoment};
use crate::civil::{Date, DateRange, Instant};
use crate::error::StoreError;
use crate::ids::{MoodMomentId, UserId};
use crate::revision::Revision;

/// Moods in a store.
pub trait MoodRepository {
    /// A day's own mood.
    fn find_mood(&mut self, user: UserId, date: Date) -> Result<Option<Mood>, StoreError>;

    /// Stores a day's own mood, replacing the one before (whose `created_at` stays).
    fn put_mood(&mut self, user: UserId, mood: &Mood) -> Result<(), StoreError>;

    /// Removes a day's own mood and leaves a tombstone. Whether there was one.
    fn delete_mood(&mut self, user: UserId, date: Date, rev: Revision, now: Instant) -> Result<bool, StoreError>;

    /// One moment.
    fn find_moment(&mut self, user: UserId, id: MoodMomentId) -> Result<Option<MoodMoment>, StoreError>;

    /// How many moments a day has.
    fn count_moments(&mut self, user: UserId, date: Date) -> Result<usize, StoreError>;

    /// Stores a new moment.
    fn insert_moment(&mut self, user: UserId, moment: &MoodMoment) -> Result<(), StoreError>;

    /// Stores everything of a moment but its id, `created_at` and request digest.
    fn update_moment(&mut self, user: UserId, moment: &MoodMoment) -> Result<(), StoreError>;

    /// Removes a moment and leaves a tombstone. Whether there was one.
    fn delete_moment(
        &mut self,
        user: UserId,
        id: MoodMomentId,
        rev: Revision,
        now: Instant,
    ) -> Result<bool, StoreError>;

    /// The dates in a range that have moods or moments, in order, at most `limit` of them: the first ones, or from the
    /// end if `backwards` (then the latest comes first).
    fn mood_dates(
        &mut self,
        user: UserId,
        range: DateRange,
        limit: usize,
        backwards: bool,
    ) -> Result<Vec<Date>, StoreError>;

    /// The moods and moments of the days of a range, by date, in one statement; days without any are left out.
    fn mood_days(&mut self, user: UserId, range: DateRange) -> Result<Vec<MoodDay>, StoreError>;

    /// The values of the days of a range, by date, in one statement; days without one are left out.
    fn mood_values(&mut self, user: UserId, range: DateRange) -> Result<Vec<DayValue>, StoreError>;
}
