//! Small files of each app: what they hold.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use circadia_domain::imports::{Event, ImportFormat, Item};
use support::{events, refusal, told, zip};

const LOOP_HABITS: &str = "\
Position,Name,Type,Question,Description,FrequencyNumerator,FrequencyDenominator,Color,Unit,Target Type,Target Value,Archived?
001,Meditate,YES_NO,Did you meditate?,Ten minutes,1,1,#FF8F00,,,,false
002,Run,YES_NO,,,3,7,#00897B,,,,false
003,Water,NUMERICAL,How much?,,1,1,#1976D2,glasses,AT_LEAST,8.0,true
004,Pages,NUMERICAL,,,1,7,#1976D2,,AT_LEAST,70.0,false
";

fn loop_archive() -> Vec<u8> {
    zip(&[
        ("Habits.csv", LOOP_HABITS),
        (
            "001 Meditate/Checkmarks.csv",
            "Date,Value,Notes\n2026-01-05,YES_MANUAL,calm\n2026-01-04,SKIP,\n2026-01-03,NO,\n2026-01-02,UNKNOWN,lost\n2026-01-01,YES_MANUAL,\n",
        ),
        ("001 Meditate/Scores.csv", "Date,Score\n2026-01-05,0.1000\n"),
        ("002 Run/Checkmarks.csv", "Date,Value,Notes\n2026-01-03,YES_AUTO,\n2026-01-02,2,\n2026-01-01,1,\n"),
        ("003 Water/Checkmarks.csv", "Date,Value,Notes\n2026-01-02,8500,\n2026-01-01,3,\n2026-01-03,many,\n"),
        ("Checkmarks.csv", "Date,Meditate,Run,Water,\n"),
    ])
}

#[test]
fn loop_csv() {
    assert_eq!(
        told(ImportFormat::Loop, loop_archive()),
        [
            "2 habit Meditate every day {\"type\":\"check\"} from 2026-01-01",
            "6 entry 2026-01-01 done - -",
            "5 skipped entry note_without_state",
            "4 entry 2026-01-03 missed - -",
            "3 entry 2026-01-04 skipped - -",
            "2 entry 2026-01-05 done - calm",
            format!("3 habit Run {} {{\"type\":\"check\"}} from 2026-01-01", support::three_a_week()).as_str(),
            "3 entry 2026-01-02 done - -",
            "4 habit Water every day {\"type\":\"count\",\"target\":8,\"unit\":\"glasses\",\"direction\":\"at_least\"} from \
             2026-01-01, archived",
            "3 entry 2026-01-01 skipped - -",
            "2 entry 2026-01-02 done 8.5 -",
            "4 skipped entry unreadable",
            "5 changed habit marks_missing",
            "5 habit Pages 70 a week {\"type\":\"count\",\"target\":10,\"unit\":\"times\",\"direction\":\"at_least\"} from \
             2026-06-01",
        ]
    );
}

#[test]
fn loop_csv_in_parts() {
    let marks = "Date,Meditate,Wake up early,\n2015-01-25,-1,2,\n2015-01-24,-1,0,\n2015-01-23,-1,1,\n";
    assert_eq!(
        told(ImportFormat::Loop, marks),
        [
            "1 habit Meditate every day {\"type\":\"check\"} from 2026-06-01",
            "1 habit Wake up early every day {\"type\":\"check\"} from 2015-01-23",
            "3 entry 2015-01-24 missed - -",
            "2 entry 2015-01-25 done - -",
        ]
    );
    assert_eq!(told(ImportFormat::Loop, LOOP_HABITS).len(), 4);
    assert_eq!(told(ImportFormat::Loop, zip(&[("003 Read/Checkmarks.csv", "2015-01-25,2\n")])).len(), 2);
    for wrong in ["", "Date,Value,Notes\n2026-01-01,2,\n", "a,b\n1,2\n"] {
        refusal(ImportFormat::Loop, wrong);
    }
    refusal(ImportFormat::Loop, zip(&[("readme.txt", "hello")]));
}

