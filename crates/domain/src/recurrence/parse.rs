//! Reading an RRULE: text → [`UnvalidatedRule`] (the parts, each well-formed) → [`Rule`] (the parts together make sense).
//!
//! Every complaint names the part it is about. Parts finer than days (`BYHOUR`, `FREQ=HOURLY`, …) are refused by name.

use std::str::FromStr;

use super::rule::{Frequency, Limit, NthWeekday, Rule, Skip};
use crate::civil::{Date, DateError, Instant, Weekday, Weekdays};
use crate::violation::Violations;

/// The longest text that is read as a rule, in bytes.
pub const MAX_RULE_LENGTH: usize = 2_000;
/// The largest `INTERVAL`.
pub const MAX_INTERVAL: u32 = 100_000;
/// The largest `COUNT`; more than there are dates.
pub const MAX_COUNT: u32 = 1_000_000;

/// The parts of an RRULE, each well-formed and in its range, not yet held against each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnvalidatedRule {
    /// `FREQ`.
    pub frequency: Option<Frequency>,
    /// `INTERVAL`, 1 … [`MAX_INTERVAL`].
    pub interval: Option<u32>,
    /// `COUNT`, 1 … [`MAX_COUNT`].
    pub count: Option<u32>,
    /// `UNTIL`: [`Limit::Until`], whose time of day is dropped, or with a `Z` [`Limit::UntilInstant`]. A year after 2199
    /// is taken as the last date there is.
    pub until: Option<Limit>,
    /// `BYMONTH`, 1 … 12.
    pub months: Vec<i16>,
    /// `BYMONTHDAY`, ±1 … ±31.
    pub month_days: Vec<i16>,
    /// `BYYEARDAY`, ±1 … ±366.
    pub year_days: Vec<i16>,
    /// `BYWEEKNO`, ±1 … ±53.
    pub week_numbers: Vec<i16>,
    /// `BYDAY` without numbers.
    pub weekdays: Weekdays,
    /// `BYDAY` with numbers, ±1 … ±53.
    pub nth_weekdays: Vec<NthWeekday>,
    /// `BYSETPOS`, ±1 … ±366.
    pub positions: Vec<i16>,
    /// `WKST`.
    pub week_start: Option<Weekday>,
    /// `SKIP`.
    pub skip: Option<Skip>,
}

const CODE: &str = "invalid_rrule";

impl UnvalidatedRule {
    /// Reads the text of an RRULE, with or without `RRULE:` in front, in any case.
    ///
    /// # Errors
    /// `invalid_rrule` for each part that is unknown, repeated, malformed or out of its range.
    pub fn parse(text: &str) -> Result<Self, Violations> {
        let mut rule = Self::default();
        let mut wrong = Violations::new();
        let text = text.trim();
        if text.len() > MAX_RULE_LENGTH {
            return Err(Violations::of(CODE, format!("must have at most {MAX_RULE_LENGTH} characters")));
        }
        let upper = text.to_ascii_uppercase();
        let body = upper.strip_prefix("RRULE:").unwrap_or(&upper);
        if body.is_empty() {
            return Err(Violations::of(CODE, "is empty: at least `FREQ=DAILY` (or WEEKLY, MONTHLY, YEARLY) is needed"));
        }
        let mut seen: Vec<&str> = Vec::new();
        for part in body.strip_suffix(';').unwrap_or(body).split(';') {
            let Some((name, value)) = part.split_once('=') else {
                wrong.add("", CODE, format!("`{part}` is not of the form NAME=VALUE"));
                continue;
            };
            if seen.contains(&name) {
                wrong.add("", CODE, format!("{name} is given more than once"));
                continue;
            }
            seen.push(name);
            if let Err(detail) = rule.read_part(name, value) {
                wrong.add("", CODE, format!("{name}: {detail}"));
            }
        }
        if wrong.is_empty() { Ok(rule) } else { Err(wrong) }
    }

