//! Statistics over what every tracker wrote.

use circadia_domain::Error;
use circadia_domain::civil::{Date, DateRange, Instant};
use circadia_domain::ids::UserId;
use circadia_domain::stats::insights::{Analysis, DEFAULT_RATE, Subject, of_account};
use circadia_domain::stats::overview::{Overview, TaskCount, TaskDone, TaskTally, overview};
use circadia_domain::stats::{Period, RangeName};
use circadia_domain::tasks::{Priority, Task, TaskStatus};
use circadia_domain::unit_of_work::read;
use circadia_storage::Backend;

use crate::support::account::{filled, filled_every, is_done, minutes_of, mood_of};
use crate::support::samples::{self, NOW};
use crate::support::{TestDatabase, at_once};

fn last() -> Date {
    samples::date("2026-03-11")
}

fn days(count: i32) -> DateRange {
    DateRange::new(last().saturating_add_days(1 - count), last()).unwrap()
}

fn look(test: &TestDatabase, user: UserId, period: Period) -> Overview {
    let made = read::<_, Error>(&test.database, |store| overview(store, user, NOW, Some(last()), period));
    made.unwrap_or_else(|error| panic!("{error}"))
}

fn examine(test: &TestDatabase, user: UserId, period: Period) -> Analysis {
    let found =
        read::<_, Error>(&test.database, |store| of_account(store, user, NOW, Some(last()), period, DEFAULT_RATE));
    found.unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn an_overview_is_of_what_every_tracker_wrote(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = filled(&test, 3, days(60));
    filled(&test, 2, days(40));
    let made = look(&test, user, Period::default());
    let range = days(30);
    assert_eq!((made.range, made.previous.map(DateRange::len)), (range, Some(30)));

    // Today counts where it is done.
    let done = |habit| range.iter().filter(|day| is_done(*day, habit)).count();
    let open = (0..3).filter(|habit| !is_done(last(), *habit)).count();
    let total: usize = (0..3).map(done).sum();
    assert_eq!(
        (made.habits.counted.all().due, made.habits.days_done),
        (u32::try_from(90 - open).unwrap(), u32::try_from(total).unwrap())
    );
    let minutes: u64 = range.iter().map(|day| u64::from(minutes_of(day))).sum();
    assert_eq!((made.time.minutes, made.time.days), (minutes, 15));
    assert_eq!((made.sleep.nights, made.mood.days), (30, 30));
    let moods: i64 = range.iter().map(mood_of).sum();
    assert!((made.mood.mean.unwrap() - f64::from(i32::try_from(moods).unwrap()) / 30.0).abs() < 1e-9);
    assert_eq!(made.tasks.all, TaskTally { total: 60, active: 30, completed: 30 });
    assert_eq!(made.tasks.avg_completion_hours, Some(48.0));
    let priorities: u32 = made.tasks.by_priority.iter().map(|of| of.tasks.total).sum();
    assert_eq!(priorities, 60);
    assert!(made.kpis.iter().all(|kpi| kpi.change().is_some()));
}

pub(crate) fn statistics_cost_the_same_however_much_there_is(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let [month, decade] = [filled_every(&test, 3, days(30), 7), filled_every(&test, 3, days(3653), 60)];
    let periods = [RangeName::Days(7), RangeName::Days(365), RangeName::All].map(Period::Named);
    for period in periods {
        let cost = |user: UserId| {
            look(&test, user, period);
            let overview = test.database_statements();
            examine(&test, user, period);
            (overview, test.database_statements())
        };
        let small = cost(month);
        assert_eq!(cost(decade), small, "{period:?}");
        assert!(small.0 <= 10 && small.1 <= 6, "{small:?}");
    }
    assert!(look(&test, decade, Period::Named(RangeName::All)).range.len() >= 3653);
}

pub(crate) fn tasks_are_counted_by_kind_and_found_by_their_instants(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let (user, other) = (test.user(), test.user());
    let theme = samples::theme("Work");
    let (from, until) = (NOW, NOW.plus_seconds(86_400));
    // Made at the first instant, at the last one, just before and just after; the last two are done on the day.
    let [just_before, last] = [from, until].map(|end| Instant::from_micros(end.micros() - 1));
    let open = |theme, priority, created_at| Task {
        theme,
        priority,
        created_at,
        status: TaskStatus::Todo,
        completed_at: None,
        ..samples::task("Task")
    };
    let done =
        |created_at, completed_at| Task { created_at, completed_at: Some(completed_at), ..samples::task("Task") };
    let of_user = [
        open(Some(theme.id), Priority::Low, from),
        open(Some(theme.id), Priority::Low, last),
        open(Some(theme.id), Priority::Medium, last),
        open(None, Priority::Low, until),
        done(just_before, from),
        done(just_before, last),
        done(just_before, until),
    ];
    test.write(user, |tx| {
        tx.store.insert_theme(user, &theme)?;
        of_user.iter().try_for_each(|task| tx.store.insert_task(user, task))
    });
    test.write(other, |tx| tx.store.insert_task(other, &done(from, from)));
    test.database_statements();

    let mut counts = test.read(|store| store.task_counts(user));
    assert_eq!(test.database_statements(), 1);
    counts.sort_by_key(|of| (of.theme, of.status, of.priority));
    let count = |theme, priority, status, count, first_created_at| TaskCount {
        theme,
        priority,
        status,
        count,
        first_created_at,
    };
    let expected = [
        count(None, Priority::Low, TaskStatus::Todo, 1, until),
        count(None, Priority::High, TaskStatus::Done, 3, just_before),
        count(Some(theme.id), Priority::Low, TaskStatus::Todo, 2, from),
        count(Some(theme.id), Priority::Medium, TaskStatus::Todo, 1, last),
    ];
    assert_eq!(counts, expected);
    let mut made = test.read(|store| store.tasks_made(user, from, until));
    made.sort_unstable();
    assert_eq!(made, [from, last, last]);
    let mut found = test.read(|store| store.tasks_done(user, from, until));
    found.sort_by_key(|task| task.done_at);
    assert_eq!(found, [from, last].map(|done| TaskDone { created_at: just_before, done_at: done }));
    // All that the calendar has can be asked for.
    let (first, end) = (Instant::from_micros(i64::MIN), Instant::from_micros(i64::MAX));
    assert_eq!(test.read(|store| store.tasks_made(user, first, end)).len(), 7);
    assert_eq!(test.read(|store| store.tasks_done(user, first, end)).len(), 3);
}

pub(crate) fn what_goes_together_is_found_in_what_is_stored(backend: Backend) {
    let test = TestDatabase::migrated(backend);
    let user = filled(&test, 4, days(90));
    let found = examine(&test, user, Period::Named(RangeName::Days(365))).insights;
    // Habits and tracked time with mood and sleep, sleep with mood; and everything has 28 days.
    assert_eq!((found.findings.len(), found.untested.len()), (5 * 5 + 6, 0));
    let best = &found.findings[0];
    assert!(matches!(best.asked.first, Subject::Habit(_)), "{best:?}");
    assert_eq!((best.asked.second, best.asked.lag, best.significant), (Subject::Mood, 0, true));
    assert!(best.r > 0.8 && best.n >= 89, "{best:?}");
    assert!(found.findings.iter().filter(|finding| finding.significant).count() <= 2, "{found:#?}");

    let short = filled(&test, 1, days(20));
    let found = examine(&test, short, Period::Named(RangeName::All)).insights;
    assert_eq!(found.findings.len(), 0);
    assert!(!found.untested.is_empty() && found.untested.iter().all(|lacking| lacking.days_needed >= 8));
    // Users see only their own rows.
    at_once(2, |turn| {
        let user = [user, short][turn];
        assert_eq!(look(&test, user, Period::default()).habits.active, [4, 1][turn]);
    });
}
