//! The recent part of a history, with a checkpoint that summarises the earlier part. It is all that a *today* screen
//! needs, and its size doesn't grow with the history.
//!
//! It is rebuilt from the whole history and the timeline whenever either is stored ([`Recent::of`]), so it can't be
//! stale unless the history is. Days before the checkpoint require the whole history.

use super::codec::{put, put32, take_length, take32};
use super::history::{DAYS, History, InvalidHistory, ValueUnit, date_of, decode};
use super::progress::{DayState, Progress};
use super::score::window_days;
use super::stats::DaySummary;
use super::streak::Longest;
use super::timeline::{StreakUnit, Timeline};
use crate::civil::Date;
use crate::civil::num::index;

/// How many days back from a user's present day the recent part of a history is sure to answer for.
pub const RECENT_DAYS: i32 = 28;
/// Entries may be dated up to three days ahead of a user's own day: it is that much later elsewhere on Earth, if the
/// user lives far west and begins the day late.
const AHEAD_DAYS: i32 = 3;

/// The first byte of what [`Recent::encode`] makes with a checkpoint: values in whole units. Other than those of histories.
const WHOLE: u8 = 2;
/// The first byte of what [`Recent::encode`] makes with a checkpoint: values in thousandths.
const THOUSANDTHS: u8 = 4;
/// By how much the first byte is greater where the checkpoint knows of a rolling quota.
const ROLLING: u8 = 4;
/// By how much two scores may differ that were computed in different ways.
const SAME_SCORE: f64 = 1e-9;

/// What a history amounts to before a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Checkpoint {
    /// The day; of quotas, the first one of a period.
    pub(super) at: Date,
    /// The first word of the recent part. It lies before the day as far as scores look back from there.
    pub(super) first: usize,
    /// The score of the day before.
    pub(super) score: f64,
    /// From where on streaks are counted: the same day, or of a rolling quota, one that has no day before it that is still
    /// undecided as of the same day.
    pub(super) streaks_at: Date,
    /// The length of the streak that goes on on that day.
    pub(super) run: u32,
    /// The longest streaks before it.
    pub(super) longest: Longest,
}

impl Checkpoint {
    /// The checkpoint of a habit, a good month before its last entry; `None` if that isn't earlier than the recent part
    /// begins anyway. It is valid as of any later day.
    fn of(timeline: &Timeline, history: &History) -> Option<Self> {
        let window = timeline.window();
        let last = history.last_day()?.min(window.last());
        let aim = last.checked_add_days(-RECENT_DAYS - AHEAD_DAYS)?;
        let at = timeline.period_of(aim).map_or(aim, |period| period.range.from());
        let coming = timeline.segments().iter().filter(|segment| segment.to >= at);
        let look_back = coming.map(window_days).max()?;
        if at.saturating_add_days(-look_back).index() / 64 <= window.starts_on.index() / 64 {
            return None;
        }
        let progress = Progress::new(timeline, history, at);
        let (streaks_at, windows_from) = progress.rolling_begin(at).unwrap_or((at, at));
        let begin =
            Date::at(progress.window_begin(progress.still_days().as_ref(), at.days_since_epoch() - 1, look_back));
        // What a window reaches back over is judged by whole periods.
        let begin = timeline.period_of(begin).map_or(begin, |period| period.range.from());
        let first = begin.min(windows_from).index() / 64;
        if first <= window.starts_on.index() / 64 {
            return None;
        }
        let (run, longest) = progress.streaks_before(streaks_at);
        Some(Self { at, first, score: progress.score_by(at.pred()?), streaks_at, run, longest })
    }

    /// Whether it says anything about a rolling quota.
    fn is_rolling(&self) -> bool {
        self.streaks_at != self.at || self.longest.of(StreakUnit::Days) > 0
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put(out, self.at.index());
        put(out, self.first);
        out.extend_from_slice(&self.score.to_le_bytes());
        put32(out, self.run);
        let [others @ .., days] = self.longest.lengths();
        for length in others {
            put32(out, length);
        }
        if self.is_rolling() {
            put32(out, days);
            put(out, self.streaks_at.index());
        }
    }

    fn decode(input: &mut &[u8], is_rolling: bool) -> Option<Self> {
        let at = date_of(take_length(input, DAYS)?)?;
        let first = take_length(input, at.index() / 64)?;
        let (score, rest) = input.split_first_chunk()?;
        *input = rest;
        let score = Some(f64::from_le_bytes(*score)).filter(|score| (0.0..=1.0).contains(score))?;
        let mut lengths = [0; 6];
        for length in lengths.iter_mut().take(if is_rolling { 6 } else { 5 }) {
            *length = take32(input).filter(|days| index(*days) <= DAYS)?;
        }
        let [run, longest @ ..] = lengths;
        let streaks_at = if is_rolling { date_of(take_length(input, at.index())?)? } else { at };
        let checkpoint = Self { at, first, score, streaks_at, run, longest: Longest::from_lengths(longest) };
        (checkpoint.is_rolling() == is_rolling).then_some(checkpoint)
    }

