//! `circadia doctor`: what is checked without a server, and mended where it can be.

use circadia_auth::SystemEntropy;
use circadia_auth::keys::KeyRing;
use circadia_domain::Error;
use circadia_domain::error::StoreError;
use circadia_domain::habits::projection::{rebuild, store_rebuilt};
use circadia_domain::habits::{Habit, History, tracked};
use circadia_domain::ids::{HabitId, UserId};
use circadia_domain::logins;
use circadia_domain::shared_pauses::{self, with_copies};
use circadia_domain::unit_of_work::{Store, read, write, write_unowned};
use circadia_storage::SqlDatabase;

use super::{Failure, Outcome, say};
use crate::clock::SystemClock;
use crate::composition::open_database;
use crate::config::Config;
use crate::keys::master_key;
use crate::server::StartError;

/// Users that are looked at in one go.
const USERS_PER_BATCH: usize = 500;

/// What was found.
#[derive(Debug, Default)]
struct Findings {
    habits: usize,
    wrong: usize,
    mended: usize,
}

pub(super) fn run(config: &Config, repair: bool) -> Outcome {
    say("configuration: fine");
    let database = open_database(config)?;
    let pending = database.pending()?;
    say("database: reachable");
    if !pending.is_empty() {
        return Err(Failure(format!(
            "the schema lacks {} migrations ({}): run `circadia migrate`",
            pending.len(),
            pending.join(", ")
        )));
    }
    say(format_args!("schema: up to date ({} migrations)", database.applied()?.len()));
    check_keys(config, &database)?;
    check_sign_ins(&database, repair)?;
    let findings = check_histories(&database, repair)?;
    say(format_args!("histories: {} checked, {} wrong, {} mended", findings.habits, findings.wrong, findings.mended));
    if findings.wrong > findings.mended {
        return Err(Failure(
            "some histories, tracked minutes or shared pauses differ from what they are made of: run `circadia doctor --repair`"
                .into(),
        ));
    }
    Ok(())
}

/// Whether the stored keys open under the master key.
fn check_keys(config: &Config, database: &SqlDatabase) -> Result<(), Failure> {
    let master = master_key(config, &SystemEntropy::new())?;
    let now = circadia_app::Clock::now(&SystemClock);
    read::<_, StartError>(database, |store| Ok(KeyRing::load(store, &master, now)?))?;
    say("keys: readable");
    Ok(())
}

/// Holds the rollups of sign-ins against the attempts; makes them anew to repair them.
fn check_sign_ins(database: &SqlDatabase, repair: bool) -> Result<(), Failure> {
    if read::<_, StoreError>(database, |store| logins::rollups_agree(store))? {
        say("sign-ins: the rollups agree with the attempts");
        return Ok(());
    }
    if !repair {
        return Err(Failure("the rollups of sign-ins differ from the attempts: run `circadia doctor --repair`".into()));
    }
    let now = circadia_app::Clock::now(&SystemClock);
    write_unowned::<_, StoreError>(database, |store| logins::begin_rebuild(store))?;
    while write_unowned::<_, StoreError>(database, |store| logins::roll_up(store, now))? {}
    say("sign-ins: the rollups differed from the attempts, and were made anew");
    Ok(())
}

/// Holds every habit's history against its entries, one user at a time.
fn check_histories(database: &SqlDatabase, repair: bool) -> Result<Findings, Error> {
    let mut findings = Findings::default();
    let mut after = None;
    loop {
        let users = read::<_, Error>(database, |store| Ok(store.user_ids(after, USERS_PER_BATCH)?))?;
        let Some(last) = users.last().copied() else { return Ok(findings) };
        after = Some(last);
        for user in users {
            check_user(database, user, repair, &mut findings)?;
        }
    }
}

/// Whether what is stored of a habit's history, and of its recent part, says what its entries say. (One that can't even
/// be read doesn't.)
fn is_sound(store: &mut dyn Store, user: UserId, habit: &Habit, right: &History) -> bool {
    let Some((_, history)) = store.find_habits(user, &[habit.id]).ok().and_then(|mut found| found.pop()) else {
        return false;
    };
    let Ok(Some(recent)) = store.find_recent(user, habit.id) else { return false };
    history == *right && recent.agrees_with(&history, &habit.timeline)
}

fn check_user(database: &SqlDatabase, user: UserId, repair: bool, findings: &mut Findings) -> Result<(), Error> {
    let wrong = read::<_, Error>(database, |store| {
        let mut wrong: Vec<HabitId> = Vec::new();
        let pauses = store.shared_pauses(user)?;
        for habit in store.habits(user)? {
            findings.habits += 1;
            let days = tracked::wrong_days(store, user, &habit)?;
            if let Some(first) = days.first() {
                let days = days.len();
                say(format_args!(
                    "  habit {} of user {user}: its tracked minutes differ from its time entries on {days} days, {first} first",
                    habit.id
                ));
                wrong.push(habit.id);
                continue;
            }
            if with_copies(&habit.timeline, habit.id, &pauses).as_ref() != Ok(&habit.timeline) {
                say(format_args!("  habit {} of user {user}: its pauses differ from the shared ones", habit.id));
                wrong.push(habit.id);
                continue;
            }
            let right = rebuild(store, user, &habit)?;
            if !is_sound(store, user, &habit, &right) {
                say(format_args!("  habit {} of user {user}: its history differs from its entries", habit.id));
                wrong.push(habit.id);
            }
        }
        Ok(wrong)
    })?;
    findings.wrong += wrong.len();
    if !repair || wrong.is_empty() {
        return Ok(());
    }
    let now = circadia_app::Clock::now(&SystemClock);
    findings.mended += write::<_, Error>(database, user, now, |tx| {
        let mut mended = 0;
        for id in &wrong {
            if let Some(mut habit) = tx.store.find_habit(user, *id)? {
                habit.timeline = shared_pauses::of_habit(tx, &habit.timeline, *id)?;
                (habit.updated_at, habit.rev) = (tx.now, tx.rev);
                tx.store.put_pauses(user, &[&habit])?;
                tracked::realign(tx, &habit)?;
                store_rebuilt(tx, &habit)?;
                mended += 1;
            }
        }
        Ok(mended)
    })?;
    Ok(())
}
