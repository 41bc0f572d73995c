//! Rolling quotas: which days are covered by a window with enough done days, which still could be, and which are due.
//! [`Rolling`] says what these words mean.
//!
//! A window is so many consecutive *places*: the days that count, numbered. Of `times` done days in a row, the windows that
//! hold them all cover one range of places, so a look at each done day is enough.

use super::{DayState, PeriodProgress, Progress};
use crate::civil::num::{day_of, index_of_day};
use crate::civil::{Date, DateRange};
use crate::habits::bits::{each, has, span};
use crate::habits::kind::Direction;
use crate::habits::schedule::Rolling;
use crate::quantity::Quantity;

/// The days that count of neighbouring rolling versions, up to today, and which of them were done.
struct Places {
    /// The day of place 0, where no day is left out.
    first: i32,
    /// The days by place, where some are left out.
    days: Option<Vec<i32>>,
    /// How many there are.
    count: i32,
    /// The places of done days, in order.
    done: Vec<i32>,
}

impl Places {
    /// The day of a place, which isn't after today.
    fn day(&self, place: i32) -> i32 {
        let Some(days) = &self.days else { return self.first + place };
        days.get(index_of_day(place.max(0))).copied().unwrap_or(i32::MAX)
    }

    /// The place of a day, or of the next one that counts.
    fn place(&self, day: i32) -> i32 {
        match &self.days {
            Some(days) => day_of(days.partition_point(|other| *other < day)),
            None => (day - self.first).clamp(0, self.count),
        }
    }

    /// How many done days there are from a place on.
    fn done_since(&self, place: i32) -> i32 {
        day_of(self.done.len() - self.done.partition_point(|done| *done < place))
    }

    /// The done days around the places `from` to `to`, as far as windows of `days` days reach.
    fn done_around(&self, (from, to): (i32, i32), days: i32) -> &[i32] {
        let first = self.done.partition_point(|done| *done <= from - days);
        let end = self.done.partition_point(|done| *done < to + days);
        self.done.get(first..end).unwrap_or_default()
    }
}

