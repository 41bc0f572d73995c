//! Schedules as recurrence rules, where RFC 5545 can express them.

use super::{MonthDay, NthWeekdayOfMonth, Overflow, Schedule};
use crate::civil::{Date, Weekday, Weekdays};
use crate::recurrence::{Frequency, NthWeekday, Rule, Skip};

impl Schedule {
    /// The schedule as an RRULE that gives the same days from `start` on, with weeks from Monday; see
    /// [`Self::to_rrule_with_week_start`].
    pub fn to_rrule(&self, start: Date) -> Option<String> {
        self.to_rrule_with_week_start(start, Weekday::Mo)
    }

    /// The schedule as an RRULE that gives the same days from `start` on.
    ///
    /// There is none for a quota; for a cycle, unless it is active on one day, always, or on at most seven days of whole
    /// weeks; for clamped days of the month before the 28th last; and for several dates of the year with a 29 February
    /// that is left out.
    pub fn to_rrule_with_week_start(&self, start: Date, week_start: Weekday) -> Option<String> {
        self.to_rule(start, week_start).map(|rule| rule.to_string())
    }

    /// As [`Self::to_rrule_with_week_start`].
    pub fn to_rule(&self, start: Date, week_start: Weekday) -> Option<Rule> {
        match self {
            Self::Daily { every } => Some(Rule::every(Frequency::Daily, *every)),
            Self::Weekly { weekdays, every } => {
                let mut rule = Rule::every(Frequency::Weekly, *every);
                rule.weekdays = *weekdays;
                rule.week_start = week_start;
                Some(rule)
            }
            Self::MonthlyDays { days, every, overflow } => {
                if *overflow == Overflow::Clamp && days.iter().any(|day| *day < -28) {
                    return None;
                }
                let mut rule = Rule::every(Frequency::Monthly, *every);
                rule.month_days.clone_from(days);
                rule.month_days.sort_unstable();
                rule.skip = skip(*overflow, days.iter().any(|day| *day > 28));
                Some(rule)
            }
            Self::MonthlyWeekdays { weekdays, every } => {
                let mut rule = Rule::every(Frequency::Monthly, *every);
                rule.nth_weekdays =
                    weekdays.iter().map(|&NthWeekdayOfMonth { nth, weekday }| NthWeekday { nth, weekday }).collect();
                Some(rule)
            }
            Self::Yearly { dates, every, overflow } => yearly(dates, *every, *overflow),
            Self::Cycle { rest_days: 0, .. } => Some(Rule::every(Frequency::Daily, 1)),
            Self::Cycle { active_days: 1, rest_days } => Some(Rule::every(Frequency::Daily, rest_days + 1)),
            Self::Cycle { active_days, rest_days } => {
                let period = active_days + rest_days;
                if *active_days > 7 || !period.is_multiple_of(7) {
                    return None;
                }
                let first = start.weekday().number();
                let mut rule = Rule::every(Frequency::Weekly, period / 7);
                rule.weekdays = (first..first + active_days).map(Weekday::from_number).collect::<Weekdays>();
                rule.week_start = start.weekday();
                Some(rule)
            }
            Self::Quota { .. } | Self::Rolling(_) => None,
            Self::Rrule(rule) => Some(rule.as_ref().clone()),
        }
    }
}

fn skip(overflow: Overflow, may_lack: bool) -> Skip {
    if overflow == Overflow::Clamp && may_lack { Skip::Backward } else { Skip::Omit }
}