#[test]
fn the_same_file_has_the_same_ids_and_each_user_has_others() {
    let of = |event: &Event| match event {
        Event::Item { item: Item::Habit(habit), .. } => Some(habit.id),
        _ => None,
    };
    let ids = || events(ImportFormat::Loop, loop_archive()).iter().filter_map(of).collect::<Vec<_>>();
    assert_eq!(ids(), ids());
    let mut all = ids();
    let mut other = support::context(ImportFormat::Loop);
    other.user = circadia_domain::ids::UserId::parse("01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8c").unwrap();
    circadia_imports::read(ImportFormat::Loop, &mut std::io::Cursor::new(loop_archive()), &other, &mut |event| {
        all.extend(of(&event));
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 8);
}

#[test]
fn habitbull() {
    let file = "\
HabitName,HabitDescription,HabitCategory,CalendarDate,Value,CommentText
Run,In the park,Fitness,2026-03-18,1,wet
Run,In the park,Fitness,3/17/2026,0,
Run,In the park,Fitness,2026-03-16,-2150000000,
Pushups,,Fitness,2026-01-09,100,
Pushups,,Fitness,2026-01-08,30,
Pushups,,Fitness,2026-01-10,100,
Read,\"Books, long ones\",,soon,1,
";
    assert_eq!(
        told(ImportFormat::HabitBull, file),
        [
            "8 skipped entry unreadable",
            "2 theme Fitness",
            "2 habit Run every day {\"type\":\"check\"} from 2026-03-16, themed",
            "4 entry 2026-03-16 skipped - -",
            "3 entry 2026-03-17 missed - -",
            "2 entry 2026-03-18 done - wet",
            "5 changed habit target_unknown",
            "5 habit Pushups every day {\"type\":\"count\",\"target\":100,\"unit\":\"times\",\"direction\":\"at_least\"} from \
             2026-01-08, themed",
            "6 entry 2026-01-08 missed 30 -",
            "5 entry 2026-01-09 done 100 -",
            "7 entry 2026-01-10 done 100 -",
        ]
    );
    refusal(ImportFormat::HabitBull, "a,b,c\n");
}

#[test]
fn mhabit() {
    let file = r#"{"habits": [
        {"name": "Stretch", "type": 1, "status": 1, "daily_goal": 1, "daily_goal_unit": "", "freq_type": 3,
         "freq_custom": "[1, 1]", "start_date": 20500, "create_t": 1771200000, "color": 1,
         "records": [{"record_date": 20501, "record_type": 1, "record_value": 1.0, "reason": "felt good"},
                     {"record_date": 20500, "record_type": 2, "record_value": 0}]},
        {"name": "Sugar", "type": 2, "status": 3, "daily_goal": 0, "daily_goal_extra": 20, "daily_goal_unit": "g",
         "freq_type": 1, "freq_custom": "[7]", "start_date": 20500,
         "records": [{"record_date": 20500, "record_type": 1, "record_value": 25}]},
        {"name": "Swim", "type": 1, "status": 1, "daily_goal": 1, "freq_type": 1, "freq_custom": "[2]", "start_date": 20500},
        {"name": "Gone", "status": 2}
    ]}"#;
    assert_eq!(
        told(ImportFormat::Mhabit, file),
        [
            "1 habit Stretch every day {\"type\":\"check\"} from 2026-02-16",
            "1 entry 2026-02-16 skipped - -",
            "1 entry 2026-02-17 done - felt good",
            "2 habit Sugar every day {\"type\":\"count\",\"target\":20,\"unit\":\"g\",\"direction\":\"at_most\"} from 2026-02-16, \
             archived",
            "2 entry 2026-02-16 missed 25 -",
            "3 habit Swim twice a week {\"type\":\"check\"} from 2026-02-16",
            "4 skipped habit deleted",
        ]
    );
    refusal(ImportFormat::Mhabit, "{\"habits\": 1}");
    refusal(ImportFormat::Mhabit, "[".repeat(100_000));
}

