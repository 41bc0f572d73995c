//! Backups of SQLite in a folder: taken, damaged, restored.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use circadia_domain::civil::Instant;
use circadia_domain::error::StoreError;
use circadia_domain::ids::{IdSource as _, UserId};
use circadia_domain::unit_of_work::{write, write_unowned};
use circadia_domain::users::{Avatar, AvatarFile, AvatarFormat, Email, NewUser, Role, Settings, Username};
use circadia_storage::transfer::{Fingerprint, Progress, Row, Table, tables};
use circadia_storage::{SqlDatabase, StorageOptions};
use tokio::runtime::Runtime;

use super::archive::{Head, TableWriter, Writer};
use super::restore::Restored;
use super::{BackupError, BackupKey, BackupPlan, Created, Keep, RestorePlan, Stop, Vault, create, restore};
use crate::clock::FreshIds;
use crate::composition::compose;
use crate::config::MediaLocation;
use crate::{Config, SystemClock};

const IDENTITY: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";

/// An installation in a folder, which goes with it.
struct Place {
    folder: PathBuf,
    runtime: Runtime,
    database: SqlDatabase,
}

impl Place {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("circadia-backup-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let url = format!("sqlite://{}", folder.join("circadia.db").display());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { folder, runtime, database: SqlDatabase::new(StorageOptions::new(url)).unwrap() }
    }

    /// One that is set up as a server does it, with its keys.
    fn composed(name: &str) -> Self {
        let place = Self::new(name);
        let variables = [
            ("CIRCADIA_DATA_DIR", place.folder.display().to_string()),
            ("CIRCADIA_SECRET_KEY", "a key of the tests, at least 32 characters".to_owned()),
        ];
        let config = Config::from_variables(variables.map(|(name, value)| (name.to_owned(), value))).unwrap();
        compose(&config, Arc::new(SystemClock), Arc::new(FreshIds)).unwrap();
        place
    }

    fn vault(&self, folder: &str) -> Vault {
        Vault::open(&MediaLocation::Folder(self.folder.join(folder)), self.runtime.handle().clone()).unwrap()
    }

    fn user(&self) -> UserId {
        let id = FreshIds.fresh();
        let digits = &id.simple().to_string()[16..];
        let user = NewUser {
            id: UserId::from_uuid(id),
            username: Username::parse(&format!("user.{digits}")).unwrap(),
            email: Email::parse(&format!("user-{digits}@example.org")).unwrap(),
            email_verified_at: None,
            password_hash: None,
            role: Role::Regular,
            settings: Settings::default(),
            created_at: Instant::from_micros(1_795_000_000_123_456),
        };
        write_unowned::<_, StoreError>(&self.database, |store| store.insert_user(&user)).unwrap();
        user.id
    }

    /// Gives a user an image, without its files.
    fn avatar(&self, user: UserId, random: u8) -> Avatar {
        let (avatar, now) = (Avatar::new([random; 16], AvatarFormat::Jpeg), Instant::from_seconds(1_795_000_000));
        write::<_, StoreError>(&self.database, user, now, |tx| {
            tx.store.update_avatar(user, Some(avatar), tx.rev, tx.now)
        })
        .unwrap();
        avatar
    }

    fn files(&self, avatar: Avatar) -> [PathBuf; 2] {
        avatar.files().map(|file| self.folder.join("media").join(AvatarFile::key(file)))
    }

