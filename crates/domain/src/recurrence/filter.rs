//! Which days of a month or year a rule chooses: its `BY…` parts as operations on bit masks.
//!
//! Whether a period is active at all (`INTERVAL`) is decided elsewhere.

use super::rule::{Frequency, Rule, Skip};
use super::shape::{YearSet, YearShape, at_positions, ones, turned};
use crate::civil::Date;

/// A rule's parts with what RFC 5545 takes from the start where they are absent.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub(super) frequency: Frequency,
    /// Bit n is the month with index n, 0–11; all of them where the rule names none.
    months: u16,
    names_months: bool,
    /// Bit n is day n + 1.
    month_days: u32,
    /// Bit n is day −(n + 1).
    last_days: u32,
    /// Bit n is n days after Monday; 0 where the rule names none.
    weekdays: u8,
    /// Which one, and days after Monday.
    nth: Vec<(i32, u32)>,
    year_days: Vec<i16>,
    weeks: Vec<i16>,
    pub(super) positions: Vec<i16>,
    pub(super) week_start: u32,
    skip: Skip,
}

const ALL_MONTHS: u16 = 0xFFF;

impl Filter {
    /// The parts of `rule` when it starts on `start`.
    pub(super) fn of(rule: &Rule, start: Date) -> Self {
        let mut filter = Self {
            frequency: rule.frequency,
            months: if rule.months == 0 { ALL_MONTHS } else { rule.months >> 1 },
            names_months: rule.months != 0,
            month_days: 0,
            last_days: 0,
            weekdays: rule.weekdays.bits(),
            nth: rule.nth_weekdays.iter().map(|day| (i32::from(day.nth), day.weekday.number())).collect(),
            year_days: rule.year_days.clone(),
            weeks: rule.week_numbers.clone(),
            positions: rule.positions.clone(),
            week_start: rule.week_start.number(),
            // Where days are only let through, none is invented that could have to be moved.
            skip: if rule.frequency < Frequency::Monthly { Skip::Omit } else { rule.skip },
        };
        for day in &rule.month_days {
            let bit = 1 << (u32::from(day.unsigned_abs()) - 1);
            if *day > 0 {
                filter.month_days |= bit;
            } else {
                filter.last_days |= bit;
            }
        }
        if !rule.chooses_days() {
            let (_, month, day) = start.year_month_day();
            match rule.frequency {
                Frequency::Daily => {}
                Frequency::Weekly => filter.weekdays = 1 << start.weekday().number(),
                Frequency::Monthly => filter.month_days = 1 << (day - 1),
                Frequency::Yearly => {
                    filter.month_days = 1 << (day - 1);
                    if !filter.names_months {
                        filter.months = 1 << (month - 1);
                        filter.names_months = true;
                    }
                }
            }
        }
        filter
    }

    /// Whether the choice depends on the weekday alone.
    pub(super) fn is_weekly(&self) -> bool {
        !self.names_months && self.month_days == 0 && self.last_days == 0
    }

    /// The weekdays it lets through: bit 0 is Monday; all where the rule names none.
    pub(super) fn weekday_bits(&self) -> u8 {
        if self.weekdays == 0 { 0x7F } else { self.weekdays }
    }

    pub(super) fn has_month(&self, month: u32) -> bool {
        self.months >> month & 1 == 1
    }

    /// The days of a month of `length` days that `BYMONTHDAY` chooses: bit 0 is the last day of the month before, bit 1
    /// the first, bit `length + 1` the first of the next.
    fn month_day_bits(&self, length: u32) -> u64 {
        let inside = ones(length) << 1;
        let from_start = u64::from(self.month_days) << 1;
        // Bit 31 − n of the reversed word is day −(n + 1), which has the bit `length` − n.
        let from_end = u64::from(self.last_days.reverse_bits()) >> (31 - length);
        let mut bits = (from_start | from_end) & inside;
        if self.skip != Skip::Omit {
            let (after, before) = (from_start > inside, u64::from(self.last_days) > ones(length));
            let (after_goes, before_goes) = if self.skip == Skip::Backward { (length, 0) } else { (length + 1, 1) };
            bits |= u64::from(after) << after_goes | u64::from(before) << before_goes;
        }
        bits
    }

    fn names_month_days(&self) -> bool {
        self.month_days != 0 || self.last_days != 0
    }

    /// What a month of `length` days (28–31) that begins on `first_weekday` chooses, months left aside. Bits as in
    /// [`Self::month_day_bits`].
    pub(super) fn month_bits(&self, length: u32, first_weekday: u32) -> u64 {
        let mut bits = if self.names_month_days() { self.month_day_bits(length) } else { ones(length) << 1 };
        if self.weekdays != 0 {
            let pattern = u64::from(turned(self.weekdays, (first_weekday + 6) % 7));
            bits &= pattern | pattern << 7 | pattern << 14 | pattern << 21 | pattern << 28;
        }
        if !self.nth.is_empty() {
            bits &= self.nth.iter().fold(0, |set, (nth, weekday)| {
                set | nth_weekday(*nth, *weekday, first_weekday, length).map_or(0, |day| 1 << (day + 1))
            });
        }
        if self.positions.is_empty() { bits } else { at_positions(bits, &self.positions) }
    }

    /// The days of a year that the parts let through, `BYSETPOS` applied where the period is the year or the day.
    pub(super) fn year_set(&self, shape: YearShape) -> YearSet {
        let mut set = self.months_and_days(shape);
        if !self.year_days.is_empty() {
            set.and(&self.year_day_set(shape));
        }
        if !self.weeks.is_empty() {
            set.and(&self.week_set(shape));
        }
        if self.weekdays != 0 {
            set.and(&YearSet::weekdays(self.weekdays, shape.first_weekday));
        }
        if !self.nth.is_empty() {
            set.and(&self.nth_set(shape));
        }
        match self.frequency {
            Frequency::Yearly if !self.positions.is_empty() => set.at_positions(&self.positions),
            Frequency::Daily if !self.positions.is_empty() && !self.positions.iter().any(|at| at.abs() == 1) => {
                YearSet::EMPTY
            }
            _ => set,
        }
    }

