//! An overview worked by hand, and what must hold for every one.

use uuid::Uuid;

use super::input::InputData;
use super::*;
use crate::civil::{DayClock, DayStart, Weekday, Zone, ZoneOrOffset};
use crate::color::Color;
use crate::habits::{DayRecord, EntryState, Habit, History, Plan, Tally, Timeline, UnitTally, Window};
use crate::ids::{HabitId, ThemeId};
use crate::moods::{DayValue, MoodSource};
use crate::revision::Revision;
use crate::sleep::{Quality, Sleep, SleepKind};
use crate::stats::{RangeName, Step};
use crate::tasks::{Priority, TaskStatus};
use crate::text::Line;
use crate::themes::ThemeLabel;

fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn range(from: &str, to: &str) -> DateRange {
    DateRange::new(date(from), date(to)).unwrap()
}

fn theme(number: u128) -> ThemeId {
    ThemeId::from_uuid(Uuid::from_u128(number))
}

/// A habit with its entries: a date with `+` is done, with `-` missed, with `~` skipped.
fn habit(number: u128, schedule: &str, kind: &str, starts_on: &str, entries: &[(char, Date)]) -> (Habit, History) {
    let starts_on = date(starts_on);
    let plan = Plan {
        effective_from: starts_on,
        anchor: starts_on,
        week_start: Weekday::Mo,
        schedule: serde_json::from_str(schedule).unwrap(),
        kind: serde_json::from_str(kind).unwrap(),
    };
    let timeline = Timeline::new(Window { starts_on, ends_on: None }, vec![plan], vec![]).unwrap();
    let records = entries.iter().map(|(state, date)| {
        let state = match state {
            '+' => EntryState::Done,
            '-' => EntryState::Missed,
            _ => EntryState::Skipped,
        };
        (*date, DayRecord { state, value: None, settled: false })
    });
    let history = History::rebuild(&timeline, records);
    let made = at("2026-01-01T00:00:00Z");
    let habit = Habit {
        id: HabitId::from_uuid(Uuid::from_u128(number)),
        name: Line::parse(&format!("Habit {number}")).unwrap(),
        description: None,
        theme: None,
        color: None,
        icon: None,
        question: None,
        time_of_day: crate::habits::TimeOfDay::Any,
        timeline,
        archived_at: None,
        position: 0,
        created_at: made,
        updated_at: made,
        rev: Revision(1),
        request_digest: [0; 32],
    };
    (habit, history)
}

fn data(zone: &str, today: &str) -> InputData {
    InputData {
        days: DateRange::ALL,
        today: date(today),
        clock: DayClock { zone: Zone::parse(zone).unwrap(), day_start: DayStart::MIDNIGHT },
        week_start: Weekday::Mo,
        habits: Vec::new(),
        themes: Vec::new(),
        tasks: Vec::new(),
        tasks_made: Vec::new(),
        tasks_done: Vec::new(),
        minutes: Vec::new(),
        minutes_by_theme: Vec::new(),
        sleeps: Vec::new(),
        moods: Vec::new(),
    }
}

/// A task, as a store tells of it.
fn add_task(data: &mut InputData, of: (Priority, TaskStatus, Option<ThemeId>), made: &str, done: Option<&str>) {
    let (priority, status, theme) = of;
    data.tasks.push(TaskCount { theme, priority, status, count: 1, first_created_at: at(made) });
    data.tasks_made.push(at(made));
    data.tasks_done.extend(done.map(|done| TaskDone { created_at: at(made), done_at: at(done) }));
}

fn sleep(start: &str, end: &str, on: &str, kind: SleepKind, quality: Option<i64>, awake: Option<u32>) -> Sleep {
    Sleep {
        start: at(start),
        end: at(end),
        date: date(on),
        zone: ZoneOrOffset::UTC,
        kind,
        quality: quality.map(|quality| Quality::from_number(quality).unwrap()),
        awake_seconds: awake,
    }
}

fn mood(on: &str, value: f64) -> DayValue {
    DayValue { date: date(on), value, source: MoodSource::Day }
}

fn week() -> Period {
    Period::Named(RangeName::Days(7))
}

fn tally(due: u32, done: u32) -> Tally {
    Tally { due, done }
}