    fn put_files(&self, avatar: Avatar, content: &[u8]) {
        for file in self.files(avatar) {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, content).unwrap();
        }
    }

    fn back_up(&self, key: Option<&BackupKey>, now: DateTime<Utc>) -> Result<Created, BackupError> {
        self.back_up_keeping(key, now, None, &Stop::default(), &mut |_| {})
    }

    fn back_up_keeping(
        &self,
        key: Option<&BackupKey>,
        now: DateTime<Utc>,
        keep: Option<Keep>,
        stop: &Stop,
        told: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Created, BackupError> {
        let (media, vault) = (self.vault("media"), self.vault("backups"));
        let plan = BackupPlan { database: &self.database, media: &media, vault: &vault, key, keep, now };
        create(&plan, stop, told)
    }

    fn restore(&self, from: &Vault, key: Option<&BackupKey>, replace: bool) -> Result<Restored, BackupError> {
        let media = self.vault("media");
        restore(
            &RestorePlan { vault: from, name: None, key, database: &self.database, media: &media, replace },
            &mut |_| {},
        )
    }

    fn fingerprints(&self) -> Vec<(String, Fingerprint)> {
        self.database.snapshot().unwrap().fingerprints(&tables(), &mut |_| {}).unwrap()
    }

    fn backups(&self) -> Vec<String> {
        let mut names = self.vault("backups").names().unwrap();
        names.sort();
        names
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn day(day: u32) -> DateTime<Utc> {
    format!("2026-11-{day:02}T02:20:07Z").parse().unwrap()
}

fn key() -> BackupKey {
    BackupKey::parse(IDENTITY).unwrap()
}

/// Whether reading a backup failed for what is in the file.
fn is_of_the_file(error: &BackupError) -> bool {
    matches!(error, BackupError::Damaged(_) | BackupError::Unusable(_) | BackupError::Transfer(_))
}

/// Puts another file into a folder in place of the backup that is there.
fn put(folder: &Path, name: &str, content: &[u8]) {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join(name), content).unwrap();
}

#[test]
fn what_was_backed_up_is_restored_as_it_was() {
    let place = Place::composed("whole");
    let users: Vec<UserId> = (0..1_234).map(|_| place.user()).collect();
    let avatar = place.avatar(users[0], 7);
    let content: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    place.put_files(avatar, &content);
    std::fs::write(place.folder.join("media/avatars/notes.txt"), "not an image").unwrap();
    let before = place.fingerprints();
    let passphrase = BackupKey::parse("a secret of more than 32 characters").unwrap();
    for (number, key) in [None, Some(key()), Some(passphrase)].into_iter().enumerate() {
        let now = day(10 + u32::try_from(number).unwrap());
        let created = place.back_up(key.as_ref(), now).unwrap();
        assert_eq!(Path::new(&created.name).extension().is_some_and(|end| end == "age"), key.is_some());
        assert_eq!((created.images, created.was_opened, created.removed.len()), (2, true, 0));
        assert_eq!(created.rows, before.iter().map(|(_, found)| found.rows).sum::<u64>());
        let file = std::fs::read(place.folder.join("backups").join(&created.name)).unwrap();
        assert_eq!(created.bytes, u64::try_from(file.len()).unwrap());

        let other = Place::new(&format!("whole-{number}"));
        let restored = other.restore(&place.vault("backups"), key.as_ref(), false).unwrap();
        assert_eq!((restored.name, restored.rows, restored.images), (created.name, created.rows, 2));
        assert_eq!(restored.created_at, format!("2026-11-{}T02:20:07Z", 10 + number));
        assert_eq!(other.fingerprints(), before);
        assert_eq!(other.database.unfinished_load().unwrap(), None);
        assert!(other.database.pending().unwrap().is_empty());
        for file in other.files(avatar) {
            assert_eq!(std::fs::read(file).unwrap(), content);
        }
        assert!(!other.folder.join("media/avatars/notes.txt").exists());
    }
    // Of one second there is one.
    let again = place.back_up(None, day(10)).unwrap_err();
    assert!(again.to_string().contains("already"), "{again}");
}

#[test]
fn whoever_writes_meanwhile_is_not_seen_by_halves() {
    let place = Place::composed("writers");
    place.user();
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    place.user();
                }
            });
        }
        for number in 1..=5 {
            place.back_up(None, day(number)).unwrap();
            let other = Place::new(&format!("writers-{number}"));
            other.restore(&place.vault("backups"), None, false).unwrap();
            let rows = |table: &str| {
                other.fingerprints().iter().find(|(name, _)| name == table).map(|(_, found)| found.rows).unwrap()
            };
            // Both are written in one transaction.
            assert_eq!(rows("users"), rows("user_revisions"));
            assert!(rows("users") >= 1);
        }
        ended.store(true, Ordering::Relaxed);
    });
    assert!(place.fingerprints()[0].1.rows > 10, "they did write");
}

