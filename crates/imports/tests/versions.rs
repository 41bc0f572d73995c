//! Files as other versions of the apps write them, in other languages and zones.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use circadia_domain::imports::{Event, ImportFormat, Item};
use support::{events, refusal, told, zip};

#[test]
fn loop_csv_of_other_versions() {
    let first = |file: &[(&str, &str)]| told(ImportFormat::Loop, zip(file)).remove(0);
    let header = "Position,Name,Type,Question,Description,FrequencyNumerator,FrequencyDenominator,FrequencyMode,Color";
    let weekly = format!("{header}\n001,Run,YES_NO,,,3,7,WEEKS,#00897B\n");
    let marks = ("001 Run/Checkmarks.csv", "2026-01-05,2\n");
    assert_eq!(
        first(&[("Habits.csv", &weekly), marks]),
        "2 habit Run 3 times a week {\"type\":\"check\"} from 2026-01-05"
    );
    // Packed on Windows.
    let (list, marks) = ("Loop\\Habits.csv", ("Loop\\001 Run\\Checkmarks.csv", "2026-01-05,2\n"));
    assert_eq!(told(ImportFormat::Loop, zip(&[(list, &weekly), marks])).len(), 2);
    let old = "Position,Name,Description,NumRepetitions,Interval,Color\n001,Run,Did you run?,1,1,#00897B\n";
    let habit = events(ImportFormat::Loop, old).into_iter().find_map(|event| match event {
        Event::Item { item: Item::Habit(habit), .. } => Some(habit),
        _ => None,
    });
    let habit = habit.unwrap();
    assert_eq!((habit.question.unwrap().as_str(), habit.description), ("Did you run?", None));
    // Names aren't quoted there, so a comma in one can't be told from the next name.
    let comma = "Date,Run,Eat fruit, veg,Sleep,\n2026-01-02,YES_MANUAL,NO,YES_MANUAL,\n";
    assert!(refusal(ImportFormat::Loop, comma).contains("comma"));
    assert_eq!(
        told(ImportFormat::Loop, "Date,Water,\n2026-01-02,2500,\n2026-01-01,3,\n"),
        [
            "1 changed habit target_unknown",
            "1 habit Water every day {\"type\":\"count\",\"target\":0.001,\"unit\":\"times\",\"direction\":\"at_least\"} from \
             2026-01-01",
            "3 entry 2026-01-01 skipped - -",
            "2 entry 2026-01-02 done 2.5 -",
        ]
    );
}

#[test]
fn tables_are_in_utf_8() {
    let file = "full_date,date,weekday,time,mood,activities,note_title,note\n2026-03-10,,,08:00,good,,,Caf\u{e9}\n";
    let latin: Vec<u8> = file.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert!(refusal(ImportFormat::Daylio, latin).contains("UTF-8: the row in line 2"));
    let wide: Vec<u8> = "\u{feff}".encode_utf16().chain(file.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert!(refusal(ImportFormat::Daylio, wide).contains("UTF-16"));
    assert_eq!(told(ImportFormat::Daylio, file), ["2 moment 2026-03-10T07:00:00Z 8 Café []"]);
}

#[test]
fn habitica_as_its_server_writes_it() {
    let file = r#"{"_id": "u", "preferences": {"dayStart": 4, "timezoneOffset": -60}, "tasks": {"dailys": [
        {"_id": "d1", "id": "d1", "text": "Teeth", "history": [
            {"date": 1700000000000, "value": 3.5},
            {"date": 1704241800000, "value": 1, "completed": true, "isDue": true},
            {"date": 1704340800000, "value": 0.5, "completed": false, "isDue": true}]},
        {"_id": "d2", "id": "d2", "text": "Broken", "history": [null]},
        {"_id": "d3", "id": "d3", "text": "Old", "startDate": "2023-12-31T23:00:00.000Z", "history": [
            {"date": 1690000000000, "value": 9},
            {"date": 1704200400000, "value": 1},
            {"date": 1704250800000, "value": 1},
            {"date": 1704337200000, "value": 0.2},
            {"date": 1704373200000, "value": 1.2},
            {"date": 1704423600000, "value": 1.2}]}]}}"#;
    assert_eq!(
        told(ImportFormat::Habitica, file),
        [
            "2 skipped ? unreadable",
            "1 changed habit history_compacted",
            "1 habit Teeth every day {\"type\":\"check\"} from 2024-01-02",
            "1 entry 2024-01-02 done - -",
            "1 entry 2024-01-03 missed - -",
            "3 changed habit history_compacted",
            "3 habit Old every day {\"type\":\"check\"} from 2024-01-01",
            "3 entry 2024-01-02 done - -",
            "3 entry 2024-01-03 missed - -",
            "3 entry 2024-01-04 done - -",
        ]
    );
    // The account's clock is elsewhere: midnight of 31 March in the file's zone.
    let todo = r#"{"preferences": {"timezoneOffset": -540}, "tasks": {"todos": [
        {"_id": "o", "id": "o", "text": "Tax", "date": "2024-03-30T15:00:00.000Z"}]}}"#;
    assert_eq!(told(ImportFormat::Habitica, todo), ["1 task Tax todo medium due 2024-03-31 -"]);
}

