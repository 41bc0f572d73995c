//! Days that a traveller loses by crossing the date line.

use crate::civil::{DateRange, DayClock, Instant};

/// By how much a clock has to jump ahead for a day to be lost.
const JUMP_SECONDS: i64 = 12 * 3_600;

/// A day that was lived for at least this long isn't lost.
const LIVED_SECONDS: i64 = 13 * 3_600;

/// The days that are lost by a clock's change from `before` to `after` at `now`, if it jumps ahead by 12 hours or more.
/// Those between the old and the new today are: they never were. So is, of these two, the one that the clock showed for
/// the shorter time, if that is less than 13 hours (of equals, the old one); if they are the same day, both times count
/// together. Lost days lie together.
///
/// ```
/// # use circadia_domain::civil::{DateRange, DayClock, DayStart, Instant, Zone};
/// # use circadia_domain::shared_pauses::lost_days;
/// let clock = |zone| DayClock { zone: Zone::parse(zone).unwrap(), day_start: DayStart::MIDNIGHT };
/// // From 10:00 on the 10th to 09:00 on the 11th.
/// let now = Instant::parse("2026-03-10T20:00:00Z").unwrap();
/// let lost = lost_days(clock("Pacific/Honolulu"), clock("Pacific/Auckland"), now).unwrap();
/// assert_eq!((lost.from().to_string(), lost.len()), ("2026-03-10".to_owned(), 1));
/// ```
pub fn lost_days(before: DayClock, after: DayClock, now: Instant) -> Option<DateRange> {
    let jump = after.zone.wall_clock(now) - before.zone.wall_clock(now);
    if jump.num_seconds() < JUMP_SECONDS {
        return None;
    }
    let (old, new) = (before.date_at(now), after.date_at(now));
    let lived_old = now.seconds() - before.start_of(old).seconds();
    let lived_new = after.start_of(new.succ()?).seconds() - now.seconds();
    if old == new {
        return (lived_old + lived_new < LIVED_SECONDS).then_some(DateRange::day(old));
    }
    let is_short = |lived: i64| lived < LIVED_SECONDS;
    let from = if is_short(lived_old) && lived_old <= lived_new { Some(old) } else { old.succ() };
    let to = if is_short(lived_new) && lived_new < lived_old { Some(new) } else { new.pred() };
    DateRange::new(from?, to?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::civil::{Date, DayStart, Zone};
    use proptest::prelude::*;

    fn clock(zone: &str, day_start: &str) -> DayClock {
        DayClock { zone: Zone::parse(zone).unwrap(), day_start: DayStart::parse(day_start).unwrap() }
    }

    #[test]
    fn the_day_that_was_lived_shorter_is_lost() {
        for (from, to, day_start, now, lost) in [
            // 10:00 on the 10th to 09:00 on the 11th.
            ("Pacific/Honolulu", "Pacific/Auckland", "00:00", "2026-03-10T20:00:00Z", "2026-03-10"),
            // 22:00 on the 10th to 21:00 on the 11th.
            ("Pacific/Honolulu", "Pacific/Auckland", "00:00", "2026-03-11T08:00:00Z", "2026-03-11"),
            // 03:00 on the 10th to 02:00 on the 11th: for a day that begins at 4, 23 hours of the 9th and 2 of the 10th.
            ("Pacific/Honolulu", "Pacific/Auckland", "04:00", "2026-03-10T13:00:00Z", "2026-03-10"),
            // 18:00 on the 10th to 07:00 on the 11th: 18 hours, 17 hours.
            ("America/New_York", "Asia/Tokyo", "00:00", "2026-03-10T22:00:00Z", ""),
            // 10:00 to 23:00 on the 10th: 11 hours of it in all.
            ("America/New_York", "Asia/Tokyo", "00:00", "2026-03-10T14:00:00Z", "2026-03-10"),
            // 12:30 on the 10th to 01:30 on the 11th.
            ("America/New_York", "Asia/Tokyo", "00:00", "2026-03-10T16:30:00Z", "2026-03-10"),
            // 13:00 on the 10th to 02:00 on the 11th: 13 hours are a day.
            ("America/New_York", "Asia/Tokyo", "00:00", "2026-03-10T17:00:00Z", ""),
            // 23:00 on the 10th to 01:00 on the 12th.
            ("Etc/GMT+12", "Pacific/Kiritimati", "00:00", "2026-03-11T11:00:00Z", "2026-03-11"),
            // 12:00 on the 10th to 12:00 on the 11th: of equals, the old one.
            ("Etc/GMT+12", "Etc/GMT-12", "00:00", "2026-03-11T00:00:00Z", "2026-03-10"),
            // 12 hours ahead: 06:00 to 18:00 on the 10th, 12 hours in all.
            ("Etc/GMT+6", "Etc/GMT-6", "00:00", "2026-03-10T12:00:00Z", "2026-03-10"),
            // 11 hours ahead.
            ("Etc/GMT+6", "Etc/GMT-5", "00:00", "2026-03-10T12:00:00Z", ""),
            // Back west.
            ("Pacific/Auckland", "Pacific/Honolulu", "00:00", "2026-03-10T20:00:00Z", ""),
            ("Pacific/Auckland", "Pacific/Auckland", "00:00", "2026-03-10T20:00:00Z", ""),
        ] {
            let now = Instant::parse(now).unwrap();
            let found = lost_days(clock(from, day_start), clock(to, day_start), now);
            let found = found.map_or(String::new(), |days| {
                assert_eq!(days.len(), 1);
                days.from().to_string()
            });
            assert_eq!(found, lost, "{from} to {to} at {}", now.seconds());
        }
    }

    /// How long a day was shown: minute by minute, and without a thought for speed.
    fn minutes_lived(before: DayClock, after: DayClock, now: Instant, day: Date) -> usize {
        let shown = |minute: i64| {
            let at = now.plus_seconds(minute * 60);
            if minute < 0 { before.date_at(at) } else { after.date_at(at) }
        };
        (-3_000..3_000).filter(|minute| shown(*minute) == day).count()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_lost_day_was_lived_for_less_than_13_hours_and_no_other_was(
            minute in 0..60 * 24 * 365_i64,
            west in proptest::sample::select(vec!["Pacific/Honolulu", "America/New_York", "Etc/GMT+12", "Europe/London"]),
            east in proptest::sample::select(vec!["Pacific/Auckland", "Asia/Tokyo", "Pacific/Kiritimati", "Asia/Kolkata"]),
            day_start in proptest::sample::select(vec!["00:00", "04:00", "23:30"]),
        ) {
            let now = Instant::from_seconds(1_767_225_600 + minute * 60);
            let (before, after) = (clock(west, day_start), clock(east, day_start));
            let jumps = (after.zone.wall_clock(now) - before.zone.wall_clock(now)).num_hours() >= 12;
            let lost = lost_days(before, after, now);
            let (old, new) = (before.date_at(now), after.date_at(now));
            let short: Vec<Date> = DateRange::new(old, new)
                .unwrap()
                .iter()
                .filter(|day| jumps && minutes_lived(before, after, now, *day) < 13 * 60)
                .collect();
            let found: Vec<Date> = lost.into_iter().flat_map(DateRange::iter).collect();
            prop_assert!(found.iter().all(|day| short.contains(day)));
            // Not both ends of a jump: one of them was spent.
            let both = short.contains(&old) && short.contains(&new) && old != new;
            prop_assert_eq!(found.len() + usize::from(both), short.len());
            prop_assert_eq!(lost_days(after, before, now), None);
        }
    }
}