#[test]
fn a_damaged_backup_touches_nothing() {
    let place = Place::composed("damaged");
    let user = place.user();
    place.put_files(place.avatar(user, 7), b"an image");
    let target = Place::composed("damaged-target");
    target.user();
    let before = target.fingerprints();
    let folder = target.folder.join("given");
    for key in [None, Some(key())] {
        let name = place.back_up(key.as_ref(), day(if key.is_some() { 2 } else { 1 })).unwrap().name;
        let whole = std::fs::read(place.folder.join("backups").join(&name)).unwrap();
        let content = zstd::decode_all(whole.as_slice()).unwrap_or_default();
        let step = whole.len() / 40;
        // Of what isn't encrypted, the first bytes say how much memory it takes to read the rest.
        let first = if key.is_some() { 0 } else { 18 };
        let mut damaged: Vec<(String, Vec<u8>)> = Vec::new();
        for place in (first..whole.len()).step_by(step).chain([whole.len() - 1, whole.len() - 5]) {
            let mut altered = whole.clone();
            altered[place] ^= 0x10;
            // The same content can be compressed in more than one way.
            if key.is_some() || !matches!(zstd::decode_all(altered.as_slice()), Ok(same) if same == content) {
                damaged.push((format!("altered at {place}"), altered));
            }
            damaged.push((format!("cut off at {place}"), whole[..place].to_vec()));
        }
        damaged.push(("twice".to_owned(), whole.repeat(2)));
        damaged.push(("longer".to_owned(), [whole.as_slice(), b"more"].concat()));
        damaged.push(("empty".to_owned(), Vec::new()));
        damaged.push(("another file".to_owned(), b"PNG, or whatever it may be".repeat(100)));
        for (what, file) in damaged {
            put(&folder, &name, &file);
            for replace in [false, true] {
                let told = target.restore(&target.vault("given"), key.as_ref(), replace);
                let Err(error) = told else { panic!("{what} of {} was restored", whole.len()) };
                assert!(is_of_the_file(&error), "{what}: {error}");
            }
        }
        // As it was, it is restored, if what is there may go.
        put(&folder, &name, &whole);
        assert_eq!(target.fingerprints(), before);
        assert_eq!(target.database.unfinished_load().unwrap(), None);
        assert_eq!(std::fs::read_dir(target.folder.join("media")).unwrap().count(), 0, "no image was put there");
        let refused = target.restore(&target.vault("given"), key.as_ref(), false).unwrap_err();
        assert!(refused.to_string().contains("isn't empty"), "{refused}");
    }
    target.restore(&target.vault("given"), Some(&key()), true).unwrap();
    assert_eq!(target.fingerprints(), place.fingerprints());
}

#[test]
fn keys_that_do_not_fit_touch_nothing() {
    let (place, target) = (Place::composed("keys"), Place::composed("keys-target"));
    let before = target.fingerprints();
    place.back_up(Some(&key()), day(1)).unwrap();
    let other = BackupKey::parse("a secret of more than 32 characters").unwrap();
    for (given, told) in [(None, "set CIRCADIA_BACKUP_KEY"), (Some(&other), "another key")] {
        let error = target.restore(&place.vault("backups"), given, true).unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
    }
    place.back_up(None, day(2)).unwrap();
    let error = target.restore(&place.vault("backups"), Some(&key()), true).unwrap_err();
    assert!(error.to_string().contains("isn't encrypted"), "{error}");
    assert_eq!(target.fingerprints(), before);

    // Who only encrypts reads back what was written as it is.
    let BackupKey::Identity(identity) = key() else { panic!("not an identity") };
    let public = BackupKey::parse(&identity.to_public().to_string()).unwrap();
    let created = place.back_up(Some(&public), day(3)).unwrap();
    assert!(!created.was_opened);
    target.restore(&place.vault("backups"), Some(&key()), true).unwrap();
    assert_eq!(target.fingerprints(), place.fingerprints());
}