    fn read_part(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "FREQ" => self.frequency = Some(frequency(value)?),
            "INTERVAL" => self.interval = Some(number(value, MAX_INTERVAL)?),
            "COUNT" => self.count = Some(number(value, MAX_COUNT)?),
            "UNTIL" => self.until = Some(until(value)?),
            "BYMONTH" => self.months = numbers(value, 12, false)?,
            "BYMONTHDAY" => self.month_days = numbers(value, 31, true)?,
            "BYYEARDAY" => self.year_days = numbers(value, 366, true)?,
            "BYWEEKNO" => self.week_numbers = numbers(value, 53, true)?,
            "BYSETPOS" => self.positions = numbers(value, 366, true)?,
            "BYDAY" => {
                for day in value.split(',') {
                    match by_day(day)? {
                        (None, weekday) => self.weekdays = self.weekdays.with(weekday),
                        (Some(nth), weekday) => self.nth_weekdays.push(NthWeekday { nth, weekday }),
                    }
                }
            }
            "WKST" => self.week_start = Some(weekday(value)?),
            "SKIP" => {
                self.skip = Some(match value {
                    "OMIT" => Skip::Omit,
                    "BACKWARD" => Skip::Backward,
                    "FORWARD" => Skip::Forward,
                    _ => return Err(format!("`{value}` is not OMIT, BACKWARD or FORWARD")),
                });
            }
            "RSCALE" if value == "GREGORIAN" => {}
            "RSCALE" => return Err(format!("`{value}` is not supported, only GREGORIAN")),
            "BYHOUR" | "BYMINUTE" | "BYSECOND" => return Err("is finer than a day, which rules here can't be".into()),
            _ => return Err("is not a part of a recurrence rule (RFC 5545 §3.3.10)".into()),
        }
        Ok(())
    }

    /// Holds the parts against each other.
    ///
    /// # Errors
    /// `invalid_rrule` for each combination that RFC 5545 §3.3.10 forbids, and for a missing `FREQ`.
    pub fn validate(self) -> Result<Rule, Violations> {
        let mut wrong = Violations::new();
        let mut refuse = |part: &str, detail: &str| wrong.add("", CODE, format!("{part}: {detail}"));
        let Some(frequency) = self.frequency else {
            refuse("FREQ", "is required");
            return Err(wrong);
        };
        if self.count.is_some() && self.until.is_some() {
            refuse("COUNT", "can't be given together with UNTIL");
        }
        if !self.week_numbers.is_empty() && frequency != Frequency::Yearly {
            refuse("BYWEEKNO", "is only for FREQ=YEARLY");
        }
        if !self.year_days.is_empty() && frequency != Frequency::Yearly {
            refuse("BYYEARDAY", "is only for FREQ=YEARLY at the level of dates");
        }
        if !self.month_days.is_empty() && frequency == Frequency::Weekly {
            refuse("BYMONTHDAY", "can't be given with FREQ=WEEKLY");
        }
        if !self.nth_weekdays.is_empty() {
            if matches!(frequency, Frequency::Daily | Frequency::Weekly) {
                refuse("BYDAY", "numbered weekdays are only for FREQ=MONTHLY and FREQ=YEARLY");
            } else if !self.week_numbers.is_empty() {
                refuse("BYDAY", "numbered weekdays can't be given with BYWEEKNO");
            }
        }
        let mut rule = Rule {
            frequency,
            interval: self.interval.unwrap_or(1),
            limit: match (self.count, self.until) {
                (Some(count), _) => Limit::Count(count),
                (None, Some(until)) => until,
                (None, None) => Limit::Never,
            },
            months: self.months.iter().fold(0, |set, &month| set | (1 << month)),
            month_days: sorted(self.month_days),
            year_days: sorted(self.year_days),
            week_numbers: sorted(self.week_numbers),
            weekdays: self.weekdays,
            nth_weekdays: self.nth_weekdays,
            positions: sorted(self.positions),
            week_start: self.week_start.unwrap_or(Weekday::Mo),
            skip: self.skip.unwrap_or_default(),
        };
        rule.nth_weekdays.sort_unstable();
        rule.nth_weekdays.dedup();
        if !rule.positions.is_empty() && rule.months == 0 && !rule.chooses_days() {
            refuse("BYSETPOS", "needs another BY… part to choose from");
        }
        if wrong.is_empty() { Ok(rule) } else { Err(wrong) }
    }
}

impl FromStr for Rule {
    type Err = Violations;

    /// Reads an RRULE.
    ///
    /// ```
    /// use circadia_domain::recurrence::Rule;
    /// let rule: Rule = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1".parse().unwrap();
    /// assert_eq!(rule.describe(), "on the last working day of every month");
    /// let wrong = "FREQ=MONTHLY;BYDAY=XX;COUNT=0".parse::<Rule>().unwrap_err();
    /// assert_eq!(wrong.iter().count(), 2);
    /// ```
    fn from_str(text: &str) -> Result<Self, Violations> {
        UnvalidatedRule::parse(text)?.validate()
    }
}

