//! What can be done with a calendar feed.

use super::{Calendar, CalendarEntity, CalendarPart, CalendarParts, CalendarState, DAYS_AHEAD, DAYS_BACK, FeedContent};
use crate::civil::{DateRange, Instant};
use crate::error::Error;
use crate::ids::UserId;
use crate::revision::Expected;
use crate::sleep::SleepSlice;
use crate::unit_of_work::{Store, WriteTransaction};

patch! {
    /// A change of a calendar (RFC 7396): what is absent stays.
    #[derive(Debug, Clone, Default)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = UpdateCalendarBody, example = json!({"include": ["habits", "tasks", "sleep"]})))]
    pub struct CalendarPatch of Calendar {
        /// What it shows, at least one part.
        #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<CalendarPart>>, nullable = false, min_items = 1, max_items = 3))]
        pub include: Option<CalendarParts>,
    }
}

/// A user's feed, if there is one. One statement.
pub fn find(store: &mut dyn Store, user: UserId) -> Result<Option<Calendar>, Error> {
    Ok(store.find_calendar(user)?.map(|state| state.calendar))
}

/// Makes a feed, or gives the one that there is another secret, by which its old address ends. Without `include`, what is
/// there shows what it showed.
pub fn create(
    tx: &mut WriteTransaction<'_>,
    secret_hash: [u8; 32],
    include: Option<CalendarParts>,
) -> Result<Calendar, Error> {
    let known = find(tx.store, tx.user)?.map(|calendar| calendar.include);
    let calendar = Calendar {
        user: tx.user,
        secret_hash,
        include: include.or(known).unwrap_or_default(),
        created_at: tx.now,
        updated_at: tx.now,
        rev: tx.rev,
    };
    tx.store.put_calendar(&calendar)?;
    Ok(calendar)
}

/// Changes what a feed shows.
///
/// # Errors
/// `calendar_not_found`, `precondition_failed`.
pub fn update(tx: &mut WriteTransaction<'_>, expected: &Expected, patch: CalendarPatch) -> Result<Calendar, Error> {
    let mut calendar = find(tx.store, tx.user)?.ok_or(Error::not_found::<CalendarEntity>())?;
    expected.check(calendar.rev)?;
    patch.apply_to(&mut calendar);
    (calendar.updated_at, calendar.rev) = (tx.now, tx.rev);
    tx.store.put_calendar(&calendar)?;
    Ok(calendar)
}

/// Ends a feed: its address shows nothing any more. Whether there was one.
///
/// # Errors
/// `precondition_failed`.
pub fn delete(tx: &mut WriteTransaction<'_>, expected: &Expected) -> Result<bool, Error> {
    if let Some(calendar) = find(tx.store, tx.user)? {
        expected.check(calendar.rev)?;
    }
    Ok(tx.store.delete_calendar(tx.user)?)
}

/// What a user's feed shows, if `admits` the feed. At most five statements, however much is shown; one, if there is nothing
/// to show.
pub fn content(
    store: &mut dyn Store,
    user: UserId,
    now: Instant,
    admits: impl Fn(&Calendar) -> bool,
) -> Result<Option<FeedContent>, Error> {
    let Some(CalendarState { calendar, settings, active }) = store.find_calendar(user)? else { return Ok(None) };
    if !admits(&calendar) || !active {
        return Ok(None);
    }
    let shows = |part| calendar.include.contain(part);
    let today = settings.today(now);
    let mut content =
        FeedContent { today, habits: Vec::new(), tasks: Vec::new(), sleep: Vec::new(), themes: Vec::new() };
    if shows(CalendarPart::Habits) {
        content.habits = store.habits(user)?;
    }
    if shows(CalendarPart::Tasks) {
        let days = i64::from(DAYS_BACK) * 86_400;
        content.tasks = store.tasks_open_or_changed(user, now.plus_seconds(-days))?;
    }
    if content.habits.iter().any(|habit| habit.theme.is_some()) || content.tasks.iter().any(|task| task.theme.is_some())
    {
        content.themes = store.themes(user)?;
    }
    if shows(CalendarPart::Sleep) {
        let (from, to) = (today.saturating_add_days(-DAYS_BACK), today.saturating_add_days(DAYS_AHEAD));
        let dates = DateRange::new(from, to).unwrap_or(DateRange::day(today));
        let slice =
            SleepSlice { dates, after: None, before: None, limit: super::feed::MAX_SLEEP_LOGS, backwards: true };
        content.sleep = store.sleep_logs(user, &slice)?;
    }
    Ok(Some(content))
}
