//! The calendar periods that quotas are counted in.

use super::super::schedule::{Per, Quota};
use super::{Segment, Timeline};
use crate::civil::{Date, DateRange};
use crate::quantity::Quantity;

impl Timeline {
    /// The quota period that a day is in; `None` if the version in force isn't a quota, or outside of the window.
    pub fn period_of(&self, date: Date) -> Option<QuotaPeriod> {
        let segment = self.segment_at(date)?;
        let plan = self.plan_of(segment);
        let (quota, per) = plan.schedule.quota()?;
        let whole = per.containing(date, plan.week_start);
        // Neighbouring versions that count the same in the same periods share the period.
        let shares = |other: &Segment| {
            let other = self.plan_of(other);
            other.week_start == plan.week_start
                && other.kind.type_name() == plan.kind.type_name()
                && other.kind.direction() == plan.kind.direction()
                && other.schedule.quota().is_some_and(|(number, other_per)| {
                    other_per == per && std::mem::discriminant(&number) == std::mem::discriminant(&quota)
                })
        };
        let at = self.segments.partition_point(|other| other.from <= date).saturating_sub(1);
        let (mut from, mut to) = (segment.from, segment.to);
        let mut parts = vec![(segment.from, segment.to, quota.number())];
        let number_of =
            |other: &Segment| self.plan_of(other).schedule.quota().map_or(Quantity::ZERO, |(quota, _)| quota.number());
        for other in self.segments.iter().take(at).rev().take_while(|other| other.to >= whole.from() && shares(other)) {
            from = other.from;
            parts.push((other.from, other.to, number_of(other)));
        }
        for other in self.segments.iter().skip(at + 1).take_while(|other| other.from <= whole.to() && shares(other)) {
            to = other.to;
            parts.push((other.from, other.to, number_of(other)));
        }
        let range = DateRange::new(from, to).and_then(|days| days.intersect(whole))?;
        Some(QuotaPeriod { range, days: per.days_of(date), quota, per, parts })
    }
}

/// A calendar period of a quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaPeriod {
    /// Its days within the window, under versions that count alike.
    pub range: DateRange,
    /// The number of days of the whole period.
    pub days: u32,
    /// The requirement of a whole period, by the version in force on the requested day.
    pub quota: Quota,
    /// Its length.
    pub per: Per,
    /// Which versions' numbers hold on which days.
    parts: Vec<(Date, Date, Quantity)>,
}

impl QuotaPeriod {
    /// What is asked for when only some of its days are available: `max(1, floor(number × available ÷ days))`, each
    /// available day with the number of its own version; 0 if none is. Of an amount with decimals, thousandths are
    /// rounded down, and less than 1 may be asked for if the number is below 1.
    pub(in crate::habits) fn needed(&self, available: impl Fn(DateRange) -> u32) -> Quantity {
        let sum = self.sum(available);
        if sum == Quantity::ZERO {
            return Quantity::ZERO;
        }
        let least = self.whole().min(Quantity::whole(1));
        sum.share(1, u64::from(self.days), self.is_in_whole_units()).max(least)
    }

    /// Whether its numbers have no decimals, so that its parts have none either.
    pub(in crate::habits) fn is_in_whole_units(&self) -> bool {
        self.parts.iter().all(|(_, _, number)| number.is_whole())
    }

    /// Whether the share of the available days is less than one.
    pub(in crate::habits) fn needed_below_one(&self, available: impl Fn(DateRange) -> u32) -> bool {
        self.sum(available).share(1, u64::from(self.days), false) < self.whole().min(Quantity::whole(1))
    }

    /// Σ number × available days.
    fn sum(&self, available: impl Fn(DateRange) -> u32) -> Quantity {
        let part = |(from, to, number): &(Date, Date, Quantity)| {
            let days = DateRange::new(*from, *to)?.intersect(self.range)?;
            Some(number.times(u64::from(available(days))))
        };
        self.parts.iter().filter_map(part).sum()
    }

    /// What the whole period asks for; of several versions' numbers the largest.
    pub(in crate::habits) fn whole(&self) -> Quantity {
        self.parts.iter().map(|(_, _, number)| *number).max().unwrap_or_default()
    }

    /// Its days up to one of them.
    pub(in crate::habits) fn until(&self, date: Date) -> Option<Self> {
        let range = DateRange::new(self.range.from(), self.range.to().min(date))?;
        Some(Self { range, ..self.clone() })
    }
}