#[test]
fn beaverhabits() {
    let file = r#"{"habits": [
        {"name": "Order pizza", "records": [{"day": "2026-03-02", "done": false}, {"day": "2026-03-01", "done": true, "text": "two"}],
         "id": "a1b2c3", "star": true, "tags": ["food"], "period": {"period_type": "W", "period_count": 1, "target_count": 2}},
        {"name": "Walk", "records": [{"day": "2026-03-05", "done": true}], "id": "d4", "status": "archive"},
        {"name": "Old", "records": [], "status": "soft_delete"}
    ], "order": ["d4", "a1b2c3"]}"#;
    assert_eq!(
        told(ImportFormat::BeaverHabits, file),
        [
            "2 theme food",
            "1 habit Walk every day {\"type\":\"check\"} from 2026-03-05, archived",
            "1 entry 2026-03-05 done - -",
            "2 habit Order pizza twice a week {\"type\":\"check\"} from 2026-03-01, themed",
            "2 entry 2026-03-01 done - two",
            "3 skipped habit deleted",
        ]
    );
    let stored = r#"{"data": {"habits": [{"name": "Run", "records": [{"day": "2026-03-05", "done": true}]}]}}"#;
    assert_eq!(told(ImportFormat::BeaverHabits, stored).len(), 2);
}

#[test]
fn habitica() {
    let file = r#"{"_id": "u", "tags": [{"id": "t1", "name": "Health"}], "tasks": {
        "habits": [{"_id": "h1", "text": "Water", "up": true, "down": false, "createdAt": "2026-03-01T08:00:00.000Z",
            "history": [{"date": 1772438400000, "value": 1, "scoredUp": 2, "scoredDown": 0}]}],
        "dailys": [{"id": "d1", "text": "Teeth", "notes": "both", "frequency": "weekly", "everyX": 1, "tags": ["t1"],
            "repeat": {"m": true, "t": false, "w": true, "th": false, "f": false, "s": false, "su": false},
            "startDate": "2026-03-01T23:00:00.000Z", "checklist": [],
            "history": [{"date": 1772438400000, "value": 1, "completed": true, "isDue": true},
                        {"date": 1772611200000, "value": 0.5, "completed": false, "isDue": true}]}],
        "todos": [{"id": "o1", "text": "Dentist", "priority": 2, "date": "2026-05-01T22:00:00.000Z", "completed": false,
            "checklist": [{"text": "call", "completed": true}]},
            {"id": "o2", "text": "Tax", "priority": 0.1, "completed": true, "dateCompleted": "2026-04-01T10:00:00.000Z"}],
        "rewards": [{"id": "r1", "text": "Cake"}]}}"#;
    assert_eq!(
        told(ImportFormat::Habitica, file),
        [
            "2 theme Health",
            "1 habit Water every day {\"type\":\"count\",\"target\":1,\"unit\":\"times\",\"direction\":\"at_least\"} from 2026-03-02",
            "1 entry 2026-03-02 done 2 -",
            "2 habit Teeth every Monday and Wednesday {\"type\":\"check\"} from 2026-03-02, themed",
            "2 entry 2026-03-02 done - -",
            "2 entry 2026-03-03 missed - -",
            "3 task Dentist todo high due 2026-05-02 [x] call",
            "4 task Tax done low due - -",
            "5 skipped ? not_supported",
        ]
    );
}

#[test]
fn daylio() {
    let file = "\u{feff}full_date,date,weekday,time,mood,activities,note_title,note
2026-03-10,March 10,Tuesday,9:05 PM,rad,\"friends | good meal\",\"Evening\",\"Long talk\"
2026-03-10,March 10,Tuesday,08:00,meh,\"\",\"\",\"\"
2026-03-09,March 9,Monday,08:00,fabulous,,,
nonsense,March 9,Monday,08:00,good,,,
";
    assert_eq!(
        told(ImportFormat::Daylio, file),
        [
            "2 moment 2026-03-10T20:05:00Z 10 Evening⏎Long talk [Tag(\"friends\"), Tag(\"good meal\")]",
            "3 moment 2026-03-10T07:00:00Z 5 - []",
            "4 skipped mood_moment unknown_mood",
            "5 skipped mood_moment unreadable",
        ]
    );
}

