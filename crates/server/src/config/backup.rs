//! Backups (`CIRCADIA_BACKUP_*`): where they lie, what they are encrypted with, which are kept.

use std::path::Path;

use object_store::aws::AmazonS3ConfigKey;

use super::environment::Environment;
use super::media::{self, MediaLocation};
use crate::backup::{BackupKey, Keep};

/// How backups are taken.
#[derive(Clone)]
pub struct BackupConfig {
    /// Where they lie (`CIRCADIA_BACKUP_URL`): a folder of the data folder unless something else is said.
    pub(crate) location: MediaLocation,
    /// What they are encrypted with (`CIRCADIA_BACKUP_KEY`).
    pub(crate) key: Option<BackupKey>,
    /// Which are kept (`CIRCADIA_BACKUP_KEEP`); all without.
    pub(crate) keep: Option<Keep>,
    /// When servers take them (`CIRCADIA_BACKUP_SCHEDULE`).
    pub(crate) schedule: Option<BackupSchedule>,
    /// What buckets need that a command names.
    pub(crate) bucket_options: Vec<(AmazonS3ConfigKey, String)>,
}

impl std::fmt::Debug for BackupConfig {
    /// Without secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackupConfig")
            .field("location", &self.location)
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}

/// When servers take backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BackupSchedule {
    /// Every so many hours.
    Hours(i64),
    /// Once a day, so many seconds after midnight of UTC.
    Daily(i64),
}

impl BackupSchedule {
    /// Reads `6h`, or `03:30`.
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "must be hours such as `6h`, or a time of the day in UTC such as `03:30`".to_owned();
        let number = |text: &str, range: std::ops::RangeInclusive<i64>| {
            let is_plain = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| is_plain && range.contains(number)).ok_or_else(wrong)
        };
        if let Some(hours) = text.strip_suffix('h') {
            return Ok(Self::Hours(number(hours, 1..=720)?));
        }
        let (hours, minutes) = text.split_once(':').filter(|(_, minutes)| minutes.len() == 2).ok_or_else(wrong)?;
        Ok(Self::Daily(number(hours, 0..=23)? * 3_600 + number(minutes, 0..=59)? * 60))
    }
}

/// Reads how backups are taken.
pub(super) fn read(env: &mut Environment, data_dir: &Path) -> BackupConfig {
    let location = media::read_location(env, "CIRCADIA_BACKUP_URL");
    BackupConfig {
        location: location.unwrap_or_else(|| MediaLocation::Folder(data_dir.join("backups"))),
        key: env.read("CIRCADIA_BACKUP_KEY", BackupKey::parse),
        keep: env.read("CIRCADIA_BACKUP_KEEP", Keep::parse),
        schedule: env.read("CIRCADIA_BACKUP_SCHEDULE", BackupSchedule::parse),
        bucket_options: media::bucket_options(env),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(variables: &[(&str, &str)]) -> Result<BackupConfig, String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut env = Environment::new(variables);
        let backup = read(&mut env, Path::new("/data"));
        env.finish().map_err(|error| error.to_string())?;
        Ok(backup)
    }

    #[test]
    fn backups_lie_in_the_data_folder_unless_said_otherwise() {
        let backup = read_from(&[]).unwrap();
        assert_eq!(backup.location.to_string(), "/data/backups");
        assert!(backup.key.is_none() && backup.keep.is_none() && backup.schedule.is_none());
        let backup = read_from(&[
            ("CIRCADIA_BACKUP_URL", "s3://backups/circadia"),
            ("CIRCADIA_BACKUP_KEY", "hush hush hush hush hush hush hush"),
            ("CIRCADIA_BACKUP_KEEP", "daily=7"),
            ("CIRCADIA_BACKUP_SCHEDULE", "03:30"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "hush"),
        ])
        .unwrap();
        assert_eq!(backup.location.to_string(), "s3://backups/circadia");
        assert_eq!(backup.schedule, Some(BackupSchedule::Daily(12_600)));
        assert!(!format!("{backup:?}").contains("hush"));
    }

    #[test]
    fn schedules_are_hours_or_a_time_of_the_day() {
        assert_eq!(BackupSchedule::parse("6h").unwrap(), BackupSchedule::Hours(6));
        assert_eq!(BackupSchedule::parse("0:00").unwrap(), BackupSchedule::Daily(0));
        assert_eq!(BackupSchedule::parse("23:59").unwrap(), BackupSchedule::Daily(86_340));
        for wrong in ["", "6", "0h", "721h", "24:00", "3:5", "+3:00", "daily", "h", ":", "03:30h"] {
            assert!(BackupSchedule::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (name, value) in [
            ("CIRCADIA_BACKUP_URL", "backups"),
            ("CIRCADIA_BACKUP_KEY", "hush"),
            ("CIRCADIA_BACKUP_KEEP", "some"),
            ("CIRCADIA_BACKUP_SCHEDULE", "now and then"),
        ] {
            let told = read_from(&[(name, value)]).unwrap_err();
            assert!(told.contains(name) && !told.contains("hush"), "{told}");
        }
    }
}