impl Progress<'_> {
    /// Finds the days that are covered, and those that still could be.
    pub(super) fn judge_rolling(&mut self) {
        let (mut covered, mut undecided) = (vec![0; self.due.len()], vec![0; self.due.len()]);
        let mut at = self.timeline.window().starts_on;
        while at <= self.today {
            let Some(segment) = self.timeline.segments().iter().find(|segment| segment.to >= at) else { break };
            let stretch = self.timeline.rolling_days(segment.from);
            if let Some(stretch) = stretch {
                self.judge_stretch(stretch, &mut covered, &mut undecided);
            }
            match stretch.map_or(segment.to, DateRange::to).succ() {
                Some(next) => at = next,
                None => break,
            }
        }
        for ((covered, undecided), (due, skipped)) in
            covered.iter_mut().zip(&mut undecided).zip(self.due.iter().zip(&self.skipped))
        {
            *covered &= due & !skipped;
            *undecided &= due & !skipped & !*covered;
        }
        (self.covered, self.undecided) = (covered, undecided);
    }

    fn judge_stretch(&self, stretch: DateRange, covered: &mut [u64], undecided: &mut [u64]) {
        let places = self.places(stretch);
        let is_over = self.is_stretch_over(stretch);
        // The first place on which something may still be done: today while it is open, or the next day that counts.
        let ahead = places.count - i32::from(self.today <= stretch.to() && self.today_is_open());
        for segment in self.timeline.segments().iter().filter(|segment| stretch.contains(segment.from)) {
            let Some(rolling) = self.timeline.plan_of(segment).schedule.rolling() else { continue };
            let (first, last) = (segment.from.days_since_epoch(), segment.to.min(self.today).days_since_epoch());
            let own = (places.place(first), places.place(last.saturating_add(1)) - 1);
            if own.0 > own.1 {
                continue;
            }
            let (times, days) = needed(rolling, is_over.then_some(places.count));
            let mut cover = |from: i32, to: i32| {
                let (from, to) = (from.max(own.0), to.min(own.1));
                if from <= to {
                    each(covered, self.base, places.day(from), places.day(to), |word, mask| *word |= mask);
                }
            };
            // Ranges that touch are one.
            let mut range: Option<(i32, i32)> = None;
            let done = places.done_around(own, days);
            for (first, last) in done.iter().zip(done.get(index_of_day(times - 1)..).unwrap_or_default()) {
                if last - first >= days {
                    continue;
                }
                let (from, to) = (last - days + 1, first + days - 1);
                range = match range {
                    Some((begun, until)) if from <= until + 1 => Some((begun, to)),
                    other => {
                        other.inspect(|(from, to)| cover(*from, *to));
                        Some((from, to))
                    }
                };
            }
            range.inspect(|(from, to)| cover(*from, *to));
            if is_over {
                continue;
            }
            // The window that begins with a place reaches furthest ahead. The earlier the place, the less it may still
            // get.
            let may_be = |place: i32| {
                let coming = place + days - ahead;
                coming > 0 && coming.min(days) + places.done_since(place) >= times
            };
            let mut from = own.1 + 1;
            while from > own.0 && may_be(from - 1) {
                from -= 1;
            }
            if from <= own.1 {
                each(undecided, self.base, places.day(from), last, |word, mask| *word |= mask);
            }
        }
    }

    /// Whether nothing is to come in the days of neighbouring rolling versions. Where their end was archived, that is
    /// never so.
    fn is_stretch_over(&self, stretch: DateRange) -> bool {
        stretch.to() < self.today && !self.timeline.is_archived(stretch.to())
    }

    fn places(&self, stretch: DateRange) -> Places {
        let first = stretch.from().days_since_epoch().max(self.base);
        let last = stretch.to().min(self.today).days_since_epoch();
        let mut places = Places { first, days: None, count: (last - first + 1).max(0), done: Vec::new() };
        let words = || self.words_between(first, last);
        let is_whole = words().all(|(begin, counted, _)| counted == span(begin, first, last));
        places.done.reserve(words().map(|(_, _, done)| crate::civil::num::index(done.count_ones())).sum());
        if is_whole {
            for (begin, _, mut done) in words() {
                while done != 0 {
                    places.done.push(begin - first + done.trailing_zeros().cast_signed());
                    done &= done - 1;
                }
            }
            return places;
        }
        let mut days = Vec::new();
        for (begin, mut counted, done) in words() {
            while counted != 0 {
                let bit = counted.trailing_zeros();
                if done >> bit & 1 == 1 {
                    places.done.push(day_of(days.len()));
                }
                days.push(begin + bit.cast_signed());
                counted &= counted - 1;
            }
        }
        places.count = day_of(days.len());
        places.days = Some(days);
        places
    }

    /// The words that have days from `first` to `last`: the day of the lowest bit, the days that count, and those of them
    /// that were done.
    fn words_between(&self, first: i32, last: i32) -> impl DoubleEndedIterator<Item = (i32, u64, u64)> + '_ {
        let low = index_of_day((first - self.base).max(0) / 64);
        let high = if last < self.base { 0 } else { index_of_day((last - self.base) / 64) + 1 };
        (low..high.max(low)).map(move |at| {
            let word = |words: &[u64]| words.get(at).copied().unwrap_or(0);
            let begin = self.base + day_of(at) * 64;
            let counted = word(&self.due) & !word(&self.skipped) & span(begin, first, last);
            (begin, counted, counted & word(&self.done))
        })
    }

    /// Of the `days` days that count up to `date` (those to come included, as far as is known): the first one, how many
    /// there are, and how many of them were done.
    fn window_up_to(&self, stretch: DateRange, date: Date, days: u32) -> (Date, u32, u32) {
        let (mut first, mut counted, mut done) = (date, 0, 0);
        let mut take = |begin: i32, mut own: u64, hits: u64| {
            while own != 0 && counted < days {
                let bit = own.ilog2();
                first = Date::at(begin + bit.cast_signed());
                counted += 1;
                done += u32::from(hits >> bit & 1 == 1);
                own &= !(1 << bit);
            }
            counted < days
        };
        // Days to come: none of them is done.
        let tomorrow = self.today.succ().unwrap_or(Date::MAX).max(stretch.from());
        let coming = DateRange::new(tomorrow, date).filter(|_| self.today < date);
        let mut more = true;
        for day in coming.into_iter().flat_map(|coming| coming.iter().rev()) {
            if !more {
                break;
            }
            if self.timeline.is_due(day) && !self.history.skipped.contains(day) {
                more = take(day.days_since_epoch(), 1, 0);
            }
        }
        let (from, to) = (stretch.from().days_since_epoch(), date.min(self.today).days_since_epoch());
        for (begin, own, hits) in self.words_between(from.max(self.base), to).rev() {
            if !more {
                break;
            }
            more = take(begin, own, hits);
        }
        (first, counted, done)
    }

    /// Whether the days before `date` have enough done ones, so that nothing is asked for on it.
    fn is_met_before(&self, rolling: Rolling, date: Date) -> bool {
        let (Some(stretch), Some(before)) = (self.timeline.rolling_days(date), date.pred()) else { return false };
        before >= stretch.from() && self.window_up_to(stretch, before, rolling.days - 1).2 >= rolling.times
    }

    /// Whether something is to be done on an available day of a rolling quota: it was done on it, or the days before it
    /// have too few.
    pub(super) fn is_rolling_due(&self, rolling: Rolling, date: Date) -> bool {
        date <= self.today && self.is_done(date) && !self.is_skipped(date) || !self.is_met_before(rolling, date)
    }

    pub(super) fn rolling_state(&self, rolling: Rolling, date: Date) -> DayState {
        let day = date.days_since_epoch();
        if date > self.today {
            return match () {
                () if !self.timeline.is_due(date) => self.idle_state(date, false),
                () if self.is_met_before(rolling, date) => DayState::Covered,
                () => DayState::Pending,
            };
        }
        if !self.is_scheduled(date) {
            let limited = self.timeline.plan_on(date).kind.direction() == Direction::AtMost;
            return self.idle_state(date, !limited && self.history.crossed.contains(date));
        }
        match () {
            () if self.is_skipped(date) => DayState::Skipped,
            () if self.is_done(date) => DayState::Done,
            () if has(&self.covered, self.base, day) => DayState::Covered,
            () if !has(&self.undecided, self.base, day) => DayState::Missed,
            () if date == self.today && self.today_is_open() => DayState::Pending,
            () => DayState::NotDue,
        }
    }

    /// The window that ends with a day: what it asks for and what was done in it.
    pub(super) fn rolling_period(&self, rolling: Rolling, date: Date) -> Option<PeriodProgress> {
        let stretch = self.timeline.rolling_days(date)?;
        let (from, available, done) = self.window_up_to(stretch, date, rolling.days);
        let (done, needed) = (Quantity::whole(done), Quantity::whole(rolling.times));
        let day = date.days_since_epoch();
        let is_decided = date <= self.today
            && self.is_scheduled(date)
            && !self.is_skipped(date)
            && !has(&self.undecided, self.base, day);
        Some(PeriodProgress {
            from,
            to: date,
            done,
            needed,
            available,
            met: done >= needed,
            over: date < self.today,
            is_neutral: available == 0,
            verdict: is_decided.then(|| has(&self.covered, self.base, day)),
        })
    }

    /// If a rolling quota is in force on `at`, as of that day: a day before which none is undecided as of it or later, and the
    /// first day that windows of later days reach.
    pub(in crate::habits) fn rolling_begin(&self, at: Date) -> Option<(Date, Date)> {
        let stretch = self.timeline.rolling_days(at)?;
        let rolling = |date: Date| self.timeline.rolling_on(date);
        let segments = self.timeline.segments().iter().filter(|segment| stretch.contains(segment.from));
        let days = segments.filter_map(|segment| Some(rolling(segment.from)?.days)).max()?;
        let before = |date: Date| match date.pred().filter(|before| *before >= stretch.from()) {
            Some(before) => self.window_up_to(stretch, before, days).0,
            None => stretch.from(),
        };
        let streaks_at = before(at);
        Some((streaks_at, before(streaks_at)))
    }

    /// The days of rolling quotas in `range` that are decided, 64 at a time: the day of the lowest bit, those days, and the
    /// covered ones.
    pub(in crate::habits) fn decided_words(&self, range: DateRange) -> impl Iterator<Item = (i32, u64, u64)> + '_ {
        let (from, to) = (range.from().days_since_epoch(), range.to().days_since_epoch());
        let words = self.due.iter().zip(&self.skipped).zip(self.covered.iter().zip(&self.undecided)).enumerate();
        words.map(move |(at, ((due, skipped), (covered, undecided)))| {
            let begin = self.base + day_of(at) * 64;
            (begin, due & !skipped & !undecided & span(begin, from, to), *covered)
        })
    }
}

/// How many days of how many are asked for, where so many days counted in all, if nothing is to come.
fn needed(rolling: Rolling, all: Option<i32>) -> (i32, i32) {
    let (times, days) = (rolling.times.cast_signed(), rolling.days.cast_signed());
    match all {
        Some(all) if all < days => ((times * all / days).max(1), all.max(1)),
        _ => (times, days),
    }
}
