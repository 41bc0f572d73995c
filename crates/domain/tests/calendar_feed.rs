//! Readers of the calendar feed find the same days as the engine: the rules are expanded by the crate `rrule`, and texts are
//! read by a reader of this file's own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};

use circadia_domain::calendar::{DAYS_AHEAD, DAYS_BACK, FeedContent, render};
use circadia_domain::civil::{Date, DateRange, Instant, Weekday, ZoneOrOffset};
use circadia_domain::habits::{Archive, Habit, HabitName, Pause, PauseSource, Plan, TimeOfDay, Timeline, Window};
use circadia_domain::ids::{HabitId, PauseId, SleepLogId, TaskId, ThemeId};
use circadia_domain::revision::Revision;
use circadia_domain::sleep::{Sleep, SleepKind, SleepLog};
use circadia_domain::tasks::{Priority, Task, TaskDescription, TaskStatus, TaskTitle};
use circadia_domain::themes::{Theme, ThemeName};
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

const SCHEDULES: [&str; 24] = [
    r#"{"type":"daily"}"#,
    r#"{"type":"daily","every":3}"#,
    r#"{"type":"weekly","weekdays":["mo","we","fr"]}"#,
    r#"{"type":"weekly","weekdays":["su","mo"],"every":2}"#,
    r#"{"type":"monthly","days":[1,15,31]}"#,
    r#"{"type":"monthly","days":[31]}"#,
    r#"{"type":"monthly","days":[30]}"#,
    r#"{"type":"monthly","days":[29,30],"overflow":"skip","every":2}"#,
    r#"{"type":"monthly","days":[-31,-1]}"#,
    r#"{"type":"monthly","weekdays":[{"nth":-1,"weekday":"fr"},{"nth":5,"weekday":"mo"}]}"#,
    r#"{"type":"yearly","dates":["02-29"]}"#,
    r#"{"type":"yearly","dates":["02-29"],"overflow":"skip"}"#,
    r#"{"type":"yearly","dates":["01-31","06-15","12-24"]}"#,
    r#"{"type":"cycle","active_days":3,"rest_days":2}"#,
    r#"{"type":"cycle","active_days":5,"rest_days":2}"#,
    r#"{"type":"cycle","active_days":4,"rest_days":17}"#,
    r#"{"type":"rrule","rrule":"FREQ=MONTHLY;BYDAY=MO,TH;INTERVAL=2"}"#,
    r#"{"type":"rrule","rrule":"FREQ=WEEKLY;BYDAY=MO,TH,SU;BYSETPOS=2;INTERVAL=2"}"#,
    r#"{"type":"rrule","rrule":"FREQ=DAILY;INTERVAL=2;COUNT=40"}"#,
    r#"{"type":"rrule","rrule":"FREQ=WEEKLY;BYDAY=TU,SA;UNTIL=20260815"}"#,
    r#"{"type":"rrule","rrule":"FREQ=YEARLY;BYWEEKNO=1,20,53;BYDAY=MO"}"#,
    r#"{"type":"rrule","rrule":"FREQ=YEARLY;BYYEARDAY=-1,100,200"}"#,
    r#"{"type":"rrule","rrule":"RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=FORWARD"}"#,
    r#"{"type":"quota","times":3,"per":"week"}"#,
];

const NOW: Instant = Instant::from_seconds(1_773_230_400);

fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn today() -> Date {
    date("2026-03-11")
}

