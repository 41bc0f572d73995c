//! The examples of RFC 5545 §3.8.5.3 at the level of dates, each under its title, and those of RFC 7529 §5.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use circadia_domain::civil::{Date, DateRange};
use circadia_domain::recurrence::{Occurrences, Rule};

/// The first dates must be these; `end` says whether there are no more.
fn expect(start: &str, rule: &str, dates: &str, end: bool) {
    let parsed: Rule = rule.parse().unwrap_or_else(|wrong| panic!("{rule}: {wrong}"));
    let expected: Vec<&str> = dates.split_whitespace().collect();
    let occurrences = Occurrences::of(&parsed, Date::parse(start).unwrap());
    let found: Vec<String> =
        occurrences.iter(DateRange::ALL).take(expected.len()).map(|date| date.to_string()).collect();
    assert_eq!(found, expected, "{rule}");
    assert_eq!(occurrences.iter(DateRange::ALL).len() == expected.len(), end, "{rule} ends");
}

/// The number of dates, the first and the last.
fn expect_span(start: &str, rule: &str, count: u32, first: &str, last: &str) {
    let parsed: Rule = rule.parse().unwrap();
    let occurrences = Occurrences::of(&parsed, Date::parse(start).unwrap());
    assert_eq!(occurrences.count(DateRange::ALL), count, "{rule}");
    assert_eq!(occurrences.iter(DateRange::ALL).next().unwrap().to_string(), first);
    assert_eq!(occurrences.iter(DateRange::ALL).next_back().unwrap().to_string(), last);
}

#[test]
fn daily_for_10_occurrences() {
    expect_span("1997-09-02", "RRULE:FREQ=DAILY;COUNT=10", 10, "1997-09-02", "1997-09-11");
}

/// At the level of dates `UNTIL` includes its day; the RFC's ends at midnight before 09:00.
#[test]
fn daily_until_december_24_1997() {
    expect_span("1997-09-02", "FREQ=DAILY;UNTIL=19971224T000000Z", 114, "1997-09-02", "1997-12-24");
}

#[test]
fn every_other_day_forever() {
    expect("1997-09-02", "FREQ=DAILY;INTERVAL=2", "1997-09-02 1997-09-04 1997-09-06 1997-09-08", false);
}

#[test]
fn every_10_days_5_occurrences() {
    expect(
        "1997-09-02",
        "FREQ=DAILY;INTERVAL=10;COUNT=5",
        "1997-09-02 1997-09-12 1997-09-22 1997-10-02 1997-10-12",
        true,
    );
}

#[test]
fn every_day_in_january_for_3_years() {
    for rule in [
        "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
        "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1",
    ] {
        expect_span("1998-01-01", rule, 93, "1998-01-01", "2000-01-31");
    }
}

#[test]
fn weekly_for_10_occurrences() {
    expect_span("1997-09-02", "FREQ=WEEKLY;COUNT=10", 10, "1997-09-02", "1997-11-04");
}

#[test]
fn weekly_until_december_24_1997() {
    expect_span("1997-09-02", "FREQ=WEEKLY;UNTIL=19971224T000000Z", 17, "1997-09-02", "1997-12-23");
}

#[test]
fn every_other_week_forever() {
    expect(
        "1997-09-02",
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
        "1997-09-02 1997-09-16 1997-09-30 1997-10-14 1997-10-28",
        false,
    );
}

#[test]
fn weekly_on_tuesday_and_thursday_for_five_weeks() {
    let dates =
        "1997-09-02 1997-09-04 1997-09-09 1997-09-11 1997-09-16 1997-09-18 1997-09-23 1997-09-25 1997-09-30 1997-10-02";
    expect("1997-09-02", "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", dates, true);
    // At the level of dates `UNTIL` includes 7 October, a Tuesday.
    expect(
        "1997-09-02",
        "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
        &format!("{dates} 1997-10-07"),
        true,
    );
}

#[test]
fn every_other_week_on_monday_wednesday_and_friday_until_december_24_1997() {
    expect_span(
        "1997-09-01",
        "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
        26,
        "1997-09-01",
        "1997-12-24",
    );
    expect(
        "1997-09-01",
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,WE,FR",
        "1997-09-01 1997-09-03 1997-09-05 1997-09-15 1997-09-17 1997-09-19 1997-09-29",
        false,
    );
}