#[test]
fn sleep_as_android() {
    let file = "\
Id,Tz,From,To,Sched,Hours,Rating,Comment,Framerate,Snore,Noise,Cycles,DeepSleep,LenAdjust,Geo,\"22:30\",\"22:35\",\"Event\"
\"1773178200000\",\"Europe/Berlin\",\"10. 03. 2026 22:30\",\"11. 03. 2026 6:10\",\"11. 03. 2026 6:30\",\"7.667\",\"4.25\",\"#home slept\",\"10000\",\"-1\",\"-1.0\",\"5\",\"0.4\",\"0\",\"\",\"1.5\",\"0.2\",\"LIGHT_START-1773178200000\"
,,,,,,,,,,,,,,,0.02,0.03
Id,Tz,From,To,Sched,Hours,Rating,Comment,Framerate,Snore,Noise,Cycles,DeepSleep,LenAdjust,Geo
\"1773237600000\",\"America/New_York\",\"11. 03. 2026 10:00\",\"11. 03. 2026 10:45\",\"\",\"0.75\",\"0.0\",\"\",\"10000\",\"-1\",\"-1.0\",\"-1\",\"-1.0\",\"0\",\"\"
\"1\",\"Mars/Base\",\"never\",\"\",\"\",\"0\",\"0.0\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"
";
    let expected = [
        "2 sleep 2026-03-10T21:30:00Z 2026-03-11T05:10:00Z Europe/Berlin main quality 4 awake - #home slept",
        "5 sleep 2026-03-11T14:00:00Z 2026-03-11T14:45:00Z America/New_York nap quality - awake - -",
        "6 skipped sleep_log unreadable",
    ];
    assert_eq!(told(ImportFormat::SleepAsAndroid, file), expected);
    assert_eq!(told(ImportFormat::SleepAsAndroid, zip(&[("sleep-export.csv", file), ("prefs.xml", "<x/>")])), expected);
    refusal(ImportFormat::SleepAsAndroid, "a,b\n1,2\n");
}

#[test]
fn plees_tracker() {
    let file = "sid,start,stop,rating,comment,wakes\r\n1,1773178200000,1773205800000,5,\"deep, long\",1\r\n2,1773178200001,x,0,,0\r\n";
    assert_eq!(
        told(ImportFormat::PleesTracker, file),
        [
            "2 sleep 2026-03-10T21:30:00Z 2026-03-11T05:10:00Z Europe/Berlin main quality 5 awake - deep, long",
            "3 skipped sleep_log unreadable",
        ]
    );
    let old = "sid,start,stop\n1,1773178200000,1773205800000\n";
    assert_eq!(told(ImportFormat::PleesTracker, old).len(), 1);
}

