//! Rolling quotas: so many times in any so many days, such as twice in any three.

/// The fewest days of a rolling quota.
pub const MIN_ROLLING_DAYS: u32 = 2;
/// The most days of a rolling quota.
pub const MAX_ROLLING_DAYS: u32 = 366;

/// On `times` days in any `days` days in a row.
///
/// Its days are judged one by one, by *windows* of `days` days in a row:
///
/// - **The days that count** are those on which it could be done: within the habit's first and last day, neither paused nor
///   archived nor skipped. Windows run over them, so that a pause or a skip takes no time and excuses nothing. Where one
///   rolling version follows another, windows reach over both, and each day is judged by the numbers of its own version;
///   other schedules before or after it are out of reach.
/// - A day is **covered** if some window that holds it has `times` done days: the days before them as well as those after.
///   Consecutive covered days are the streak, which counts days.
/// - A day that isn't covered is **undecided** while it still could be: a window that holds it and reaches to today or
///   beyond would have enough, were each day from now on done (today only if it is still open). It neither counts nor
///   breaks, just as the running period of a calendar quota does. Afterwards it is **missed**.
/// - Once the last day is over, nothing is to come. If fewer than `days` days counted in all, the window is all of them and
///   asks for `max(1, floor(times × those ÷ days))`, as a part of a calendar period does. A quota that was archived on
///   its last day is never over.
/// - It is **due** on a day while the `days − 1` days before it that count don't have `times` done days already. That is
///   also when today isn't covered without being done. What is done is never too much: a done day is `done` and due,
///   since windows to come hold it, too.
/// - A **rate** is the covered days ÷ those that are covered or missed.
/// - The **score** is that of Loop Habit Tracker to the last digit, but for pauses, archives and today, which that doesn't
///   know: see `score`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rolling {
    /// On how many days, 1 … `days`.
    pub times: u32,
    /// Of how many in a row, [`MIN_ROLLING_DAYS`] … [`MAX_ROLLING_DAYS`].
    pub days: u32,
}
