//! Writing a rule as an RRULE: the canonical text, which reads back as the same rule.

use std::fmt::{self, Display, Write as _};

use super::rule::{Frequency, Limit, Rule, Skip};
use crate::civil::Weekday;

fn list(f: &mut fmt::Formatter<'_>, name: &str, values: impl IntoIterator<Item = impl Display>) -> fmt::Result {
    let mut first = true;
    for value in values {
        if first {
            write!(f, ";{name}=")?;
        } else {
            f.write_char(',')?;
        }
        first = false;
        value.fmt(f)?;
    }
    Ok(())
}

fn upper(weekday: Weekday) -> String {
    weekday.as_str().to_ascii_uppercase()
}

impl Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // RFC 7529 wants RSCALE wherever there is a SKIP.
        if self.skip != Skip::Omit {
            f.write_str("RSCALE=GREGORIAN;")?;
        }
        f.write_str(match self.frequency {
            Frequency::Daily => "FREQ=DAILY",
            Frequency::Weekly => "FREQ=WEEKLY",
            Frequency::Monthly => "FREQ=MONTHLY",
            Frequency::Yearly => "FREQ=YEARLY",
        })?;
        if self.interval != 1 {
            write!(f, ";INTERVAL={}", self.interval)?;
        }
        list(f, "BYMONTH", self.months())?;
        list(f, "BYWEEKNO", &self.week_numbers)?;
        list(f, "BYYEARDAY", &self.year_days)?;
        list(f, "BYMONTHDAY", &self.month_days)?;
        let plain = self.weekdays.iter().map(upper);
        let numbered = self.nth_weekdays.iter().map(|day| format!("{}{}", day.nth, upper(day.weekday)));
        list(f, "BYDAY", plain.chain(numbered))?;
        list(f, "BYSETPOS", &self.positions)?;
        if self.week_start != Weekday::Mo {
            write!(f, ";WKST={}", upper(self.week_start))?;
        }
        match self.skip {
            Skip::Omit => {}
            Skip::Backward => f.write_str(";SKIP=BACKWARD")?,
            Skip::Forward => f.write_str(";SKIP=FORWARD")?,
        }
        match self.limit {
            Limit::Never => Ok(()),
            Limit::Count(count) => write!(f, ";COUNT={count}"),
            Limit::Until(date) => {
                let (year, month, day) = date.year_month_day();
                write!(f, ";UNTIL={year:04}{month:02}{day:02}")
            }
            Limit::UntilInstant(instant) => {
                write!(f, ";UNTIL={}", instant.to_chrono().format("%Y%m%dT%H%M%SZ"))
            }
        }
    }
}
