//! A schedule as it comes from outside, and as it goes back: the JSON of the API, unchecked.

use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::{Overflow, Quota, QuotaPer, Schedule};

/// Every field of any type of schedule; [`Schedule::validate`] checks which belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleInput {
    /// `daily`, `weekly`, `monthly`, `yearly`, `cycle`, `quota` or `rrule`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// Of `weekly` (plain) and `monthly` (numbered).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weekdays: Option<Vec<WeekdayInput>>,
    /// Of `monthly` (a list), and of `quota` with `per` `rolling` (how many).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<DaysInput>,
    /// Of `yearly`: `MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dates: Option<Vec<String>>,
    /// Of `cycle`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_days: Option<i64>,
    /// Of `cycle`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest_days: Option<i64>,
    /// Of `quota`: on that many days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<i64>,
    /// Of `quota`: that much in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Number>,
    /// Of `quota`: `week`, `month`, `year` or `rolling`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per: Option<String>,
    /// Of `rrule`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rrule: Option<String>,
    /// Of `daily`, `weekly`, `monthly`, `yearly`: every n-th.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<i64>,
    /// Of `monthly` with days and of `yearly`: `clamp` or `skip`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overflow: Option<String>,
}

/// The `days` of a schedule: those of a month, `[1,15]`, or how many in a row, `3`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DaysInput {
    /// Which of a month.
    Listed(Vec<i64>),
    /// How many in a row.
    Number(i64),
}

/// A weekday of a schedule: `"mo"` or `{"nth":-1,"weekday":"fr"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum WeekdayInput {
    /// Every one.
    Plain(String),
    /// The n-th of the month.
    Numbered(NumberedWeekdayInput),
}

/// `{"nth":-1,"weekday":"fr"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberedWeekdayInput {
    /// Which one, from the end if negative.
    pub nth: i64,
    /// Of which weekday.
    pub weekday: String,
}

impl Schedule {
    /// The form of the API, defaults filled in.
    pub fn to_input(&self) -> ScheduleInput {
        let mut input = ScheduleInput { type_name: Some(self.type_name().to_owned()), ..ScheduleInput::default() };
        let overflow = |overflow: Overflow| Some(if overflow == Overflow::Clamp { "clamp" } else { "skip" }.to_owned());
        match self {
            Self::Daily { every } => input.every = Some(i64::from(*every)),
            Self::Weekly { weekdays, every } => {
                input.weekdays =
                    Some(weekdays.iter().map(|day| WeekdayInput::Plain(day.as_str().to_owned())).collect());
                input.every = Some(i64::from(*every));
            }
            Self::MonthlyDays { days, every, overflow: how } => {
                input.days = Some(DaysInput::Listed(days.iter().map(|day| i64::from(*day)).collect()));
                input.every = Some(i64::from(*every));
                input.overflow = overflow(*how);
            }
            Self::MonthlyWeekdays { weekdays, every } => {
                let numbered = weekdays.iter().map(|day| {
                    WeekdayInput::Numbered(NumberedWeekdayInput {
                        nth: i64::from(day.nth),
                        weekday: day.weekday.as_str().to_owned(),
                    })
                });
                input.weekdays = Some(numbered.collect());
                input.every = Some(i64::from(*every));
            }
            Self::Yearly { dates, every, overflow: how } => {
                input.dates = Some(dates.iter().map(|date| format!("{:02}-{:02}", date.month, date.day)).collect());
                input.every = Some(i64::from(*every));
                input.overflow = overflow(*how);
            }
            Self::Cycle { active_days, rest_days } => {
                input.active_days = Some(i64::from(*active_days));
                input.rest_days = Some(i64::from(*rest_days));
            }
            Self::Quota { quota, per } => {
                match quota {
                    Quota::Times(times) => input.times = Some(i64::from(*times)),
                    Quota::Amount(amount) => input.amount = Some(Number::from(*amount)),
                }
                input.per = Some(per.as_str().to_owned());
            }
            Self::Rolling(rolling) => {
                input.times = Some(i64::from(rolling.times));
                input.per = Some(QuotaPer::Rolling.as_str().to_owned());
                input.days = Some(DaysInput::Number(i64::from(rolling.days)));
            }
            Self::Rrule(rule) => input.rrule = Some(rule.to_string()),
        }
        input
    }
}