fn plan(effective_from: Date, anchor: Date, schedule: &str) -> Plan {
    Plan {
        effective_from,
        anchor,
        week_start: Weekday::Su,
        schedule: serde_json::from_str(schedule).unwrap(),
        kind: serde_json::from_str(r#"{"type":"check"}"#).unwrap(),
    }
}

fn habit(timeline: Timeline) -> Habit {
    Habit {
        id: HabitId::from_uuid(Uuid::from_u128(1)),
        name: HabitName::parse("Read").unwrap(),
        description: None,
        theme: None,
        color: None,
        icon: None,
        question: None,
        time_of_day: TimeOfDay::Any,
        timeline,
        archived_at: None,
        position: 0,
        created_at: NOW,
        updated_at: NOW,
        rev: Revision(7),
        request_digest: [0; 32],
    }
}

fn feed(habits: Vec<Habit>) -> FeedContent {
    FeedContent { today: today(), habits, tasks: Vec::new(), sleep: Vec::new(), themes: Vec::new() }
}

/// A component: its name, and its properties without their parameters.
type Component = (String, BTreeMap<String, String>);

/// Reads a feed, by the rules of RFC 5545 alone.
fn read(text: &str) -> Vec<Component> {
    assert!(text.ends_with("END:VCALENDAR\r\n"));
    assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains(['\r', '\n'])), "{text}");
    let mut open: Vec<Component> = Vec::new();
    let mut closed = Vec::new();
    for line in text.replace("\r\n ", "").split_terminator("\r\n") {
        let (name, value) = line.split_once(':').unwrap();
        match name {
            "BEGIN" => open.push((value.to_owned(), BTreeMap::new())),
            "END" => {
                let component = open.pop().unwrap();
                assert_eq!(component.0, value);
                closed.push(component);
            }
            _ => {
                let name = name.split(';').next().unwrap().to_owned();
                assert!(open.last_mut().unwrap().1.insert(name, value.to_owned()).is_none(), "{line} is there twice");
            }
        }
    }
    assert!(open.is_empty());
    closed
}

/// A text as it was before it was escaped.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.push(characters.next().map_or('?', |next| if next == 'n' { '\n' } else { next })),
            ',' | ';' => panic!("{text} has an unescaped {character}"),
            _ => out.push(character),
        }
    }
    out
}

fn day(text: &str) -> Date {
    date(&format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..8]))
}

/// The days of an event until `last`.
fn days(event: &BTreeMap<String, String>, last: Date) -> Vec<Date> {
    let start = &event["DTSTART"];
    let mut found = vec![day(start)];
    if let Some(list) = event.get("RDATE") {
        found.extend(list.split(',').map(day));
    }
    if let Some(rule) = event.get("RRULE") {
        assert!(!rule.contains("SKIP") && !rule.contains("COUNT"), "{rule}");
        let at_midnight =
            |part: &str| if part.starts_with("UNTIL=") { format!("{part}T000000Z") } else { part.to_owned() };
        let parts = rule.split(';').map(at_midnight);
        let rule = parts.collect::<Vec<_>>().join(";");
        let set: rrule::RRuleSet = format!("DTSTART:{start}T000000Z\nRRULE:{rule}").parse().unwrap();
        let expanded = set.into_iter().map(|at| day(&at.format("%Y%m%d").to_string())).take_while(|day| *day <= last);
        found = expanded.collect();
        assert_eq!(found.first().copied().unwrap_or(day(start)), day(start), "the start is one of the days");
    }
    found
}

/// The days of all events of a feed within a range, each of them once.
fn shown(text: &str, range: DateRange) -> Vec<Date> {
    let components = read(text);
    let events: Vec<_> = components.iter().filter(|(name, _)| name == "VEVENT").map(|(_, event)| event).collect();
    let uids: BTreeSet<&String> = events.iter().map(|event| &event["UID"]).collect();
    assert_eq!(uids.len(), events.len());
    let mut days: Vec<Date> = events.iter().flat_map(|event| days(event, range.to())).collect();
    days.retain(|day| range.contains(*day));
    days.sort();
    days
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn readers_find_the_days_on_which_habits_are_due(
        schedules in prop::collection::vec(select(&SCHEDULES[..]), 1..4),
        starts in 0..500_i32,
        ends in prop::option::of(200..900_i32),
        changes in prop::collection::btree_set(1..300_i32, 4),
        anchored in any::<bool>(),
        pauses in prop::collection::vec((-10..500_i32, prop::option::of(0..40_i32)), 0..4),
        archive in prop::option::of((200..600_i32, prop::option::of(1..90_i32))),
    ) {
        let start = date("2025-01-01").saturating_add_days(starts);
        let after = |days: i32| start.saturating_add_days(days);
        let window = Window { starts_on: start, ends_on: ends.map(after) };
        let begins = std::iter::once(0).chain(changes).map(after);
        let plans: Vec<Plan> = schedules.iter().zip(begins).map(|(schedule, from)| {
            plan(from, if anchored { start } else { from }, schedule)
        }).collect();
        let pauses = pauses.into_iter().enumerate().map(|(at, (from, length))| Pause {
            id: PauseId::from_uuid(Uuid::from_u128(u128::try_from(at).unwrap())),
            from: after(from),
            to: length.map(|days| after(from + days)),
            source: PauseSource::Own,
        }).collect();
        let archives = archive.map(|(from, length)| Archive { from: after(from), until: length.map(|days| after(from + days)) });
        let timeline = Timeline::with_archives(window, plans, pauses, archives.into_iter().collect()).unwrap();
        let range = DateRange::new(today().saturating_add_days(-DAYS_BACK), today().saturating_add_days(DAYS_AHEAD)).unwrap();
        let due: Vec<Date> =
            timeline.iter_due(range).filter(|day| timeline.plan_on(*day).schedule.quota().is_none()).collect();
        let text = render(&feed(vec![habit(timeline)]));
        prop_assert_eq!(shown(&text, range), due, "{}", text);
    }
}

