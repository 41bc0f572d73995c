//! Counts and durations of what happens in this process, for those who operate it. They are kept where it happens and
//! read by the exporter: nothing here knows how.
//!
//! Each is a few atomic numbers of a fixed size, so that measuring costs nanoseconds and never allocates.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::error::StoreError;
use crate::words::Words;

/// Counts up.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn increment(&self) {
        self.add(1);
    }

    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many of something there are at the moment.
#[derive(Debug, Default)]
pub struct Level(AtomicU64);

impl Level {
    /// One more, until the guard is dropped.
    pub fn enter(&self) -> Entered<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Entered(&self.0)
    }

    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One of a [`Level`].
#[derive(Debug)]
pub struct Entered<'a>(&'a AtomicU64);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The upper bounds of the classes of [`Durations`], each inclusive, in microseconds. A last class has what is longer.
pub const BOUNDS_MICROS: [u64; 14] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000,
];

const CLASSES: usize = BOUNDS_MICROS.len() + 1;

/// How long something took: how often, for each class of durations, and how long in all.
#[derive(Debug, Default)]
pub struct Durations {
    classes: [AtomicU64; CLASSES],
    micros: AtomicU64,
}

/// [`Durations`] as they were at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DurationCounts {
    /// The number in each class of [`BOUNDS_MICROS`], and of longer ones.
    pub classes: [u64; CLASSES],
    /// All of them together.
    pub total: Duration,
}

