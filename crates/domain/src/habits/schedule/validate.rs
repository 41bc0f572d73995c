//! Checking a schedule that came from outside: every wrong field at once, each with its pointer.

use super::input::{DaysInput, ScheduleInput, WeekdayInput};
use super::{
    MAX_AMOUNT, MAX_EVERY, MAX_LISTED, MAX_ROLLING_DAYS, MAX_RUN, MIN_ROLLING_DAYS, MonthDay, NthWeekdayOfMonth,
    Overflow, Per, Quota, QuotaPer, Rolling, Schedule,
};
use crate::civil::{Weekday, Weekdays};
use crate::quantity::Quantity;
use crate::recurrence::Rule;
use crate::violation::Violations;
use crate::words::Words as _;

const TYPES: &str = "`daily`, `weekly`, `monthly`, `yearly`, `cycle`, `quota` or `rrule`";

impl Schedule {
    /// Checks what came from outside.
    ///
    /// # Errors
    /// With pointers such as `/weekdays/1`: `required`, `unknown_value`, `unknown_field` (a field that the type doesn't
    /// have), `out_of_range`, `too_precise`, `duplicate`, `too_many`, `conflict` (two ways to say the same), `invalid_date`,
    /// `invalid_rrule`; all of them at once.
    #[expect(clippy::needless_pass_by_value, reason = "the input is used up: what it says is in the result")]
    pub fn validate(input: ScheduleInput) -> Result<Self, Violations> {
        let mut wrong = Violations::new();
        let Some(type_name) = input.type_name.clone() else {
            wrong.add("/type", "required", format!("is required: {TYPES}"));
            return Err(wrong);
        };
        let allowed: &[&str] = match type_name.as_str() {
            "daily" => &["every"],
            "weekly" => &["weekdays", "every"],
            "monthly" => &["days", "weekdays", "every", "overflow"],
            "yearly" => &["dates", "every", "overflow"],
            "cycle" => &["active_days", "rest_days"],
            "quota" => &["times", "amount", "per", "days"],
            "rrule" => &["rrule"],
            _ => {
                wrong.add("/type", "unknown_value", format!("must be {TYPES}"));
                return Err(wrong);
            }
        };
        for (name, given) in input.given() {
            if given && !allowed.contains(&name) {
                wrong.add(format!("/{name}"), "unknown_field", format!("does not belong to the type `{type_name}`"));
            }
        }
        let schedule = match type_name.as_str() {
            "daily" => every(&input, &mut wrong).map(|every| Self::Daily { every }),
            "weekly" => weekly(&input, &mut wrong),
            "monthly" => monthly(&input, &mut wrong),
            "yearly" => yearly(&input, &mut wrong),
            "cycle" => cycle(&input, &mut wrong),
            "quota" => quota(&input, &mut wrong),
            _ => rrule(&input, &mut wrong),
        };
        match schedule {
            Some(schedule) if wrong.is_empty() => Ok(schedule),
            _ => Err(wrong),
        }
    }
}

