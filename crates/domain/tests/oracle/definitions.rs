//! The definitions of due days, streaks, periods and scores, read day by day and without a thought for speed.

use circadia_domain::civil::{Date, DateRange, Weekday};
use circadia_domain::habits::{
    DayRecord, DayState, Direction, EntryState, PauseSource, Plan, Quota, Schedule, StreakUnit,
};

use circadia_domain::quantity::Quantity;

use super::cases::Case;

fn real(thousandths: u64) -> f64 {
    f64::from(u32::try_from(thousandths).unwrap())
}

/// The definitions, read slowly.
pub(crate) struct Oracle<'a> {
    pub(crate) case: &'a Case,
}

#[derive(Debug, Clone)]
pub(crate) struct Period {
    pub(crate) days: Vec<Date>,
    /// In thousandths, like all numbers here.
    pub(crate) needed: u64,
    pub(crate) done: u64,
    pub(crate) available: u32,
    /// What a whole period asks for.
    whole: u64,
    /// `floor(number × available days ÷ days of the period)`, skipped days included.
    share: u64,
    /// The least that is asked for if anything is: 1, or the number if that is less.
    least: u64,
    limit: bool,
    pub(crate) met: bool,
    pub(crate) over: bool,
    /// Counts (true), breaks (false), or neither.
    pub(crate) verdict: Option<bool>,
}

