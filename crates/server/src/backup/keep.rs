//! Which backups are kept.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike as _, NaiveDateTime, Utc};

/// How names of backups are made from the moment that they are begun at.
const NAME_FORMAT: &str = "circadia-%Y%m%dT%H%M%SZ.tar.zst";
/// What the names of encrypted ones end with, too.
const SEALED: &str = ".age";

/// The name of a backup.
pub(super) fn name_of(begun: DateTime<Utc>, sealed: bool) -> String {
    let name = begun.format(NAME_FORMAT);
    if sealed { format!("{name}{SEALED}") } else { name.to_string() }
}

/// When a backup of this name was begun; none if it isn't the name of one.
pub(super) fn begun_at(name: &str) -> Option<DateTime<Utc>> {
    let plain = name.strip_suffix(SEALED).unwrap_or(name);
    let begun = NaiveDateTime::parse_from_str(plain, NAME_FORMAT).ok()?.and_utc();
    // Nothing that is only like such a name.
    (begun.format(NAME_FORMAT).to_string() == plain).then_some(begun)
}

/// The day, week or month that a moment lies in.
type Period = fn(&DateTime<Utc>) -> (i32, u32);

/// How many backups are kept: the latest ones, and the last of so many days, weeks and months that have any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Keep {
    latest: usize,
    daily: usize,
    weekly: usize,
    monthly: usize,
}

impl Keep {
    /// Reads `7`, or `daily=7,weekly=4,monthly=12`.
    ///
    /// # Errors
    /// What it must be.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "must be a number of backups such as `7`, or `daily=7,weekly=4,monthly=12`".to_owned();
        let number = |text: &str| text.trim().parse().ok().filter(|n| (1..=10_000).contains(n)).ok_or_else(wrong);
        let mut keep = Self::default();
        for part in text.split(',') {
            let (word, count) = part.split_once('=').unwrap_or(("latest", part));
            let place = match word.trim() {
                "latest" => &mut keep.latest,
                "daily" => &mut keep.daily,
                "weekly" => &mut keep.weekly,
                "monthly" => &mut keep.monthly,
                _ => return Err(wrong()),
            };
            if std::mem::replace(place, number(count)?) != 0 {
                return Err(wrong());
            }
        }
        Ok(keep)
    }

    /// The names of backups that go, of all files that there are. The newest backup never does, nor does any other file.
    pub(super) fn superfluous(self, names: &[String]) -> Vec<String> {
        let mut backups: Vec<_> = names.iter().filter_map(|name| Some((begun_at(name)?, name))).collect();
        backups.sort();
        backups.reverse();
        let mut kept: BTreeSet<&String> = backups.iter().take(self.latest.max(1)).map(|(_, name)| *name).collect();
        let day = |at: &DateTime<Utc>| (at.year(), at.ordinal());
        let week = |at: &DateTime<Utc>| (at.iso_week().year(), at.iso_week().week());
        let month = |at: &DateTime<Utc>| (at.year(), at.month());
        let periods: [(usize, Period); 3] = [(self.daily, day), (self.weekly, week), (self.monthly, month)];
        for (count, period) in periods {
            let mut seen = BTreeSet::new();
            for (at, name) in &backups {
                let is_new = seen.insert(period(at));
                if seen.len() > count {
                    break;
                }
                if is_new {
                    kept.insert(name);
                }
            }
        }
        backups.iter().map(|(_, name)| *name).filter(|name| !kept.contains(name)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn names_are_told_from_others() {
        let begun = at("2026-11-30T02:20:07Z");
        assert_eq!(name_of(begun, false), "circadia-20261130T022007Z.tar.zst");
        for sealed in [false, true] {
            assert_eq!(begun_at(&name_of(begun, sealed)), Some(begun));
        }
        for other in [
            "circadia-20261130T022007Z.tar.zst.age.part",
            "circadia-20261330T022007Z.tar.zst",
            "circadia- 0261130T022007Z.tar.zst",
            "circadia-20261130T022007Z.tar",
            "other-20261130T022007Z.tar.zst",
            "",
        ] {
            assert_eq!(begun_at(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_kept_is_read() {
        assert_eq!(Keep::parse("7").unwrap(), Keep { latest: 7, ..Keep::default() });
        let keep = Keep { latest: 2, daily: 7, weekly: 4, monthly: 12 };
        assert_eq!(Keep::parse("latest=2, daily=7, weekly=4, monthly=12").unwrap(), keep);
        for wrong in ["", "0", "-1", "seven", "hourly=3", "daily=", "daily=1,daily=2", "1,2", "7d"] {
            assert!(Keep::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_newest_and_other_files_always_stay() {
        let names: Vec<String> = ["2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z", "2026-11-02T00:00:00Z"]
            .map(|text| name_of(at(text), text.contains("-02")))
            .into_iter()
            .chain(["notes.txt".to_owned()])
            .collect();
        let gone = |keep: &str| Keep::parse(keep).unwrap().superfluous(&names);
        assert_eq!(gone("1"), [names[2].clone(), names[0].clone()]);
        assert_eq!(gone("2"), [names[0].clone()]);
        assert_eq!(gone("3"), [""; 0]);
        assert_eq!(gone("monthly=1"), [names[2].clone(), names[0].clone()]);
        assert_eq!(gone("daily=2"), [names[0].clone()]);
        assert_eq!(Keep::default().superfluous(&names).len(), 2);
    }

    #[test]
    fn of_a_year_of_hourly_backups_some_are_kept_of_each_period() {
        let first = at("2026-01-01T00:30:00Z");
        let names: Vec<String> =
            (0..365 * 24).map(|hour| name_of(first + chrono::TimeDelta::hours(hour), false)).collect();
        let keep = Keep::parse("latest=3,daily=7,weekly=4,monthly=12").unwrap();
        let gone: BTreeSet<String> = keep.superfluous(&names).into_iter().collect();
        let kept: Vec<&String> = names.iter().filter(|name| !gone.contains(*name)).collect();
        // The last of each month; of the last days; and of weeks that are none of those.
        let of_month = |month: &str| kept.iter().filter(|name| name.contains(&format!("2026{month}"))).count();
        assert_eq!(of_month("01"), 1);
        assert!(kept.contains(&&"circadia-20260131T233000Z.tar.zst".to_owned()));
        assert!(kept.contains(&&"circadia-20261231T233000Z.tar.zst".to_owned()));
        assert!(kept.len() >= 11 + 7 + 2 && kept.len() <= 3 + 7 + 4 + 12, "{kept:?}");
    }
}