impl ScheduleInput {
    fn given(&self) -> [(&'static str, bool); 11] {
        [
            ("every", self.every.is_some()),
            ("weekdays", self.weekdays.is_some()),
            ("days", self.days.is_some()),
            ("dates", self.dates.is_some()),
            ("overflow", self.overflow.is_some()),
            ("active_days", self.active_days.is_some()),
            ("rest_days", self.rest_days.is_some()),
            ("times", self.times.is_some()),
            ("amount", self.amount.is_some()),
            ("per", self.per.is_some()),
            ("rrule", self.rrule.is_some()),
        ]
    }
}

fn number(path: &str, value: i64, min: u32, max: u32, wrong: &mut Violations) -> Option<u32> {
    match u32::try_from(value) {
        Ok(number) if (min..=max).contains(&number) => Some(number),
        _ => {
            wrong.add(path, "out_of_range", format!("must be a number from {min} to {max}"));
            None
        }
    }
}

fn required(path: &str, value: Option<i64>, min: u32, max: u32, wrong: &mut Violations) -> Option<u32> {
    if let Some(value) = value {
        return number(path, value, min, max, wrong);
    }
    wrong.add(path, "required", format!("is required: a number from {min} to {max}"));
    None
}

fn every(input: &ScheduleInput, wrong: &mut Violations) -> Option<u32> {
    number("/every", input.every.unwrap_or(1), 1, MAX_EVERY, wrong)
}

fn overflow(input: &ScheduleInput, wrong: &mut Violations) -> Option<Overflow> {
    match input.overflow.as_deref() {
        None => Some(Overflow::default()),
        Some(word) => wrong.take("/overflow", Overflow::parse(word)),
    }
}

/// Reads the items of a list, each with its pointer; complains of emptiness, excess and repetitions.
fn list<T, R: PartialEq + Copy>(
    name: &str,
    items: Option<&Vec<T>>,
    wrong: &mut Violations,
    mut read: impl FnMut(&str, &T, &mut Violations) -> Option<R>,
) -> Option<Vec<R>> {
    let items = match items {
        None => {
            wrong.add(format!("/{name}"), "required", "is required: a list with at least one item");
            return None;
        }
        Some(items) if items.is_empty() => {
            wrong.add(format!("/{name}"), "required", "must have at least one item");
            return None;
        }
        Some(items) if items.len() > MAX_LISTED => {
            wrong.add(format!("/{name}"), "too_many", format!("must have at most {MAX_LISTED} items"));
            return None;
        }
        Some(items) => items,
    };
    let mut values = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let path = format!("/{name}/{at}");
        let Some(value) = read(&path, item, wrong) else { continue };
        if values.contains(&value) {
            wrong.add(path, "duplicate", "is listed before");
        } else {
            values.push(value);
        }
    }
    Some(values)
}

fn weekday(path: &str, text: &str, wrong: &mut Violations) -> Option<Weekday> {
    wrong.take(path, Weekday::parse(text))
}

fn weekly(input: &ScheduleInput, wrong: &mut Violations) -> Option<Schedule> {
    let weekdays = list("weekdays", input.weekdays.as_ref(), wrong, |path, item, wrong| match item {
        WeekdayInput::Plain(text) => weekday(path, text, wrong),
        WeekdayInput::Numbered(_) => {
            wrong.add(path, "unknown_value", "must be a weekday such as `mo`; numbered ones are for `monthly`");
            None
        }
    });
    let every = every(input, wrong)?;
    Some(Schedule::Weekly { weekdays: weekdays?.into_iter().collect::<Weekdays>(), every })
}

fn monthly(input: &ScheduleInput, wrong: &mut Violations) -> Option<Schedule> {
    let every = every(input, wrong);
    match (&input.days, &input.weekdays) {
        (Some(_), Some(_)) => {
            wrong.add("/weekdays", "conflict", "can't be given together with `days`");
            None
        }
        (None, None) => {
            wrong.add("/days", "required", "is required: days of the month; or `weekdays` instead");
            None
        }
        (Some(days), None) => {
            let overflow = overflow(input, wrong);
            let DaysInput::Listed(days) = days else {
                wrong.add("/days", "wrong_type", "must be a list of days of the month, such as `[1, 15]`");
                return None;
            };
            let mut days = list("days", Some(days), wrong, |path, day, wrong| match i16::try_from(*day) {
                Ok(day) if (1..=31).contains(&day.unsigned_abs()) => Some(day),
                _ => {
                    wrong.add(
                        path,
                        "out_of_range",
                        "must be a number from 1 to 31, or from -31 to -1 counted from the end",
                    );
                    None
                }
            })?;
            days.sort_by_key(|day| (*day < 0, *day));
            Some(Schedule::MonthlyDays { days, every: every?, overflow: overflow? })
        }
        (None, Some(_)) => {
            if input.overflow.is_some() {
                wrong.add("/overflow", "unknown_field", "does not belong to `monthly` with `weekdays`");
            }
            let mut weekdays = list("weekdays", input.weekdays.as_ref(), wrong, |path, item, wrong| match item {
                WeekdayInput::Numbered(item) => {
                    let nth = match i16::try_from(item.nth) {
                        Ok(nth) if (1..=5).contains(&nth.unsigned_abs()) => Some(nth),
                        _ => {
                            let detail = "must be a number from 1 to 5, or from -5 to -1 counted from the end";
                            wrong.add(format!("{path}/nth"), "out_of_range", detail);
                            None
                        }
                    };
                    let weekday = weekday(&format!("{path}/weekday"), &item.weekday, wrong);
                    Some(NthWeekdayOfMonth { nth: nth?, weekday: weekday? })
                }
                WeekdayInput::Plain(_) => {
                    wrong.add(path, "unknown_value", "must be of the form {\"nth\":-1,\"weekday\":\"fr\"}");
                    None
                }
            })?;
            weekdays.sort_unstable();
            Some(Schedule::MonthlyWeekdays { weekdays, every: every? })
        }
    }
}

