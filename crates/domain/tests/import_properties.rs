//! Properties of imports, whatever the account holds and whatever the document: what is planned can be stored, and
//! planning the same again changes nothing.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};

use circadia_domain::civil::{Date, Instant, WallTime, Weekday, Weekdays, Zone, ZoneOrOffset};
use circadia_domain::color::Color;
use circadia_domain::habits::{
    Entry, EntryState, Habit, HabitName, History, Pause, PauseSource, Plan, TimeOfDay, Timeline, Window,
};
use circadia_domain::ids::{HabitId, PauseId, SharedPauseId, SleepLogId, ThemeId, TimeEntryId};
use circadia_domain::import::{Contents, Counts, Document, Report, digest_of, plan};
use circadia_domain::quantity::Quantity;
use circadia_domain::reminders::{Reminder, ReminderChannels, ReminderId, ReminderRule};
use circadia_domain::revision::Revision;
use circadia_domain::shared_pauses::{ExceptHabits, SharedPause, SharedPauseSource, with_copies};
use circadia_domain::sleep::{Sleep, SleepKind, SleepLog, overlap, waking_date};
use circadia_domain::themes::{Theme, ThemeName};
use circadia_domain::time_entries::TimeEntry;
use circadia_domain::users::Settings;
use proptest::prelude::*;
use uuid::Uuid;

const NOW: Instant = Instant::from_seconds(1_773_230_400);
const BEGIN: Instant = Instant::from_seconds(1_772_323_200);

fn id(number: u32) -> Uuid {
    Uuid::from_u128(u128::from(number) + 1)
}

/// The first day of the calendar of these tests, and those after it.
fn day(number: u32) -> Date {
    Date::parse("2026-03-01").unwrap().saturating_add_days(i32::try_from(number).unwrap())
}

fn at(hour: u32) -> Instant {
    BEGIN.plus_seconds(i64::from(hour) * 3_600)
}

fn theme((number, name, color, changed): (u32, u32, u8, u32)) -> Theme {
    Theme {
        id: ThemeId::from_uuid(id(number)),
        name: ThemeName::parse(&format!("Theme {name}")).unwrap(),
        color: Color { rgb: [color * 40, 0, 0] },
        created_at: BEGIN,
        updated_at: at(changed),
        rev: Revision(1),
        request_digest: digest_of(id(number)),
    }
}

fn themes() -> impl Strategy<Value = Vec<Theme>> {
    proptest::collection::btree_map(0_u32..6, (0_u32..5, 0_u8..5, 0_u32..9), 0..6).prop_map(|all| {
        all.into_iter().map(|(number, (name, color, changed))| theme((number, name, color, changed))).collect()
    })
}

/// Themes that an account can hold.
fn distinct(themes: Vec<Theme>) -> Vec<Theme> {
    let (mut names, mut colors) = (BTreeSet::new(), BTreeSet::new());
    themes.into_iter().filter(|theme| names.insert(theme.name.key()) & colors.insert(theme.color.rgb)).collect()
}

fn sleep((number, start, hours, changed): (u32, u32, u32, u32)) -> SleepLog {
    let (start, end) = (at(start), at(start + hours));
    let zone = ZoneOrOffset::UTC;
    SleepLog {
        id: SleepLogId::from_uuid(id(number)),
        sleep: Sleep {
            start,
            end,
            date: waking_date(zone.zone(), end),
            zone,
            kind: SleepKind::Main,
            quality: None,
            awake_seconds: None,
        },
        note: None,
        created_at: BEGIN,
        updated_at: at(changed),
        rev: Revision(1),
        request_digest: digest_of(id(number)),
    }
}

fn sleeps() -> impl Strategy<Value = Vec<SleepLog>> {
    proptest::collection::btree_map(0_u32..9, (0_u32..60, 1_u32..10, 0_u32..9), 0..9).prop_map(|all| {
        all.into_iter().map(|(number, (start, hours, changed))| sleep((number, start, hours, changed))).collect()
    })
}