/// Thursday 2026-03-05 to Wednesday 2026-03-11, which is today and still open.
fn worked() -> InputData {
    let mut data = data("UTC", "2026-03-11");
    let done = ["2026-03-05", "2026-03-06", "2026-03-07", "2026-03-09", "2026-03-10"].map(|day| ('+', date(day)));
    let (mut daily, history) = habit(1, r#"{"type":"daily"}"#, r#"{"type":"check"}"#, "2026-02-01", &done);
    daily.theme = Some(theme(1));
    let weekly = r#"{"type":"weekly","weekdays":["mo","we"]}"#;
    let (mut archived, other) =
        habit(2, weekly, r#"{"type":"check"}"#, "2026-02-01", &[('+', date("2026-03-09")), ('~', date("2026-03-04"))]);
    archived.archived_at = Some(at("2026-03-10T10:00:00Z"));
    archived.timeline = archived.timeline.archived_from(date("2026-03-10")).unwrap();
    data.habits = vec![(daily, history), (archived, other)];
    data.themes = vec![ThemeLabel {
        id: theme(1),
        name: Line::parse("Health").unwrap(),
        color: Color::parse("#112233").unwrap(),
    }];
    for (of, made, done) in [
        ((Priority::High, TaskStatus::Done, Some(theme(1))), "2026-03-04T00:00:00Z", Some("2026-03-05T12:00:00Z")),
        ((Priority::Low, TaskStatus::Todo, None), "2026-03-06T08:00:00Z", None),
        ((Priority::Medium, TaskStatus::Cancelled, None), "2026-02-01T00:00:00Z", None),
        ((Priority::Low, TaskStatus::Done, None), "2026-02-27T00:00:00Z", Some("2026-02-28T00:00:00Z")),
    ] {
        add_task(&mut data, of, made, done);
    }
    data.minutes = vec![(date("2026-03-03"), 30), (date("2026-03-05"), 60), (date("2026-03-11"), 15)];
    data.minutes_by_theme = vec![(None, 15), (Some(theme(1)), 60)];
    data.sleeps = vec![
        sleep("2026-03-05T23:30:00Z", "2026-03-06T03:00:00Z", "2026-03-06", SleepKind::Main, None, None),
        sleep("2026-03-06T04:00:00Z", "2026-03-06T07:00:00Z", "2026-03-06", SleepKind::Main, Some(4), None),
        sleep("2026-03-06T13:00:00Z", "2026-03-06T14:00:00Z", "2026-03-06", SleepKind::Nap, Some(1), None),
        sleep("2026-03-09T23:00:00Z", "2026-03-10T07:00:00Z", "2026-03-10", SleepKind::Main, Some(2), Some(1800)),
    ];
    data.moods = vec![mood("2026-03-05", 4.0), mood("2026-03-07", 8.0)];
    data
}

#[test]
fn a_week_worked_by_hand() {
    let overview = assemble(&worked(), week());
    assert_eq!(
        (overview.range, overview.previous),
        (range("2026-03-05", "2026-03-11"), Some(range("2026-02-26", "2026-03-04")))
    );
    assert_eq!(overview.pieces.step, Step::Day);

    let habits = &overview.habits;
    assert_eq!((habits.active, habits.archived), (1, 1));
    // Daily: six days are over, one was missed. Mo, We: archived on the 10th, so only Monday the 9th counts.
    assert_eq!((habits.counted, habits.days_done), (UnitTally { days: tally(7, 6), periods: tally(0, 0) }, 6));
    let days = [(1, 1), (1, 1), (1, 1), (1, 0), (2, 2), (1, 1), (0, 0)].map(|(due, done)| tally(due, done));
    assert_eq!(habits.trend, days);
    let weekdays = [(2, 2), (1, 1), (0, 0), (1, 1), (1, 1), (1, 1), (1, 0)].map(|(due, done)| tally(due, done));
    assert_eq!(habits.by_weekday.map(|day| day.tally), weekdays);
    let themes: Vec<_> =
        habits.by_theme.iter().map(|theme| (theme.theme.is_some(), theme.habits, theme.counted.all())).collect();
    assert_eq!(themes, [(true, 1, tally(6, 5)), (false, 1, tally(1, 1))]);
    let streaks: Vec<_> = habits.top_streaks.iter().map(|streak| (streak.length, streak.from, streak.to)).collect();
    assert_eq!(streaks, [(2, date("2026-03-09"), date("2026-03-10"))]);

    let tasks = &overview.tasks;
    assert_eq!(tasks.all, TaskTally { total: 4, active: 1, completed: 2 });
    assert_eq!(tasks.all.completion_rate(), Some(2.0 / 3.0));
    assert_eq!((tasks.created_in_range, tasks.completed_in_range, tasks.avg_completion_hours), (1, 1, Some(36.0)));
    assert_eq!((&tasks.created, &tasks.completed), (&vec![0, 1, 0, 0, 0, 0, 0], &vec![1, 0, 0, 0, 0, 0, 0]));
    let totals = tasks.by_priority.map(|of| (of.priority, of.tasks.total, of.tasks.completed));
    assert_eq!(totals, [(Priority::High, 1, 1), (Priority::Medium, 1, 0), (Priority::Low, 2, 1)]);
    let themes: Vec<_> = tasks.by_theme.iter().map(|of| (of.theme.is_some(), of.tasks.total)).collect();
    assert_eq!(themes, [(true, 1), (false, 3)]);

    assert_eq!(
        (overview.time.minutes, overview.time.days, &overview.time.trend),
        (75, 2, &vec![60, 0, 0, 0, 0, 0, 15])
    );
    let themes: Vec<_> = overview.time.by_theme.iter().map(|of| (of.theme.is_some(), of.minutes)).collect();
    assert_eq!(themes, [(true, 60), (false, 15)]);

    // 3.5 h and 3 h are one night, the nap is none; 8 h of which half an hour awake are the other.
    assert_eq!(
        (overview.sleep.nights, overview.sleep.mean_seconds, overview.sleep.mean_quality),
        (2, Some(25_200.0), Some(3.0))
    );
    let nothing = None::<f64>;
    assert_eq!(overview.sleep.duration, [nothing, Some(23_400.0), nothing, nothing, nothing, Some(27_000.0), nothing]);
    assert_eq!((overview.mood.days, overview.mood.mean), (2, Some(6.0)));
    assert_eq!(overview.mood.trend, [Some(4.0), nothing, Some(8.0), nothing, nothing, nothing, nothing]);

    let kpis: Vec<_> = overview.kpis.iter().map(|kpi| (kpi.key, kpi.value, kpi.previous, kpi.change())).collect();
    assert_eq!(
        kpis,
        [
            // The week before: seven daily days and a Monday (the Wednesday was skipped), none done.
            (KpiKey::CompletionRate, Some(6.0 / 7.0), Some(0.0), Some(6.0 / 7.0)),
            (KpiKey::DaysDone, Some(6.0), Some(0.0), Some(6.0)),
            (KpiKey::TasksCompleted, Some(1.0), Some(1.0), Some(0.0)),
            (KpiKey::MinutesTracked, Some(75.0), Some(30.0), Some(45.0)),
            (KpiKey::SleepDuration, Some(420.0), None, None),
            (KpiKey::SleepQuality, Some(3.0), None, None),
            (KpiKey::Mood, Some(6.0), None, None),
        ]
    );
}

#[test]
fn an_account_without_anything_is_all_zeros_and_unknowns() {
    for period in [week(), Period::Named(RangeName::All), Period::Dates(range("2020-01-01", "2029-12-31"))] {
        let overview = assemble(&data("UTC", "2026-03-11"), period);
        assert_eq!(overview.previous, None);
        assert_eq!((overview.habits.counted.all().rate(), overview.tasks.all.total), (None, 0));
        assert_eq!((overview.time.minutes, overview.sleep.nights, overview.mood.mean), (0, 0, None));
        assert!(overview.habits.by_theme.is_empty() && overview.habits.top_streaks.is_empty());
        assert!(
            overview.mood.trend.iter().all(Option::is_none) && overview.time.trend.iter().all(|minutes| *minutes == 0)
        );
        assert!(overview.kpis.iter().all(|kpi| kpi.previous.is_none() && kpi.change().is_none()));
    }
    assert_eq!(
        assemble(&data("UTC", "2026-03-11"), Period::Named(RangeName::All)).range,
        range("2026-03-11", "2026-03-11")
    );
}

#[test]
fn all_days_begin_with_the_first_of_which_anything_is_known() {
    let mut data = worked();
    data.moods.insert(0, mood("2025-12-24", 5.0));
    let overview = assemble(&data, Period::Named(RangeName::All));
    assert_eq!((overview.range, overview.previous), (range("2025-12-24", "2026-03-11"), None));
    assert_eq!(overview.pieces.step, Step::Week);
    assert_eq!(overview.mood.days, 3);
}

#[test]
fn before_anything_was_recorded_there_is_nothing_to_compare_with() {
    let mut data = data("UTC", "2026-03-11");
    data.moods = vec![mood("2026-03-05", 4.0)];
    assert_eq!(assemble(&data, week()).previous, None);
    data.moods.insert(0, mood("2026-03-04", 1.0));
    let kpis = assemble(&data, week()).kpis;
    assert_eq!(kpis.last().and_then(|kpi| kpi.change()), Some(3.0));
}

#[test]
fn days_are_the_users_own_when_clocks_change() {
    // New York goes forward on 2026-03-08: that day has 23 hours, from 05:00Z to 04:00Z.
    let mut data = data("America/New_York", "2026-03-11");
    for done in ["2026-03-08T04:59:59Z", "2026-03-08T05:00:00Z", "2026-03-09T03:59:59Z", "2026-03-09T04:00:00Z"] {
        add_task(&mut data, (Priority::Low, TaskStatus::Done, None), "2026-03-01T00:00:00Z", Some(done));
    }
    assert_eq!(assemble(&data, week()).tasks.completed, [0, 0, 1, 2, 1, 0, 0]);
}

/// Habits of every kind, with days done, missed and skipped as they come.
fn many() -> InputData {
    let mut data = data("UTC", "2026-03-11");
    let schedules = [
        r#"{"type":"daily"}"#,
        r#"{"type":"weekly","weekdays":["mo","we","fr"]}"#,
        r#"{"type":"quota","times":3,"per":"week"}"#,
        r#"{"type":"quota","times":9,"per":"month"}"#,
        r#"{"type":"daily","every":3}"#,
    ];
    let limit = r#"{"type":"count","target":2,"unit":"cups","direction":"at_most"}"#;
    for (number, schedule) in (1_i32..).zip(schedules) {
        for kind in [r#"{"type":"check"}"#, limit] {
            let days = range("2025-06-01", "2026-03-11");
            let entries: Vec<(char, Date)> = days
                .iter()
                .filter_map(|day| match (day.days_since_epoch() * 7919 * number) % 11 {
                    0..=5 => Some(('+', day)),
                    6 => Some(('~', day)),
                    7 => Some(('-', day)),
                    _ => None,
                })
                .collect();
            let id = u128::try_from(number).unwrap() * 10 + u128::from(kind == limit);
            let (mut habit, history) = habit(id, schedule, kind, "2025-06-01", &entries);
            habit.theme = (number % 2 == 0).then(|| theme(1));
            if number == 1 {
                habit.archived_at = Some(at("2026-01-15T00:00:00Z"));
                habit.timeline = habit.timeline.archived_from(date("2026-01-15")).unwrap();
            }
            data.habits.push((habit, history));
        }
    }
    data.themes = worked().themes;
    data
}

fn sum(tallies: impl IntoIterator<Item = Tally>) -> (u32, u32) {
    tallies.into_iter().fold((0, 0), |(due, done), tally| (due + tally.due, done + tally.done))
}

#[test]
fn pieces_weekdays_themes_and_days_add_up() {
    let data = many();
    for days in
        [range("2026-03-01", "2026-03-11"), range("2025-12-20", "2026-02-05"), range("2026-01-10", "2026-04-30")]
    {
        let whole = assemble(&data, Period::Dates(days)).habits;
        let total = sum([whole.counted.all()]);
        assert!(total.1 > 0 && total.0 > total.1, "{total:?}");
        assert!(whole.counted.periods.done > 0, "{:?}", whole.counted);
        assert_eq!(sum(whole.trend.iter().copied()), total);
        assert_eq!(sum(whole.by_theme.iter().map(|theme| theme.counted.all())), total);
        assert_eq!(sum(whole.by_weekday.map(|day| day.tally)).1, whole.days_done);
        let each: Vec<_> = days.iter().map(|day| assemble(&data, Period::Dates(DateRange::day(day))).habits).collect();
        assert_eq!(sum(each.iter().map(|habits| habits.counted.all())), total);
        assert_eq!(each.iter().map(|habits| habits.days_done).sum::<u32>(), whole.days_done);
        let kpi = assemble(&data, Period::Dates(days)).kpis[0];
        assert_eq!((kpi.key, kpi.value), (KpiKey::CompletionRate, whole.counted.all().rate()));
    }
}

#[test]
fn one_habit_alone_says_what_its_own_statistics_say() {
    for (habit, history) in many().habits.into_iter().filter(|(habit, _)| habit.archived_at.is_none()) {
        let own = crate::habits::stats(&habit.timeline, &history, date("2026-03-11"), Weekday::Mo);
        let streaks = crate::habits::streaks(&habit.timeline, &history, date("2026-03-11"));
        let mut data = data("UTC", "2026-03-11");
        data.habits = vec![(habit, history)];
        let seen = assemble(&data, Period::Named(RangeName::All)).habits;
        assert_eq!((seen.counted, seen.days_done), (own.counted, own.done - own.bonus));
        assert_eq!(seen.by_weekday, own.by_weekday);
        assert_eq!(seen.top_streaks.first().map_or(0, |streak| streak.length), streaks.current);
    }
}