/// Writes an archive of this head with the rows of some tables.
fn archive_of(place: &Place, name: &str, head: &Head, given: &[&str]) {
    let vault = place.vault("made");
    let mut writer = Writer::new(vault.upload(name).unwrap(), None, head, 0).unwrap();
    let mut snapshot = place.database.snapshot().unwrap();
    for table in &head.tables {
        let mut rows_of = TableWriter::new(table);
        if given.contains(&table.name.as_str()) {
            snapshot.each_batch::<BackupError>(table, |rows| writer.add_rows(&mut rows_of, &rows)).unwrap();
        }
        writer.end_table(rows_of).unwrap();
    }
    writer.finish().unwrap().0.finish().unwrap();
}

#[test]
fn other_versions_are_told_or_brought_up_to_date() {
    let place = Place::composed("versions");
    let known = place.database.known_migrations().unwrap();
    let head = Head::new("SQLite", "2026-11-01T00:00:00Z".to_owned(), known.clone());
    let name = "circadia-20261101T000000Z.tar.zst";
    let refused = |head: &Head| {
        archive_of(&place, name, head, &[]);
        let target = Place::new("versions-refused");
        let error = target.restore(&place.vault("made"), None, false).unwrap_err();
        assert!(matches!(error, BackupError::Unusable(_)), "{error}");
        assert!(target.database.applied().unwrap().is_empty());
        error.to_string()
    };
    let told = refused(&Head { format: 2, version: "7.0.0".to_owned(), ..head.clone() });
    assert!(told.contains("format 2") && told.contains("7.0.0"), "{told}");
    let later = [known.as_slice(), &["2999-01-01-000000_later".to_owned()]].concat();
    let told = refused(&Head { migrations: later, version: "7.0.0".to_owned(), ..head.clone() });
    assert!(told.contains("2999-01-01-000000_later") && told.contains("7.0.0"), "{told}");

    // One of an earlier schema is restored as it was, and then migrated.
    let earlier = known.iter().position(|name| name.ends_with("_security_events")).unwrap();
    let of_then: Vec<Table> =
        tables().into_iter().filter(|table| ["global_locks", "login_totals"].contains(&table.name.as_str())).collect();
    let head = Head { migrations: known[..earlier].to_vec(), tables: of_then, ..head };
    archive_of(&place, name, &head, &["global_locks"]);
    let target = Place::new("versions-earlier");
    let restored = target.restore(&place.vault("made"), None, false).unwrap();
    assert_eq!(restored.migrations, known.len() - earlier);
    assert!(restored.rows >= 2 && target.database.pending().unwrap().is_empty());
    let locks = |place: &Place| place.fingerprints().into_iter().find(|(name, _)| name == "global_locks");
    assert_eq!(locks(&target), locks(&place));
    // But not into tables that are later.
    let target = Place::composed("versions-later");
    let error = target.restore(&place.vault("made"), None, true).unwrap_err();
    assert!(error.to_string().contains("without tables"), "{error}");
}

