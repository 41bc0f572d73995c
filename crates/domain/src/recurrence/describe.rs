//! Rules in words, for people: "on the last working day of every 2nd month".

use std::fmt::Write as _;

use super::rule::{Frequency, Limit, Rule, Skip};
use crate::civil::{Weekdays, Zone};

/// `1st`, `2nd`, … ; `last`, `2nd last`, … for numbers counted from the end.
pub(crate) fn ordinal(number: i32) -> String {
    match number {
        -1 => return "last".into(),
        below if below < 0 => return format!("{} last", ordinal(-below)),
        _ => {}
    }
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn and_list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The name of a month, 1–12.
pub(crate) fn month_name(month: u32) -> &'static str {
    MONTHS.get(crate::civil::num::index(month.saturating_sub(1))).copied().unwrap_or_default()
}

fn ordinals(numbers: &[i16]) -> String {
    // Counted from the front first, then from the end.
    let (from_end, from_front): (Vec<i16>, Vec<i16>) = numbers.iter().copied().partition(|number| *number < 0);
    and_list(&from_front.into_iter().chain(from_end).map(|number| ordinal(i32::from(number))).collect::<Vec<_>>())
}

/// `every day`, `every 2nd week`.
fn every(unit: &str, interval: u32) -> String {
    if interval == 1 { format!("every {unit}") } else { format!("every {} {unit}", ordinal(interval.cast_signed())) }
}

fn weekday_names(days: Weekdays) -> String {
    if days == Weekdays::WORKING {
        return "working day".into();
    }
    if days == Weekdays::ALL {
        return "day".into();
    }
    and_list(&days.iter().map(|day| day.name().to_owned()).collect::<Vec<_>>())
}

impl Rule {
    /// The rule in words, as the part of a sentence.
    pub fn describe(&self) -> String {
        let (unit, interval) = (self.unit(), self.interval);
        let mut text = match self.days_in_words() {
            Some(days) if self.frequency == Frequency::Daily => match interval {
                1 => days,
                _ => format!("{}, if it is {}", every(unit, interval), days.trim_start_matches("on ")),
            },
            // "every Monday and Friday", not "on Monday and Friday of every week".
            Some(_) if self.frequency == Frequency::Weekly && self.positions.is_empty() && interval == 1 => {
                format!("every {}", weekday_names(self.weekdays))
            }
            Some(days) => format!("{days} of {}", every(unit, interval)),
            None => every(unit, interval),
        };
        if self.months != 0 {
            let months: Vec<String> = self.months().map(|month| month_name(month).to_owned()).collect();
            let _ = write!(text, " in {}", and_list(&months));
        }
        match self.skip {
            Skip::Omit => {}
            Skip::Backward => text.push_str(", on the day before where the calendar lacks one"),
            Skip::Forward => text.push_str(", on the day after where the calendar lacks one"),
        }
        match self.limit {
            Limit::Never => {}
            Limit::Count(1) => text.push_str(", once"),
            Limit::Count(count) => {
                let _ = write!(text, ", {count} times");
            }
            Limit::Until(date) => {
                let _ = write!(text, ", until {date}");
            }
            Limit::UntilInstant(instant) => {
                let _ = write!(text, ", until {}", Zone::UTC.date_of(instant));
            }
        }
        text
    }

    const fn unit(&self) -> &'static str {
        match self.frequency {
            Frequency::Daily => "day",
            Frequency::Weekly => "week",
            Frequency::Monthly => "month",
            Frequency::Yearly => "year",
        }
    }

    /// The days that the parts choose within a period.
    fn days_in_words(&self) -> Option<String> {
        let mut conditions = Vec::new();
        if !self.month_days.is_empty() {
            conditions.push(format!("{} day of the month", ordinals(&self.month_days)));
        }
        if !self.year_days.is_empty() {
            conditions.push(format!("{} day of the year", ordinals(&self.year_days)));
        }
        if !self.nth_weekdays.is_empty() {
            let days: Vec<String> = self
                .nth_weekdays
                .iter()
                .map(|day| format!("{} {}", ordinal(i32::from(day.nth)), day.weekday.name()))
                .collect();
            conditions.push(and_list(&days));
        }
        if !self.weekdays.is_empty() {
            conditions.push(weekday_names(self.weekdays));
        }
        if !self.week_numbers.is_empty() {
            conditions.push(format!("day in the {} week", ordinals(&self.week_numbers)));
        }
        if conditions.is_empty() {
            return None;
        }
        let single = conditions.len() == 1;
        if !self.positions.is_empty() {
            let positions = ordinals(&self.positions);
            // "the last working day", but "the last of Monday and Friday".
            let one_word = single
                && (self.weekdays.len() <= 1 || self.weekdays == Weekdays::WORKING || self.weekdays == Weekdays::ALL);
            let of = if one_word && self.month_days.is_empty() { " " } else { " of: " };
            return Some(format!("on the {positions}{of}{}", conditions.join(" that is a ")));
        }
        let article = if single && !self.weekdays.is_empty() { "every " } else { "the " };
        if single && !self.weekdays.is_empty() {
            return Some(format!("on {article}{}", conditions.join("")));
        }
        if single && self.frequency == Frequency::Monthly && !self.month_days.is_empty() {
            return Some(format!("on the {} day", ordinals(&self.month_days)));
        }
        Some(format!("on {article}{}", conditions.join(" that is a ")))
    }
}