#[test]
fn apple_health() {
    let record = |source: &str, value: &str, start: &str, end: &str| {
        format!(
            " <Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" sourceName=\"{source}\" sourceVersion=\"10\" \
             creationDate=\"{end} +0100\" startDate=\"{start} +0100\" endDate=\"{end} +0100\" \
             value=\"HKCategoryValueSleepAnalysis{value}\">\n  <MetadataEntry key=\"HKTimeZone\" value=\"Europe/Berlin\"/>\n </Record>\n"
        )
    };
    let watch = "Ada’s Apple\u{a0}Watch";
    let records: String = [
        " <Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"P\" unit=\"count\" startDate=\"x\" endDate=\"y\" value=\"1\"/>\n".to_owned(),
        record("Phone", "InBed", "2026-03-10 22:00:00", "2026-03-11 06:30:00"),
        record(watch, "AsleepCore", "2026-03-10 22:30:00", "2026-03-11 02:00:00"),
        record(watch, "Awake", "2026-03-11 02:00:00", "2026-03-11 02:10:00"),
        record(watch, "AsleepREM", "2026-03-11 02:10:00", "2026-03-11 06:00:00"),
        record(watch, "AsleepDeep", "2026-03-11 23:00:00", "2026-03-12 05:00:00"),
        record(watch, "Nonsense", "2026-03-11 23:00:00", "2026-03-12 05:00:00"),
    ]
    .concat();
    let file = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE HealthData [\n<!ELEMENT HealthData (ExportDate,Me,Record*)>\n\
         <!ENTITY a \"aaaaaaaa\">\n]>\n<HealthData locale=\"de_DE\">\n <ExportDate value=\"2026-04-01 10:00:00 +0100\"/>\n{records}</HealthData>\n"
    );
    let expected = [
        "3 sleep 2026-03-10T21:30:00Z 2026-03-11T05:00:00Z Europe/Berlin main quality - awake 600 -",
        "7 skipped sleep_log unreadable",
        "6 sleep 2026-03-11T22:00:00Z 2026-03-12T04:00:00Z Europe/Berlin main quality - awake - -",
        "2 sleep 2026-03-10T21:00:00Z 2026-03-11T05:30:00Z Europe/Berlin main quality - awake - -",
    ];
    assert_eq!(told(ImportFormat::AppleHealth, &file), expected);
    let archive = zip(&[
        ("apple_health_export/export_cda.xml", "<ClinicalDocument/>"),
        ("apple_health_export/Exportieren.xml", &file),
    ]);
    assert_eq!(told(ImportFormat::AppleHealth, archive).len(), expected.len());
    refusal(ImportFormat::AppleHealth, "<html></html>");
    refusal(ImportFormat::AppleHealth, "");
    refusal(ImportFormat::AppleHealth, format!("<HealthData a=\"{}", "x".repeat(3_000_000)));
}

#[test]
fn ticktick() {
    let file = "\u{feff}\"Date: 2026-03-20+0000\"\n\"Version: 7.1\"\n\"Status: \n0 Normal\n1 Completed\n2 Archived\"\n\
\"Folder Name\",\"List Name\",\"Title\",\"Kind\",\"Tags\",\"Content\",\"Is Check list\",\"Start Date\",\"Due Date\",\"Reminder\",\"Repeat\",\"Priority\",\"Status\",\"Created Time\",\"Completed Time\",\"Order\",\"Timezone\",\"Is All Day\",\"Is Floating\",\"Column Name\",\"Column Order\",\"View Mode\",\"taskId\",\"parentId\"\n\
\"\",\"Home\",\"Repot the basil\",\"TEXT\",\"garden\",\"In spring\",\"N\",\"\",\"2026-03-31T22:00:00+0000\",\"\",\"\",\"5\",\"0\",\"2026-03-01T10:00:00+0000\",\"\",\"1\",\"Europe/Berlin\",\"true\",\"false\",,,\"list\",\"1\",\"\"\n\
\"\",\"Inbox\",\"Call\",\"TEXT\",\"\",\"\",\"N\",\"\",\"\",\"\",\"RRULE:FREQ=DAILY\",\"0\",\"2\",\"2026-03-01T10:00:00+0000\",\"2026-03-02T10:00:00+0000\",\"2\",\"Europe/Berlin\",\"true\",\"false\",,,\"list\",\"2\",\"\"\n\
\"\",\"Inbox\",\"Idea\",\"NOTE\",\"\",\"\",\"N\",\"\",\"\",\"\",\"\",\"0\",\"0\",\"\",\"\",\"3\",\"\",\"\",\"\",,,\"list\",\"3\",\"\"\n";
    assert_eq!(
        told(ImportFormat::TickTick, file),
        [
            "8 theme Home",
            "8 task Repot the basil todo high due 2026-04-01 In spring themed",
            "9 changed task recurs",
            "9 task Call done medium due - -",
            "10 skipped task not_supported",
        ]
    );
    refusal(ImportFormat::TickTick, "a\n".repeat(100));
}

