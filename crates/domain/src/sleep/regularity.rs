//! The Sleep Regularity Index: how likely a user is to be in the same state, asleep or awake, 24 hours apart.
//!
//! Phillips et al., *Irregular sleep/wake patterns are associated with poorer academic performance and delayed circadian
//! and sleep/wake timing*, Scientific Reports 7:3216 (2017): −100 + 200 · (1 − mean |s(t + 24 h) − s(t)|), where s is 1
//! asleep and 0 awake. They sampled s in epochs; here the mean is taken over continuous time, from the ends of the
//! intervals, which is what any epoch gives for intervals that begin and end on its grid. 24 hours are hours that went
//! by: at a change of clocks, who lives by the clock is an hour off.
//!
//! Only pairs of instants count of which both are known. What is known are runs of consecutive dates with a night:
//! from 12 hours before the middle of the first night to 12 hours after the middle of the last. So one night is known
//! for the 24 hours around it, N consecutive ones for about N days, and whatever lies beyond is unknown, never awake.
//! Within what is known every log is sleep: naps, and what belongs to the night before or after.

use super::Sleep;
use super::nights::Night;
use crate::civil::num::real;

/// 24 hours, in microseconds.
const DAY: i64 = 86_400_000_000;

/// How regular a user's sleep is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Regularity {
    /// −100 (always the opposite) to 100 (always the same); someone who sleeps at random has 0.
    pub index: f64,
    /// How many days' worth of pairs of instants, 24 hours apart, are known.
    pub days: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Unknown,
    Awake,
    Asleep,
}

/// What a user's state is from instants on, each later than the one before; unknown before the first.
type Signal = Vec<(i64, State)>;

/// The index of nights and all logs around them, both sorted by time; none where no two instants 24 hours apart are
/// known.
pub fn regularity(nights: &[Night], sleeps: &[Sleep]) -> Option<Regularity> {
    let signal = signal(&known(nights), sleeps);
    let (mut same, mut all) = (0_i64, 0_i64);
    compare(&signal, |length, today, tomorrow| {
        if today != State::Unknown && tomorrow != State::Unknown {
            all += length;
            if today == tomorrow {
                same += length;
            }
        }
    });
    let index = || -100.0 + 200.0 * (real(same) / real(all));
    (all > 0).then(|| Regularity { index: index(), days: real(all) / real(DAY) })
}

/// The stretches of time that are known, apart from each other and in order.
fn known(nights: &[Night]) -> Vec<(i64, i64)> {
    let mut stretches: Vec<(i64, i64)> = Vec::new();
    for run in nights.chunk_by(|one, next| one.date == next.date || one.date.succ() == Some(next.date)) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let (from, to) = (first.middle() - DAY / 2, last.middle() + DAY / 2);
        match stretches.last_mut() {
            Some((_, end)) if from <= *end => *end = to.max(*end),
            _ => stretches.push((from, to)),
        }
    }
    stretches
}

/// Cuts the sleeps, which don't overlap, out of what is known.
fn signal(known: &[(i64, i64)], sleeps: &[Sleep]) -> Signal {
    let mut signal = Vec::with_capacity(2 * (known.len() + sleeps.len()));
    let mut rest = sleeps.iter().map(|sleep| (sleep.start.micros(), sleep.end.micros())).peekable();
    for &(from, to) in known {
        let mut at = from;
        while let Some(&(start, end)) = rest.peek() {
            if start >= to {
                break;
            }
            if end > from {
                if start > at {
                    signal.push((at, State::Awake));
                }
                signal.push((start.max(at), State::Asleep));
                at = end.min(to);
            }
            if end > to {
                // The next stretch may have more of it.
                break;
            }
            rest.next();
        }
        if at < to {
            signal.push((at, State::Awake));
        }
        signal.push((to, State::Unknown));
    }
    signal
}

