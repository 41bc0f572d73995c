//! `circadia demo`: an account with a year of realistic data.

use std::sync::Arc;

use circadia_auth::accounts::Registration;
use circadia_domain::civil::{Date, Instant, Weekday};
use circadia_domain::error::StoreError;
use circadia_domain::habits::entries::{EntryPut, put_many};
use circadia_domain::habits::{
    self, EntryInput, EntryState, HabitDescription, HabitIcon, HabitName, HabitQuestion, Kind, KindInput, NewHabit,
    Schedule, TimeOfDay,
};
use circadia_domain::ids::{HabitId, IdSource, ThemeId, UserId};
use circadia_domain::quantity::Quantity;
use circadia_domain::themes::{self, NewTheme, ThemeName};
use circadia_domain::unit_of_work::{Database, WriteTransaction, write, write_unowned};
use circadia_domain::users::{self, Email, NewUser, Role, Settings, Username};
use circadia_domain::{Error, violation::Violations};

use super::create_admin::{AccountError, make_account, random_password};
use super::demo_logins::{self, Person};
use super::demo_nights;
use super::{Failure, Outcome, demo_tasks, say};
use crate::clock::{FreshIds, SystemClock};
use crate::composition::compose;
use crate::config::Config;

/// How many days back the data goes.
pub(super) const DAYS: i32 = 365;
/// Entries of one unit of work.
const BATCH_SIZE: usize = 1_000;

/// A habit of the demonstration, and how it went.
struct Sample {
    name: &'static str,
    description: &'static str,
    icon: &'static str,
    question: &'static str,
    time_of_day: TimeOfDay,
    theme: usize,
    kind: &'static str,
    schedule: &'static str,
    /// The chance in percent that a due day is done, at the beginning of the year and at its end.
    kept: (u32, u32),
    /// The chance at weekends, in percent of that.
    weekend: u32,
}

const THEMES: [(&str, &str); 3] = [("Health", "#2E8B57"), ("Mind", "#4169E1"), ("Home", "#DAA520")];

const SAMPLES: [Sample; 7] = [
    Sample {
        name: "Drink water",
        description: "Eight glasses a day.",
        icon: "💧",
        question: "How many glasses did you drink?",
        time_of_day: TimeOfDay::Any,
        theme: 0,
        kind: r#"{"type":"count","target":8,"unit":"glasses"}"#,
        schedule: r#"{"type":"daily"}"#,
        kept: (60, 85),
        weekend: 80,
    },
    Sample {
        name: "Run",
        description: "Around the lake.",
        icon: "🏃",
        question: "Did you run?",
        time_of_day: TimeOfDay::Morning,
        theme: 0,
        kind: r#"{"type":"check"}"#,
        schedule: r#"{"type":"weekly","weekdays":["tu","th","sa"]}"#,
        kept: (55, 90),
        weekend: 110,
    },
    Sample {
        name: "Exercise 150 minutes a week",
        description: "Whatever gets the heart going.",
        icon: "💪",
        question: "How long did you exercise?",
        time_of_day: TimeOfDay::Any,
        theme: 0,
        kind: r#"{"type":"minutes","target":30}"#,
        schedule: r#"{"type":"quota","amount":150,"per":"week"}"#,
        kept: (55, 70),
        weekend: 120,
    },
    Sample {
        name: "Read",
        description: "",
        icon: "📖",
        question: "How long did you read?",
        time_of_day: TimeOfDay::Evening,
        theme: 1,
        kind: r#"{"type":"minutes","target":20}"#,
        schedule: r#"{"type":"daily"}"#,
        kept: (70, 88),
        weekend: 105,
    },
    Sample {
        name: "At most two coffees",
        description: "",
        icon: "☕",
        question: "How many coffees did you have?",
        time_of_day: TimeOfDay::Any,
        theme: 0,
        kind: r#"{"type":"count","target":2,"unit":"cups","direction":"at_most"}"#,
        schedule: r#"{"type":"weekly","weekdays":["mo","tu","we","th","fr"]}"#,
        kept: (65, 85),
        weekend: 100,
    },
    Sample {
        name: "Call home",
        description: "Twice a month, any days.",
        icon: "📞",
        question: "Did you call home?",
        time_of_day: TimeOfDay::Evening,
        theme: 1,
        kind: r#"{"type":"check"}"#,
        schedule: r#"{"type":"quota","times":2,"per":"month"}"#,
        kept: (8, 9),
        weekend: 200,
    },
    Sample {
        name: "Pay the bills",
        description: "On the last working day of the month.",
        icon: "🧾",
        question: "Did you pay the bills?",
        time_of_day: TimeOfDay::Afternoon,
        theme: 2,
        kind: r#"{"type":"check"}"#,
        schedule: r#"{"type":"rrule","rrule":"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"}"#,
        kept: (90, 96),
        weekend: 100,
    },
];