#[test]
fn todoist() {
    let file = "\u{feff}TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE,DURATION,DURATION_UNIT\n\
section,Errands,,,,,,,,,,\n\
task,Buy milk @shop,Two,1,1,Ada (1),,2026-03-13,en,Europe/Berlin,,\n\
note,Organic,,,,Ada (1),,,,,,\n\
task,Call,,4,1,Ada (1),,every day,en,Europe/Berlin,,\n\
task,Pay,,2,2,Ada (1),,Oct 9 2026 10:00,en,Europe/Berlin,,\n\
task,Sow,,3,1,Ada (1),,13 Jun,en,Europe/Berlin,,\n\
,,,,,,,,,,,\n";
    let tasks = [
        "3 task Buy milk @shop todo high due 2026-03-13 Two⏎⏎Organic",
        "5 changed task date_left_out",
        "5 task Call todo low due - -",
        "6 task Pay todo medium due 2026-10-09 -",
        "7 task Sow todo medium due 2026-06-13 -",
    ];
    let mut found = told(ImportFormat::Todoist, file);
    found.sort();
    assert_eq!(found, tasks);
    let newer = "TYPE,CONTENT,DATE,DEADLINE\nTask,Pay,2026-12-10,Friday\ntask,Call,tomorrow at 5pm,\n";
    let newer = told(ImportFormat::Todoist, newer);
    assert_eq!(newer, ["2 task Pay todo medium due 2026-12-10 -", "3 task Call todo medium due 2026-06-02 -"]);
    let archive = zip(&[("Home [2203306141].csv", file)]);
    let found = told(ImportFormat::Todoist, archive);
    assert_eq!((found.len(), found[0].as_str()), (6, "1 theme Home"));
    assert!(found.iter().any(|line| line == "6 task Pay todo medium due 2026-10-09 - themed"));
    refusal(ImportFormat::Todoist, "a,b\n");
}

#[test]
fn our_own_tables() {
    let habit = "01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b";
    let habits = format!(
        "id,name,description,theme_id,color,icon,question,time_of_day,starts_on,ends_on,archived_at,position,created_at,updated_at\r\n\
         {habit},'=Read,,,#1E90FF,,,evening,2026-03-01,,,0,2026-03-01T08:00:00Z,2026-03-01T08:00:00Z\r\n"
    );
    let plans = format!(
        "habit_id,effective_from,anchor,week_start,schedule,kind\r\n{habit},2026-03-01,2026-03-01,mo,\
         \"{{\"\"type\"\":\"\"daily\"\",\"\"every\"\":2}}\",\"{{\"\"type\"\":\"\"minutes\"\",\"\"target\"\":30,\"\"direction\"\":\"\"at_least\"\"}}\"\r\n"
    );
    let entries = format!(
        "habit_id,date,state,value,settled,note,created_at,updated_at\r\n{habit},2026-03-01,done,35.5,false,,,\r\n"
    );
    let archive = zip(&[
        ("export.csv", "format,version,exported_at\r\ncircadia-export,1,x\r\n"),
        ("entries.csv", &entries),
        ("habits.csv", &habits),
        ("habit_plans.csv", &plans),
        ("moods.csv", "date,value,note,tags,created_at,updated_at\r\n2026-03-02,7,,\"sun, work\",,\r\n"),
    ]);
    assert_eq!(
        told(ImportFormat::Csv, archive),
        [
            "2 habit =Read every 2nd day {\"type\":\"minutes\",\"target\":30,\"direction\":\"at_least\"} from 2026-03-01",
            "2 entry 2026-03-01 done 35.5 -",
            "2 mood 2026-03-02 7",
        ]
    );
    let by_hand = [
        (
            "title,due_on,theme\nBuy shoes,2026-04-01,Sport\n,2026-04-01,Sport\n",
            "theme Sport|task Buy shoes todo medium due 2026-04-01 - themed|skipped task required",
        ),
        (
            "habit,date,state\nRead,2026-03-01,missed\nRead,2026-13-01,done\n",
            "entry 2026-03-01 missed - -|skipped entry invalid_date",
        ),
        (
            "start,end,timezone,quality\n2026-03-10T22:30:00Z,2026-03-11T06:10:00Z,Europe/Berlin,4\n",
            "sleep 2026-03-10T22:30:00Z 2026-03-11T06:10:00Z Europe/Berlin main quality 4 awake - -",
        ),
        ("date,minutes,note\n2026-03-10,25,Chapter 3\n", "time 2026-03-10 25"),
        ("at,value,tags\n2026-03-10T08:00:00Z,8,sun\n", "moment 2026-03-10T08:00:00Z 8 - [Tag(\"sun\")]"),
        (
            "name,schedule,starts_on\nRun,\"{\"\"type\"\":\"\"quota\"\",\"\"times\"\":3,\"\"per\"\":\"\"week\"\"}\",2026-01-01\n",
            "habit Run 3 times a week {\"type\":\"check\"} from 2026-01-01",
        ),
        ("name,color\nSport,#1E90FF\n", "theme Sport"),
    ];
    for (file, expected) in by_hand {
        let found = told(ImportFormat::Csv, file);
        let found: Vec<&str> = found.iter().map(|line| line.split_once(' ').unwrap().1).collect();
        assert_eq!(found.join("|"), expected, "{file}");
    }
    refusal(ImportFormat::Csv, "a,b\n");
}

