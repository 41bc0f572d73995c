//! When reminders fall: zones, clock changes, days that begin late, and days that never were.

use super::*;
use crate::civil::{Weekday, Zone};
use crate::users::{Settings, SleepGoal};
use proptest::prelude::*;
use uuid::Uuid;

fn settings(zone: &str, day_start: &str) -> Settings {
    Settings {
        timezone: Zone::parse(zone).unwrap(),
        day_start: WallTime::parse(day_start).unwrap(),
        ..Settings::default()
    }
}

fn habit_at(time: &str) -> ReminderRule {
    let habit = Id::from_uuid(Uuid::from_u128(1));
    ReminderRule::Habit { habit, time: WallTime::parse(time).unwrap(), weekdays: Weekdays::ALL }
}

fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

/// The occurrences after an instant, each with its day, as `day at`.
fn occurrences(rule: &ReminderRule, settings: &Settings, after: &str, count: usize) -> Vec<String> {
    let after = instant(after);
    let mut found = Vec::new();
    let mut handled = None;
    while found.len() < count {
        let Some(next) = rule.next(after, handled, settings, None) else { break };
        found.push(format!("{} {}", next.day, serde_json::to_value(next.at).unwrap().as_str().unwrap()));
        handled = Some(next.day);
    }
    found
}

#[test]
fn a_time_that_clocks_skip_is_later_by_what_they_skip() {
    // Lord Howe skips 02:00–02:30 on 2026-10-04, from +10:30 to +11.
    let of =
        |time: &str| occurrences(&habit_at(time), &settings("Australia/Lord_Howe", "00:00"), "2026-10-02T16:00:00Z", 3);
    assert_eq!(
        of("02:15"),
        ["2026-10-04 2026-10-03T15:45:00Z", "2026-10-05 2026-10-04T15:15:00Z", "2026-10-06 2026-10-05T15:15:00Z",]
    );
    assert_eq!(of("02:30")[0], "2026-10-04 2026-10-03T15:30:00Z");
    // St. John's skipped 00:01–01:01 until 2011.
    let of =
        |time: &str| occurrences(&habit_at(time), &settings("America/St_Johns", "00:00"), "2010-03-13T12:00:00Z", 2);
    assert_eq!(of("00:30"), ["2010-03-14 2010-03-14T04:00:00Z", "2010-03-15 2010-03-15T03:00:00Z"]);
    // Cairo skips 00:00–01:00 on a Friday, 2026-04-24: what falls into it still is of that Friday.
    let of = |time: &str| occurrences(&habit_at(time), &settings("Africa/Cairo", "00:00"), "2026-04-23T12:00:00Z", 2);
    assert_eq!(of("00:30"), ["2026-04-24 2026-04-23T22:30:00Z", "2026-04-25 2026-04-24T21:30:00Z"]);
    // Berlin skips 02:00–03:00 on 2026-03-29.
    let of = |time: &str| occurrences(&habit_at(time), &settings("Europe/Berlin", "00:00"), "2026-03-28T12:00:00Z", 2);
    assert_eq!(of("02:30"), ["2026-03-29 2026-03-29T01:30:00Z", "2026-03-30 2026-03-30T00:30:00Z"]);
    // Nuuk skips the last hour of a Saturday: its reminder comes in the first minutes of Sunday.
    let of = |time: &str| occurrences(&habit_at(time), &settings("America/Nuuk", "00:00"), "2026-03-28T12:00:00Z", 2);
    assert_eq!(of("23:30"), ["2026-03-28 2026-03-29T01:30:00Z", "2026-03-29 2026-03-30T00:30:00Z"]);
}

#[test]
fn a_time_that_clocks_show_twice_is_told_once_the_first_time() {
    let of = |zone: &str, time: &str, after: &str| occurrences(&habit_at(time), &settings(zone, "00:00"), after, 2);
    assert_eq!(
        of("Europe/Berlin", "02:30", "2026-10-24T12:00:00Z"),
        ["2026-10-25 2026-10-25T00:30:00Z", "2026-10-26 2026-10-26T01:30:00Z",]
    );
    // Lord Howe repeats 01:30–02:00 on 2026-04-05.
    assert_eq!(
        of("Australia/Lord_Howe", "01:45", "2026-04-04T02:00:00Z"),
        ["2026-04-05 2026-04-04T14:45:00Z", "2026-04-06 2026-04-05T15:15:00Z",]
    );
    // Cairo repeats the last hour of Thursday, 2026-10-29.
    assert_eq!(
        of("Africa/Cairo", "23:30", "2026-10-29T12:00:00Z"),
        ["2026-10-29 2026-10-29T20:30:00Z", "2026-10-30 2026-10-30T21:30:00Z",]
    );
    // St. John's went from 00:01 back to 23:01 on 2010-11-07.
    assert_eq!(
        of("America/St_Johns", "23:30", "2010-11-06T12:00:00Z"),
        ["2010-11-06 2010-11-07T02:00:00Z", "2010-11-07 2010-11-08T03:00:00Z",]
    );
}

#[test]
fn a_date_that_a_zone_skipped_has_no_reminders() {
    // Apia went from 2011-12-29 to 2011-12-31.
    let apia = settings("Pacific/Apia", "00:00");
    assert_eq!(
        occurrences(&habit_at("08:00"), &apia, "2011-12-29T00:00:00Z", 3),
        ["2011-12-29 2011-12-29T18:00:00Z", "2011-12-31 2011-12-30T18:00:00Z", "2012-01-01 2011-12-31T18:00:00Z",]
    );
    let friday = ReminderRule::Habit {
        habit: Id::from_uuid(Uuid::from_u128(1)),
        time: WallTime::parse("08:00").unwrap(),
        weekdays: Weekdays::of(&[Weekday::Fr]),
    };
    assert_eq!(occurrences(&friday, &apia, "2011-12-29T00:00:00Z", 1), ["2012-01-06 2012-01-05T18:00:00Z"]);
}