fn month_day(text: &str) -> Option<MonthDay> {
    let &[m1 @ b'0'..=b'9', m2 @ b'0'..=b'9', b'-', d1 @ b'0'..=b'9', d2 @ b'0'..=b'9'] = text.as_bytes() else {
        return None;
    };
    let digits = |tens: u8, ones: u8| u32::from(tens - b'0') * 10 + u32::from(ones - b'0');
    let (month, day) = (digits(m1, m2), digits(d1, d2));
    // A leap year has every day there is.
    crate::civil::Date::new(2000, month, day).map(|_| MonthDay { month, day })
}

fn yearly(input: &ScheduleInput, wrong: &mut Violations) -> Option<Schedule> {
    let (every, overflow) = (every(input, wrong), overflow(input, wrong));
    let mut dates = list("dates", input.dates.as_ref(), wrong, |path, text, wrong| {
        let date = month_day(text);
        if date.is_none() {
            wrong.add(path, "invalid_date", "is not a day of the year of the form `MM-DD`");
        }
        date
    })?;
    dates.sort_unstable();
    Some(Schedule::Yearly { dates, every: every?, overflow: overflow? })
}

fn cycle(input: &ScheduleInput, wrong: &mut Violations) -> Option<Schedule> {
    let active_days = required("/active_days", input.active_days, 1, MAX_RUN, wrong);
    let rest_days = required("/rest_days", input.rest_days, 0, MAX_RUN, wrong);
    Some(Schedule::Cycle { active_days: active_days?, rest_days: rest_days? })
}

fn quota(input: &ScheduleInput, wrong: &mut Violations) -> Option<Schedule> {
    let per = if let Some(word) = input.per.as_deref() {
        wrong.take("/per", QuotaPer::parse(word))
    } else {
        wrong.add("/per", "required", format!("is required: {}", QuotaPer::alternatives()));
        None
    };
    if per == Some(QuotaPer::Rolling) {
        return rolling(input, wrong).map(Schedule::Rolling);
    }
    if per.is_some() && input.days.is_some() {
        wrong.add("/days", "unknown_field", "belongs to `per` `rolling` alone");
    }
    let per = per.and_then(QuotaPer::calendar);
    let quota = match (input.times, &input.amount) {
        (Some(_), Some(_)) => {
            wrong.add("/amount", "conflict", "can't be given together with `times`");
            None
        }
        (None, None) => {
            wrong.add("/times", "required", "is required: on how many days; or `amount` instead");
            None
        }
        // No more than the shortest such period has days: otherwise it could never be met.
        (Some(times), None) => {
            let most = per.map_or(365, Per::least_days);
            number("/times", times, 1, most, wrong).map(Quota::Times)
        }
        (None, Some(amount)) => {
            let range = Quantity::SMALLEST..=Quantity::whole(MAX_AMOUNT);
            wrong.take("/amount", Quantity::between(amount, range)).map(Quota::Amount)
        }
    };
    Some(Schedule::Quota { quota: quota?, per: per? })
}

