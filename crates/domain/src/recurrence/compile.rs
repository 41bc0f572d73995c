//! From a rule and its start to the form in which every question is arithmetic.

use super::cyclic::Cyclic;
use super::filter::Filter;
use super::occurrences::Body;
use super::rule::{Frequency, Rule};
use super::shape::{SHAPES, YearSet, YearShape, at_positions, year_and_bit, year_and_day, year_begin};
use super::years::Years;
use crate::civil::Date;
use crate::civil::num::index;

/// The days of `rule` when it starts on `start`; those before the start, and beyond the rule's end, are for the caller
/// to leave out.
pub(super) fn body_of(rule: &Rule, start: Date) -> Body {
    let filter = Filter::of(rule, start);
    match rule.frequency {
        Frequency::Daily => daily(rule, &filter, start),
        Frequency::Weekly => weekly(rule, &filter, start),
        Frequency::Monthly => monthly(
            rule.interval,
            start,
            |month| filter.has_month(month),
            |length, first| filter.month_bits(length, first),
        ),
        Frequency::Yearly => yearly(rule, &filter, start),
    }
}

/// The set of each year in turn, cut to the days of a cycle.
fn within_cycle(first_year: u32, cycle: Cyclic, mut set: impl FnMut(YearShape) -> YearSet) -> Years {
    let mut known: [Option<[u64; 6]>; SHAPES] = [None; SHAPES];
    Years::by_year(first_year, |year| {
        let shape = YearShape::of(year);
        let mut words = [0; 6];
        cycle.fill(year_begin(year).cast_signed(), &mut words);
        if let Some(slot) = known.get_mut(shape.id()) {
            let masks = slot.get_or_insert_with(|| set(shape).own_days(shape.days()));
            for (word, mask) in words.iter_mut().zip(masks) {
                *word &= *mask;
            }
        }
        words
    })
}

fn daily(rule: &Rule, filter: &Filter, start: Date) -> Body {
    if !filter.positions.is_empty() && !filter.positions.iter().any(|position| position.abs() == 1) {
        return Body::Never;
    }
    let origin = start.days_since_epoch();
    let steps = Cyclic::run(origin, rule.interval, 1);
    let (first_year, _) = year_and_day(start);
    if filter.is_weekly() {
        if rule.weekdays.is_empty() || rule.weekdays.len() == 7 {
            return Body::Cyclic(steps);
        }
        if rule.interval == 1 {
            let monday = origin - start.weekday().number().cast_signed();
            return Body::Cyclic(Cyclic::weeks(monday, 0, rule.weekdays.bits(), 1));
        }
    }
    if rule.interval == 1 {
        return Body::years(Years::by_shape(first_year, |_| true, |shape| filter.year_set(shape)));
    }
    Body::years(within_cycle(first_year, steps, |shape| filter.year_set(shape)))
}

fn weekly(rule: &Rule, filter: &Filter, start: Date) -> Body {
    let week_start = filter.week_start;
    let into_week = (7 + start.weekday().number() - week_start) % 7;
    let week_begin = start.days_since_epoch() - into_week.cast_signed();
    let bits = filter.weekday_bits();
    let (first_year, _) = year_and_day(start);
    let begun = (!filter.positions.is_empty() && into_week > 0).then(|| BegunWeek::of(filter, start, 7 - into_week));
    if filter.is_weekly() {
        let chosen = if filter.positions.is_empty() {
            bits
        } else {
            Cyclic::week_positions(bits, week_start, &filter.positions)
        };
        let cycle = (chosen != 0).then(|| Cyclic::weeks(week_begin, week_start, chosen, rule.interval));
        return match (cycle, begun) {
            (Some(cycle), None) => Body::Cyclic(cycle),
            (None, None) => Body::Never,
            (Some(cycle), Some(begun)) if begun.agrees_with(cycle) => Body::Cyclic(cycle),
            (cycle, Some(begun)) => Body::years(Years::by_year(first_year, |year| {
                let mut words = [0; 6];
                if let Some(cycle) = cycle {
                    cycle.fill(year_begin(year).cast_signed(), &mut words);
                }
                begun.patch(year, YearSet::of_own_days(words)).own_days(YearShape::of(year).days())
            })),
        };
    }
    let mut set = |shape: YearShape| {
        if filter.positions.is_empty() { filter.year_set(shape) } else { week_positions_set(filter, shape) }
    };
    if rule.interval == 1 && begun.is_none() {
        return Body::years(Years::by_shape(first_year, |_| true, set));
    }
    let active_weeks = Cyclic::weeks(week_begin, week_start, 0x7F, rule.interval);
    let plain = within_cycle(first_year, active_weeks, &mut set);
    Body::years(match begun {
        None => plain,
        Some(begun) => Years::by_year(first_year, |year| {
            begun.patch(year, YearSet::of_own_days(plain.words(year))).own_days(YearShape::of(year).days())
        }),
    })
}