#[test]
fn a_time_before_the_day_begins_is_of_the_night_after_it() {
    let berlin = settings("Europe/Berlin", "04:00");
    assert_eq!(
        occurrences(&habit_at("02:30"), &berlin, "2026-03-27T12:00:00Z", 3),
        [
            "2026-03-27 2026-03-28T01:30:00Z",
            // Into the hour that is skipped: still of the 28th, whose day ends at 04:00.
            "2026-03-28 2026-03-29T01:30:00Z",
            "2026-03-29 2026-03-30T00:30:00Z",
        ]
    );
    assert_eq!(
        occurrences(&habit_at("04:00"), &berlin, "2026-01-10T12:00:00Z", 1),
        ["2026-01-11 2026-01-11T03:00:00Z"]
    );
}

#[test]
fn bedtime_is_so_long_before_waking_that_the_goal_can_be_slept() {
    let bedtime = |minutes_before| ReminderRule::Bedtime {
        wake_time: WallTime::parse("07:00").unwrap(),
        minutes_before,
        weekdays: Weekdays::of(&[Weekday::Su, Weekday::Mo]),
    };
    let mut berlin = settings("Europe/Berlin", "00:00");
    berlin.sleep_goal = SleepGoal::from_minutes(450).unwrap();
    // Waking at 07:00, the night to Sunday has an hour less.
    assert_eq!(
        occurrences(&bedtime(30), &berlin, "2026-03-28T12:00:00Z", 2),
        ["2026-03-29 2026-03-28T21:00:00Z", "2026-03-30 2026-03-29T21:00:00Z",]
    );
    assert_eq!(occurrences(&bedtime(0), &berlin, "2026-03-28T21:30:00Z", 1), ["2026-03-30 2026-03-29T21:30:00Z"]);
}

#[test]
fn a_task_is_told_of_once_so_many_days_before() {
    let task = Id::from_uuid(Uuid::from_u128(2));
    let rule = ReminderRule::Task { task, time: WallTime::parse("09:00").unwrap(), days_before: 3 };
    let (utc, due_on) = (settings("UTC", "00:00"), Some(date("2026-05-10")));
    let next = |after: &str, handled| rule.next(instant(after), handled, &utc, due_on);
    let occurrence = Occurrence { day: date("2026-05-07"), at: instant("2026-05-07T09:00:00Z") };
    assert_eq!(next("2026-01-01T00:00:00Z", None), Some(occurrence));
    assert_eq!(next("2026-05-07T09:00:00Z", None), None);
    assert_eq!(next("2026-05-07T08:00:00Z", Some(occurrence.day)), None);
    assert_eq!(rule.next(instant("2026-01-01T00:00:00Z"), None, &utc, None), None);
}

#[test]
fn a_rule_takes_what_it_has_and_names_what_it_has_not() {
    let patch = ReminderRulePatch {
        wake_time: Some(WallTime::NOON),
        days_before: Some(1),
        weekdays: Some(Weekdays::NONE),
        ..ReminderRulePatch::default()
    };
    let wrong = habit_at("08:00").with(&patch).unwrap_err();
    let mut found: Vec<(String, &str)> = wrong.iter().map(|one| (one.path.clone(), one.code)).collect();
    found.sort();
    assert_eq!(
        found,
        [
            ("/days_before".to_owned(), "unknown_field"),
            ("/wake_time".to_owned(), "unknown_field"),
            ("/weekdays".to_owned(), "required"),
        ]
    );
    let later = ReminderRulePatch { time: Some(WallTime::NOON), ..ReminderRulePatch::default() };
    assert_eq!(habit_at("08:00").with(&later), Ok(habit_at("12:00")));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever clocks do, each day that there is has its reminder once, in order.
    #[test]
    fn each_day_has_one_reminder(
        minute in 0..1_440_u16,
        day_start in proptest::sample::select(vec!["00:00", "04:00", "12:30", "23:30"]),
        zone in proptest::sample::select(vec![
            "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "Africa/Cairo", "America/Nuuk", "Europe/Berlin",
            "Africa/Casablanca", "Antarctica/Troll", "Pacific/Kwajalein", "Asia/Kathmandu", "America/New_York",
        ]),
        start in 0..60_i64 * 365 * 24,
    ) {
        let settings = settings(zone, day_start);
        let rule = ReminderRule::Habit {
            habit: Id::from_uuid(Uuid::from_u128(1)),
            time: WallTime::from_minutes(minute).unwrap(),
            weekdays: Weekdays::ALL,
        };
        let mut after = Instant::from_seconds(start * 3_600);
        let mut handled: Option<Date> = None;
        for _ in 0..40 {
            let next = rule.next(after, handled, &settings, None).unwrap();
            prop_assert!(next.at > after);
            if let Some(before) = handled {
                let apart = before.days_until(next.day);
                let skipped = before.succ().unwrap();
                let noon = settings.timezone.instant_of(WallTime::NOON.reading_on(skipped));
                // A day between two that have one is one that the zone skipped: by itself, or its night.
                let is_gone = |day: Date| settings.timezone.date_of(settings.timezone.instant_of(WallTime::NOON.reading_on(day))) != day;
                prop_assert!(apart == 1 || apart == 2 && (is_gone(skipped) || is_gone(skipped.succ().unwrap())), "{before} {} {noon:?}", next.day);
            }
            (after, handled) = (next.at, Some(next.day));
        }
    }
}