fn overlapping(logs: &[SleepLog]) -> bool {
    let intervals: Vec<_> = logs.iter().map(|log| log.sleep.interval()).collect();
    intervals.iter().enumerate().any(|(at, one)| intervals[at + 1..].iter().any(|other| overlap(*one, *other)))
}

fn apart(logs: Vec<SleepLog>) -> Vec<SleepLog> {
    let mut kept: Vec<SleepLog> = Vec::new();
    for log in logs {
        kept.push(log);
        if overlapping(&kept) {
            kept.pop();
        }
    }
    kept
}

const KINDS: [&str; 3] = [
    r#"{"type":"check"}"#,
    r#"{"type":"minutes","target":30}"#,
    r#"{"type":"minutes","target":20,"direction":"at_most"}"#,
];

fn habit(number: u32, kind: usize, changed: u32) -> Habit {
    let plan = Plan {
        effective_from: day(0),
        anchor: day(0),
        week_start: Weekday::Mo,
        schedule: serde_json::from_str(r#"{"type":"daily"}"#).unwrap(),
        kind: serde_json::from_str(KINDS[kind]).unwrap(),
    };
    let pause = Pause { id: PauseId::from_uuid(id(number)), from: day(2), to: Some(day(3)), source: PauseSource::Own };
    Habit {
        id: HabitId::from_uuid(id(number)),
        name: HabitName::parse("Habit").unwrap(),
        description: None,
        theme: None,
        color: None,
        icon: None,
        question: None,
        time_of_day: TimeOfDay::Any,
        timeline: Timeline::new(Window { starts_on: day(0), ends_on: None }, vec![plan], vec![pause]).unwrap(),
        archived_at: None,
        position: 0,
        created_at: BEGIN,
        updated_at: at(changed),
        rev: Revision(1),
        request_digest: digest_of(id(number)),
    }
}

fn habits() -> impl Strategy<Value = Vec<Habit>> {
    // All of them, so that whatever is said is of one of them.
    proptest::collection::vec((0_usize..3, 0_u32..9), 3)
        .prop_map(|all| (0..).zip(all).map(|(number, (kind, changed))| habit(number, kind, changed)).collect())
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let state = prop_oneof![Just(EntryState::Done), Just(EntryState::Skipped), Just(EntryState::Missed)];
    let said = (state, proptest::option::of(0_u32..40), any::<bool>(), 0_u32..9);
    proptest::collection::btree_map((0_u32..3, 0_u32..6), said, 0..12).prop_map(|all| {
        let entry =
            |((habit, date), (state, value, settled, changed)): ((u32, u32), (_, Option<u32>, bool, u32))| Entry {
                habit: HabitId::from_uuid(id(habit)),
                date: day(date),
                state,
                value: value.map(Quantity::whole),
                tracked_minutes: 0,
                settled,
                note: None,
                created_at: BEGIN,
                updated_at: at(changed),
                rev: Revision(1),
            };
        all.into_iter().map(entry).collect()
    })
}

fn time_entries() -> impl Strategy<Value = Vec<TimeEntry>> {
    let spent = (proptest::option::of(0_u32..3), 0_u32..6, 1_u32..40, 0_u32..9);
    proptest::collection::btree_map(0_u32..8, spent, 0..8).prop_map(|all| {
        let entry = |(number, (habit, date, minutes, changed)): (u32, (Option<u32>, u32, u32, u32))| TimeEntry {
            id: TimeEntryId::from_uuid(id(number)),
            habit: habit.map(|habit| HabitId::from_uuid(id(habit))),
            task: None,
            date: day(date),
            minutes,
            started_at: None,
            ended_at: None,
            zone: ZoneOrOffset::UTC,
            note: None,
            created_at: BEGIN,
            updated_at: at(changed),
            rev: Revision(1),
            request_digest: digest_of(id(number)),
        };
        all.into_iter().map(entry).collect()
    })
}

fn shared_pauses() -> impl Strategy<Value = Vec<SharedPause>> {
    proptest::collection::btree_map(0_u32..3, (0_u32..6, 0_u32..9), 0..3).prop_map(|all| {
        let pause = |(number, (from, changed)): (u32, (u32, u32))| SharedPause {
            id: SharedPauseId::from_uuid(id(number)),
            from: day(from),
            to: Some(day(from + 1)),
            note: None,
            except_habits: ExceptHabits::new(vec![HabitId::from_uuid(id(number))]).unwrap(),
            source: SharedPauseSource::User,
            created_at: BEGIN,
            updated_at: at(changed),
            rev: Revision(1),
            request_digest: digest_of(id(number)),
        };
        all.into_iter().map(pause).collect()
    })
}

fn reminders() -> impl Strategy<Value = Vec<Reminder>> {
    let set = (proptest::option::of(0_u32..3), 0_u16..1_440, any::<bool>(), 0_u32..9);
    proptest::collection::btree_map(0_u32..8, set, 0..8).prop_map(|all| {
        let reminder = |(number, (habit, minute, enabled, changed)): (u32, (Option<u32>, u16, bool, u32))| {
            let (time, weekdays) = (WallTime::from_minutes(minute).unwrap(), Weekdays::ALL);
            let of_bedtime = ReminderRule::Bedtime { wake_time: time, minutes_before: 0, weekdays };
            let of_habit = |number| ReminderRule::Habit { habit: HabitId::from_uuid(id(number)), time, weekdays };
            Reminder {
                id: ReminderId::from_uuid(id(number)),
                rule: habit.map_or(of_bedtime, of_habit),
                channels: ReminderChannels::ALL,
                enabled,
                handled_on: None,
                next: None,
                created_at: BEGIN,
                updated_at: at(changed),
                rev: Revision(1),
                request_digest: digest_of(id(number)),
            }
        };
        all.into_iter().map(reminder).collect()
    })
}

fn documents() -> impl Strategy<Value = Document> {
    let zone = proptest::option::of(prop_oneof![Just("Asia/Tokyo"), Just("Pacific/Honolulu")]);
    (themes(), sleeps(), habits(), entries(), time_entries(), shared_pauses(), reminders(), zone).prop_map(
        |(themes, sleep_logs, habits, entries, time_entries, shared_pauses, reminders, zone)| Document {
            themes,
            sleep_logs,
            habits,
            entries,
            time_entries,
            shared_pauses,
            reminders,
            settings: zone.map(|zone| Settings { timezone: Zone::parse(zone).unwrap(), ..Settings::default() }),
            ..Document::default()
        },
    )
}

/// What an account holds after an import: items by key.
fn applied(contents: &Contents, document: &Document) -> (Contents, Report, BTreeMap<HabitId, History>) {
    let plan = plan(contents, document, NOW, Revision(2)).unwrap();
    fn merged<T: Clone, K: Ord>(before: &[T], written: &[T], key: impl Fn(&T) -> K) -> Vec<T> {
        let all: BTreeMap<K, T> = before.iter().chain(written).map(|item| (key(item), item.clone())).collect();
        all.into_values().collect()
    }
    let mut entries = merged(&contents.entries, &plan.entries, |entry| (entry.habit, entry.date));
    entries.retain(|entry| !plan.removed_entries.contains(&(entry.habit, entry.date)));
    let after = Contents {
        themes: merged(&contents.themes, &plan.themes, |theme| theme.id),
        habits: merged(&contents.habits, &plan.habits, |habit| habit.id),
        shared_pauses: merged(&contents.shared_pauses, &plan.shared_pauses, |pause| pause.id),
        entries,
        time_entries: merged(&contents.time_entries, &plan.time_entries, |entry| entry.id),
        sleep_logs: merged(&contents.sleep_logs, &plan.sleep_logs, |log| log.id),
        reminders: merged(&contents.reminders, &plan.reminders, |reminder| reminder.id),
        settings: plan.settings.clone().unwrap_or_else(|| contents.settings.clone()),
        ..contents.clone()
    };
    let histories = plan.histories.into_iter().map(|(habit, history)| (habit.id, history)).collect();
    (after, plan.report, histories)
}

/// What an account holds that imported a document, but for what a document may have and an account hasn't.
fn accounts() -> impl Strategy<Value = (Contents, BTreeMap<HabitId, History>)> {
    documents().prop_map(|document| {
        let document =
            Document { themes: distinct(document.themes), sleep_logs: apart(document.sleep_logs), ..document };
        let (contents, _, histories) = applied(&Contents::default(), &document);
        (contents, histories)
    })
}

fn assert_sound(contents: &Contents, histories: &BTreeMap<HabitId, History>) {
    assert!(!overlapping(&contents.sleep_logs), "{:?}", contents.sleep_logs);
    assert_eq!(distinct(contents.themes.clone()).len(), contents.themes.len(), "{:?}", contents.themes);
    for reminder in &contents.reminders {
        assert_eq!(reminder.next.is_some(), reminder.enabled, "{reminder:?}");
        let Some(next) = reminder.next else { continue };
        // What another zone makes past falls at once.
        let at = reminder.rule.on(next.day, &contents.settings, None).map(|at| at.max(NOW));
        assert_eq!(at, Some(next.at), "{reminder:?}");
    }
    for habit in &contents.habits {
        assert_eq!(with_copies(&habit.timeline, habit.id, &contents.shared_pauses).as_ref(), Ok(&habit.timeline));
        let own = contents.entries.iter().filter(|entry| entry.habit == habit.id);
        let is_measured = |date: Date| habit.timeline.plan_on(date).kind.unit() == Some("minutes");
        let mut minutes: BTreeMap<Date, u32> = BTreeMap::new();
        let spent = contents.time_entries.iter().filter(|spent| spent.habit == Some(habit.id));
        for spent in spent.filter(|spent| is_measured(spent.date)) {
            *minutes.entry(spent.date).or_default() += spent.minutes;
        }
        let tracked: BTreeMap<Date, u32> = own
            .clone()
            .filter(|entry| entry.tracked_minutes > 0)
            .map(|entry| (entry.date, entry.tracked_minutes))
            .collect();
        assert_eq!(tracked, minutes);
        let history = History::rebuild(&habit.timeline, own.map(|entry| (entry.date, entry.record())));
        assert_eq!(histories.get(&habit.id).cloned().unwrap_or_default(), history);
    }
}

fn all_counts(report: &Report) -> [Counts; 7] {
    let Report { themes, habits, shared_pauses, entries, time_entries, sleep_logs, reminders, .. } = *report;
    [themes, habits, shared_pauses, entries, time_entries, sleep_logs, reminders]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_account_is_sound_after_an_import_and_importing_again_changes_nothing(
        (before, histories) in accounts(), document in documents(),
    ) {
        assert_sound(&before, &histories);
        let (after, report, changed) = applied(&before, &document);
        let mut histories = histories;
        histories.extend(changed);
        assert_sound(&after, &histories);
        let skipped: u32 = all_counts(&report).iter().map(|counts| counts.skipped).sum();
        let told = report.issues.iter().filter(|issue| issue.code != "theme_color_taken").count();
        prop_assert_eq!(usize::try_from(skipped).unwrap(), told);
        let (again, report, changed) = applied(&after, &document);
        for counts in all_counts(&report) {
            prop_assert_eq!((counts.created, counts.updated), (0, 0));
        }
        prop_assert!(changed.is_empty());
        prop_assert_eq!(again, after);
    }
}
