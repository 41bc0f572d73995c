//! Time from a beginning to an end, shared out among days.

use serde::Serialize;

use crate::civil::{Date, DayClock, Instant};

/// The longest that one time entry may last, in seconds. A day on which clocks are put back is longer.
const LONGEST: i64 = 86_400;

/// What one day gets of a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TimePiece))]
pub struct Piece {
    /// The day, by the user's own calendar.
    pub date: Date,
    /// When it begins.
    #[serde(rename = "started_at")]
    pub from: Instant,
    /// When it ends.
    #[serde(rename = "ended_at")]
    pub to: Instant,
    /// How long it is.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1440))]
    pub minutes: u32,
}

/// Cuts the time from `from` to `to` where days begin, and what is longer than 24 hours after 24 hours.
///
/// The minutes of all pieces together are those of the whole, rounded, and at least 1: each piece has what is rounded at
/// its end less what was rounded at its beginning. Pieces of which nothing is left that way are dropped.
pub fn pieces(clock: DayClock, from: Instant, to: Instant) -> Vec<Piece> {
    let rounded = |at: Instant| {
        let seconds = at.micros().saturating_sub(from.micros()).max(0) / 1_000_000;
        (seconds + 30) / 60
    };
    let mut pieces: Vec<Piece> = Vec::new();
    let mut shortest: Option<Piece> = None;
    let mut begin = from;
    while begin < to {
        let date = clock.date_at(begin);
        let midnight = date.succ().map(|next| clock.start_of(next)).filter(|next| *next > begin);
        let end = midnight.unwrap_or(to).min(to).min(begin.plus_seconds(LONGEST));
        let minutes = u32::try_from(rounded(end) - rounded(begin)).unwrap_or(0);
        let piece = Piece { date, from: begin, to: end, minutes };
        if minutes > 0 {
            pieces.push(piece);
        } else {
            shortest.get_or_insert(piece);
        }
        begin = end;
    }
    if pieces.is_empty() {
        // Less than half a minute in all: it counts as one, on the day on which it began.
        pieces.extend(shortest.map(|piece| Piece { minutes: 1, ..piece }));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::civil::{DayStart, Zone};
    use proptest::prelude::*;

    fn clock(zone: &str, day_start: &str) -> DayClock {
        DayClock { zone: Zone::parse(zone).unwrap(), day_start: DayStart::parse(day_start).unwrap() }
    }

    fn split(zone: &str, day_start: &str, from: &str, to: &str) -> Vec<(String, u32)> {
        let at = |text: &str| Instant::parse(text).unwrap();
        let pieces = pieces(clock(zone, day_start), at(from), at(to));
        pieces.iter().map(|piece| (piece.date.to_string(), piece.minutes)).collect()
    }

    fn of(days: &[(&str, u32)]) -> Vec<(String, u32)> {
        days.iter().map(|(date, minutes)| ((*date).to_owned(), *minutes)).collect()
    }

    #[test]
    fn a_stretch_within_a_day_is_one_piece() {
        let begin = "2026-03-10T08:00:00Z";
        assert_eq!(split("UTC", "00:00", begin, "2026-03-10T08:25:29Z"), of(&[("2026-03-10", 25)]));
        assert_eq!(split("UTC", "00:00", begin, "2026-03-10T08:25:30Z"), of(&[("2026-03-10", 26)]));
        assert_eq!(split("UTC", "00:00", begin, "2026-03-10T08:00:01Z"), of(&[("2026-03-10", 1)]));
        assert_eq!(split("UTC", "00:00", begin, begin), []);
    }

    #[test]
    fn days_begin_when_the_users_do() {
        let night = ("2026-03-10T22:30:00Z", "2026-03-11T03:00:00Z");
        assert_eq!(split("UTC", "00:00", night.0, night.1), of(&[("2026-03-10", 90), ("2026-03-11", 180)]));
        assert_eq!(split("UTC", "04:00", night.0, night.1), of(&[("2026-03-10", 270)]));
        assert_eq!(split("Asia/Kolkata", "00:00", night.0, night.1), of(&[("2026-03-11", 270)]));
        assert_eq!(
            split("Pacific/Kiritimati", "00:00", "2026-03-11T09:59:00Z", "2026-03-11T10:02:00Z"),
            of(&[("2026-03-11", 1), ("2026-03-12", 2)])
        );
    }

    #[test]
    fn days_on_which_clocks_change_have_what_really_passed() {
        // New York: 23 hours on 2026-03-08, 25 on 2026-11-01, which is more than an entry may have.
        let spring = ("2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z");
        assert_eq!(split("America/New_York", "00:00", spring.0, spring.1), of(&[("2026-03-08", 1380)]));
        let autumn = ("2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z");
        let expected = of(&[("2026-11-01", 1440), ("2026-11-01", 60)]);
        assert_eq!(split("America/New_York", "00:00", autumn.0, autumn.1), expected);
        // Three hours of sleep over the hour that comes twice.
        let night = ("2026-11-01T03:30:00Z", "2026-11-01T06:30:00Z");
        let expected = of(&[("2026-10-31", 30), ("2026-11-01", 150)]);
        assert_eq!(split("America/New_York", "00:00", night.0, night.1), expected);
        // Samoa had no 2011-12-30.
        let skipped = ("2011-12-30T09:00:00Z", "2011-12-30T11:00:00Z");
        assert_eq!(split("Pacific/Apia", "00:00", skipped.0, skipped.1), of(&[("2011-12-29", 60), ("2011-12-31", 60)]));
    }

    #[test]
    fn half_minutes_at_midnight_are_not_counted_twice() {
        let over = ("2026-03-10T23:59:20Z", "2026-03-11T00:00:20Z");
        assert_eq!(split("UTC", "00:00", over.0, over.1), of(&[("2026-03-10", 1)]));
        let short = ("2026-03-10T23:59:50Z", "2026-03-11T00:00:10Z");
        assert_eq!(split("UTC", "00:00", short.0, short.1), of(&[("2026-03-10", 1)]));
    }

    proptest! {
        #[test]
        fn pieces_are_the_whole(
            zone in prop_oneof![
                Just("UTC"), Just("America/New_York"), Just("Australia/Lord_Howe"), Just("Pacific/Kiritimati"),
                Just("Asia/Kathmandu"), Just("Africa/Casablanca"),
            ],
            day_start in prop_oneof![Just("00:00"), Just("01:30"), Just("04:00"), Just("23:59")],
            begin in 1_700_000_000_i64..1_800_000_000,
            seconds in 1_i64..1_000_000,
        ) {
            let clock = clock(zone, day_start);
            let (from, to) = (Instant::from_seconds(begin), Instant::from_seconds(begin + seconds));
            let pieces = pieces(clock, from, to);
            let minutes: i64 = pieces.iter().map(|piece| i64::from(piece.minutes)).sum();
            prop_assert_eq!(minutes, ((seconds + 30) / 60).max(1));
            let mut last = from;
            for piece in &pieces {
                prop_assert!((1..=1440).contains(&piece.minutes));
                prop_assert!(last <= piece.from && piece.from < piece.to && piece.to <= to);
                prop_assert!(piece.from.seconds() - last.seconds() < 60, "more than a rounding was dropped");
                prop_assert_eq!(clock.date_at(piece.from), piece.date);
                prop_assert_eq!(clock.date_at(Instant::from_micros(piece.to.micros() - 1)), piece.date);
                let most = (piece.to.seconds() - piece.from.seconds() + 59) / 60;
                prop_assert!(i64::from(piece.minutes) <= most);
                last = piece.to;
            }
        }
    }
}