#[test]
fn what_a_rule_can_tell_is_told_by_a_rule() {
    let start = date("2025-01-31");
    let rule_of = |schedule: &str| {
        let window = Window { starts_on: start, ends_on: None };
        let timeline = Timeline::new(window, vec![plan(start, start, schedule)], Vec::new()).unwrap();
        let text = render(&feed(vec![habit(timeline)]));
        read(&text).first().and_then(|(_, event)| event.get("RRULE").cloned())
    };
    for (schedule, rule) in [
        (SCHEDULES[0], "FREQ=DAILY"),
        (SCHEDULES[1], "FREQ=DAILY;INTERVAL=3"),
        (SCHEDULES[3], "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU"),
        (SCHEDULES[4], "FREQ=MONTHLY;BYMONTHDAY=-1,1,15"),
        (SCHEDULES[5], "FREQ=MONTHLY;BYMONTHDAY=-1"),
        (SCHEDULES[10], "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"),
        (SCHEDULES[18], "FREQ=DAILY;INTERVAL=2;UNTIL=20250419"),
    ] {
        assert_eq!(rule_of(schedule).as_deref(), Some(rule), "{schedule}");
    }
    for schedule in [SCHEDULES[6], SCHEDULES[13], SCHEDULES[22], SCHEDULES[23]] {
        assert_eq!(rule_of(schedule), None, "{schedule}");
    }
}

#[test]
fn a_pause_makes_two_events_and_the_first_keeps_its_uid() {
    let start = date("2026-01-01");
    let with = |pauses| {
        let window = Window { starts_on: start, ends_on: None };
        let timeline = Timeline::new(window, vec![plan(start, start, SCHEDULES[0])], pauses).unwrap();
        read(&render(&feed(vec![habit(timeline)])))
    };
    let (before, id) = (with(Vec::new()), PauseId::from_uuid(Uuid::from_u128(1)));
    let pause = Pause { id, from: date("2026-02-01"), to: Some(date("2026-02-07")), source: PauseSource::Own };
    let after = with(vec![pause]);
    assert_eq!((before.len(), after.len()), (2, 3));
    let uid = format!("habit-{}@circadia", Uuid::from_u128(1));
    assert_eq!((&before[0].1["UID"], &after[0].1["UID"]), (&uid, &uid));
    assert_eq!(after[1].1["UID"], format!("habit-{}-20260208@circadia", Uuid::from_u128(1)));
    assert_eq!(after[0].1["RRULE"], "FREQ=DAILY;UNTIL=20260131");
    assert_eq!((after[1].1["RRULE"].as_str(), after[1].1["DTSTART"].as_str()), ("FREQ=DAILY", "20260208"));
    assert_eq!((after[0].1["TRANSP"].as_str(), after[0].1["SEQUENCE"].as_str()), ("TRANSPARENT", "7"));
}