    pub(super) fn months_and_days(&self, shape: YearShape) -> YearSet {
        if !self.names_months && !self.names_month_days() {
            // The days around the year are only for year days that were moved there.
            let mut set = if self.year_days.is_empty() { YearSet::EMPTY } else { YearSet::FULL };
            set.insert_range(1, shape.days() + 1);
            return set;
        }
        let mut set = YearSet::EMPTY;
        for month in (0..12).filter(|month| self.has_month(*month)) {
            let (begin, length) = (shape.month_begin(month), shape.month_days(month));
            let bits = if self.names_month_days() { self.month_day_bits(length) } else { ones(length) << 1 };
            set.insert_shifted(bits, begin);
        }
        set
    }

    fn year_day_set(&self, shape: YearShape) -> YearSet {
        let mut set = YearSet::EMPTY;
        let days = shape.days();
        for day in &self.year_days {
            let magnitude = u32::from(day.unsigned_abs());
            if magnitude <= days {
                set.insert(if *day > 0 { magnitude } else { days + 1 - magnitude });
            } else {
                match (self.skip, *day > 0) {
                    (Skip::Omit, _) => {}
                    (Skip::Backward, true) => set.insert(days),
                    (Skip::Forward, true) => set.insert(days + 1),
                    (Skip::Backward, false) => set.insert(0),
                    (Skip::Forward, false) => set.insert(1),
                }
            }
        }
        set
    }

    /// Whether [`Self::year_set`] may reach beyond its year.
    pub(super) fn may_leave_year(&self) -> bool {
        self.skip != Skip::Omit && self.year_days.iter().any(|day| day.abs() == 366)
    }

    fn nth_set(&self, shape: YearShape) -> YearSet {
        let mut set = YearSet::EMPTY;
        if !self.names_months {
            for (nth, weekday) in &self.nth {
                if let Some(day) = nth_weekday(*nth, *weekday, shape.first_weekday, shape.days()) {
                    set.insert(day + 1);
                }
            }
            return set;
        }
        for month in (0..12).filter(|month| self.has_month(*month)) {
            let (begin, length) = (shape.month_begin(month), shape.month_days(month));
            for (nth, weekday) in &self.nth {
                if let Some(day) = nth_weekday(*nth, *weekday, (shape.first_weekday + begin) % 7, length) {
                    set.insert(begin + day + 1);
                }
            }
        }
        set
    }

    /// The days that lie in the numbered weeks (RFC 5545: a week belongs to the year that has four days of it).
    ///
    /// As python-dateutil has it to the letter: days of January in the last week of the year before match −1 and that
    /// week's number, days of December in the first week of the next year match 1 only; and where the year before
    /// began with days of a week of its own, the number of its weeks is reckoned from the length of *this* year.
    fn week_set(&self, shape: YearShape) -> YearSet {
        let mut set = YearSet::EMPTY;
        let days = shape.days();
        // Days before the first week start.
        let head = (7 + self.week_start - shape.first_weekday) % 7;
        // Where the first week begins, or began, in days after 1 January.
        let (first_begin, covered) =
            if head >= 4 { (head.cast_signed() - 7, days + 7 - head) } else { (head.cast_signed(), days - head) };
        let weeks = covered / 7 + covered % 7 / 4;
        let clip = |day: i32| day.clamp(0, days.cast_signed()).cast_unsigned();
        let mut insert_week = |begin: i32| set.insert_range(clip(begin) + 1, clip(begin + 7) + 1);
        for number in self.weeks.iter().map(|number| i32::from(*number)) {
            let week = if number < 0 { number + weeks.cast_signed() + 1 } else { number };
            if (1..=weeks.cast_signed()).contains(&week) {
                insert_week(first_begin + (week - 1) * 7);
            }
            if number == 1 {
                insert_week(first_begin + weeks.cast_signed() * 7);
            }
        }
        if (1..4).contains(&head)
            && self.weeks.iter().any(|week| {
                *week == -1 || u32::from(week.unsigned_abs()) == self.last_week_before(shape, head) && *week > 0
            })
        {
            insert_week(head.cast_signed() - 7);
        }
        set
    }

    /// The number of the week that the first days of the year lie in, when it belongs to the year before.
    fn last_week_before(&self, shape: YearShape, head: u32) -> u32 {
        let length = 365 + u32::from(shape.after_leap);
        let first_weekday = (shape.first_weekday + 7 * 53 - length) % 7;
        let its_head = (7 + self.week_start - first_weekday) % 7;
        if its_head >= 4 {
            52 + (length + (7 + first_weekday - self.week_start) % 7) % 7 / 4
        } else {
            52 + (shape.days() - head) % 7 / 4
        }
    }
}

/// The index of the n-th such weekday (from the end if negative) of a span of days that begins on `first_weekday`.
fn nth_weekday(nth: i32, weekday: u32, first_weekday: u32, length: u32) -> Option<u32> {
    let day = if nth > 0 {
        (7 + weekday - first_weekday) % 7 + 7 * (nth.cast_unsigned() - 1)
    } else {
        let last_weekday = (first_weekday + length - 1) % 7;
        let back = (7 + last_weekday - weekday) % 7 + 7 * (nth.unsigned_abs() - 1);
        (length - 1).checked_sub(back)?
    };
    (day < length).then_some(day)
}