impl Durations {
    pub fn observe(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let class = BOUNDS_MICROS.partition_point(|bound| *bound < micros);
        if let Some(count) = self.classes.get(class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub fn counts(&self) -> DurationCounts {
        let classes = std::array::from_fn(|class| self.classes.get(class).map_or(0, |it| it.load(Ordering::Relaxed)));
        DurationCounts { classes, total: Duration::from_micros(self.micros.load(Ordering::Relaxed)) }
    }
}

impl DurationCounts {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.classes.iter().sum()
    }
}

/// A measure for each word of an enum.
pub struct Each<W, M> {
    measures: Box<[(W, M)]>,
}

impl<W: Words, M: Default> Default for Each<W, M> {
    fn default() -> Self {
        Self { measures: W::ALL.iter().map(|word| (*word, M::default())).collect() }
    }
}

impl<W: fmt::Debug, M: fmt::Debug> fmt::Debug for Each<W, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<W, M> Each<W, M> {
    pub fn iter(&self) -> impl Iterator<Item = (&W, &M)> {
        self.measures.iter().map(|(word, measure)| (word, measure))
    }
}

impl<W: Words + PartialEq, M> Each<W, M> {
    /// The measure of a word; `None` if its `ALL` hasn't all words.
    pub fn of(&self, word: W) -> Option<&M> {
        self.measures.iter().find(|(own, _)| *own == word).map(|(_, measure)| measure)
    }
}

impl<W: Words + PartialEq> Each<W, Counter> {
    /// Counts one of a word.
    pub fn increment(&self, word: W) {
        if let Some(counter) = self.of(word) {
            counter.increment();
        }
    }
}

words! {
    /// What kind of unit of work.
    pub enum UnitKind {
        /// Reads without a transaction.
        Query = "query",
        /// Reads from one snapshot.
        Read = "read",
        /// Writes of a user.
        Write = "write",
        /// Writes that belong to no user.
        UnownedWrite = "unowned_write",
        /// Checks that the database answers.
        Ping = "ping",
    }
}

words! {
    /// How a unit of work ended.
    pub enum UnitOutcome {
        /// It did what it was asked.
        Done = "done",
        /// It refused what it was asked, or found nothing.
        Refused = "refused",
        /// No connection was free in time.
        Busy = "busy",
        /// The database can't be reached, or didn't answer in time. Nothing was stored.
        Unavailable = "unavailable",
        /// No answer came to its COMMIT.
        OutcomeUnknown = "outcome_unknown",
        /// A defect.
        Defect = "defect",
    }
}

impl UnitOutcome {
    /// The outcome of a unit of work that failed, with the error of the store if it is one.
    pub const fn of_error(error: Option<&StoreError>) -> Self {
        match error {
            None | Some(StoreError::NoSuchUser | StoreError::Duplicate(_)) => Self::Refused,
            Some(StoreError::Busy) => Self::Busy,
            Some(StoreError::Unavailable(_)) => Self::Unavailable,
            Some(StoreError::OutcomeUnknown(_)) => Self::OutcomeUnknown,
            Some(StoreError::Corrupt(_) | StoreError::Defect(_)) => Self::Defect,
        }
    }
}

words! {
    /// How an attempt to sign in ended.
    pub enum SignInOutcome {
        /// A session was opened.
        SignedIn = "signed_in",
        /// The first factor is right, and a second is needed.
        SecondFactorRequired = "second_factor_required",
        /// The password, the code or the passkey is wrong.
        WrongCredentials = "wrong_credentials",
        /// The account was tried too often.
        Throttled = "throttled",
        /// Another reason to refuse it: an address that isn't verified, a challenge that has expired.
        Refused = "refused",
        /// Something that is needed for it failed.
        Failed = "failed",
    }
}

words! {
    /// How an attempt at a job ended.
    pub enum JobOutcome {
        /// The job is done.
        Done = "done",
        /// A part of it is done.
        Continued = "continued",
        /// It will be tried again.
        Failed = "failed",
        /// It was given up.
        GivenUp = "given_up",
    }
}

words! {
    /// What became of a mail.
    pub enum MailOutcome {
        /// The server, or the folder, has it.
        Sent = "sent",
        /// It may be sent later.
        Failed = "failed",
        /// The server refused it for good.
        Refused = "refused",
        /// Mail isn't configured.
        Discarded = "discarded",
    }
}

words! {
    /// How an attempt to send a webhook's delivery ended.
    pub enum WebhookOutcome {
        /// It was answered well.
        Delivered = "delivered",
        /// It will be tried again.
        Failed = "failed",
        /// It was given up.
        GivenUp = "given_up",
    }
}

words! {
    /// What became of a reminder whose time had come.
    pub enum ReminderOutcome {
        /// Its user was told, by the channels that it has.
        Told = "told",
        /// There was nothing to be reminded of, or it was too late for it.
        PassedOver = "passed_over",
    }
}

words! {
    /// What became of a request with an idempotency key.
    pub enum KeyedRequestOutcome {
        /// It was carried out.
        CarriedOut = "carried_out",
        /// It was carried out before, and its answer was sent again.
        Replayed = "replayed",
        /// It was carried out before, and its answer isn't known.
        AnswerLost = "answer_lost",
        /// It is being carried out.
        InUse = "in_use",
        /// Its key belongs to another request.
        Reused = "reused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_counts_in_the_first_class_that_holds_it() {
        let durations = Durations::default();
        for micros in [0, 500, 501, 10_000_000, 10_000_001] {
            durations.observe(Duration::from_micros(micros));
        }
        let counts = durations.counts();
        assert_eq!((counts.classes[0], counts.classes[1]), (2, 1));
        assert_eq!((counts.classes[13], counts.classes[14]), (1, 1));
        assert_eq!((counts.count(), counts.total), (5, Duration::from_micros(20_001_002)));
    }

    #[test]
    fn classes_are_in_order() {
        assert!(BOUNDS_MICROS.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn a_level_falls_when_a_guard_is_dropped() {
        let level = Level::default();
        let (one, two) = (level.enter(), level.enter());
        assert_eq!(level.count(), 2);
        drop(one);
        assert_eq!(level.count(), 1);
        drop(two);
        assert_eq!(level.count(), 0);
    }

    #[test]
    fn each_word_has_a_measure_of_its_own() {
        let counts = Each::<JobOutcome, Counter>::default();
        counts.increment(JobOutcome::Failed);
        counts.increment(JobOutcome::Failed);
        counts.increment(JobOutcome::Done);
        let read: Vec<(JobOutcome, u64)> = counts.iter().map(|(word, counter)| (*word, counter.count())).collect();
        let [done, continued, failed, given_up] = JobOutcome::ALL;
        assert_eq!(read, [(done, 1), (continued, 0), (failed, 2), (given_up, 0)]);
    }
}
