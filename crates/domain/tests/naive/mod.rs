//! The slow way: a recurrence rule evaluated day by day and period by period, with nothing but date arithmetic. Shares
//! no code with the engine beyond the calendar itself.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests and benches may fail loudly")]

use circadia_domain::civil::{Date, Weekday};

#[derive(Debug, Clone, Default)]
pub(crate) struct NaiveRule {
    pub(crate) frequency: &'static str,
    pub(crate) interval: u32,
    pub(crate) count: Option<u32>,
    pub(crate) until: Option<Date>,
    pub(crate) months: Vec<u32>,
    pub(crate) month_days: Vec<i32>,
    pub(crate) year_days: Vec<i32>,
    pub(crate) weeks: Vec<i32>,
    pub(crate) weekdays: Vec<Weekday>,
    pub(crate) nth: Vec<(i32, Weekday)>,
    pub(crate) positions: Vec<i32>,
    pub(crate) week_start: Option<Weekday>,
    pub(crate) skip: Option<&'static str>,
}

fn join<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(",")
}

fn days_in_month(year: i32, month: u32) -> i32 {
    (28..=31).rev().find(|day| Date::new(year, month, *day).is_some()).unwrap().cast_signed()
}

impl NaiveRule {
    pub(crate) fn text(&self) -> String {
        let mut parts = vec![format!("FREQ={}", self.frequency), format!("INTERVAL={}", self.interval)];
        for (name, items) in [
            ("BYMONTHDAY", &self.month_days),
            ("BYYEARDAY", &self.year_days),
            ("BYWEEKNO", &self.weeks),
            ("BYSETPOS", &self.positions),
        ] {
            if !items.is_empty() {
                parts.push(format!("{name}={}", join(items)));
            }
        }
        if !self.months.is_empty() {
            parts.push(format!("BYMONTH={}", join(&self.months)));
        }
        let plain = self.weekdays.iter().map(ToString::to_string);
        let days: Vec<String> = plain.chain(self.nth.iter().map(|(nth, day)| format!("{nth}{day}"))).collect();
        if !days.is_empty() {
            parts.push(format!("BYDAY={}", join(&days).to_uppercase()));
        }
        parts.extend(self.week_start.map(|day| format!("WKST={}", day.to_string().to_uppercase())));
        parts.extend(self.skip.map(|skip| format!("SKIP={skip}")));
        parts.extend(self.count.map(|count| format!("COUNT={count}")));
        parts.extend(self.until.map(|until| format!("UNTIL={}", until.to_string().replace('-', ""))));
        parts.join(";")
    }

    fn chooses_days(&self) -> bool {
        !(self.month_days.is_empty()
            && self.year_days.is_empty()
            && self.weeks.is_empty()
            && self.weekdays.is_empty()
            && self.nth.is_empty())
    }

    /// The occurrences from `start` to `last`.
    pub(crate) fn expand(&self, start: Date, last: Date) -> Vec<Date> {
        let mut rule = self.clone();
        if !self.chooses_days() {
            match self.frequency {
                "WEEKLY" => rule.weekdays = vec![start.weekday()],
                "MONTHLY" => rule.month_days = vec![start.day().cast_signed()],
                "YEARLY" => {
                    rule.month_days = vec![start.day().cast_signed()];
                    if self.months.is_empty() {
                        rule.months = vec![start.month()];
                    }
                }
                _ => {}
            }
        }
        let mut all: Vec<Date> = Vec::new();
        let mut period = start;
        let mut index = 0_u32;
        loop {
            let (begin, next) = rule.period_around(period, start);
            if index.is_multiple_of(rule.interval) {
                let first = if rule.frequency == "WEEKLY" && begin < start { start } else { begin };
                let mut days = rule.days_of(first, next);
                days.sort_unstable();
                days.dedup();
                if !rule.positions.is_empty() {
                    let total = i32::try_from(days.len()).unwrap();
                    days = (1..=total)
                        .filter(|at| rule.positions.contains(at) || rule.positions.contains(&(at - total - 1)))
                        .map(|at| days[usize::try_from(at).unwrap() - 1])
                        .collect();
                }
                all.extend(days.into_iter().filter(|day| *day >= start));
            }
            index += 1;
            match next {
                // A day may be moved back across one period's begin, but not across two.
                Some(next) if next.days_since_epoch() <= last.days_since_epoch() + 367 => period = next,
                _ => break,
            }
        }
        all.sort_unstable();
        all.dedup();
        if let Some(count) = rule.count {
            all.truncate(usize::try_from(count).unwrap());
        }
        all.retain(|day| *day <= last && rule.until.is_none_or(|until| *day <= until));
        all
    }