fn sample() -> FeedContent {
    let start = date("2026-01-01");
    let window = Window { starts_on: start, ends_on: None };
    let theme = Theme {
        id: ThemeId::from_uuid(Uuid::from_u128(3)),
        name: ThemeName::parse("Body, mind; soul\\").unwrap(),
        color: circadia_domain::color::Color { rgb: [30, 144, 255] },
        created_at: NOW,
        updated_at: NOW.plus_seconds(60),
        rev: Revision(3),
        request_digest: [0; 32],
    };
    let timeline = Timeline::new(window, vec![plan(start, start, SCHEDULES[0])], Vec::new()).unwrap();
    let name = "Lesen, schreiben; rechnen\\n: BEGIN:VEVENT und noch viel mehr Wörter über Bücher 📖📖📖";
    let habit = Habit { name: HabitName::parse(name).unwrap(), theme: Some(theme.id), ..habit(timeline) };
    let text = "First\r\nEND:VTODO\r\nEND:VCALENDAR\nBEGIN:VCALENDAR\rATTACH:https://evil.example";
    let task = Task {
        id: TaskId::from_uuid(Uuid::from_u128(4)),
        title: TaskTitle::parse("Call; \"the\" dentist").unwrap(),
        description: TaskDescription::parse(text).unwrap(),
        priority: Priority::High,
        status: TaskStatus::Done,
        due_on: Some(date("2026-03-12")),
        theme: None,
        completed_at: Some(NOW),
        created_at: NOW,
        updated_at: NOW,
        rev: Revision(9),
        request_digest: [0; 32],
    };
    let sleep = Sleep {
        start: Instant::from_seconds(1_773_180_000),
        end: NOW,
        date: today(),
        zone: ZoneOrOffset::UTC,
        kind: SleepKind::Main,
        quality: None,
        awake_seconds: None,
    };
    let log = SleepLog {
        id: SleepLogId::from_uuid(Uuid::from_u128(5)),
        sleep,
        note: None,
        created_at: NOW,
        updated_at: NOW,
        rev: Revision(9),
        request_digest: [0; 32],
    };
    FeedContent { tasks: vec![task], sleep: vec![log], themes: vec![theme], ..feed(vec![habit]) }
}

#[test]
fn texts_stay_texts() {
    let content = sample();
    let text = render(&content);
    if let Ok(path) = std::env::var("CALENDAR_FEED_SAMPLE") {
        std::fs::write(path, &text).unwrap();
    }
    let components = read(&text);
    let names: Vec<&str> = components.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["VEVENT", "VTODO", "VEVENT", "VCALENDAR"]);
    let [(_, habit), (_, task), (_, sleep), (_, calendar)] = components.as_slice() else { panic!("{text}") };
    assert_eq!(plain(&habit["SUMMARY"]), content.habits[0].name.as_str());
    assert_eq!((plain(&habit["CATEGORIES"]).as_str(), habit["COLOR"].as_str()), ("Body, mind; soul\\", "dodgerblue"));
    // The theme changed after the habit did.
    assert_eq!((habit["LAST-MODIFIED"].as_str(), habit["CREATED"].as_str()), ("20260311T120100Z", "20260311T120000Z"));
    let description = plain(&task["DESCRIPTION"]);
    assert_eq!(
        description,
        content.tasks[0].description.as_ref().unwrap().as_str().replace("\r\n", "\n").replace('\r', "\n")
    );
    for (name, value) in [
        ("DUE", "20260312"),
        ("STATUS", "COMPLETED"),
        ("PERCENT-COMPLETE", "100"),
        ("PRIORITY", "1"),
        ("COMPLETED", "20260311T120000Z"),
        ("SEQUENCE", "9"),
    ] {
        assert_eq!(task[name], value, "{name}");
    }
    assert_eq!((sleep["DTSTART"].as_str(), sleep["DTEND"].as_str()), ("20260310T220000Z", "20260311T120000Z"));
    assert_eq!((calendar["NAME"].as_str(), calendar["REFRESH-INTERVAL"].as_str()), ("Circadia", "PT1H"));
    assert_eq!(render(&sample()), text, "the same content makes the same text");
}