/// Dice that fall the same way every time (`SplitMix64`, Steele et al. 2014): a demonstration should be repeatable.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        u32::try_from((mixed ^ (mixed >> 31)) % u64::from(sides.max(1))).unwrap_or(0)
    }
}

pub(super) fn run(config: &Config, username: &str, password: Option<String>, admin: bool) -> Outcome {
    if config.production {
        return Err(Failure("a demonstration account has no place in production".into()));
    }
    let composition = compose(config, Arc::new(SystemClock), Arc::new(FreshIds))?;
    let context = &composition.app.context;
    let password = password.unwrap_or_else(|| random_password(&*context.entropy));
    let named = |wrong: Violations| Failure(format!("--username {wrong}"));
    let registration = Registration {
        username: Username::parse(username).map_err(named)?,
        email: Email::parse(&format!("{username}@example.org")).map_err(named)?,
        settings: Settings::default(),
        role: if admin { Role::Superuser } else { Role::Regular },
        email_verified_at: Some(context.now()),
    };
    let user = make_account(&composition, &registration, &password).map_err(|error| match error {
        AccountError::Taken(_) => Failure(format!(
            "there is an account {username} already. Sign in with the password that it was made with, or make another \
             account: circadia demo --username {username}2"
        )),
        other => other.into(),
    })?;
    let now = context.now();
    let ids = &*context.ids;
    let puts = write(&*composition.database, user.id, now, |tx| make_habits(tx, ids))?;
    for chunk in puts.chunks(BATCH_SIZE) {
        write(&*composition.database, user.id, now, |tx| put_many(tx, chunk, true).map(drop))?;
    }
    let (nights, moods) = write(&*composition.database, user.id, now, |tx| demo_nights::make(tx, ids))?;
    let others = demo_tasks::make(&*composition.database, user.id, now, ids)?;
    say(format_args!(
        "Made the account {username} with {} habits, {} entries, {} tasks, {} time entries, {nights} nights and {moods} \
         moods over {DAYS} days.",
        SAMPLES.len(),
        puts.len(),
        others.tasks,
        others.time_entries,
    ));
    let mut people = vec![Person { user: user.id, since: Date::MIN, percent: 70 }];
    if admin {
        people.extend(make_others(&*composition.database, username, now, ids)?);
    }
    let (zone, today) = (user.settings.timezone, user.settings.today(now));
    let attempts = write_unowned::<_, StoreError>(&*composition.database, |store| {
        demo_logins::make(store, ids, &people, zone, today)
    })?;
    say(format_args!("Made {attempts} sign-ins of {} accounts.", people.len()));
    say("Sign in with:");
    let login = serde_json::json!({ "username": username, "password": password });
    let address = config.bind;
    say(format_args!("  curl -s http://{address}/api/v1/auth/login -H 'Content-Type: application/json' -d '{login}'"));
    Ok(())
}

/// Other accounts of an installation, which have no password.
const OTHERS: u8 = 40;

/// Makes other accounts, which registered over the year: three are staff, some aren't verified.
fn make_others(
    database: &dyn Database,
    username: &str,
    now: Instant,
    ids: &dyn IdSource,
) -> Result<Vec<Person>, Failure> {
    let today = Settings::default().today(now);
    let mut dice = Dice(141);
    let mut people = Vec::new();
    for number in 1..=OTHERS {
        let since = today.saturating_add_days(-i32::try_from(dice.roll(360)).unwrap_or(0));
        let name = format!("{username}-{number:02}");
        let named = |wrong: Violations| Failure(format!("--username {wrong}"));
        let created_at = Settings::default().day_clock().start_of(since).plus_seconds(9 * 3_600);
        let user = NewUser {
            id: UserId::from_uuid(ids.fresh()),
            username: Username::parse(&name).map_err(named)?,
            email: Email::parse(&format!("{name}@example.org")).map_err(named)?,
            email_verified_at: (number % 7 != 0).then_some(created_at),
            password_hash: None,
            role: if number <= 3 { Role::Staff } else { Role::Regular },
            settings: Settings::default(),
            created_at,
        };
        write_unowned::<_, StoreError>(database, |store| store.insert_user(&user))?;
        people.push(Person { user: user.id, since, percent: 5 + dice.roll(60) });
    }
    Ok(people)
}