    /// The first day of the period that `day` is in, and the first of the next.
    fn period_around(&self, day: Date, _start: Date) -> (Date, Option<Date>) {
        let (year, month, _) = day.year_month_day();
        match self.frequency {
            "DAILY" => (day, day.succ()),
            "WEEKLY" => {
                let into = day.weekday().days_since(self.week_start.unwrap_or(Weekday::Mo)).cast_signed();
                (day.saturating_add_days(-into), day.checked_add_days(7 - into))
            }
            "MONTHLY" => {
                let next = if month == 12 { Date::new(year + 1, 1, 1) } else { Date::new(year, month + 1, 1) };
                (Date::new(year, month, 1).unwrap(), next)
            }
            _ => (Date::new(year, 1, 1).unwrap(), Date::new(year + 1, 1, 1)),
        }
    }

    fn days_of(&self, begin: Date, next: Option<Date>) -> Vec<Date> {
        let end = next.map_or(Date::MAX.days_since_epoch() + 1, Date::days_since_epoch);
        let days = (begin.days_since_epoch()..end).map(|day| Date::from_days_since_epoch(day).unwrap());
        let skip = if matches!(self.frequency, "DAILY" | "WEEKLY") { None } else { self.skip };
        let month_ok = |month: u32| self.months.is_empty() || self.months.contains(&month);
        let mut chosen: Vec<Date> = if self.month_days.is_empty() {
            days.clone().filter(|day| month_ok(day.month())).collect()
        } else {
            let mut list = Vec::new();
            let mut months: Vec<(i32, u32)> = days.clone().map(|day| (day.year(), day.month())).collect();
            months.dedup();
            for (year, month) in months.into_iter().filter(|(_, month)| month_ok(*month)) {
                let length = days_in_month(year, month);
                for day in &self.month_days {
                    let nominal = if *day > 0 { *day } else { length + day + 1 };
                    let first = Date::new(year, month, 1).unwrap().days_since_epoch();
                    list.extend(
                        placed(nominal, length, skip).and_then(|at| Date::from_days_since_epoch(first + at - 1)),
                    );
                }
            }
            if skip.is_none() || skip == Some("OMIT") {
                list.retain(|day| days.clone().any(|other| other == *day));
            }
            list
        };
        if !self.year_days.is_empty() {
            let year = begin.year();
            let first = Date::new(year, 1, 1).unwrap();
            let length = if Date::new(year, 2, 29).is_some() { 366 } else { 365 };
            let by_year_day: Vec<Date> = self
                .year_days
                .iter()
                .filter_map(|day| {
                    let nominal = if *day > 0 { *day } else { length + day + 1 };
                    placed(nominal, length, skip)
                        .and_then(|at| Date::from_days_since_epoch(first.days_since_epoch() + at - 1))
                })
                .collect();
            if self.months.is_empty() && self.month_days.is_empty() {
                chosen = by_year_day;
            } else {
                chosen.retain(|day| by_year_day.contains(day));
            }
        }
        chosen.retain(|day| {
            (self.weeks.is_empty() || day.year() == begin.year() && self.in_weeks(*day))
                && (self.weekdays.is_empty() || self.weekdays.contains(&day.weekday()))
                && (self.nth.is_empty()
                    || self.nth.iter().any(|(nth, weekday)| self.is_nth(*day, begin, *nth, *weekday)))
        });
        chosen
    }

    fn is_nth(&self, day: Date, begin: Date, nth: i32, weekday: Weekday) -> bool {
        let by_month = self.frequency == "MONTHLY" || !self.months.is_empty();
        let same = |other: Date| other.year() == day.year() && (!by_month || other.month() == day.month());
        let in_period = if self.frequency == "MONTHLY" {
            (day.year(), day.month()) == (begin.year(), begin.month())
        } else {
            day.year() == begin.year()
        };
        if day.weekday() != weekday || !in_period {
            return false;
        }
        let step = if nth > 0 { -7 } else { 7 };
        let mut others = 0;
        let mut at = day;
        while let Some(other) = at.checked_add_days(step).filter(|other| same(*other)) {
            others += 1;
            at = other;
        }
        others + 1 == nth.abs()
    }

    /// Weeks are judged by their fourth day: it lies in the year that the week belongs to.
    fn in_weeks(&self, day: Date) -> bool {
        let into = day.weekday().days_since(self.week_start.unwrap_or(Weekday::Mo)).cast_signed();
        let Some(fourth) = day.checked_add_days(3 - into) else {
            // The week belongs to 2200, or to 1969.
            return self.weeks.contains(if day > Date::MIN.saturating_add_days(7) { &1 } else { &-1 });
        };
        let number = (fourth.ordinal().cast_signed() - 1) / 7 + 1;
        let rest = if Date::new(fourth.year(), 2, 29).is_some() { 366 } else { 365 } - fourth.ordinal().cast_signed();
        self.weeks.contains(&number) || self.weeks.contains(&(-rest / 7 - 1))
    }
}

/// Where a day counted from 1 lands in a span of `length` days.
fn placed(nominal: i32, length: i32, skip: Option<&str>) -> Option<i32> {
    match skip {
        _ if (1..=length).contains(&nominal) => Some(nominal),
        Some("BACKWARD") => Some(if nominal > length { length } else { 0 }),
        Some("FORWARD") => Some(if nominal > length { length + 1 } else { 1 }),
        _ => None,
    }
}