fn sorted(mut values: Vec<i16>) -> Vec<i16> {
    values.sort_unstable();
    values.dedup();
    values
}

fn frequency(value: &str) -> Result<Frequency, String> {
    match value {
        "DAILY" => Ok(Frequency::Daily),
        "WEEKLY" => Ok(Frequency::Weekly),
        "MONTHLY" => Ok(Frequency::Monthly),
        "YEARLY" => Ok(Frequency::Yearly),
        "HOURLY" | "MINUTELY" | "SECONDLY" => Err(format!("`{value}` is finer than a day, which rules here can't be")),
        _ => Err(format!("`{value}` is not DAILY, WEEKLY, MONTHLY or YEARLY")),
    }
}

fn number(value: &str, max: u32) -> Result<u32, String> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse::<u32>() {
        Ok(number) if digits && (1..=max).contains(&number) => Ok(number),
        _ => Err(format!("`{value}` is not a number from 1 to {max}")),
    }
}

fn signed(value: &str, max: i16, negative: bool) -> Option<i16> {
    let (sign, digits) = match value.as_bytes().first() {
        Some(b'-') if negative => (-1, value.get(1..)?),
        Some(b'+') => (1, value.get(1..)?),
        _ => (1, value),
    };
    if digits.is_empty() || digits.len() > 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let magnitude: i16 = digits.parse().ok()?;
    (1..=max).contains(&magnitude).then_some(sign * magnitude)
}

fn numbers(value: &str, max: i16, negative: bool) -> Result<Vec<i16>, String> {
    let read = |item: &str| {
        signed(item, max, negative).ok_or_else(|| {
            let below = if negative { format!(" or from -{max} to -1") } else { String::new() };
            format!("`{item}` is not a number from 1 to {max}{below}")
        })
    };
    value.split(',').map(read).collect()
}

fn weekday(value: &str) -> Result<Weekday, String> {
    Weekday::parse(&value.to_ascii_lowercase())
        .map_err(|_| format!("`{value}` is not one of MO, TU, WE, TH, FR, SA, SU"))
}

fn by_day(value: &str) -> Result<(Option<i16>, Weekday), String> {
    let split = value.len().saturating_sub(2);
    let (Some(number), Some(name)) = (value.get(..split), value.get(split..)) else {
        return Err(format!("`{value}` is not a weekday such as MO, 2MO or -1FR"));
    };
    let day = weekday(name)?;
    if number.is_empty() {
        return Ok((None, day));
    }
    match signed(number, 53, true) {
        Some(nth) => Ok((Some(nth), day)),
        None => Err(format!("`{value}`: the number must be from 1 to 53 or from -53 to -1")),
    }
}