fn rolling(input: &ScheduleInput, wrong: &mut Violations) -> Option<Rolling> {
    let days = match &input.days {
        Some(DaysInput::Number(days)) => number("/days", *days, MIN_ROLLING_DAYS, MAX_ROLLING_DAYS, wrong),
        Some(DaysInput::Listed(_)) => {
            let detail = format!("must be a number from {MIN_ROLLING_DAYS} to {MAX_ROLLING_DAYS}: of how many days");
            wrong.add("/days", "wrong_type", detail);
            None
        }
        None => required("/days", None, MIN_ROLLING_DAYS, MAX_ROLLING_DAYS, wrong),
    };
    if input.amount.is_some() {
        wrong.add("/amount", "unexpected_amount", "an amount needs a calendar period; use `times`, a number of days");
    }
    let times = required("/times", input.times, 1, days.unwrap_or(MAX_ROLLING_DAYS), wrong);
    Some(Rolling { times: times?, days: days? })
}

fn rrule(input: &ScheduleInput, wrong: &mut Violations) -> Option<Schedule> {
    let Some(text) = input.rrule.as_deref() else {
        wrong.add(
            "/rrule",
            "required",
            "is required: a recurrence rule such as `FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1`",
        );
        return None;
    };
    wrong.take("/rrule", text.parse::<Rule>()).map(|rule| Schedule::Rrule(Box::new(rule)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(json: &str) -> Vec<(String, &'static str)> {
        let input: ScheduleInput = serde_json::from_str(json).unwrap();
        Schedule::validate(input)
            .unwrap_err()
            .iter()
            .map(|violation| (violation.path.clone(), violation.code))
            .collect()
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        for (json, expected) in [
            ("{}", vec![("/type", "required")]),
            (r#"{"type":"hourly"}"#, vec![("/type", "unknown_value")]),
            (
                r#"{"type":"daily","every":0,"weekdays":["mo"],"rrule":"x"}"#,
                vec![("/weekdays", "unknown_field"), ("/rrule", "unknown_field"), ("/every", "out_of_range")],
            ),
            (
                r#"{"type":"weekly","weekdays":["mo","xx","mo",{"nth":1,"weekday":"fr"}],"every":-1}"#,
                vec![
                    ("/weekdays/1", "unknown_value"),
                    ("/weekdays/2", "duplicate"),
                    ("/weekdays/3", "unknown_value"),
                    ("/every", "out_of_range"),
                ],
            ),
            (r#"{"type":"weekly","weekdays":[]}"#, vec![("/weekdays", "required")]),
            (
                r#"{"type":"monthly","days":[0,32,-1,-1],"overflow":"wrap"}"#,
                vec![
                    ("/overflow", "unknown_value"),
                    ("/days/0", "out_of_range"),
                    ("/days/1", "out_of_range"),
                    ("/days/3", "duplicate"),
                ],
            ),
            (
                r#"{"type":"monthly","weekdays":["mo",{"nth":6,"weekday":"xx"}]}"#,
                vec![
                    ("/weekdays/0", "unknown_value"),
                    ("/weekdays/1/nth", "out_of_range"),
                    ("/weekdays/1/weekday", "unknown_value"),
                ],
            ),
            (r#"{"type":"monthly","days":[1],"weekdays":[{"nth":1,"weekday":"fr"}]}"#, vec![("/weekdays", "conflict")]),
            (
                r#"{"type":"yearly","dates":["02-30","2-1","12-25","12-25"]}"#,
                vec![("/dates/0", "invalid_date"), ("/dates/1", "invalid_date"), ("/dates/3", "duplicate")],
            ),
            (r#"{"type":"cycle","active_days":0}"#, vec![("/active_days", "out_of_range"), ("/rest_days", "required")]),
            (r#"{"type":"quota","times":8,"per":"week"}"#, vec![("/times", "out_of_range")]),
            (
                r#"{"type":"quota","times":1,"amount":1,"per":"day"}"#,
                vec![("/per", "unknown_value"), ("/amount", "conflict")],
            ),
            (r#"{"type":"quota","per":"rolling"}"#, vec![("/days", "required"), ("/times", "required")]),
            (r#"{"type":"quota","times":4,"per":"rolling","days":3}"#, vec![("/times", "out_of_range")]),
            (r#"{"type":"quota","times":0,"per":"rolling","days":3}"#, vec![("/times", "out_of_range")]),
            (r#"{"type":"quota","times":1,"per":"rolling","days":1}"#, vec![("/days", "out_of_range")]),
            (
                r#"{"type":"quota","times":367,"per":"rolling","days":367}"#,
                vec![("/days", "out_of_range"), ("/times", "out_of_range")],
            ),
            (r#"{"type":"quota","times":1,"per":"rolling","days":[3]}"#, vec![("/days", "wrong_type")]),
            (
                r#"{"type":"quota","amount":5,"per":"rolling","days":3}"#,
                vec![("/amount", "unexpected_amount"), ("/times", "required")],
            ),
            (r#"{"type":"quota","times":1,"per":"week","days":3}"#, vec![("/days", "unknown_field")]),
            (r#"{"type":"daily","days":3}"#, vec![("/days", "unknown_field")]),
            (r#"{"type":"monthly","days":3}"#, vec![("/days", "wrong_type")]),
            (
                r#"{"type":"rrule","rrule":"FREQ=MONTHLY;BYDAY=XX;COUNT=0"}"#,
                vec![("/rrule", "invalid_rrule"), ("/rrule", "invalid_rrule")],
            ),
        ] {
            let expected: Vec<(String, &str)> =
                expected.into_iter().map(|(path, code)| (path.to_owned(), code)).collect();
            assert_eq!(complaints(json), expected, "{json}");
        }
    }

    #[test]
    fn json_is_canonical_and_round_trips() {
        for (given, canonical) in [
            (r#"{"type":"daily"}"#, r#"{"type":"daily","every":1}"#),
            (r#"{"type":"weekly","weekdays":["we","mo"]}"#, r#"{"type":"weekly","weekdays":["mo","we"],"every":1}"#),
            (
                r#"{"type":"monthly","days":[-1,31,1,15]}"#,
                r#"{"type":"monthly","days":[1,15,31,-1],"every":1,"overflow":"clamp"}"#,
            ),
            (
                r#"{"type":"monthly","weekdays":[{"nth":-1,"weekday":"fr"}]}"#,
                r#"{"type":"monthly","weekdays":[{"nth":-1,"weekday":"fr"}],"every":1}"#,
            ),
            (
                r#"{"type":"yearly","dates":["12-25","02-29"],"overflow":"skip"}"#,
                r#"{"type":"yearly","dates":["02-29","12-25"],"every":1,"overflow":"skip"}"#,
            ),
            (r#"{"type":"cycle","active_days":2,"rest_days":1}"#, r#"{"type":"cycle","active_days":2,"rest_days":1}"#),
            (r#"{"type":"quota","times":3,"per":"week"}"#, r#"{"type":"quota","times":3,"per":"week"}"#),
            (r#"{"type":"quota","amount":150.0,"per":"month"}"#, r#"{"type":"quota","amount":150,"per":"month"}"#),
            (r#"{"type":"quota","amount":0.5,"per":"week"}"#, r#"{"type":"quota","amount":0.5,"per":"week"}"#),
            (
                r#"{"per":"rolling","days":3,"times":2,"type":"quota"}"#,
                r#"{"type":"quota","days":3,"times":2,"per":"rolling"}"#,
            ),
            (
                r#"{"type":"quota","times":366,"per":"rolling","days":366}"#,
                r#"{"type":"quota","days":366,"times":366,"per":"rolling"}"#,
            ),
            (r#"{"type":"rrule","rrule":"freq=daily;count=3"}"#, r#"{"type":"rrule","rrule":"FREQ=DAILY;COUNT=3"}"#),
        ] {
            let schedule: Schedule = serde_json::from_str(given).unwrap();
            assert_eq!(serde_json::to_string(&schedule).unwrap(), canonical);
            assert_eq!(serde_json::from_str::<Schedule>(canonical).unwrap(), schedule);
        }
    }
}
