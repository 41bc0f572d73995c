//! Moods of days and of moments.

use circadia_domain::civil::{Date, DateRange};
use circadia_domain::ids::{MoodMomentId, UserId};
use circadia_domain::moods::{Mood, MoodDay, MoodMoment, MoodNote, MoodSource, MoodValue, Tags};
use circadia_domain::revision::Revision;
use circadia_storage::Backend;

use crate::support::TestDatabase;
use crate::support::samples::{self, NOW};

fn put(test: &TestDatabase, user: UserId, moods: &[Mood]) {
    test.write(user, |tx| moods.iter().try_for_each(|mood| tx.store.put_mood(user, mood)));
}

fn insert(test: &TestDatabase, user: UserId, moments: &[MoodMoment]) {
    test.write(user, |tx| moments.iter().try_for_each(|moment| tx.store.insert_moment(user, moment)));
}

fn days<const COUNT: usize>(first: &str) -> [Date; COUNT] {
    let first = samples::date(first);
    std::array::from_fn(|day| first.saturating_add_days(i32::try_from(day).unwrap()))
}

pub(crate) fn a_mood_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let full = Mood {
        note: MoodNote::parse(&"🌙".repeat(1000)).unwrap(),
        rev: Revision(i64::MAX),
        ..samples::mood(Date::MAX, 10)
    };
    let bare = Mood { note: None, tags: Tags::default(), ..samples::mood(Date::MIN, 0) };
    put(&test, user, &[full.clone(), bare.clone()]);
    for mood in [&full, &bare] {
        assert_eq!(test.read(|store| store.find_mood(user, mood.date)).as_ref(), Some(mood));
    }
    assert_eq!(test.read(|store| store.find_mood(user, samples::date("2026-01-01"))), None);
}

pub(crate) fn a_second_put_replaces_but_for_the_first_time(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let [date] = days("2026-01-01");
    let first = samples::mood(date, 3);
    let later = NOW.plus_seconds(60);
    let second = Mood {
        note: None,
        tags: Tags::default(),
        created_at: later,
        updated_at: later,
        rev: Revision(3),
        ..samples::mood(date, 4)
    };
    put(&test, user, &[first.clone(), second.clone()]);
    let expected = Mood { created_at: first.created_at, ..second };
    assert_eq!(test.read(|store| store.find_mood(user, date)), Some(expected));
    assert_eq!(test.raw().number("SELECT count(*) FROM moods"), 1);
}

pub(crate) fn a_moment_reads_back_as_written(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let full = samples::moment(Date::MAX, 10);
    let bare = MoodMoment { note: None, tags: Tags::default(), ..samples::moment(Date::MIN, 0) };
    insert(&test, user, &[full.clone(), bare.clone()]);
    for moment in [&full, &bare] {
        assert_eq!(test.read(|store| store.find_moment(user, moment.id)).as_ref(), Some(moment));
    }
    let changed = MoodMoment {
        at: NOW.plus_seconds(-5),
        date: samples::date("2026-01-01"),
        value: MoodValue::from_number(7).unwrap(),
        updated_at: NOW.plus_seconds(5),
        rev: Revision(9),
        ..bare
    };
    test.write(user, |tx| tx.store.update_moment(user, &changed));
    assert_eq!(test.read(|store| store.find_moment(user, changed.id)), Some(changed));
    assert_eq!(test.read(|store| store.count_moments(user, Date::MAX)), 1);
    assert_eq!(test.read(|store| store.count_moments(user, Date::MIN)), 0);
}

pub(crate) fn days_come_with_everything_that_is_said_about_them(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let [before, both, own, moments, nothing] = days("2025-12-31");
    let moods = [samples::mood(both, 1), samples::mood(own, 2), samples::mood(before, 3)];
    let late = MoodMoment { at: NOW.plus_seconds(9), ..samples::moment(moments, 5) };
    let early = samples::moment(moments, 6);
    let beside = samples::moment(both, 7);
    put(&test, user, &moods);
    insert(&test, user, &[late.clone(), early.clone(), beside.clone()]);
    let found = test.read(|store| store.mood_days(user, DateRange::new(both, nothing).unwrap()));
    assert_eq!(test.database_statements(), 1);
    let expected = [
        MoodDay { date: both, mood: Some(moods[0].clone()), moments: vec![beside] },
        MoodDay { date: own, mood: Some(moods[1].clone()), moments: vec![] },
        MoodDay { date: moments, mood: None, moments: vec![early, late] },
    ];
    assert_eq!(found, expected);
}