/// `YYYYMMDD`; `YYYYMMDDTHHMMSS`, whose time is dropped; or an instant, `YYYYMMDDTHHMMSSZ`.
fn until(value: &str) -> Result<Limit, String> {
    let malformed = || format!("`{value}` is not a date of the form YYYYMMDD");
    let (date, time) = value.split_at_checked(8).ok_or_else(malformed)?;
    let clock = time.strip_prefix('T').map(|clock| clock.strip_suffix('Z').unwrap_or(clock));
    let time_ok = match clock {
        None => time.is_empty(),
        Some(clock) => clock.len() == 6 && clock.bytes().all(|byte| byte.is_ascii_digit()),
    };
    let (Some(year), Some(month), Some(day)) = (date.get(..4), date.get(4..6), date.get(6..)) else {
        return Err(malformed());
    };
    if !time_ok {
        return Err(malformed());
    }
    match Date::parse(&format!("{year}-{month}-{day}")) {
        Ok(_) if time.ends_with('Z') => {
            let clock = clock.unwrap_or_default();
            let text = format!("{year}-{month}-{day}T{}:{}:{}Z", &clock[..2], &clock[2..4], &clock[4..]);
            Instant::parse(&text).map(Limit::UntilInstant).map_err(|_| malformed())
        }
        Ok(date) => Ok(Limit::Until(date)),
        // "For ever", as calendars like to write it.
        Err(DateError::OutOfRange) if year > "2199" => Ok(Limit::Until(Date::MAX)),
        Err(DateError::Malformed) => Err(malformed()),
        Err(error) => Err(format!("`{value}` {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::civil::Zone;

    fn complaints(text: &str) -> Vec<String> {
        text.parse::<Rule>().unwrap_err().iter().map(|violation| violation.detail.to_string()).collect()
    }

    #[test]
    fn every_wrong_part_is_named() {
        assert_eq!(
            complaints("FREQ=HOURLY;INTERVAL=0;BYMONTH=13;BYDAY=MO,XX;BYHOUR=9;FOO=1;nonsense"),
            [
                "FREQ: `HOURLY` is finer than a day, which rules here can't be",
                "INTERVAL: `0` is not a number from 1 to 100000",
                "BYMONTH: `13` is not a number from 1 to 12",
                "BYDAY: `XX` is not one of MO, TU, WE, TH, FR, SA, SU",
                "BYHOUR: is finer than a day, which rules here can't be",
                "FOO: is not a part of a recurrence rule (RFC 5545 §3.3.10)",
                "`NONSENSE` is not of the form NAME=VALUE",
            ]
        );
    }

    #[test]
    fn combinations_that_the_rfc_forbids_are_named_together() {
        assert_eq!(
            complaints("FREQ=WEEKLY;BYMONTHDAY=1;BYWEEKNO=2;BYYEARDAY=3;BYDAY=1MO;COUNT=1;UNTIL=20240101").len(),
            5
        );
        assert_eq!(complaints("FREQ=DAILY;BYSETPOS=1"), ["BYSETPOS: needs another BY… part to choose from"]);
        assert_eq!(complaints("COUNT=3"), ["FREQ: is required"]);
        assert_eq!(complaints("FREQ=DAILY;FREQ=DAILY"), ["FREQ is given more than once"]);
    }

    #[test]
    fn what_isnt_ascii_or_digits_is_refused_without_panic() {
        for wrong in [
            "",
            "RRULE:",
            "FREQ=DAILY;BYDAY=é",
            "FREQ=DAILY;BYDAY=éé",
            "FREQ=DAILY;UNTIL=2024é01",
            "FREQ=DAILY;COUNT=+3",
            "FREQ=DAILY;BYMONTHDAY=--1",
            "FREQ=DAILY;BYMONTHDAY=",
            "FREQ=DAILY;UNTIL=20240230",
            "FREQ=DAILY;UNTIL=19691231",
        ] {
            assert!(wrong.parse::<Rule>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn until_in_utc_is_the_day_of_a_zone() {
        for (until, zone, day) in [
            ("20200506T035959Z", "America/New_York", "2020-05-05"),
            ("20200506T040000Z", "America/New_York", "2020-05-06"),
            // Clocks go back at 06:00Z that day.
            ("20201101T045959Z", "America/New_York", "2020-11-01"),
            ("20201102T045959Z", "America/New_York", "2020-11-01"),
            ("20200505T145959Z", "Asia/Tokyo", "2020-05-05"),
            ("20200505T150000Z", "Asia/Tokyo", "2020-05-06"),
            ("20200505T205959Z", "Asia/Jerusalem", "2020-05-05"),
            ("20200505T210000Z", "Asia/Jerusalem", "2020-05-06"),
            ("20200506T000000Z", "UTC", "2020-05-06"),
        ] {
            let text = format!("FREQ=DAILY;UNTIL={until}");
            let rule: Rule = text.parse().unwrap();
            assert_eq!(rule.to_string(), text);
            let expected = Limit::Until(Date::parse(day).unwrap());
            assert_eq!(rule.in_zone(&Zone::parse(zone).unwrap()).limit(), expected, "{until} in {zone}");
        }
        assert_eq!(complaints("FREQ=DAILY;UNTIL=20200506T256000Z").len(), 1);
    }

    #[test]
    fn until_may_carry_a_time_and_lie_beyond_the_calendar() {
        let until = |text: &str| text.parse::<Rule>().unwrap().limit();
        assert_eq!(until("FREQ=DAILY;UNTIL=19971224T000000"), Limit::Until(Date::new(1997, 12, 24).unwrap()));
        assert_eq!(until("FREQ=DAILY;UNTIL=99991231"), Limit::Until(Date::MAX));
    }
}