#[test]
fn every_other_week_on_tuesday_and_thursday_for_8_occurrences() {
    expect(
        "1997-09-02",
        "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
        "1997-09-02 1997-09-04 1997-09-16 1997-09-18 1997-09-30 1997-10-02 1997-10-14 1997-10-16",
        true,
    );
}

#[test]
fn monthly_on_the_first_friday_for_10_occurrences() {
    expect(
        "1997-09-05",
        "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
        "1997-09-05 1997-10-03 1997-11-07 1997-12-05 1998-01-02 1998-02-06 1998-03-06 1998-04-03 1998-05-01 1998-06-05",
        true,
    );
}

#[test]
fn monthly_on_the_first_friday_until_december_24_1997() {
    expect(
        "1997-09-05",
        "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR",
        "1997-09-05 1997-10-03 1997-11-07 1997-12-05",
        true,
    );
}

#[test]
fn every_other_month_on_the_first_and_last_sunday_of_the_month_for_10_occurrences() {
    expect(
        "1997-09-07",
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        "1997-09-07 1997-09-28 1997-11-02 1997-11-30 1998-01-04 1998-01-25 1998-03-01 1998-03-29 1998-05-03 1998-05-31",
        true,
    );
}

#[test]
fn monthly_on_the_second_to_last_monday_of_the_month_for_6_months() {
    expect(
        "1997-09-22",
        "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        "1997-09-22 1997-10-20 1997-11-17 1997-12-22 1998-01-19 1998-02-16",
        true,
    );
}

#[test]
fn monthly_on_the_third_to_the_last_day_of_the_month_forever() {
    expect(
        "1997-09-28",
        "FREQ=MONTHLY;BYMONTHDAY=-3",
        "1997-09-28 1997-10-29 1997-11-28 1997-12-29 1998-01-29 1998-02-26",
        false,
    );
}

#[test]
fn monthly_on_the_2nd_and_15th_of_the_month_for_10_occurrences() {
    expect(
        "1997-09-02",
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
        "1997-09-02 1997-09-15 1997-10-02 1997-10-15 1997-11-02 1997-11-15 1997-12-02 1997-12-15 1998-01-02 1998-01-15",
        true,
    );
}

#[test]
fn monthly_on_the_first_and_last_day_of_the_month_for_10_occurrences() {
    expect(
        "1997-09-30",
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
        "1997-09-30 1997-10-01 1997-10-31 1997-11-01 1997-11-30 1997-12-01 1997-12-31 1998-01-01 1998-01-31 1998-02-01",
        true,
    );
}

#[test]
fn every_18_months_on_the_10th_thru_15th_of_the_month_for_10_occurrences() {
    expect(
        "1997-09-10",
        "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        "1997-09-10 1997-09-11 1997-09-12 1997-09-13 1997-09-14 1997-09-15 1999-03-10 1999-03-11 1999-03-12 1999-03-13",
        true,
    );
}

#[test]
fn every_tuesday_every_other_month() {
    expect(
        "1997-09-02",
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
        "1997-09-02 1997-09-09 1997-09-16 1997-09-23 1997-09-30 1997-11-04 1997-11-11 1997-11-18 1997-11-25 1998-01-06",
        false,
    );
}

#[test]
fn yearly_in_june_and_july_for_10_occurrences() {
    expect(
        "1997-06-10",
        "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
        "1997-06-10 1997-07-10 1998-06-10 1998-07-10 1999-06-10 1999-07-10 2000-06-10 2000-07-10 2001-06-10 2001-07-10",
        true,
    );
}

#[test]
fn every_other_year_on_january_february_and_march_for_10_occurrences() {
    expect(
        "1997-03-10",
        "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
        "1997-03-10 1999-01-10 1999-02-10 1999-03-10 2001-01-10 2001-02-10 2001-03-10 2003-01-10 2003-02-10 2003-03-10",
        true,
    );
}

#[test]
fn every_third_year_on_the_1st_100th_and_200th_day_for_10_occurrences() {
    expect(
        "1997-01-01",
        "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
        "1997-01-01 1997-04-10 1997-07-19 2000-01-01 2000-04-09 2000-07-18 2003-01-01 2003-04-10 2003-07-19 2006-01-01",
        true,
    );
}