    fn agrees_with(&self, other: &Self) -> bool {
        (self.score - other.score).abs() < SAME_SCORE && Self { score: other.score, ..*self } == *other
    }
}

/// The recent part of a history.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recent {
    checkpoint: Option<Checkpoint>,
    /// What was recorded from the checkpoint's first word on; without a checkpoint, everything.
    history: History,
}

impl Recent {
    /// The recent part of `history`.
    pub fn of(timeline: &Timeline, history: &History) -> Self {
        let checkpoint = Checkpoint::of(timeline, history);
        let history = match &checkpoint {
            Some(checkpoint) => history.since(checkpoint.first),
            None => history.clone(),
        };
        Self { checkpoint, history }
    }

    /// All of `history`, which answers for every day.
    pub const fn whole(history: History) -> Self {
        Self { checkpoint: None, history }
    }

    /// Whether it answers for a day: those before the checkpoint need the whole history.
    pub fn knows(&self, date: Date) -> bool {
        self.checkpoint.is_none_or(|checkpoint| checkpoint.at <= date)
    }

    /// The habit as of a day; `None` if the recent part doesn't know it.
    fn on<'a>(&'a self, timeline: &'a Timeline, date: Date) -> Option<Progress<'a>> {
        self.knows(date).then(|| Progress::after(self.checkpoint.as_ref(), timeline, &self.history, date))
    }

    /// What the screen of a day shows of a habit, as of that day: the same as [`super::summary`] of the whole history.
    /// `None` if the recent part doesn't know the day.
    pub fn summary(&self, timeline: &Timeline, date: Date) -> Option<DaySummary> {
        self.on(timeline, date).map(|progress| progress.summary())
    }

    /// Whether a day is due, and its state, as of that day. `None` if the recent part doesn't know the day.
    pub(super) fn day(&self, timeline: &Timeline, date: Date) -> Option<(bool, DayState)> {
        self.on(timeline, date).map(|progress| (progress.is_due(date), progress.state_on(date)))
    }

    /// Whether something is to be done on a day; of a quota, while its number isn't met. `None` if the recent part
    /// doesn't know the day.
    pub fn is_due(&self, timeline: &Timeline, date: Date) -> Option<bool> {
        self.on(timeline, date).map(|progress| progress.is_due(date))
    }

    /// The current streak as of a day. `None` if the recent part doesn't know the day.
    pub fn current_streak(&self, timeline: &Timeline, date: Date) -> Option<u32> {
        match &self.checkpoint {
            // Without a checkpoint, it looks no further back than the streak goes.
            None => Some(super::current_streak(timeline, &self.history, date)),
            Some(_) => self.on(timeline, date).map(|progress| progress.current_streak()),
        }
    }

    /// Whether it is the recent part of `history`, or all of it.
    pub fn agrees_with(&self, history: &History, timeline: &Timeline) -> bool {
        let Some(checkpoint) = self.checkpoint else { return self.history == *history };
        let right = Self::of(timeline, history);
        right.checkpoint.is_some_and(|right| right.agrees_with(&checkpoint)) && self.history == right.history
    }

    /// The bytes that are stored; without a checkpoint, those of the history.
    pub fn encode(&self) -> Vec<u8> {
        let Some(checkpoint) = &self.checkpoint else { return self.history.encode() };
        let unit = self.history.unit();
        let form = match unit {
            ValueUnit::Whole => WHOLE,
            ValueUnit::Thousandths => THOUSANDTHS,
        };
        let mut out = vec![if checkpoint.is_rolling() { form + ROLLING } else { form }];
        checkpoint.encode(&mut out);
        self.history.encode_to(&mut out, unit);
        out
    }

