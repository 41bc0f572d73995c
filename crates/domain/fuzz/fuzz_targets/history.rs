//! Any bytes: decoded or refused without a panic; what is decoded encodes to something that decodes to the same, and
//! whatever it says, it can be asked. Run with `cargo +nightly fuzz run history -- -max_total_time=60`.

#![no_main]

use circadia_domain::civil::{Date, Weekday};
use circadia_domain::habits::{History, Plan, Recent, Timeline, Window};
use libfuzzer_sys::fuzz_target;

fn timeline(schedule: &str) -> Timeline {
    let start = Date::from_days_since_epoch(10_000).expect("in range");
    let plan = Plan {
        effective_from: start,
        anchor: start,
        week_start: Weekday::Mo,
        schedule: serde_json::from_str(schedule).expect("a schedule"),
        kind: serde_json::from_str(r#"{"type":"minutes","target":30}"#).expect("a kind"),
    };
    Timeline::new(Window { starts_on: start, ends_on: None }, vec![plan], vec![]).expect("a timeline")
}

fuzz_target!(|data: &[u8]| {
    if let Ok(history) = History::decode(data) {
        assert_eq!(History::decode(&history.encode()), Ok(history.clone()));
        let _ = (history.last_day(), history.is_empty());
    }
    if let Ok(recent) = Recent::decode(data) {
        assert_eq!(Recent::decode(&recent.encode()), Ok(recent.clone()));
        for schedule in [
            r#"{"type":"daily"}"#,
            r#"{"type":"quota","amount":150,"per":"week"}"#,
            r#"{"type":"quota","times":5,"per":"rolling","days":7}"#,
        ] {
            let timeline = timeline(schedule);
            for day in [9_999, 10_000, 10_700, 20_000] {
                let day = Date::from_days_since_epoch(day).expect("in range");
                let summary = recent.summary(&timeline, day);
                assert_eq!(summary.is_some(), recent.knows(day));
                assert_eq!(recent.current_streak(&timeline, day), summary.map(|summary| summary.current_streak));
            }
        }
    }
});