/// The days of a year that the positions choose within each of its weeks.
fn week_positions_set(filter: &Filter, shape: YearShape) -> YearSet {
    let days = shape.days().cast_signed();
    let inside = filter.year_set(shape);
    let bits = filter.weekday_bits();
    let lets_through = |day: i32| {
        if (0..days).contains(&day) {
            return inside.contains(day.cast_unsigned() + 1);
        }
        let weekday = (shape.first_weekday.cast_signed() + day).rem_euclid(7);
        filter.has_month(if day < 0 { 11 } else { 0 }) && bits >> weekday & 1 == 1
    };
    let mut set = YearSet::EMPTY;
    let mut week = -((7 + shape.first_weekday - filter.week_start) % 7).cast_signed();
    while week < days {
        let members = (0..7).fold(0_u64, |bits, at| bits | u64::from(lets_through(week + at)) << at);
        let mut chosen = at_positions(members, &filter.positions);
        while chosen != 0 {
            let day = week + chosen.trailing_zeros().cast_signed();
            if (0..days).contains(&day) {
                set.insert(day.cast_unsigned() + 1);
            }
            chosen &= chosen - 1;
        }
        week += 7;
    }
    set
}

/// A first week that is begun in its middle: positions count from the start.
struct BegunWeek {
    start: Date,
    days: u32,
    chosen: u64,
}

impl BegunWeek {
    fn of(filter: &Filter, start: Date, days: u32) -> Self {
        let members = (0..days).fold(0_u64, |bits, at| {
            let Some(date) = start.checked_add_days(at.cast_signed()) else { return bits };
            let through =
                filter.has_month(date.month() - 1) && filter.weekday_bits() >> date.weekday().number() & 1 == 1;
            bits | u64::from(through) << at
        });
        Self { start, days, chosen: at_positions(members, &filter.positions) }
    }

    fn dates(&self) -> impl Iterator<Item = (Date, bool)> + '_ {
        (0..self.days).filter_map(|at| {
            self.start.checked_add_days(at.cast_signed()).map(|date| (date, self.chosen >> at & 1 == 1))
        })
    }

    fn agrees_with(&self, cycle: Cyclic) -> bool {
        self.dates().all(|(date, chosen)| cycle.contains(date.days_since_epoch()) == chosen)
    }

    fn patch(&self, year: u32, mut set: YearSet) -> YearSet {
        for (date, chosen) in self.dates() {
            let (its_year, bit) = year_and_bit(date);
            if its_year == year {
                set.set(bit, chosen);
            }
        }
        set
    }
}

/// Every `interval`-th month from the start's that `wanted` has (by its index, 0–11), with the days that `bits` gives for
/// each of the 28 shapes of months: length and first weekday; bits as in [`Filter::month_bits`].
pub(super) fn monthly(
    interval: u32,
    start: Date,
    wanted: impl Fn(u32) -> bool,
    bits: impl Fn(u32, u32) -> u64,
) -> Body {
    let mut table = [[0; 7]; 4];
    for (length, row) in (28..).zip(&mut table) {
        for (first_weekday, slot) in (0..).zip(row) {
            *slot = bits(length, first_weekday);
        }
    }
    let bits = |length: u32, first_weekday: u32| {
        table.get(index(length - 28)).and_then(|row| row.get(index(first_weekday))).copied().unwrap_or(0)
    };
    let (first_year, _) = year_and_day(start);
    let first_month = start.month() - 1;
    let first = first_year * 12 + first_month;
    let set = |shape: YearShape, active: &dyn Fn(u32) -> bool| {
        let mut set = YearSet::EMPTY;
        for month in (0..12).filter(|month| wanted(*month) && active(*month)) {
            let begin = shape.month_begin(month);
            set.insert_shifted(bits(shape.month_days(month), (shape.first_weekday + begin) % 7), begin);
        }
        set
    };
    if 12 % interval == 0 {
        return Body::years(Years::by_shape(
            first_year,
            |_| true,
            |shape| set(shape, &|month| (month + 12 - first_month).is_multiple_of(interval)),
        ));
    }
    Body::years(Years::by_year(first_year, |year| {
        let shape = YearShape::of(year);
        set(shape, &|month| {
            let at = year * 12 + month;
            at >= first && (at - first).is_multiple_of(interval)
        })
        .own_days(shape.days())
    }))
}

/// Every `interval`-th year from the start's, with the days that `set` gives for its shape.
pub(super) fn in_years(interval: u32, start: Date, set: impl FnMut(YearShape) -> YearSet) -> Body {
    let (first_year, _) = year_and_day(start);
    Body::years(Years::by_shape(first_year, |year| (year - first_year).is_multiple_of(interval), set))
}

fn yearly(rule: &Rule, filter: &Filter, start: Date) -> Body {
    let (first_year, _) = year_and_day(start);
    if !filter.may_leave_year() {
        return in_years(rule.interval, start, |shape| filter.year_set(shape));
    }
    let set_of = |year: u32| {
        if year >= first_year && (year - first_year).is_multiple_of(rule.interval) {
            filter.year_set(YearShape::of(year))
        } else {
            YearSet::EMPTY
        }
    };
    Body::years(Years::by_year(first_year, |year| {
        let days = YearShape::of(year).days();
        let mut set = set_of(year);
        // Days that `SKIP` moved across New Year.
        if year > 0 && set_of(year - 1).contains(YearShape::of(year - 1).days() + 1) {
            set.insert(1);
        }
        if set_of(year + 1).contains(0) {
            set.insert(days);
        }
        set.own_days(days)
    }))
}