    /// Reads the bytes of [`Self::encode`], and those of a whole history.
    ///
    /// # Errors
    /// [`InvalidHistory`] for anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidHistory> {
        const ROLLING_WHOLE: u8 = WHOLE + ROLLING;
        const ROLLING_THOUSANDTHS: u8 = THOUSANDTHS + ROLLING;
        let (unit, is_rolling, mut input) = match bytes.split_first() {
            Some((&WHOLE, input)) => (ValueUnit::Whole, false, input),
            Some((&THOUSANDTHS, input)) => (ValueUnit::Thousandths, false, input),
            Some((&ROLLING_WHOLE, input)) => (ValueUnit::Whole, true, input),
            Some((&ROLLING_THOUSANDTHS, input)) => (ValueUnit::Thousandths, true, input),
            _ => return Ok(Self { checkpoint: None, history: History::decode(bytes)? }),
        };
        let checkpoint = Checkpoint::decode(&mut input, is_rolling).ok_or(InvalidHistory)?;
        Ok(Self { checkpoint: Some(checkpoint), history: decode(input, unit).ok_or(InvalidHistory)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::civil::{DateRange, Weekday};
    use crate::habits::{DayRecord, EntryState, Plan, Window, summary};

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn timeline(schedule: &str, kind: &str) -> Timeline {
        let start = date("2016-01-01");
        let plan = Plan {
            effective_from: start,
            anchor: start,
            week_start: Weekday::Mo,
            schedule: serde_json::from_str(schedule).unwrap(),
            kind: serde_json::from_str(kind).unwrap(),
        };
        Timeline::new(Window { starts_on: start, ends_on: None }, vec![plan], vec![]).unwrap()
    }

    /// Ten years in which most days were done.
    fn history(timeline: &Timeline, without: Option<Date>) -> History {
        let days = DateRange::new(date("2016-01-01"), date("2025-12-31")).unwrap();
        let kept = days.iter().filter(|day| day.days_since_epoch() * 7919 % 13 > 1 && Some(*day) != without);
        let value = timeline.plans()[0].kind.target().map(|target| target.share(1, 2, false));
        History::rebuild(timeline, kept.map(|day| (day, DayRecord { state: EntryState::Done, value, settled: false })))
    }

    const MIX: [(&str, &str); 9] = [
        (r#"{"type":"daily"}"#, r#"{"type":"check"}"#),
        (r#"{"type":"daily"}"#, r#"{"type":"minutes","target":30}"#),
        (r#"{"type":"weekly","weekdays":["mo","we","fr"]}"#, r#"{"type":"minutes","target":30}"#),
        (r#"{"type":"monthly","days":[31]}"#, r#"{"type":"check"}"#),
        (r#"{"type":"quota","times":28,"per":"month"}"#, r#"{"type":"check"}"#),
        (r#"{"type":"quota","amount":150,"per":"week"}"#, r#"{"type":"minutes","target":30}"#),
        (r#"{"type":"quota","times":9,"per":"rolling","days":10}"#, r#"{"type":"check"}"#),
        (r#"{"type":"quota","times":27,"per":"rolling","days":30}"#, r#"{"type":"check"}"#),
        (r#"{"type":"quota","times":14,"per":"rolling","days":14}"#, r#"{"type":"check"}"#),
    ];

    #[test]
    fn ten_years_are_a_few_hundred_bytes_and_say_the_same() {
        for (schedule, kind) in MIX {
            let timeline = timeline(schedule, kind);
            let history = history(&timeline, None);
            let recent = Recent::of(&timeline, &history);
            assert!(recent.encode().len() < 400, "{schedule} {kind}: {} bytes", recent.encode().len());
            let known_from = recent.checkpoint.unwrap().at;
            assert!(known_from < date("2025-12-02") && date("2025-10-01") < known_from, "{schedule}: {known_from}");
            assert_eq!(recent.summary(&timeline, known_from.pred().unwrap()), None);
            for day in DateRange::new(known_from, date("2026-03-31")).unwrap() {
                let (found, expected) = (recent.summary(&timeline, day).unwrap(), summary(&timeline, &history, day));
                assert!((found.score - expected.score).abs() < SAME_SCORE, "{schedule} {kind} {day}");
                assert_eq!(DaySummary { score: expected.score, ..found }, expected, "{schedule} {kind} {day}");
            }
        }
    }

    #[test]
    fn whatever_was_changed_shows() {
        for (schedule, kind) in MIX {
            let timeline = timeline(schedule, kind);
            let (whole, changed) = (history(&timeline, None), history(&timeline, Some(date("2025-01-31"))));
            let recent = Recent::of(&timeline, &whole);
            assert!(recent.agrees_with(&whole, &timeline));
            assert!(!recent.agrees_with(&changed, &timeline), "{schedule} {kind}");
        }
    }

    #[test]
    fn young_habits_have_no_checkpoint() {
        let timeline = timeline(MIX[0].0, MIX[0].1);
        let done = DayRecord { state: EntryState::Done, value: None, settled: false };
        let young = History::rebuild(&timeline, [(date("2016-01-20"), done), (date("2016-02-01"), done)]);
        let recent = Recent::of(&timeline, &young);
        assert_eq!(recent, Recent { checkpoint: None, history: young.clone() });
        assert_eq!(recent.encode(), young.encode());
        assert_eq!(Recent::of(&timeline, &History::default()), Recent::default());
    }

    #[test]
    fn garbage_is_refused() {
        let timeline = timeline(MIX[1].0, MIX[1].1);
        let recent = Recent::of(&timeline, &history(&timeline, None));
        let bytes = recent.encode();
        assert_eq!(Recent::decode(&bytes), Ok(recent));
        for cut in 0..bytes.len() {
            assert_eq!(Recent::decode(&bytes[..cut]), Err(InvalidHistory));
        }
        for at in 0..bytes.len() {
            for flip in [1, 0x40, 0x80, 0xFF] {
                let mut wrong = bytes.clone();
                wrong[at] ^= flip;
                if let Ok(read) = Recent::decode(&wrong) {
                    assert_eq!(Recent::decode(&read.encode()), Ok(read.clone()));
                    // Whatever it says, it can be asked.
                    let _ = read.summary(&timeline, date("2025-12-31"));
                    let _ = read.summary(&timeline, date("2016-01-01"));
                }
            }
        }
    }
}