#[test]
fn every_20th_monday_of_the_year_forever() {
    expect("1997-05-19", "FREQ=YEARLY;BYDAY=20MO", "1997-05-19 1998-05-18 1999-05-17", false);
}

#[test]
fn monday_of_week_number_20_forever() {
    expect("1997-05-12", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997-05-12 1998-05-11 1999-05-17", false);
}

#[test]
fn every_thursday_in_march_forever() {
    expect(
        "1997-03-13",
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
        "1997-03-13 1997-03-20 1997-03-27 1998-03-05 1998-03-12 1998-03-19 1998-03-26 1999-03-04",
        false,
    );
}

#[test]
fn every_thursday_but_only_during_june_july_and_august_forever() {
    expect(
        "1997-06-05",
        "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
        "1997-06-05 1997-06-12 1997-06-19 1997-06-26 1997-07-03 1997-07-10 1997-07-17 1997-07-24 1997-07-31 1997-08-07 1997-08-14 1997-08-21 1997-08-28 1998-06-04",
        false,
    );
}

/// The RFC excludes the start, which isn't one; here it never was an occurrence.
#[test]
fn every_friday_the_13th_forever() {
    expect(
        "1997-09-02",
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "1998-02-13 1998-03-13 1998-11-13 1999-08-13 2000-10-13",
        false,
    );
}

#[test]
fn the_first_saturday_that_follows_the_first_sunday_of_the_month_forever() {
    expect(
        "1997-09-13",
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        "1997-09-13 1997-10-11 1997-11-08 1997-12-13 1998-01-10 1998-02-07 1998-03-07 1998-04-11 1998-05-09 1998-06-13",
        false,
    );
}

#[test]
fn every_4_years_the_first_tuesday_after_a_monday_in_november_forever() {
    expect(
        "1996-11-05",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        "1996-11-05 2000-11-07 2004-11-02",
        false,
    );
}

#[test]
fn the_third_instance_into_the_month_of_one_of_tuesday_wednesday_or_thursday_for_the_next_3_months() {
    expect("1997-09-04", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04 1997-10-07 1997-11-06", true);
}

#[test]
fn the_second_to_last_weekday_of_the_month() {
    expect(
        "1997-09-29",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        "1997-09-29 1997-10-30 1997-11-27 1997-12-30 1998-01-29 1998-02-26 1998-03-30",
        false,
    );
}

#[test]
fn an_example_where_the_days_generated_makes_a_difference_because_of_wkst() {
    expect(
        "1997-08-05",
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
        "1997-08-05 1997-08-10 1997-08-19 1997-08-24",
        true,
    );
    expect(
        "1997-08-05",
        "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
        "1997-08-05 1997-08-17 1997-08-19 1997-08-31",
        true,
    );
}

#[test]
fn an_example_where_an_invalid_date_is_ignored() {
    expect(
        "2007-01-15",
        "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
        "2007-01-15 2007-01-30 2007-02-15 2007-03-15 2007-03-30",
        true,
    );
}

#[test]
fn rfc_7529_a_leap_day_birthday() {
    expect(
        "2016-02-29",
        "RSCALE=GREGORIAN;FREQ=YEARLY;COUNT=5",
        "2016-02-29 2020-02-29 2024-02-29 2028-02-29 2032-02-29",
        true,
    );
    expect(
        "2016-02-29",
        "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD;COUNT=5",
        "2016-02-29 2017-03-01 2018-03-01 2019-03-01 2020-02-29",
        true,
    );
    expect(
        "2016-02-29",
        "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=BACKWARD;COUNT=5",
        "2016-02-29 2017-02-28 2018-02-28 2019-02-28 2020-02-29",
        true,
    );
}

#[test]
fn rfc_7529_the_31st_of_every_month() {
    expect(
        "2014-01-31",
        "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=OMIT;COUNT=4",
        "2014-01-31 2014-03-31 2014-05-31 2014-07-31",
        true,
    );
    expect(
        "2014-01-31",
        "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD;COUNT=4",
        "2014-01-31 2014-02-28 2014-03-31 2014-04-30",
        true,
    );
    expect("2014-01-31", "FREQ=MONTHLY;SKIP=FORWARD;COUNT=4", "2014-01-31 2014-03-01 2014-03-31 2014-05-01", true);
}