/// Gives each piece of time in which neither the state nor that of 24 hours later changes: its length and the two.
fn compare(signal: &Signal, mut piece: impl FnMut(i64, State, State)) {
    let mut today = signal.iter().copied().peekable();
    let mut tomorrow = signal.iter().map(|&(at, state)| (at - DAY, state)).peekable();
    let (mut now, mut later) = (State::Unknown, State::Unknown);
    let mut at = i64::MIN;
    loop {
        let next = match (today.peek(), tomorrow.peek()) {
            (Some((one, _)), Some((other, _))) => *one.min(other),
            (Some((one, _)), None) | (None, Some((one, _))) => *one,
            (None, None) => return,
        };
        if now != State::Unknown || later != State::Unknown {
            piece(next - at, now, later);
        }
        at = next;
        while let Some((_, state)) = today.next_if(|(start, _)| *start == next) {
            now = state;
        }
        while let Some((_, state)) = tomorrow.next_if(|(start, _)| *start == next) {
            later = state;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::nights::nights;
    use super::super::testing::{log, nap, nightly};
    use super::*;

    fn of(sleeps: &[Sleep]) -> Option<Regularity> {
        regularity(&nights(sleeps), sleeps)
    }

    fn close(found: Option<Regularity>, index: f64, days: f64) {
        let found = found.unwrap();
        assert!((found.index - index).abs() < 1e-9 && (found.days - days).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn who_always_sleeps_at_the_same_time_has_100() {
        close(of(&nightly("2026-03-01", 14, |_| (23, 8))), 100.0, 13.0);
        close(of(&nightly("2026-03-01", 2, |_| (23, 8))), 100.0, 1.0);
    }

    #[test]
    fn one_night_has_nothing_to_be_compared_with() {
        assert_eq!(of(&nightly("2026-03-01", 1, |_| (23, 8))), None);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[nap("2026-03-01T14:00:00Z", "2026-03-01T15:00:00Z")]), None);
    }

    #[test]
    fn who_alternates_is_told_by_hand() {
        // 23–07 and 03–11 by turns: their middles are 03:00 and 07:00, so three nights are known from 15:00 before the
        // first to 15:00 after the last, 72 hours, and 48 hours of pairs. Each of the two pairs of nights differs from
        // 23 to 03 and from 07 to 11: 16 of 48 hours, −100 + 200 · (1 − 1/3) = 33 1/3.
        close(of(&nightly("2026-03-01", 3, |day| if day % 2 == 0 { (23, 8) } else { (27, 8) })), 100.0 / 3.0, 2.0);
    }

    #[test]
    fn who_does_the_opposite_every_day_has_nearly_minus_100() {
        // From midnight to noon, and from noon to 20:00, by turns: but for the four hours before midnight everything
        // differs. 20 days of pairs begin at 18:00, before the first night: six hours that are alike, then four of each
        // of 19 days.
        let found = of(&nightly("2026-03-01", 21, |day| if day % 2 == 0 { (24, 12) } else { (36, 8) }));
        close(found, -100.0 + 200.0 * 82.0 / 480.0, 20.0);
    }

    #[test]
    fn unlogged_nights_are_unknown_and_not_awake() {
        let all = nightly("2026-03-01", 9, |_| (23, 8));
        let without: Vec<Sleep> = all.iter().enumerate().filter(|(day, _)| *day != 4).map(|(_, log)| *log).collect();
        // Four nights, a gap, four nights: three days of pairs on either side.
        close(of(&without), 100.0, 6.0);
    }

    #[test]
    fn a_nap_is_sleep() {
        let mut logs = nightly("2026-03-01", 3, |_| (23, 8));
        // An hour on one of three days: it differs from the day before and from the day after, 2 of 48 hours.
        logs.push(nap("2026-03-03T14:00:00Z", "2026-03-03T15:00:00Z"));
        logs.sort_by_key(|log| log.start);
        close(of(&logs), -100.0 + 200.0 * (46.0 / 48.0), 2.0);
    }

    #[test]
    fn what_belongs_to_the_next_night_is_asleep_not_awake() {
        // 23–07 on two dates, then to bed at 13:00 already: of the 24 hours of pairs, from 15:00 to 15:00, the last two
        // differ.
        let mut logs = nightly("2026-03-01", 2, |_| (23, 8));
        logs.push(log("2026-03-03T13:00:00Z", "2026-03-04T01:00:00Z"));
        close(regularity(&nights(&logs)[..2], &logs), -100.0 + 200.0 * (22.0 / 24.0), 1.0);
    }

    #[test]
    fn sleep_at_the_edge_of_what_is_known_is_cut() {
        let logs = [
            log("2026-03-01T23:00:00Z", "2026-03-02T07:00:00Z"),
            // 15:00 to 15:00 is known; the nap lies on its end.
            nap("2026-03-02T14:30:00Z", "2026-03-02T15:30:00Z"),
            nap("2026-03-02T16:00:00Z", "2026-03-02T17:00:00Z"),
        ];
        let signal = signal(&known(&nights(&logs)), &logs);
        let states: Vec<State> = signal.iter().map(|(_, state)| *state).collect();
        assert_eq!(states, [State::Awake, State::Asleep, State::Awake, State::Asleep, State::Unknown]);
    }
}
