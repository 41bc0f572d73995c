//! Due days as recurrence rules that calendar programs understand, or as lists of days.

use super::feed::{DAYS_AHEAD, DAYS_BACK};
use crate::civil::{Date, DateRange};
use crate::habits::{MonthDay, Overflow, Plan, Schedule, Timeline};
use crate::recurrence::{Frequency, Limit, Occurrences, Rule, Skip};

/// The due days of a stretch of days, as an event has them. The first is always one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DueDays {
    /// All of them, by a rule.
    Rule(Date, Box<Rule>),
    /// Those around today, one by one.
    Dates(Date, Vec<Date>),
}

/// The due days of a stretch, within which one plan version is in force without a break; `None` if there are none to show.
///
/// A rule is taken only where it gives exactly the days that are due, counted from the first of them: its start is that
/// day, not the plan's anchor, so that a phase, a COUNT or a BYSETPOS could come out differently.
pub(super) fn of_stretch(timeline: &Timeline, stretch: DateRange, plan: &Plan, today: Date) -> Option<DueDays> {
    let mut due = timeline.iter_due(stretch);
    let first = due.next()?;
    let last = due.next_back().unwrap_or(first);
    if first == last {
        return Some(DueDays::Dates(first, Vec::new()));
    }
    if let Some(rule) = plain_rule(plan) {
        let is_open = stretch.to() == Date::MAX && rule.limit() == Limit::Never;
        let rule = Rule { limit: if is_open { Limit::Never } else { Limit::Until(last) }, ..rule };
        let days = DateRange::new(first, stretch.to()).unwrap_or(stretch);
        if Occurrences::of(&rule, first).due_bits(days) == timeline.due_bits(days) {
            return Some(DueDays::Rule(first, Box::new(rule)));
        }
    }
    let shown = DateRange::new(today.saturating_add_days(-DAYS_BACK), today.saturating_add_days(DAYS_AHEAD))?;
    let mut due = timeline.iter_due(shown.intersect(stretch)?);
    Some(DueDays::Dates(due.next()?, due.collect()))
}

/// The rule of a plan, without RFC 7529's SKIP, which few programs know.
fn plain_rule(plan: &Plan) -> Option<Rule> {
    const LEAP_DAY: MonthDay = MonthDay { month: 2, day: 29 };
    match &plan.schedule {
        // The 31st or else the last of the month is the last of the month; and 29 February the last of February.
        Schedule::MonthlyDays { days, every, overflow: Overflow::Clamp }
            if days.contains(&31) && days.iter().all(|day| *day == 31 || (-28..=28).contains(day)) =>
        {
            let mut rule = Rule::every(Frequency::Monthly, *every);
            rule.month_days = days.iter().map(|day| if *day == 31 { -1 } else { *day }).collect();
            rule.month_days.sort_unstable();
            rule.month_days.dedup();
            Some(rule)
        }
        Schedule::Yearly { dates, every, overflow: Overflow::Clamp } if *dates == [LEAP_DAY] => {
            let mut rule = Rule::every(Frequency::Yearly, *every);
            (rule.months, rule.month_days) = (1 << LEAP_DAY.month, vec![-1]);
            Some(rule)
        }
        schedule => schedule.to_rule(plan.anchor, plan.week_start).filter(|rule| rule.skip() == Skip::Omit),
    }
}