#[test]
fn images_that_come_while_it_begins_are_in_it_and_missing_ones_are_told() {
    let place = Place::composed("images");
    let (late, missing) = (place.avatar(place.user(), 7), place.avatar(place.user(), 8));
    let mut told = |progress: Progress<'_>| {
        // After the images were looked through.
        if matches!(progress, Progress::Phase { .. }) {
            place.put_files(late, b"late");
        }
    };
    let created = place.back_up_keeping(None, day(1), None, &Stop::default(), &mut told).unwrap();
    assert_eq!(created.images, 2);
    assert_eq!(created.missing_images, missing.files().map(AvatarFile::key));
    let other = Place::new("images-other");
    let restored = other.restore(&place.vault("backups"), None, false).unwrap();
    assert_eq!(restored.missing_images, 2);
    assert!(other.files(late).iter().all(|file| std::fs::read(file).unwrap() == b"late"));
}

#[test]
fn earlier_backups_go_once_the_new_one_is_in_order() {
    let place = Place::composed("keep");
    place.user();
    let keep = Some(Keep::parse("2").unwrap());
    let back_up = |number: u32, stop: &Stop| place.back_up_keeping(None, day(number), keep, stop, &mut |_| {});
    for number in 1..=4 {
        back_up(number, &Stop::default()).unwrap();
    }
    let kept = ["circadia-20261103T022007Z.tar.zst", "circadia-20261104T022007Z.tar.zst"];
    assert_eq!(place.backups(), kept);

    let stop = Stop::default();
    stop.stop();
    assert!(matches!(back_up(5, &stop), Err(BackupError::Interrupted)));
    assert_eq!(place.backups(), kept);
    let left = std::fs::read_dir(place.folder.join("backups")).unwrap().count();
    assert_eq!(left, 2, "nothing is left of what was begun");

    // What is written as it shouldn't be is found when it is read, and isn't kept.
    let file = place.folder.join("backups/circadia-20261106T022007Z.tar.zst");
    let mut told = |progress: Progress<'_>| {
        if let Progress::Phase { phase: circadia_storage::transfer::Phase::Comparing, .. } = progress {
            let mut content = Vec::new();
            std::fs::File::open(&file).unwrap().read_to_end(&mut content).unwrap();
            let middle = content.len() / 2;
            content[middle] ^= 1;
            std::fs::write(&file, content).unwrap();
        }
    };
    let error = place.back_up_keeping(None, day(6), keep, &Stop::default(), &mut told).unwrap_err();
    assert!(is_of_the_file(&error), "{error}");
    assert_eq!(place.backups(), kept);
}

#[test]
fn rows_that_are_many_lie_in_several_files() {
    let place = Place::composed("many");
    let user = place.user();
    let table = tables().into_iter().find(|table| table.name == "audit_events").unwrap();
    let details = "x".repeat(1_900);
    let lines = (0..3_000).map(|_| {
        let (id, none) = (FreshIds.fresh(), "null");
        format!("[\"{id}\",1795000000123456,{none},\"{user}\",{none},\"login\",\"done\",\"{details}\"]")
    });
    let rows: Vec<Row> = lines.map(|line| Row::of_line(&table, &line).unwrap()).collect();
    let head = Head::new("SQLite", "2026-11-01T00:00:00Z".to_owned(), place.database.applied().unwrap());
    let vault = place.vault("made");
    let mut writer = Writer::new(vault.upload("circadia-20261101T000000Z.tar.zst").unwrap(), None, &head, 0).unwrap();
    for known in &head.tables {
        let mut rows_of = TableWriter::new(known);
        if *known == table {
            rows.chunks(700).for_each(|rows| writer.add_rows(&mut rows_of, rows).unwrap());
        }
        writer.end_table(rows_of).unwrap();
    }
    writer.finish().unwrap().0.finish().unwrap();
    let target = Place::new("many-target");
    let restored = target.restore(&vault, None, false).unwrap();
    assert_eq!(restored.rows, 3_000);
    let arrived = target.fingerprints().into_iter().find(|(name, _)| *name == table.name).unwrap().1;
    let mut sent = Fingerprint::default();
    for row in &rows {
        sent.add(row);
    }
    assert_eq!(arrived, sent);
}
