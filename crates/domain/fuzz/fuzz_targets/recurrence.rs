//! Any text: read, printed, described and evaluated without a panic or a loop, and with answers that agree.
//! Run with `cargo +nightly fuzz run recurrence -- -max_total_time=300`.

#![no_main]

use circadia_domain::civil::{Date, DateRange, Weekday};
use circadia_domain::habits::Schedule;
use circadia_domain::recurrence::{Occurrences, Rule};
use libfuzzer_sys::fuzz_target;

fn agree(occurrences: &Occurrences, day: Date) {
    let total = occurrences.count(DateRange::ALL);
    let first = occurrences.iter(DateRange::ALL).next();
    let last = occurrences.iter(DateRange::ALL).next_back();
    assert_eq!(first.is_some(), total > 0);
    let until = DateRange::new(Date::MIN, day).expect("in order");
    let next = occurrences.next_after(day);
    assert_eq!(next.is_some(), occurrences.count(until) < total);
    if let Some(next) = next {
        assert!(occurrences.is_due(next) && next > day);
        let between = DateRange::new(day, next).expect("in order");
        assert_eq!(occurrences.count(between), 1 + u32::from(occurrences.is_due(day)));
    }
    if let Some(last) = last {
        assert_eq!(occurrences.next_after(last), None);
        assert_eq!(occurrences.prev_before(last).is_some(), total > 1);
    }
    let window = DateRange::new(day, day.saturating_add_days(200)).expect("in order");
    let bits: u32 = occurrences.due_bits(window).iter().map(|word| word.count_ones()).sum();
    assert_eq!(bits, occurrences.count(window));
    assert_eq!(occurrences.iter(window).count(), occurrences.iter(window).rev().count());
}

fuzz_target!(|data: &[u8]| {
    let Some((head, text)) = data.split_at_checked(6) else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let date = |bytes: &[u8]| {
        let number = bytes.iter().fold(0_i32, |number, byte| number << 8 | i32::from(*byte));
        Date::from_days_since_epoch(number % 84_006).expect("in range")
    };
    let (start, day) = (date(&head[..3]), date(&head[3..]));
    if let Ok(rule) = text.parse::<Rule>() {
        assert_eq!(rule.to_string().parse::<Rule>().as_ref(), Ok(&rule));
        assert!(!rule.describe().is_empty());
        agree(&Occurrences::of(&rule, start), day);
    }
    if let Ok(schedule) = serde_json::from_str::<Schedule>(text) {
        let json = serde_json::to_string(&schedule).expect("serialisable");
        assert_eq!(serde_json::from_str::<Schedule>(&json).expect("canonical"), schedule);
        assert!(!schedule.describe().is_empty());
        let occurrences = schedule.occurrences(start, Weekday::Su);
        agree(&occurrences, day);
        if let Some(text) = schedule.to_rrule_with_week_start(start, Weekday::Su) {
            let by_rule = Occurrences::of(&text.parse().expect("valid"), start);
            assert_eq!(by_rule.count(DateRange::ALL), occurrences.count(DateRange::ALL), "{json} as {text}");
        }
    }
});