/// Makes themes and habits; what is to be put as their entries.
fn make_habits(tx: &mut WriteTransaction<'_>, ids: &dyn IdSource) -> Result<Vec<EntryPut>, Error> {
    let user = users::find(tx.store, tx.user)?;
    let today = user.today(tx.now);
    let first = today.saturating_add_days(1 - DAYS);
    let mut theme_ids = Vec::new();
    for (name, color) in THEMES {
        let id = ThemeId::from_uuid(ids.fresh());
        let color = Some(circadia_domain::color::Color::parse(color)?);
        themes::create(tx, NewTheme { id, name: ThemeName::parse(name)?, color, request_digest: [0; 32] })?;
        theme_ids.push(id);
    }
    let mut puts = Vec::new();
    for (seed, sample) in (1_u64..).zip(&SAMPLES) {
        let id = HabitId::from_uuid(ids.fresh());
        let new = NewHabit {
            id,
            name: HabitName::parse(sample.name)?,
            description: HabitDescription::parse(sample.description)?,
            theme: theme_ids.get(sample.theme).copied(),
            color: None,
            icon: Some(HabitIcon::parse(sample.icon)?),
            question: Some(HabitQuestion::parse(sample.question)?),
            time_of_day: sample.time_of_day,
            kind: kind(sample.kind)?,
            schedule: schedule(sample.schedule)?,
            starts_on: Some(first),
            ends_on: None,
            request_digest: [0; 32],
        };
        let kind = new.kind.clone();
        let (created, _) = habits::create(tx, new)?;
        let habit = created.into_inner();
        let mut dice = Dice(seed);
        let days = circadia_domain::civil::DateRange::new(first, today)
            .into_iter()
            .flat_map(|days| habit.timeline.iter_due(days));
        puts.extend(days.filter_map(|date| {
            let input = day(sample, &kind, &mut dice, date, first, today)?;
            Some(EntryPut { habit: id, date, input })
        }));
    }
    Ok(puts)
}

fn kind(json: &str) -> Result<Kind, Violations> {
    let input: KindInput = serde_json::from_str(json).map_err(|error| Violations::of("invalid", error.to_string()))?;
    Kind::validate(input)
}

fn schedule(json: &str) -> Result<Schedule, Violations> {
    serde_json::from_str(json).map_err(|error| Violations::of("invalid", error.to_string()))
}

/// What was said about a due day; nothing if nothing was.
fn day(sample: &Sample, kind: &Kind, dice: &mut Dice, date: Date, first: Date, today: Date) -> Option<EntryInput> {
    // Today is still open, and two weeks of the year were a holiday.
    let gone = u32::try_from(first.days_until(date)).unwrap_or(0);
    let whole = u32::try_from(first.days_until(today)).unwrap_or(1).max(1);
    if date == today {
        return None;
    }
    if (200..214).contains(&gone) {
        return Some(EntryInput { state: Some(EntryState::Skipped), ..EntryInput::default() });
    }
    let (begin, end) = sample.kept;
    let weekend = matches!(date.weekday(), Weekday::Sa | Weekday::Su);
    let percent = if weekend { sample.weekend } else { 100 };
    let chance = (begin * (whole - gone) + end * gone) / whole * percent / 100;
    let done = dice.roll(100) < chance;
    let Some(target) = kind.target() else {
        return done.then(|| EntryInput { state: Some(EntryState::Done), ..EntryInput::default() });
    };
    let step = if target.is_whole() { 1_000 } else { 100 };
    let target = u32::try_from(target.thousandths() / step).unwrap_or(u32::MAX);
    let steps = match (kind.is_met_by(Quantity::ZERO), done) {
        // A limit: mostly kept, sometimes passed.
        (true, true) => dice.roll(target + 1),
        (true, false) => target + 1 + dice.roll(2),
        (false, true) => target + dice.roll(target / 2 + 1),
        (false, false) if dice.roll(2) == 0 => return None,
        (false, false) => dice.roll(target),
    };
    let value = Quantity::from_thousandths(u64::from(steps) * step);
    Some(EntryInput { value: Some(value), ..EntryInput::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_a_habit_that_the_domain_takes() {
        for sample in &SAMPLES {
            let (kind, schedule) = (kind(sample.kind).unwrap(), schedule(sample.schedule).unwrap());
            assert!(schedule.fits(&kind).is_ok(), "{}", sample.name);
            assert!(sample.theme < THEMES.len());
        }
    }

    #[test]
    fn the_dice_fall_the_same_way_every_time() {
        let rolls = |seed| {
            let mut dice = Dice(seed);
            std::array::from_fn::<u32, 8, _>(|_| dice.roll(6))
        };
        assert_eq!(rolls(1), rolls(1));
        assert_ne!(rolls(1), rolls(2));
        assert!(rolls(3).iter().all(|roll| *roll < 6));
    }
}
