//! How often, and after what pauses, a failed job is tried again.

use super::JobKind;

/// How often a job that doesn't recur is tried before it is given up: with its pauses, for about four hours.
pub const MAX_ATTEMPTS: i32 = 12;

/// Seconds of the first pause, and of the longest.
const FIRST_PAUSE: i64 = 15;
const LONGEST_PAUSE: i64 = 3_600;
/// The first pause before a provider of quotations is asked again: longer, since it is a service of others.
const FIRST_PAUSE_OF_QUOTES: i64 = 60;

/// The largest deviation of a pause, in thousandths.
const MAX_JITTER: i64 = 200;

/// How much a pause deviates from its length: up to a fifth, so that jobs that failed together aren't all retried
/// together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jitter(i64);

impl Jitter {
    /// No deviation.
    pub const NONE: Self = Self(0);

    /// The deviation that random bits stand for.
    pub fn from_bits(bits: u16) -> Self {
        Self(i64::from(bits) % (2 * MAX_JITTER + 1) - MAX_JITTER)
    }
}

/// How failed jobs of a kind are tried again.
///
/// A job that doesn't recur is given up after [`MAX_ATTEMPTS`]. One that recurs is tried for ever, with pauses that grow
/// up to its interval: giving it up would only make room for the next of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    first_pause: i64,
    longest_pause: i64,
    max_attempts: Option<i32>,
}

impl Retries {
    /// Those of a kind. `interval` is that of its schedule, if it recurs.
    pub fn of(kind: JobKind, interval: Option<i64>) -> Self {
        let first_pause = if kind == JobKind::Quotes { FIRST_PAUSE_OF_QUOTES } else { FIRST_PAUSE };
        let longest_pause = interval.unwrap_or(LONGEST_PAUSE);
        Self { first_pause, longest_pause, max_attempts: (!kind.recurs()).then_some(MAX_ATTEMPTS) }
    }

    /// Microseconds until the next attempt after this many have failed. None when it is time to give up.
    pub fn pause_after(self, attempts: i32, jitter: Jitter) -> Option<i64> {
        if self.max_attempts.is_some_and(|max| attempts >= max) {
            return None;
        }
        let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(20);
        let seconds = self.first_pause.saturating_mul(1 << doublings).min(self.longest_pause);
        Some(seconds.saturating_mul(1_000).saturating_mul(1_000 + jitter.0))
    }

    /// Whether a job was begun more often than it may fail: it ends its workers.
    pub fn are_exhausted(self, attempts: i32) -> bool {
        self.max_attempts.is_some_and(|max| attempts > max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn pauses(retries: Retries, attempts: i32) -> Vec<i64> {
        let pauses = (1..=attempts).map_while(|attempts| retries.pause_after(attempts, Jitter::NONE));
        pauses.map(|micros| micros / SECOND).collect()
    }

    #[test]
    fn pauses_double_up_to_an_hour_and_end() {
        let mail = Retries::of(JobKind::Mail, None);
        let expected = [15, 30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600];
        assert_eq!(pauses(mail, 20), expected);
        assert_eq!(expected.len() + 1, usize::try_from(MAX_ATTEMPTS).unwrap());
        assert_eq!(mail.pause_after(0, Jitter::NONE), Some(15 * SECOND));
        assert_eq!(mail.pause_after(i32::MAX, Jitter::NONE), None);
        assert!(mail.are_exhausted(MAX_ATTEMPTS + 1) && !mail.are_exhausted(MAX_ATTEMPTS));
    }

    #[test]
    fn what_recurs_is_tried_for_ever_with_pauses_up_to_its_interval() {
        let quotes = Retries::of(JobKind::Quotes, Some(3_600));
        assert_eq!(pauses(quotes, 8), [60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        assert_eq!(quotes.pause_after(i32::MAX, Jitter::NONE), Some(3_600 * SECOND));
        assert!(!quotes.are_exhausted(i32::MAX));
        assert_eq!(pauses(Retries::of(JobKind::Purge, Some(60)), 4), [15, 30, 60, 60]);
    }

    #[test]
    fn pauses_deviate_by_up_to_a_fifth_either_way() {
        let mail = Retries::of(JobKind::Mail, None);
        let pauses = (0..=u16::MAX).map(|bits| mail.pause_after(1, Jitter::from_bits(bits)).unwrap());
        let pauses: Vec<i64> = pauses.collect();
        assert_eq!((pauses.iter().min(), pauses.iter().max()), (Some(&(12 * SECOND)), Some(&(18 * SECOND))));
        let mean = pauses.iter().sum::<i64>() / i64::try_from(pauses.len()).unwrap();
        assert!((mean - 15 * SECOND).abs() < SECOND / 50, "{mean}");
    }
}
