//! `circadia backup` and `circadia restore`.

use std::path::Path;

use circadia_auth::SystemEntropy;
use circadia_auth::keys::KeyRing;
use circadia_domain::unit_of_work::read;
use circadia_storage::SqlDatabase;
use tokio::runtime::Runtime;

use super::{Failure, Outcome, say};
use crate::backup::{self, BackupPlan, Keep, RestorePlan, Stop, Vault};
use crate::clock::SystemClock;
use crate::composition::open_database;
use crate::config::{Config, MediaLocation};
use crate::keys::master_key;
use crate::progress::Display;
use crate::server::StartError;

/// What the ends of backups' names are told by.
const ENDS: [&str; 2] = [".tar.zst", ".age"];

fn runtime() -> Result<Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?)
}

pub(super) fn create(config: &Config, to: Option<&str>, keep: Option<Keep>) -> Outcome {
    let runtime = runtime()?;
    let location = match to {
        Some(to) => {
            MediaLocation::parse(to, &config.backup.bucket_options).map_err(|wrong| Failure(format!("--to {wrong}")))?
        }
        None => config.backup.location.clone(),
    };
    let database = open_database(config)?;
    let plan = BackupPlan {
        database: &database,
        media: &Vault::open(&config.media, runtime.handle().clone())?,
        vault: &Vault::open(&location, runtime.handle().clone())?,
        key: config.backup.key.as_ref(),
        keep: keep.or(config.backup.keep),
        now: circadia_app::Clock::now(&SystemClock).to_chrono(),
    };
    let display = Display::new("writing");
    let created = backup::create(&plan, &Stop::default(), &mut |progress| display.show(progress))?;
    drop(display);
    say(format_args!(
        "Wrote {} to {location}: {} rows and {} images, {} bytes{}.",
        created.name,
        created.rows,
        created.images,
        created.bytes,
        if plan.key.is_some() { ", encrypted" } else { "" },
    ));
    say(if created.was_opened {
        "Read it back and compared every row."
    } else {
        "Read it back and compared every byte (CIRCADIA_BACKUP_KEY only encrypts)."
    });
    for key in &created.missing_images {
        say(format_args!("Mind: an account has the image {key}, which isn't in {}.", config.media));
    }
    for name in &created.removed {
        say(format_args!("Removed {name}."));
    }
    say(
        "Keep the secret key with it, in another place (CIRCADIA_SECRET_KEY, or secret.key of the data folder): what is",
    );
    say("sealed in the backup opens under no other.");
    Ok(())
}

pub(super) fn restore(config: &Config, from: &str, replace: bool) -> Outcome {
    let (place, name) = place_and_name(from);
    let location = MediaLocation::parse(&place, &config.backup.bucket_options).map_err(Failure)?;
    if let MediaLocation::Folder(folder) = &location
        && !folder.is_dir()
    {
        return Err(Failure(format!("there is no folder {}", folder.display())));
    }
    let runtime = runtime()?;
    let database = open_database(config)?;
    let plan = RestorePlan {
        vault: &Vault::open(&location, runtime.handle().clone())?,
        name: name.as_deref(),
        key: config.backup.key.as_ref(),
        database: &database,
        media: &Vault::open(&config.media, runtime.handle().clone())?,
        replace,
    };
    let display = Display::new("restoring");
    let restored = backup::restore(&plan, &mut |progress| display.show(progress))?;
    drop(display);
    say(format_args!(
        "Restored {} of {} ({}) into {}: {} rows of {} tables, every one compared, and {} images.",
        restored.name,
        restored.created_at,
        restored.database,
        database.backend().name(),
        restored.rows,
        restored.tables,
        restored.images,
    ));
    if restored.missing_images > 0 {
        say(format_args!("Mind: {} images of accounts weren't in the backup.", restored.missing_images));
    }
    if restored.migrations > 0 {
        say(format_args!("Then ran {} later migrations.", restored.migrations));
    }
    say_of_keys(config, &database)
}

/// Whether the keys that were restored open here. What was restored stays, whatever the secret key is.
fn say_of_keys(config: &Config, database: &SqlDatabase) -> Outcome {
    let now = circadia_app::Clock::now(&SystemClock);
    let loaded = master_key(config, &SystemEntropy::new())
        .map_err(StartError::from)
        .and_then(|master| read::<_, StartError>(database, |store| Ok(KeyRing::load(store, &master, now)?)));
    if let Err(error) = loaded {
        return Err(Failure(format!(
            "everything was restored, but the secret key here isn't that of the backup ({error}): set \
             CIRCADIA_SECRET_KEY, or put secret.key into the data folder, as it was where the backup was taken"
        )));
    }
    say("The secret key opens what is sealed in it.");
    Ok(())
}

/// Splits the place from the name of a backup in it, if one is named.
fn place_and_name(from: &str) -> (String, Option<String>) {
    let is_file = ENDS.iter().any(|end| from.ends_with(end)) || (!from.contains("://") && Path::new(from).is_file());
    match from.rsplit_once('/') {
        _ if !is_file => (from.to_owned(), None),
        Some(("", name)) => ("/".to_owned(), Some(name.to_owned())),
        Some((place, name)) => (place.to_owned(), Some(name.to_owned())),
        None => (".".to_owned(), Some(from.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_restored_is_a_file_or_the_newest_of_a_place() {
        for (from, place, name) in [
            ("circadia.tar.zst", ".", Some("circadia.tar.zst")),
            ("/srv/a/circadia.tar.zst.age", "/srv/a", Some("circadia.tar.zst.age")),
            ("/circadia.tar.zst", "/", Some("circadia.tar.zst")),
            ("s3://bucket/a/b.tar.zst", "s3://bucket/a", Some("b.tar.zst")),
            ("s3://bucket/b.tar.zst", "s3://bucket", Some("b.tar.zst")),
            ("s3://bucket/a", "s3://bucket/a", None),
            ("file:///srv/backups", "file:///srv/backups", None),
            ("/srv/backups/", "/srv/backups/", None),
        ] {
            assert_eq!(place_and_name(from), (place.to_owned(), name.map(str::to_owned)), "{from}");
        }
    }
}
