//! Schedules in words.

use super::{Overflow, Per, Quota, Schedule};
use crate::civil::{Weekday, Weekdays};
use crate::recurrence::{and_list, month_name, ordinal};

fn every(unit: &str, every: u32) -> String {
    if every == 1 { format!("every {unit}") } else { format!("every {} {unit}", ordinal(every.cast_signed())) }
}

fn plural(number: u32, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

impl Schedule {
    /// The schedule in words, as the part of a sentence: "every Monday and Friday".
    pub fn describe(&self) -> String {
        match self {
            Self::Daily { every: n } => every("day", *n),
            Self::Weekly { weekdays, every: n } => {
                let days = match *weekdays {
                    Weekdays::ALL => "day".to_owned(),
                    Weekdays::WORKING => "working day".to_owned(),
                    some => and_list(&some.iter().map(|day: Weekday| day.name().to_owned()).collect::<Vec<_>>()),
                };
                if *n == 1 { format!("every {days}") } else { format!("every {days} of {}", every("week", *n)) }
            }
            Self::MonthlyDays { days, every: n, overflow } => {
                let names: Vec<String> = days.iter().map(|day| ordinal(i32::from(*day))).collect();
                let may_lack = days.iter().any(|day| day.unsigned_abs() > 28);
                let otherwise = match overflow {
                    Overflow::Skip if may_lack => ", where it has one",
                    Overflow::Clamp if days.iter().any(|day| *day > 28) => ", or on its last day",
                    Overflow::Clamp | Overflow::Skip => "",
                };
                format!("on the {} day of {}{otherwise}", and_list(&names), every("month", *n))
            }
            Self::MonthlyWeekdays { weekdays, every: n } => {
                let names: Vec<String> = weekdays
                    .iter()
                    .map(|day| format!("{} {}", ordinal(i32::from(day.nth)), day.weekday.name()))
                    .collect();
                format!("on the {} of {}", and_list(&names), every("month", *n))
            }
            Self::Yearly { dates, every: n, overflow } => {
                let names: Vec<String> =
                    dates.iter().map(|date| format!("{} {}", date.day, month_name(date.month))).collect();
                let otherwise = match overflow {
                    _ if !dates.iter().any(|date| (date.month, date.day) == (2, 29)) => "",
                    Overflow::Clamp => ", 29 February on the 28th in common years",
                    Overflow::Skip => ", 29 February in leap years only",
                };
                format!("on {} of {}{otherwise}", and_list(&names), every("year", *n))
            }
            Self::Cycle { active_days, rest_days: 0 } => format!("{} without rest", plural(*active_days, "day")),
            Self::Cycle { active_days, rest_days } => {
                format!("{} on, {} off", plural(*active_days, "day"), plural(*rest_days, "day"))
            }
            Self::Quota { quota: Quota::Times(times), per } => format!("{} a {}", times_a(*times), per.as_str()),
            Self::Quota { quota: Quota::Amount(amount), per } => format!("{amount} a {}", per.as_str()),
            Self::Rolling(rolling) => format!("{} in any {}", times_a(rolling.times), plural(rolling.days, "day")),
            Self::Rrule(rule) => rule.describe(),
        }
    }
}

fn times_a(times: u32) -> String {
    match times {
        1 => "once".into(),
        2 => "twice".into(),
        many => format!("{many} times"),
    }
}

impl Per {
    /// The unit of streaks in such periods.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Week => "weeks",
            Self::Month => "months",
            Self::Year => "years",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn schedules_read_like_sentences() {
        for (json, words) in [
            (r#"{"type":"daily"}"#, "every day"),
            (r#"{"type":"daily","every":3}"#, "every 3rd day"),
            (r#"{"type":"weekly","weekdays":["mo","we","fr"]}"#, "every Monday, Wednesday and Friday"),
            (
                r#"{"type":"weekly","weekdays":["mo","tu","we","th","fr"],"every":2}"#,
                "every working day of every 2nd week",
            ),
            (r#"{"type":"monthly","days":[1,-1]}"#, "on the 1st and last day of every month"),
            (r#"{"type":"monthly","days":[31],"overflow":"skip"}"#, "on the 31st day of every month, where it has one"),
            (
                r#"{"type":"monthly","weekdays":[{"nth":-1,"weekday":"fr"}],"every":2}"#,
                "on the last Friday of every 2nd month",
            ),
            (
                r#"{"type":"yearly","dates":["02-29","12-25"]}"#,
                "on 29 February and 25 December of every year, 29 February on the 28th in common years",
            ),
            (r#"{"type":"cycle","active_days":2,"rest_days":1}"#, "2 days on, 1 day off"),
            (r#"{"type":"quota","times":3,"per":"week"}"#, "3 times a week"),
            (r#"{"type":"quota","amount":150,"per":"week"}"#, "150 a week"),
            (r#"{"type":"quota","times":2,"per":"rolling","days":3}"#, "twice in any 3 days"),
            (r#"{"type":"quota","times":5,"per":"rolling","days":7}"#, "5 times in any 7 days"),
            (
                r#"{"type":"rrule","rrule":"FREQ=MONTHLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"}"#,
                "on the last working day of every 2nd month",
            ),
        ] {
            let schedule: Schedule = serde_json::from_str(json).unwrap();
            assert_eq!(schedule.describe(), words);
        }
    }
}