impl Oracle<'_> {
    pub(crate) fn plan(&self, date: Date) -> &Plan {
        let plans = self.case.timeline.plans();
        plans.iter().rev().find(|plan| plan.effective_from <= date).unwrap_or(&plans[0])
    }

    pub(crate) fn scheduled(&self, date: Date) -> bool {
        let plan = self.plan(date);
        let since = plan.anchor.days_until(date);
        if since < 0 && !matches!(plan.schedule, Schedule::Quota { .. } | Schedule::Rolling(_)) {
            return false;
        }
        let since = since.cast_unsigned();
        let length = (28..=31).rev().find(|last| Date::new(date.year(), date.month(), *last).is_some()).unwrap();
        let months = (date.year() * 12 + date.month().cast_signed()
            - plan.anchor.year() * 12
            - plan.anchor.month().cast_signed())
        .cast_unsigned();
        match &plan.schedule {
            Schedule::Daily { every } => since.is_multiple_of(*every),
            Schedule::Weekly { weekdays, every } => {
                let week =
                    |date: Date| date.days_since_epoch() - date.weekday().days_since(plan.week_start).cast_signed();
                let weeks = (week(date) - week(plan.anchor)) / 7;
                weekdays.contains(date.weekday()) && weeks.cast_unsigned().is_multiple_of(*every)
            }
            Schedule::MonthlyDays { days, every, overflow } => {
                let clamps = *overflow == circadia_domain::habits::Overflow::Clamp;
                let on = days.iter().any(|nominal| {
                    let mut at =
                        if *nominal > 0 { i32::from(*nominal) } else { length.cast_signed() + i32::from(*nominal) + 1 };
                    if clamps {
                        at = at.clamp(1, length.cast_signed());
                    }
                    at == date.day().cast_signed()
                });
                on && months.is_multiple_of(*every)
            }
            Schedule::MonthlyWeekdays { weekdays, every } => {
                let nth = i16::try_from((date.day() - 1) / 7 + 1).unwrap();
                let from_end = -i16::try_from((length - date.day()) / 7 + 1).unwrap();
                weekdays.iter().any(|day| day.weekday == date.weekday() && (day.nth == nth || day.nth == from_end))
                    && months.is_multiple_of(*every)
            }
            Schedule::Yearly { dates, every, overflow } => {
                let clamps = *overflow == circadia_domain::habits::Overflow::Clamp;
                let on = dates.iter().any(|wanted| {
                    let clamped = clamps && (wanted.month, wanted.day) == (2, 29) && length == 28 && date.month() == 2;
                    wanted.month == date.month() && (wanted.day == date.day() || clamped && date.day() == 28)
                });
                on && (date.year() - plan.anchor.year()).cast_unsigned().is_multiple_of(*every)
            }
            Schedule::Cycle { active_days, rest_days } => since % (active_days + rest_days) < *active_days,
            Schedule::Quota { .. } | Schedule::Rolling(_) => true,
            Schedule::Rrule(_) => unreachable!(),
        }
    }

    pub(crate) fn paused(&self, date: Date) -> bool {
        let pauses = self.case.timeline.pauses();
        pauses.iter().any(|pause| pause.source != PauseSource::DateLine && pause.contains(date))
    }

    /// Lost at the date line.
    pub(crate) fn lost(&self, date: Date) -> bool {
        let pauses = self.case.timeline.pauses();
        pauses.iter().any(|pause| pause.source == PauseSource::DateLine && pause.contains(date))
    }

    /// From the day of archiving until the day of restoring.
    pub(crate) fn archived(&self, date: Date) -> bool {
        let archives = &self.case.archives;
        archives.iter().any(|archive| archive.from <= date && archive.until.is_none_or(|until| date < until))
    }

    /// What was done on the day of archiving, or on a day that was lost at the date line, counts.
    fn done_day_off(&self, date: Date) -> bool {
        let plan = self.plan(date);
        let archives = || self.case.archives.iter();
        let put_away = archives().any(|archive| archive.from == date && archive.until != Some(date))
            && !archives().any(|archive| archive.from < date && archive.until.is_none_or(|until| date < until));
        (put_away || self.lost(date) && !self.archived(date))
            && plan.kind.direction() == Direction::AtLeast
            && self.scheduled(date)
            && match plan.schedule.quota() {
                Some((Quota::Amount(_), _)) => self.value(date) > 0 && !self.skipped(date),
                _ => self.done(date),
            }
    }

    /// Paused, archived or lost.
    pub(crate) fn away(&self, date: Date) -> bool {
        self.paused(date) || (self.archived(date) || self.lost(date)) && !self.done_day_off(date)
    }

    /// Due by what was decided, whatever was done.
    pub(crate) fn planned(&self, date: Date) -> bool {
        let off = self.paused(date) || self.archived(date) || self.lost(date);
        self.case.timeline.window().contains(date) && !off && self.scheduled(date)
    }

    pub(crate) fn due(&self, date: Date) -> bool {
        self.case.timeline.window().contains(date) && !self.away(date) && self.scheduled(date)
    }

    pub(crate) fn record(&self, date: Date) -> Option<&DayRecord> {
        self.case.entries.get(&date).filter(|_| date <= self.case.today)
    }

    pub(crate) fn skipped(&self, date: Date) -> bool {
        self.record(date).is_some_and(|record| record.state == EntryState::Skipped)
    }

    pub(crate) fn called_missed(&self, date: Date) -> bool {
        self.record(date).is_some_and(|record| record.state == EntryState::Missed && record.value.is_none())
    }

    /// In thousandths.
    pub(crate) fn value(&self, date: Date) -> u64 {
        self.record(date).and_then(|record| record.value).map_or(0, Quantity::thousandths)
    }

    pub(crate) fn done(&self, date: Date) -> bool {
        let kind = &self.plan(date).kind;
        if date > self.case.today || self.skipped(date) {
            return false;
        }
        match (kind.target(), kind.direction()) {
            (None, _) => self.record(date).is_some_and(|record| record.state == EntryState::Done),
            (Some(target), Direction::AtLeast) => {
                self.record(date).and_then(|record| record.value).is_some_and(|value| value >= target)
            }
            (Some(target), Direction::AtMost) => {
                let is_settled = self.record(date).is_some_and(|record| record.settled);
                (date < self.case.today || is_settled)
                    && !self.called_missed(date)
                    && self.value(date) <= target.thousandths()
            }
        }
    }

    /// Whether a day is missed whatever is left of it.
    fn missed_at_once(&self, date: Date) -> bool {
        let plan = self.plan(date);
        let is_amount = matches!(plan.schedule.quota(), Some((Quota::Amount(_), _)));
        let is_over = plan.kind.direction() == Direction::AtMost
            && !is_amount
            && !self.skipped(date)
            && plan.kind.target().is_some_and(|target| self.value(date) > target.thousandths());
        self.called_missed(date) || is_over
    }

    pub(crate) fn open_today(&self, date: Date) -> bool {
        date == self.case.today && !self.done(date) && !self.skipped(date) && !self.missed_at_once(date)
    }

    pub(crate) fn unit(&self, date: Date) -> StreakUnit {
        self.case.timeline.unit_on(date)
    }

    /// What makes days belong to one period.
    pub(crate) fn period_key(&self, date: Date) -> Option<(i32, u32, u8, Weekday, &'static str, Direction, bool)> {
        let plan = self.plan(date);
        let (quota, per) = plan.schedule.quota()?;
        let (year, month, _) = date.year_month_day();
        let (a, b) = match per.as_str() {
            "week" => (date.days_since_epoch() - date.weekday().days_since(plan.week_start).cast_signed(), 0),
            "month" => (year, month),
            _ => (year, 0),
        };
        let times = matches!(quota, Quota::Times(_));
        Some((a, b, per.as_str().as_bytes()[0], plan.week_start, plan.kind.type_name(), plan.kind.direction(), times))
    }

    pub(crate) fn whole_days(&self, date: Date) -> u64 {
        let (year, month, _) = date.year_month_day();
        match self.plan(date).schedule.quota().unwrap().1.as_str() {
            "week" => 7,
            "month" => (28..=31).rev().find(|last| Date::new(year, month, *last).is_some()).unwrap().into(),
            _ => 365 + u64::from(Date::new(year, 2, 29).is_some()),
        }
    }

    pub(crate) fn period(&self, date: Date) -> Option<Period> {
        let key = self.period_key(date)?;
        let window = self.case.timeline.window();
        let belongs = |date: &Date| window.contains(*date) && self.period_key(*date).as_ref() == Some(&key);
        let mut days: Vec<Date> =
            (0..370).map_while(|back| date.checked_add_days(-back)).take_while(|date| belongs(date)).collect();
        days.reverse();
        days.extend((1..370).map_while(|ahead| date.checked_add_days(ahead)).take_while(|date| belongs(date)));
        if days.is_empty() {
            return None;
        }
        let last = *days.last().unwrap();
        // A period whose end was archived was never over.
        let over = last < self.case.today && !self.archived(last);
        Some(self.judged(days, over, date))
    }

    /// What these days of a period ask for, and what was done on them.
    fn judged(&self, days: Vec<Date>, over: bool, date: Date) -> Period {
        let open: Vec<Date> = days.iter().copied().filter(|date| !self.away(*date)).collect();
        let number = |date: &Date| match self.plan(*date).schedule.quota().unwrap().0 {
            Quota::Times(times) => u64::from(times) * 1_000,
            Quota::Amount(amount) => amount.thousandths(),
        };
        // Whole numbers have whole shares.
        let unit = if days.iter().map(number).all(|number| number % 1_000 == 0) { 1_000 } else { 1 };
        let floor = |part: u64| part / unit * unit;
        let share = floor(open.iter().map(number).sum::<u64>() / self.whole_days(date));
        let whole = days.iter().map(number).max().unwrap();
        let least = whole.min(1_000);
        let asked = if open.is_empty() { 0 } else { share.max(least) };
        let available: Vec<Date> = open.iter().copied().filter(|date| !self.recorded_skipped(*date)).collect();
        let skipped = open.len() - available.len();
        let past: Vec<Date> = available.iter().copied().filter(|date| *date <= self.case.today).collect();
        let length = |days: &[Date]| u64::try_from(days.len()).unwrap();
        let (needed, done, limit) =
            match (self.plan(date).schedule.quota().unwrap().0, self.plan(date).kind.direction()) {
                (Quota::Times(_), _) => {
                    let done = past.iter().map(|date| u64::from(self.done(*date)) * 1_000).sum();
                    (asked.saturating_sub(u64::try_from(skipped).unwrap() * 1_000), done, false)
                }
                (Quota::Amount(_), direction) => {
                    let even = if open.is_empty() { 0 } else { floor(asked * length(&available) / length(&open)) };
                    (even, past.iter().map(|date| self.value(*date)).sum(), direction == Direction::AtMost)
                }
            };
        let met = !available.is_empty() && if limit { over && done <= needed } else { done >= needed };
        let neutral = available.is_empty() || !limit && needed == 0 && done == 0;
        let verdict = if neutral {
            None
        } else if met {
            Some(true)
        } else {
            (over && !(limit && done <= whole)).then_some(false)
        };
        Period {
            available: u32::try_from(available.len()).unwrap(),
            needed,
            done,
            whole,
            share,
            least,
            limit,
            met,
            over,
            verdict,
            days,
        }
    }

    /// Skips of days to come make those days unavailable too.
    pub(crate) fn recorded_skipped(&self, date: Date) -> bool {
        self.case.entries.get(&date).is_some_and(|record| record.state == EntryState::Skipped)
    }

    /// The days that count of the rolling versions around a day, to come ones included; and those days altogether. `None`
    /// where no rolling quota is in force.
    fn rolling_days(&self, date: Date) -> Option<(Vec<Date>, Date)> {
        let window = self.case.timeline.window();
        let is_rolling =
            |date: &Date| window.contains(*date) && matches!(self.plan(*date).schedule, Schedule::Rolling(_));
        if !is_rolling(&date) {
            return None;
        }
        let mut days: Vec<Date> = (1..).map_while(|back| date.checked_add_days(-back)).take_while(is_rolling).collect();
        days.reverse();
        // No window reaches further ahead of any day that is asked about.
        let horizon = date.max(self.case.today).saturating_add_days(800);
        let ahead = DateRange::new(date, horizon).unwrap().iter().take_while(is_rolling);
        days.extend(ahead);
        let last = *days.last().unwrap();
        days.retain(|date| !self.away(*date) && !self.recorded_skipped(*date));
        Some((days, last))
    }

    /// Whether a day that counts of a rolling quota is covered (true), missed (false), or undecided.
    pub(crate) fn rolling_verdict(&self, date: Date) -> Option<bool> {
        let Schedule::Rolling(rolling) = &self.plan(date).schedule else { unreachable!() };
        let (days, last) = self.rolling_days(date).unwrap();
        let today = self.case.today;
        let is_over = last < today && !self.archived(last);
        let mut past: Vec<Date> = days.into_iter().filter(|date| *date <= today).collect();
        let (mut times, mut length) = (usize::try_from(rolling.times).unwrap(), usize::try_from(rolling.days).unwrap());
        if is_over && past.len() < length {
            times = (times * past.len() / length).max(1);
            length = past.len();
        }
        let at = past.iter().position(|other| *other == date).unwrap();
        // Days to come that aren't known to be away or skipped, without end.
        let coming = if is_over { 0 } else { length };
        past.extend((1..=coming).map(|ahead| today.saturating_add_days(2_000 + i32::try_from(ahead).unwrap())));
        let windows = || past.windows(length).filter(|window| window.contains(&past[at]));
        let done = |window: &[Date]| window.iter().filter(|date| self.done(**date)).count();
        let open = |window: &[Date]| window.iter().filter(|date| **date > today || self.open_today(**date)).count();
        if windows().any(|window| done(window) >= times) {
            return Some(true);
        }
        if windows().any(|window| open(window) > 0 && done(window) + open(window) >= times) {
            return None;
        }
        Some(false)
    }

    /// The window that ends with a day: its first day, and how many of its days are done.
    pub(crate) fn rolling_window(&self, date: Date) -> Option<(Date, u32)> {
        let Schedule::Rolling(rolling) = &self.plan(date).schedule else { return None };
        let (days, _) = self.rolling_days(date)?;
        let length = usize::try_from(rolling.days).unwrap();
        let held: Vec<Date> = days.into_iter().rev().filter(|other| *other <= date).take(length).collect();
        let done = held.iter().filter(|other| self.done(**other)).count();
        Some((held.last().copied().unwrap_or(date), u32::try_from(done).unwrap()))
    }

    /// Whether something is, or was, to be done on an available day of a rolling quota.
    pub(crate) fn rolling_due(&self, date: Date) -> bool {
        let Schedule::Rolling(rolling) = &self.plan(date).schedule else { unreachable!() };
        let (days, _) = self.rolling_days(date).unwrap();
        let before = days.into_iter().rev().filter(|other| *other < date);
        let done = before.take(usize::try_from(rolling.days - 1).unwrap()).filter(|other| self.done(*other)).count();
        self.due(date) && (self.done(date) || done < usize::try_from(rolling.times).unwrap())
    }

    pub(crate) fn rolling_state(&self, date: Date) -> DayState {
        let today = self.case.today;
        match () {
            () if !self.due(date) && self.done(date) && self.plan(date).kind.direction() == Direction::AtLeast => {
                DayState::Bonus
            }
            () if self.away(date) => DayState::Paused,
            () if self.skipped(date) => DayState::Skipped,
            () if self.done(date) => DayState::Done,
            () if date > today => {
                if self.rolling_due(date) {
                    DayState::Pending
                } else {
                    DayState::Covered
                }
            }
            () => match self.rolling_verdict(date) {
                Some(true) => DayState::Covered,
                Some(false) => DayState::Missed,
                None if self.open_today(date) => DayState::Pending,
                None => DayState::NotDue,
            },
        }
    }

    pub(crate) fn is_rolling(&self, date: Date) -> bool {
        matches!(self.plan(date).schedule, Schedule::Rolling(_))
    }

    /// All streaks: (length, unit, from, to), in order of time; and the current one.
    pub(crate) fn streaks(&self) -> (Vec<(u32, StreakUnit, Date, Date)>, u32) {
        let window = self.case.timeline.window();
        let mut all = Vec::new();
        let mut run: Option<(u32, StreakUnit, Date, Date)> = None;
        let mut unit = None;
        let mut at = window.starts_on;
        while at <= self.case.today && window.contains(at) {
            if unit != Some(self.unit(at)) {
                all.extend(run.take());
                unit = Some(self.unit(at));
            }
            let (counts, from, to) = if let Some(period) = self.period(at) {
                (period.verdict, period.days[0], *period.days.last().unwrap())
            } else if self.is_rolling(at) {
                let counts = self.due(at) && !self.skipped(at);
                (if counts { self.rolling_verdict(at) } else { None }, at, at)
            } else {
                let counts = (self.due(at) && !self.skipped(at) && !self.open_today(at)).then(|| self.done(at));
                (counts, at, at)
            };
            match counts {
                Some(true) => {
                    let begun = run.get_or_insert((0, self.unit(at), from, to));
                    begun.0 += 1;
                    begun.3 = to;
                }
                Some(false) => all.extend(run.take()),
                None => {}
            }
            match to.succ() {
                Some(next) => at = next,
                None => break,
            }
        }
        let current = run.map_or(0, |run| run.0);
        all.extend(run);
        (all, current)
    }

    pub(crate) fn frequency(&self, date: Date) -> (f64, i32) {
        let number = |length: usize| f64::from(u32::try_from(length).unwrap());
        let (due, days) = match &self.plan(date).schedule {
            Schedule::Daily { every } => (1.0, *every),
            Schedule::Weekly { weekdays, every } => (f64::from(weekdays.len()), 7 * every),
            Schedule::MonthlyDays { days, every, .. } => (number(days.len()), 30 * every),
            Schedule::MonthlyWeekdays { weekdays, every } => (number(weekdays.len()), 30 * every),
            Schedule::Yearly { dates, every, .. } => (number(dates.len()), 365 * every),
            Schedule::Cycle { active_days, rest_days } => (f64::from(*active_days), active_days + rest_days),
            Schedule::Quota { quota: Quota::Times(times), per } => (f64::from(*times), per.usual_days()),
            Schedule::Quota { quota: Quota::Amount(_), per } => (1.0, per.usual_days()),
            Schedule::Rolling(rolling) => (f64::from(rolling.times), rolling.days),
            Schedule::Rrule(_) => unreachable!(),
        };
        (due / f64::from(days), days.cast_signed())
    }

    /// What was done in each period of the window of `date`, up to what it asked for, ÷ what they asked for: up to `to`,
    /// which is `date`, or the day before while that is open. `None` if the window begins before the version of `date`.
    fn by_periods(&self, date: Date, from: Date, to: Date) -> Option<Option<f64>> {
        let first = self.case.timeline.plans().iter().rev().find(|plan| plan.effective_from <= date);
        if first.is_some_and(|plan| from < plan.effective_from) && from >= self.case.timeline.plans()[0].effective_from
        {
            return None;
        }
        let (mut asked, mut done, mut at, mut limit, mut exceeded) = (0, 0, from, false, false);
        while at <= to {
            let period = self.period(at)?;
            let last = *period.days.last().unwrap();
            let (mut needed, mut counted) = (period.needed, period.done);
            if last > to {
                let days = period.days.iter().copied().filter(|date| *date <= to).collect();
                let so_far = self.judged(days, false, at);
                needed = if so_far.share < so_far.least { 0 } else { so_far.needed };
                counted = so_far.done;
            }
            limit = period.limit;
            if limit {
                needed = period.whole;
                exceeded |= counted > needed;
            }
            asked += needed;
            done += if limit { counted } else { counted.min(needed) };
            at = last.succ()?;
        }
        Some(match limit {
            true if !exceeded => Some(1.0),
            true => Some((real(asked) / real(done)).min(1.0)),
            false => (asked > 0).then(|| real(done) / real(asked)),
        })
    }

    /// As in Loop: the done days of the last 2d, ÷ 2n, however few there are yet. An open today isn't one of them.
    fn rolling_completion(&self, date: Date, is_open: bool) -> f64 {
        let Schedule::Rolling(rolling) = &self.plan(date).schedule else { unreachable!() };
        let mut held: Vec<Date> = DateRange::new(self.case.timeline.window().starts_on, date).unwrap().iter().collect();
        held.retain(|other| {
            let is_quota = self.plan(*other).schedule.is_quota();
            !self.away(*other)
                && (is_quota || !(self.due(*other) && self.skipped(*other)))
                && (!is_open || *other != date)
        });
        let window = held.iter().rev().take(usize::try_from(2 * rolling.days).unwrap());
        let done = window.filter(|other| self.due(**other) && self.done(**other)).count();
        f64::min(1.0, f64::from(u32::try_from(done).unwrap()) / f64::from(2 * rolling.times))
    }

    /// The scores of all days up to today, by the definition: every window summed again.
    pub(crate) fn scores(&self) -> Vec<(Date, f64)> {
        let window = self.case.timeline.window();
        let mut score = 0.0;
        let mut all = Vec::new();
        let Some(days) = DateRange::new(window.starts_on, window.last().min(self.case.today)) else { return all };
        for date in days {
            let (f, den) = self.frequency(date);
            let plan = self.plan(date);
            let quota = |date: Date| self.plan(date).schedule.is_quota();
            // A day on which the score may move, and one that a window holds: of skipped days, those of quotas.
            let still = |date: Date| self.away(date) || self.due(date) && self.skipped(date);
            let held = |date: Date| !self.away(date) && (quota(date) || !(self.due(date) && self.skipped(date)));
            if still(date) {
                all.push((date, score));
                continue;
            }
            let back = if f >= 1.0 { 1 } else { usize::try_from(2 * den).unwrap() };
            let mut past = DateRange::new(window.starts_on, date).unwrap().iter().collect::<Vec<_>>();
            past.reverse();
            let mut held: Vec<Date> = past.into_iter().filter(|date| held(*date)).take(back).collect();
            held.reverse();
            let due: Vec<Date> = held.iter().copied().filter(|date| self.due(*date)).collect();
            let c = |due: &[Date]| -> Option<f64> {
                if due.is_empty() {
                    return None;
                }
                let weigh = |plan: &Plan, date: Date| match (
                    plan.schedule.quota(),
                    plan.kind.target(),
                    plan.kind.direction(),
                ) {
                    (Some((Quota::Times(_), _)), _, _) => ("days", self.frequency(date).0),
                    (None, _, _) if matches!(plan.schedule, Schedule::Rolling(_)) => ("days", self.frequency(date).0),
                    (Some((Quota::Amount(amount), per)), _, _) => {
                        let measure = if plan.kind.direction() == Direction::AtMost { "limit" } else { "share" };
                        (measure, real(amount.thousandths()) / f64::from(per.usual_days()))
                    }
                    (None, Some(target), Direction::AtLeast) => ("target", real(target.thousandths())),
                    _ => ("days", 1.0),
                };
                let (now, weight_now) = weigh(plan, date);
                let (mut done, mut all) = (0.0, 0.0);
                for other in due {
                    let theirs = self.plan(*other);
                    let (measure, weight) = weigh(theirs, *other);
                    let same = (theirs.kind.type_name(), theirs.kind.direction())
                        == (plan.kind.type_name(), plan.kind.direction());
                    let excused = self.skipped(*other);
                    let kept = f64::from(u8::from(self.done(*other) || excused));
                    let (part, of) = match now {
                        "days" if measure == "days" => (kept, weight),
                        "days" => (kept, weight_now),
                        _ if measure == now && same && excused => (weight, weight),
                        _ if measure == now && same => (real(self.value(*other)), weight),
                        "limit" => continue,
                        _ => (kept * weight_now, weight_now),
                    };
                    done += part;
                    all += of;
                }
                match now {
                    "limit" if all == 0.0 => None,
                    "limit" => Some(if done <= all { 1.0 } else { all / done }),
                    _ => Some(f64::min(1.0, done / all)),
                }
            };
            let mut done = c(&due);
            if date == self.case.today && self.due(date) && !self.done(date) {
                let without: Vec<Date> = due.iter().copied().filter(|other| *other != date).collect();
                let amount = matches!(plan.schedule.quota(), Some((Quota::Amount(_), _)));
                let help = amount && plan.kind.direction() == Direction::AtLeast && c(&without).is_some();
                done = if help { Some(c(&without).unwrap().max(done.unwrap_or(0.0))) } else { c(&without) };
            }
            let open = date == self.case.today && self.due(date) && !self.done(date);
            // A window whose periods a break or a skip touches amounts to no less than they do.
            let touched = self
                .period(held[0])
                .zip(self.period(date))
                .map(|(first, last)| (first.days[0], *last.days.last().unwrap()));
            let reaches_over = touched.is_some_and(|(from, to)| {
                let mut days = DateRange::new(from, to).unwrap().iter();
                days.any(|other| self.away(other) || other <= date && self.skipped(other))
            });
            if f < 1.0 && self.is_rolling(date) {
                done = Some(self.rolling_completion(date, open));
            } else if f < 1.0 && quota(date) && reaches_over {
                let last = if open { date.pred().unwrap() } else { date };
                done = match (done, self.by_periods(date, held[0], last)) {
                    (Some(done), Some(asked)) => asked.map(|other| done.max(other)),
                    (done, _) => done,
                };
            }
            if let Some(done) = done {
                let m = 0.5_f64.powf(f.sqrt() / 13.0);
                score = score * m + done * (1.0 - m);
            }
            all.push((date, score));
        }
        all
    }
}