#[test]
fn daylio_of_other_languages() {
    let file = "full_date,date,weekday,time,mood,activities,note_title,note
2026-03-10,,,9:05 p.m.,good,,,\"Never mind<b>d</b>.<br>5 &lt; 6\"
2026-03-10,,,오후 9:05,good,,,
2026-03-10,,,evening,good,,,
";
    assert_eq!(
        told(ImportFormat::Daylio, file),
        [
            "2 moment 2026-03-10T20:05:00Z 8 Never mindd.⏎5 < 6 []",
            "3 moment 2026-03-10T20:05:00Z 8 - []",
            "4 changed mood_moment time_unknown",
            "4 moment 2026-03-10T11:00:00Z 8 - []",
        ]
    );
}

#[test]
fn sleep_as_android_at_an_offset() {
    let night = |id: &str, zone: &str| {
        let file = format!("Id,Tz,From,To,Rating\n{id},{zone},10. 03. 2026 22:30,11. 03. 2026 6:10,0\n");
        told(ImportFormat::SleepAsAndroid, file).remove(0)
    };
    let there = "2 sleep 2026-03-10T17:00:00Z 2026-03-11T00:40:00Z +05:30 main quality - awake - -";
    assert_eq!(night("1", "GMT+05:30"), there);
    // An unknown zone, but when it began.
    assert_eq!(night("1773162000000", "Mars/Base"), there);
}

#[test]
fn plees_tracker_with_offsets() {
    let file = "sid,start,stop,length,rating,comment,wakes
1,2026-03-10 23:15:30 +05:30,2026-03-11 07:05:01 +05:30,7:49:31,4,ok,2
2,2026-03-11 22:15:30 Z,2026-03-12 06:05:01 Z,7:49:31,4,,0
3,2026-03-12 23:15:30,2026-03-13 07:05:01,7:49:31,4,,0
";
    assert_eq!(
        told(ImportFormat::PleesTracker, file),
        [
            "2 sleep 2026-03-10T17:45:30Z 2026-03-11T01:35:01Z +05:30 main quality 4 awake - ok",
            "3 sleep 2026-03-11T22:15:30Z 2026-03-12T06:05:01Z +00:00 main quality 4 awake - -",
            "4 sleep 2026-03-12T22:15:30Z 2026-03-13T06:05:01Z Europe/Berlin main quality 4 awake - -",
        ]
    );
}

#[test]
fn beaverhabits_of_skipped_days() {
    let file = r#"{"habits": [{"name": "Run", "records": [{"day": "2024-04-13", "done": null}, {"day": "2024-04-14"},
        {"day": "2024-04-15", "done": false}, {"day": "2024-04-16", "done": false, "text": "ill"}]}]}"#;
    assert_eq!(
        told(ImportFormat::BeaverHabits, file)[1..],
        ["1 entry 2024-04-13 skipped - -", "1 entry 2024-04-16 missed - ill"]
    );
}

#[test]
fn the_device_that_comes_first_counts_each_night() {
    let record = |source: &str, start: &str, end: &str| {
        format!(
            "<Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" sourceName=\"{source}\" startDate=\"{start} +0100\" \
             endDate=\"{end} +0100\" value=\"HKCategoryValueSleepAnalysisAsleep\"/>\n"
        )
    };
    let nights: String = [("10", "11"), ("11", "12"), ("12", "13")]
        .iter()
        .flat_map(|(from, to)| {
            let (from, to) = (format!("2026-03-{from} 23:00:00"), format!("2026-03-{to} 06:00:00"));
            [record("Zzz", &from, &to), record("Apple Watch", &from, &to)]
        })
        .collect();
    let lines = told(ImportFormat::AppleHealth, format!("<HealthData>{nights}</HealthData>"));
    let lines: Vec<&str> = lines.iter().map(|line| line.split_once(' ').unwrap().0).collect();
    assert_eq!(lines, ["1", "2", "3", "4", "5", "6"]);
}