/// A backup as the app makes it, by SQLite itself.
fn loop_backup(changes: &str) -> Vec<u8> {
    use diesel::{Connection as _, connection::SimpleConnection as _};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Loop Habits Backup.db");
    let mut connection = diesel::SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    connection
        .batch_execute(
            "CREATE TABLE Habits (id integer primary key autoincrement, archived integer, color integer, description text,
                freq_den integer, freq_num integer, highlight integer, name text, position integer, reminder_hour integer,
                reminder_min integer, reminder_days integer not null default 127, type integer not null default 0,
                target_type integer not null default 0, target_value real not null default 0, unit text not null default '');
             ALTER TABLE Habits ADD COLUMN question text;
             ALTER TABLE Habits ADD COLUMN uuid text;
             CREATE TABLE Repetitions (id integer primary key autoincrement, habit integer not null references habits(id),
                timestamp integer not null, value integer not null, notes text);
             CREATE UNIQUE INDEX idx_repetitions_habit_timestamp on Repetitions(habit, timestamp);
             INSERT INTO Habits (id, archived, color, description, freq_den, freq_num, highlight, name, position, question, uuid)
                VALUES (7, 0, 3, '', 1, 1, 0, 'Meditate', 1, 'Did you?', 'aa'),
                       (8, 1, 8, printf('%.*c', 9000, 'x'), 7, 3, 0, 'Run', 0, '', 'bb');
             INSERT INTO Habits (archived, color, description, freq_den, freq_num, highlight, name, position, type, target_value, unit, uuid)
                VALUES (0, 11, '', 1, 1, 0, 'Water', 2, 1, 2.5, 'l', 'cc');
             INSERT INTO Repetitions (habit, timestamp, value, notes)
                VALUES (7, 1767225600000, 2, 'calm'), (7, 1767312000000, 3, null), (7, 1767398400000, 0, ''), (9, 1767225600000, 1500, null);
             WITH RECURSIVE days(day) AS (SELECT 0 UNION ALL SELECT day + 1 FROM days WHERE day < 3000)
                INSERT INTO Repetitions (habit, timestamp, value) SELECT 8, 1500000000000 / 86400000 * 86400000 + day * 86400000, 2 FROM days;",
        )
        .unwrap();
    connection.batch_execute(changes).unwrap();
    drop(connection);
    std::fs::read(path).unwrap()
}

