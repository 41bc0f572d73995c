//! What holds for every rule: the engine agrees with the slow way, with itself, and with its own text.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

mod naive;

use circadia_domain::civil::{Date, DateRange, Weekday};
use circadia_domain::recurrence::{Occurrences, Rule};
use naive::NaiveRule;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

fn signed(max: i32) -> impl Strategy<Value = i32> {
    (1..=max, any::<bool>()).prop_map(|(number, negative)| if negative { -number } else { number })
}

fn weekday() -> impl Strategy<Value = Weekday> {
    select(Weekday::ALL.to_vec())
}

fn sometimes<T: std::fmt::Debug>(
    probability: f64,
    list: impl Strategy<Value = Vec<T>>,
) -> impl Strategy<Value = Vec<T>> {
    (proptest::bool::weighted(probability), list).prop_map(|(given, list)| if given { list } else { Vec::new() })
}

/// Any rule that RFC 5545 allows. Weeks 52 and 53 are left to the vectors: there the oracle has its own mind.
fn rule() -> impl Strategy<Value = NaiveRule> {
    let frequency = select(vec!["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]);
    let by_number = (
        sometimes(0.3, vec(1..=12_u32, 1..4)),
        sometimes(0.4, vec(prop_oneof![signed(31), Just(31), Just(30), Just(29), Just(-31)], 1..4)),
        sometimes(0.2, vec(prop_oneof![signed(366), Just(366), Just(-366)], 1..4)),
        sometimes(0.2, vec(prop_oneof![signed(51), Just(1), Just(-1)], 1..4)),
        sometimes(0.4, vec(weekday(), 1..5)),
        sometimes(0.3, vec((prop_oneof![signed(5), signed(53)], weekday()), 1..4)),
        sometimes(0.3, vec(prop_oneof![signed(4), signed(366)], 1..3)),
    );
    let ends = (
        proptest::option::of(weekday()),
        select(vec![None, None, Some("OMIT"), Some("BACKWARD"), Some("FORWARD")]),
        0..4,
        1..60_u32,
        0..3000,
    );
    (frequency, prop_oneof![Just(1_u32), 1..8_u32, 1..70_u32], by_number, ends).prop_map(
        |(
            frequency,
            interval,
            (months, month_days, year_days, weeks, weekdays, nth, positions),
            (week_start, skip, end, count, until),
        )| {
            let yearly = frequency == "YEARLY";
            let keep = |condition: bool, list: Vec<i32>| if condition { list } else { Vec::new() };
            let weeks = keep(yearly, weeks);
            let numbered = matches!(frequency, "MONTHLY" | "YEARLY") && weeks.is_empty();
            let mut rule = NaiveRule {
                frequency,
                interval,
                count: (end == 1).then_some(count),
                until: (end == 2).then(|| Date::from_days_since_epoch(10_000 + until).unwrap()),
                months,
                month_days: keep(frequency != "WEEKLY", month_days),
                year_days: keep(yearly, year_days),
                weeks,
                weekdays,
                nth: if numbered { nth } else { Vec::new() },
                positions,
                week_start,
                skip,
            };
            let chooses = !(rule.months.is_empty()
                && rule.month_days.is_empty()
                && rule.year_days.is_empty()
                && rule.weeks.is_empty()
                && rule.weekdays.is_empty()
                && rule.nth.is_empty());
            if !chooses {
                rule.positions.clear();
            }
            rule
        },
    )
}

fn date(from: i32, to: i32) -> impl Strategy<Value = Date> {
    prop_oneof![
        4 => (from..to).prop_map(|day| Date::from_days_since_epoch(day).unwrap()),
        1 => select(vec!["2023-12-31", "2024-02-29", "2020-12-28", "2000-01-01"]).prop_map(|text| Date::parse(text).unwrap()),
    ]
}

fn start() -> impl Strategy<Value = Date> {
    prop_oneof![
        8 => date(9_000, 22_000),
        1 => (0..400).prop_map(|day| Date::from_days_since_epoch(day).unwrap()),
        1 => (82_000..84_006).prop_map(|day| Date::from_days_since_epoch(day).unwrap()),
        1 => (46_000..49_000).prop_map(|day| Date::from_days_since_epoch(day).unwrap()),
    ]
}

fn compiled(rule: &NaiveRule, start: Date) -> Occurrences {
    let text = rule.text();
    Occurrences::of(&text.parse::<Rule>().unwrap_or_else(|wrong| panic!("{text}: {wrong}")), start)
}

fn range(from: Date, days: i32) -> DateRange {
    DateRange::new(from, from.saturating_add_days(days)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_fast_way_is_the_slow_way(rule in rule(), start in start(), days in 300..1800) {
        // The slow way doesn't know what follows the last week of the calendar.
        let last = start.saturating_add_days(days).min(Date::MAX.saturating_add_days(-7));
        let slow = rule.expand(start, last);
        let fast = compiled(&rule, start);
        let all = DateRange::new(Date::MIN, last).unwrap();
        prop_assert_eq!(fast.iter(all).collect::<Vec<_>>(), slow.clone(), "{} from {}", rule.text(), start);
        prop_assert_eq!(fast.count(all), u32::try_from(slow.len()).unwrap());
        for day in range(start, 100).into_iter().filter(|day| *day <= last) {
            prop_assert_eq!(fast.is_due(day), slow.contains(&day), "{} from {}: {}", rule.text(), start, day);
        }
    }

    #[test]
    fn a_window_of_the_expansion_is_the_expansion_filtered(rule in rule(), start in start(), from in 0..84_000, days in 0..1500) {
        let occurrences = compiled(&rule, start);
        let window = range(Date::from_days_since_epoch(from).unwrap(), days);
        let filtered: Vec<Date> = occurrences.iter(DateRange::ALL).filter(|day| window.contains(*day)).collect();
        prop_assert_eq!(occurrences.iter(window).collect::<Vec<_>>(), filtered.clone());
        prop_assert_eq!(occurrences.count(window), u32::try_from(filtered.len()).unwrap());
        let mut backwards: Vec<Date> = occurrences.iter(window).rev().collect();
        backwards.reverse();
        prop_assert_eq!(&backwards, &filtered);
        let bits = occurrences.due_bits(window);
        let by_bits: Vec<Date> = window.iter().enumerate().filter(|(at, _)| bits[at / 64] >> (at % 64) & 1 == 1).map(|(_, day)| day).collect();
        prop_assert_eq!(&by_bits, &filtered);
        for begun in [0, 1, 3] {
            let mut rest = occurrences.iter(window);
            let mut all: Vec<Date> = rest.by_ref().take(begun).collect();
            rest.for_each(|day| all.push(day));
            prop_assert_eq!(&all, &by_bits);
        }
        let mut both_ends = occurrences.iter(window);
        let mut met = 0;
        while both_ends.next().is_some() {
            met += 1 + u32::from(both_ends.next_back().is_some());
        }
        prop_assert_eq!(met, occurrences.count(window));
    }

    #[test]
    fn next_and_previous_are_inverse(rule in rule(), start in start(), day in 0..84_006) {
        let occurrences = compiled(&rule, start);
        let day = Date::from_days_since_epoch(day).unwrap();
        let after = day.succ().and_then(|from| DateRange::new(from, Date::MAX));
        let next = occurrences.next_after(day);
        prop_assert_eq!(next, after.and_then(|range| occurrences.iter(range).next()));
        let before = day.pred().and_then(|to| DateRange::new(Date::MIN, to));
        let previous = occurrences.prev_before(day);
        prop_assert_eq!(previous, before.and_then(|range| occurrences.iter(range).next_back()));
        if let Some(next) = next {
            prop_assert!(occurrences.is_due(next) && next > day);
            let back = occurrences.prev_before(next);
            prop_assert_eq!(back, if occurrences.is_due(day) { Some(day) } else { previous });
        }
    }

    #[test]
    fn what_is_printed_reads_back(rule in rule()) {
        let rule: Rule = rule.text().parse().unwrap();
        prop_assert_eq!(rule.to_string().parse::<Rule>().unwrap(), rule.clone());
        prop_assert!(!rule.describe().is_empty());
    }

    #[test]
    fn no_text_makes_it_panic(text in "[A-Z=;,0-9+: -]{0,60}", tail in ".{0,20}", start in 0..84_006) {
        for text in [text.clone(), format!("FREQ=YEARLY;{text}"), format!("FREQ=MONTHLY;BYDAY={text}{tail}")] {
            if let Ok(rule) = text.parse::<Rule>() {
                let occurrences = Occurrences::of(&rule, Date::from_days_since_epoch(start).unwrap());
                prop_assert_eq!(occurrences.iter(DateRange::ALL).len(), usize::try_from(occurrences.count(DateRange::ALL)).unwrap());
            }
        }
    }
}

#[test]
fn rules_that_never_fire_answer_at_once() {
    for text in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
        "FREQ=YEARLY;INTERVAL=100000;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1000000",
    ] {
        let rule: Rule = text.parse().unwrap();
        let occurrences = Occurrences::of(&rule, Date::MIN);
        assert_eq!(occurrences.next_after(Date::MIN), None, "{text}");
        assert_eq!(occurrences.prev_before(Date::MAX), None, "{text}");
        assert_eq!(occurrences.count(DateRange::ALL), 0, "{text}");
    }
}

#[test]
fn the_edges_of_the_calendar_are_reached() {
    let rule: Rule = "FREQ=DAILY".parse().unwrap();
    let days = Occurrences::of(&rule, Date::MIN);
    assert_eq!(days.count(DateRange::ALL), 84_006);
    assert_eq!((days.next_after(Date::MAX), days.prev_before(Date::MIN)), (None, None));
    assert_eq!(days.prev_before(Date::MAX), Date::MAX.pred());
    let far: Rule = "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31".parse().unwrap();
    assert_eq!(Occurrences::of(&far, Date::MIN).next_after(Date::parse("2198-12-31").unwrap()), Some(Date::MAX));
    let once: Rule = "FREQ=YEARLY;INTERVAL=100000;COUNT=1".parse().unwrap();
    assert_eq!(Occurrences::of(&once, Date::MAX).iter(DateRange::ALL).collect::<Vec<_>>(), [Date::MAX]);
}