fn yearly(dates: &[MonthDay], every: u32, overflow: Overflow) -> Option<Rule> {
    let mut rule = Rule::every(Frequency::Yearly, every);
    let leap_day = MonthDay { month: 2, day: 29 };
    let has_leap_day = dates.contains(&leap_day);
    let months = dates.iter().fold(0_u16, |set, date| set | 1 << date.month);
    let mut days: Vec<u32> = dates.iter().map(|date| date.day).collect();
    days.sort_unstable();
    days.dedup();
    // Months and days multiply; that fits one month, or one day in several, or by chance. 29 February among several
    // days of February would be clamped onto the 28th, which is right too.
    let product = crate::civil::num::index(months.count_ones()) * days.len();
    if product == dates.len() && (!has_leap_day || months.is_power_of_two()) {
        rule.months = months;
        rule.month_days = days.iter().filter_map(|day| i16::try_from(*day).ok()).collect();
        rule.skip = skip(overflow, has_leap_day);
        return Some(rule);
    }
    if has_leap_day && overflow == Overflow::Skip {
        return None;
    }
    // Days up to 28 February have a fixed number from the start of the year, the later ones from its end; and the last
    // of February, the 29th or the 28th, is always the 307th last.
    for date in dates {
        let ordinal = |year: i32| {
            Date::new(year, date.month, date.day).map(Date::ordinal).and_then(|day| i16::try_from(day).ok())
        };
        let number = if *date == leap_day {
            -307
        } else if date.month <= 2 {
            ordinal(2001)?
        } else {
            ordinal(2001)? - 366
        };
        rule.year_days.push(number);
    }
    rule.year_days.sort_unstable();
    Some(rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::civil::DateRange;
    use crate::recurrence::Occurrences;

    /// A schedule converted to a rule has the same days, over all years.
    #[test]
    fn the_rule_gives_the_same_days() {
        let mut expressed = 0;
        for json in [
            r#"{"type":"daily"}"#,
            r#"{"type":"daily","every":3}"#,
            r#"{"type":"weekly","weekdays":["mo","su"],"every":2}"#,
            r#"{"type":"monthly","days":[1,15,31,-1]}"#,
            r#"{"type":"monthly","days":[29,30],"every":5}"#,
            r#"{"type":"monthly","days":[30,-29],"overflow":"skip"}"#,
            r#"{"type":"monthly","weekdays":[{"nth":-1,"weekday":"fr"},{"nth":5,"weekday":"mo"}],"every":2}"#,
            r#"{"type":"yearly","dates":["02-29"]}"#,
            r#"{"type":"yearly","dates":["02-29"],"overflow":"skip","every":3}"#,
            r#"{"type":"yearly","dates":["02-28","02-29"]}"#,
            r#"{"type":"yearly","dates":["02-29","12-25"]}"#,
            r#"{"type":"yearly","dates":["01-01","03-01","12-31","07-04"]}"#,
            r#"{"type":"yearly","dates":["01-15","03-15","12-15"]}"#,
            r#"{"type":"yearly","dates":["02-28","03-29"],"every":2}"#,
            r#"{"type":"cycle","active_days":1,"rest_days":4}"#,
            r#"{"type":"cycle","active_days":3,"rest_days":0}"#,
            r#"{"type":"cycle","active_days":5,"rest_days":2}"#,
            r#"{"type":"cycle","active_days":4,"rest_days":17}"#,
        ] {
            let schedule: Schedule = serde_json::from_str(json).unwrap();
            for (start, week_start) in
                [("1970-01-01", Weekday::Mo), ("2024-02-29", Weekday::Su), ("2023-12-31", Weekday::We)]
            {
                let start = Date::parse(start).unwrap();
                let text = schedule
                    .to_rrule_with_week_start(start, week_start)
                    .unwrap_or_else(|| panic!("{json} has no rule"));
                let rule: Rule = text.parse().unwrap();
                let (by_rule, by_schedule) = (Occurrences::of(&rule, start), schedule.occurrences(start, week_start));
                assert!(by_rule.iter(DateRange::ALL).eq(by_schedule.iter(DateRange::ALL)), "{json} as {text}");
                expressed += 1;
            }
        }
        assert_eq!(expressed, 54);
    }

    #[test]
    fn what_rrules_cannot_say_has_none() {
        for json in [
            r#"{"type":"quota","times":3,"per":"week"}"#,
            r#"{"type":"quota","times":3,"per":"rolling","days":7}"#,
            r#"{"type":"cycle","active_days":2,"rest_days":1}"#,
            r#"{"type":"monthly","days":[-31]}"#,
            r#"{"type":"yearly","dates":["02-29","12-25"],"overflow":"skip"}"#,
        ] {
            let schedule: Schedule = serde_json::from_str(json).unwrap();
            assert_eq!(schedule.to_rrule(Date::MIN), None, "{json}");
        }
    }
}