#[test]
fn loop_backup_as_sqlite_writes_it() {
    let found = told(ImportFormat::Loop, loop_backup(""));
    assert_eq!(found.len(), 3 + 3_001 + 4);
    let run = format!("8 habit Run {} {{\"type\":\"check\"}} from 2017-07-14, archived", support::three_a_week());
    assert_eq!(found[0], run);
    assert_eq!(found[1], "5 entry 2017-07-14 done - -");
    assert_eq!(
        found[3_002..],
        [
            "7 habit Meditate every day {\"type\":\"check\"} from 2026-01-01",
            "1 entry 2026-01-01 done - calm",
            "2 entry 2026-01-02 skipped - -",
            "3 entry 2026-01-03 missed - -",
            "9 habit Water every day {\"type\":\"count\",\"target\":2.5,\"unit\":\"l\",\"direction\":\"at_least\"} from 2026-01-01",
            "4 entry 2026-01-01 missed 1.5 -",
        ]
    );
    let habit = events(ImportFormat::Loop, loop_backup("")).into_iter().find_map(|event| match event {
        Event::Item { item: Item::Habit(habit), .. } => Some(habit),
        _ => None,
    });
    let habit = habit.unwrap();
    assert_eq!(habit.description.unwrap().as_str().chars().count(), 2_000);
    assert_eq!(habit.color.unwrap().to_string(), "#00897B");
}

#[test]
fn colours_of_earlier_backups_are_of_their_palette() {
    let colors = |changes: &str| -> Vec<String> {
        let all = events(ImportFormat::Loop, loop_backup(changes));
        let habits = all.iter().filter_map(|event| match event {
            Event::Item { item: Item::Habit(habit), .. } => Some(habit.color.unwrap().to_string()),
            _ => None,
        });
        habits.collect()
    };
    assert_eq!(colors("PRAGMA user_version = 21"), ["#00897B", "#FF8F00", "#1976D2"]);
    assert_eq!(colors("PRAGMA user_version = 20"), ["#5E35B1", "#AFB42B", "#303030"]);
}

#[test]
fn nothing_of_a_backup_is_executed() {
    // What isn't a plain table is refused, and triggers never run, because nothing runs.
    let view = loop_backup("ALTER TABLE Habits RENAME TO h; CREATE VIEW Habits AS SELECT * FROM h;");
    assert!(refusal(ImportFormat::Loop, view).contains("habits"));
    let without = loop_backup(
        "DROP TABLE Repetitions; CREATE TABLE Repetitions (habit, timestamp, value, PRIMARY KEY (habit, timestamp)) WITHOUT ROWID;",
    );
    assert!(refusal(ImportFormat::Loop, without).contains("repetitions"));
    let trigger = loop_backup("CREATE TRIGGER t AFTER INSERT ON Habits BEGIN DELETE FROM Habits; END;");
    assert_eq!(told(ImportFormat::Loop, trigger).len(), 3 + 3_001 + 4);
}

#[test]
fn damaged_backups_are_refused_or_read_but_never_hang() {
    let whole = loop_backup("");
    for cut in [50, 100, 1_000, 4_096, 5_000, whole.len() / 2, whole.len() - 1] {
        drop(support::try_events(ImportFormat::Loop, &whole[..cut]));
    }
    // Bytes that are changed by chance, the same ones each time.
    let mut dice = 1_u64;
    for _ in 0..300 {
        let mut damaged = whole.clone();
        for _ in 0..20 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(dice >> 33).unwrap() % damaged.len().min(16_384);
            damaged[at] = dice.to_be_bytes()[3];
        }
        drop(support::try_events(ImportFormat::Loop, &damaged));
    }
}

#[test]
fn formats_bear_whatever_they_are_given() {
    let mut samples: Vec<Vec<u8>> = vec![loop_archive(), loop_backup("")];
    samples.extend(
        ["", "\"", ",,,\n\n,", "[1, 2]", "{}", "<a><b></a>", "\u{feff}", "Id,Tz\n1", "TYPE,CONTENT\ntask\n", "\0\0\0"]
            .map(|text| text.as_bytes().to_vec()),
    );
    samples.push(vec![0xff; 4_096]);
    samples.push("[".repeat(200_000).into_bytes());
    samples.push("\"".repeat(99_999).into_bytes());
    for format in ImportFormat::ALL {
        for sample in &samples {
            drop(support::try_events(format, sample));
        }
    }
}