pub(crate) fn values_are_the_days_own_or_the_means_of_moments(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let [before, both, moments] = days("2025-12-31");
    put(&test, user, &[samples::mood(before, 9), samples::mood(both, 1)]);
    insert(&test, user, &[samples::moment(both, 7), samples::moment(moments, 3), samples::moment(moments, 4)]);
    let found = test.read(|store| store.mood_values(user, DateRange::new(both, Date::MAX).unwrap()));
    assert_eq!(test.database_statements(), 1);
    let values: Vec<_> = found.iter().map(|day| (day.date, day.value, day.source)).collect();
    assert_eq!(values, [(both, 1.0, MoodSource::Day), (moments, 3.5, MoodSource::Moments)]);
}

pub(crate) fn dates_run_both_ways_and_are_limited(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let [first, second, third, fourth] = days("2026-01-01");
    put(&test, user, &[samples::mood(third, 9), samples::mood(first, 1)]);
    insert(&test, user, &[samples::moment(third, 7), samples::moment(second, 3), samples::moment(fourth, 3)]);
    let dates = |from, to, limit, backwards| {
        let range = DateRange::new(from, to).unwrap();
        test.read(|store| store.mood_dates(user, range, limit, backwards))
    };
    assert_eq!(dates(Date::MIN, Date::MAX, 9, false), [first, second, third, fourth]);
    assert_eq!(dates(Date::MIN, Date::MAX, usize::MAX, true), [fourth, third, second, first]);
    assert_eq!(dates(second, fourth, 2, false), [second, third]);
    assert_eq!(dates(second, third, 2, true), [third, second]);
}

pub(crate) fn what_is_deleted_is_remembered(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = test.user();
    let [date] = days("2026-01-01");
    let moment = samples::moment(date, 5);
    put(&test, user, &[samples::mood(date, 5)]);
    insert(&test, user, std::slice::from_ref(&moment));
    for expected in [true, false] {
        assert_eq!(test.write(user, |tx| tx.store.delete_mood(user, date, tx.rev, tx.now)), expected);
        assert_eq!(test.write(user, |tx| tx.store.delete_moment(user, moment.id, tx.rev, tx.now)), expected);
    }
    assert!(test.read(|store| store.was_deleted(user, &moment.id.into())));
    let unknown = MoodMomentId::from_uuid(samples::id());
    assert!(!test.read(|store| store.was_deleted(user, &unknown.into())));
    let mut raw = test.raw();
    assert_eq!(raw.number("SELECT count(*) FROM tombstones WHERE kind = 'mood' AND rev = 4"), 1);
    assert_eq!(raw.number("SELECT count(*) FROM tombstones WHERE kind = 'mood_moment' AND rev = 5"), 1);
}

pub(crate) fn moods_of_others_are_out_of_reach(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let [date] = days("2026-01-01");
    let (mood, moment) = (samples::mood(date, 5), samples::moment(date, 5));
    put(&test, user, std::slice::from_ref(&mood));
    insert(&test, user, std::slice::from_ref(&moment));
    test.write(other, |tx| {
        assert_eq!(tx.store.find_mood(other, date)?, None);
        assert_eq!(tx.store.find_moment(other, moment.id)?, None);
        assert_eq!(tx.store.mood_days(other, DateRange::ALL)?, []);
        assert_eq!(tx.store.mood_values(other, DateRange::ALL)?, []);
        assert_eq!(tx.store.mood_dates(other, DateRange::ALL, 9, false)?, []);
        assert_eq!(tx.store.count_moments(other, date)?, 0);
        assert!(!tx.store.delete_mood(other, date, tx.rev, tx.now)?);
        assert!(!tx.store.delete_moment(other, moment.id, tx.rev, tx.now)?);
        tx.store.update_moment(other, &MoodMoment { note: None, ..moment.clone() })
    });
    assert_eq!(test.read(|store| store.find_mood(user, date)), Some(mood));
    assert_eq!(test.read(|store| store.find_moment(user, moment.id)), Some(moment.clone()));
    // Two users may even choose the same id.
    insert(&test, other, std::slice::from_ref(&moment));
}
