//! Timelines, streaks, quotas, scores and rates against a slow reading of their definitions, day by day, on random
//! habits: several plan versions, pauses, windows, checks, counts, limits, quotas.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may fail loudly")]

mod oracle;

use circadia_domain::civil::{Date, DateRange, Weekday};
use circadia_domain::habits::{
    DayRecord, DayState, DaySummary, Direction, EntryState, History, Pause, PauseSource, Plan, Progress, RECENT_DAYS,
    Recent, StreakUnit, Timeline, Window, completion_rate, current_streak, score_on, score_step, scores, streaks,
    summary,
};
use circadia_domain::ids::PauseId;
use circadia_domain::quantity::Quantity;
use proptest::prelude::*;
use uuid::Uuid;

use oracle::{Case, Oracle, case};

/// How many random habits a test tries; more of them by `PROPTEST_CASES`.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn due_days_are_those_of_the_definition(case in case()) {
        let oracle = Oracle { case: &case };
        let timeline = &case.timeline;
        let start = timeline.window().starts_on;
        let range = DateRange::new(start.saturating_add_days(-40), start.saturating_add_days(1000)).unwrap();
        let due: Vec<Date> = range.iter().filter(|date| oracle.planned(*date)).collect();
        prop_assert_eq!(timeline.iter_due(range).collect::<Vec<_>>(), due.clone());
        let mut backwards: Vec<Date> = timeline.iter_due(range).rev().collect();
        backwards.reverse();
        prop_assert_eq!(&backwards, &due);
        prop_assert_eq!(timeline.count_due(range), u32::try_from(due.len()).unwrap());
        for date in range.iter().step_by(3) {
            prop_assert_eq!(timeline.is_due(date), oracle.planned(date), "{}", date);
            let next = due.iter().copied().find(|found| *found > date);
            if next.is_some() {
                prop_assert_eq!(timeline.next_due_after(date), next, "after {}", date);
            }
            prop_assert_eq!(timeline.prev_due_before(date), due.iter().rev().copied().find(|found| *found < date), "before {}", date);
            let part = DateRange::new(date, date.saturating_add_days(97)).unwrap();
            prop_assert_eq!(timeline.count_due(part), u32::try_from(timeline.iter_due(part).count()).unwrap());
        }
    }

    #[test]
    fn streaks_are_those_of_the_definition(case in case()) {
        let oracle = Oracle { case: &case };
        let history = History::rebuild(&case.timeline, case.entries.clone());
        let found = streaks(&case.timeline, &history, case.today);
        let (all, current) = oracle.streaks();
        let mut best = all.clone();
        best.reverse();
        best.sort_by_key(|run| std::cmp::Reverse(run.0));
        best.truncate(10);
        let listed: Vec<_> = found.best.iter().map(|best| (best.length, best.unit, best.from, best.to)).collect();
        prop_assert_eq!(listed, best);
        prop_assert_eq!(found.current, current);
        prop_assert_eq!(current_streak(&case.timeline, &history, case.today), current);
        let longest = all.iter().filter(|run| run.1 == found.unit).map(|run| run.0).max().unwrap_or(0);
        prop_assert_eq!(found.longest, longest);
        let summary = Progress::new(&case.timeline, &history, case.today).summary();
        prop_assert_eq!((summary.current_streak, summary.longest_streak), (found.current, found.longest));
        prop_assert_eq!((found.current_from, found.current_to), if current > 0 { all.last().map(|run| (Some(run.2), Some(run.3))).unwrap() } else { (None, None) });
    }

    #[test]
    fn reasons_fold_to_the_streak(case in case()) {
        let history = History::rebuild(&case.timeline, case.entries.clone());
        let progress = Progress::new(&case.timeline, &history, case.today);
        let window = case.timeline.window();
        let Some(days) = DateRange::new(window.starts_on, case.today.min(window.last())) else { return Ok(()) };
        let (mut length, mut longest, mut unit) = (0, 0, None);
        let explained = progress.explain(days);
        prop_assert_eq!(explained.len(), usize::try_from(days.len()).unwrap());
        let mut at = 0;
        while at < explained.len() {
            let date = explained[at].date;
            let now = case.timeline.unit_on(date);
            if unit != Some(now) {
                length = 0;
                unit = Some(now);
            }
            if now == StreakUnit::Days {
                // Not every done day of a rolling quota counts: they don't fold.
                at += 1;
                continue;
            }
            match progress.period_of(date) {
                None => match explained[at].reason {
                    DayState::Done => length += 1,
                    DayState::Missed => length = 0,
                    _ => {}
                },
                Some(period) => {
                    let reasons: Vec<DayState> = explained[at..].iter().take_while(|day| day.date <= period.to).map(|day| day.reason).collect();
                    let missed = reasons.contains(&DayState::Missed) && period.over;
                    if missed {
                        length = 0;
                    } else if reasons.contains(&DayState::Done) && (period.over || period.met) {
                        length += 1;
                    }
                    at += reasons.len() - 1;
                }
            }
            if now == progress.streak_unit() {
                longest = longest.max(length);
            }
            at += 1;
        }
        let found = progress.streaks();
        if found.unit != StreakUnit::Days {
            prop_assert_eq!((length, longest), (found.current, found.longest));
        }
    }

    #[test]
    fn states_periods_and_rates_are_those_of_the_definition(case in case()) {
        let oracle = Oracle { case: &case };
        let history = History::rebuild(&case.timeline, case.entries.clone());
        let progress = Progress::new(&case.timeline, &history, case.today);
        let start = case.timeline.window().starts_on;
        let mut rate = (0_u32, 0_u32);
        let mut seen = start.pred();
        for date in DateRange::new(start.saturating_add_days(-5), start.saturating_add_days(950)).unwrap() {
            let state = progress.state_on(date);
            if oracle.is_rolling(date) && case.timeline.window().contains(date) {
                prop_assert_eq!(state, oracle.rolling_state(date), "{}", date);
                prop_assert_eq!(progress.is_due(date), oracle.due(date) && oracle.rolling_due(date), "{}", date);
                let found = progress.period_of(date).unwrap();
                let (from, done) = oracle.rolling_window(date).unwrap();
                prop_assert_eq!((found.from, found.to, found.done), (from, date, Quantity::whole(done)), "{}", date);
                let counts = date <= case.today && oracle.due(date) && !oracle.skipped(date);
                let verdict = if counts { oracle.rolling_verdict(date) } else { None };
                prop_assert_eq!(found.verdict, verdict, "{}", date);
                if let Some(covered) = verdict {
                    rate.1 += 1;
                    rate.0 += u32::from(covered);
                }
                continue;
            }
            let period = oracle.period(date).filter(|_| case.timeline.window().contains(date));
                if let Some(period) = period {
                    let found = progress.period_of(date).unwrap();
                    prop_assert_eq!((found.from, found.to, found.done.thousandths(), found.needed.thousandths(), found.available, found.met, found.over),
                        (period.days[0], *period.days.last().unwrap(), period.done, period.needed, period.available, period.met, period.over), "{}", date);
                    if date <= case.today && seen.is_none_or(|seen| seen < date) {
                        seen = period.days.last().copied();
                        if let Some(met) = period.verdict {
                            rate.1 += 1;
                            rate.0 += u32::from(met);
                        }
                        prop_assert_eq!(found.verdict, period.verdict);
                    }
                } else {
                    prop_assert_eq!(progress.period_of(date), None);
                    let kind = &oracle.plan(date).kind;
                    let within = case.timeline.window().contains(date);
                    let bonus = within && kind.direction() == Direction::AtLeast && oracle.done(date);
                    let expected = match oracle.due(date) {
                        false if bonus => DayState::Bonus,
                        false if within && oracle.away(date) => DayState::Paused,
                        false => DayState::NotDue,
                        true if oracle.skipped(date) => DayState::Skipped,
                        true if oracle.done(date) => DayState::Done,
                        true if date > case.today || oracle.open_today(date) => DayState::Pending,
                        true => DayState::Missed,
                    };
                    prop_assert_eq!(state, expected, "{}", date);
                    prop_assert_eq!(progress.is_due(date), oracle.due(date));
                    if oracle.due(date) && !oracle.skipped(date) && (date < case.today || date == case.today && oracle.done(date)) {
                        rate.1 += 1;
                        rate.0 += u32::from(oracle.done(date));
                    }
                }
        }
        let range = DateRange::new(start, start.saturating_add_days(950)).unwrap();
        let expected = (rate.1 > 0).then(|| f64::from(rate.0) / f64::from(rate.1));
        if case.today <= range.to() {
            prop_assert_eq!(completion_rate(&case.timeline, &history, range, case.today), expected);
        }
        let stats = progress.stats(Weekday::Su);
        prop_assert_eq!(stats.by_weekday.iter().map(|day| day.tally.done).sum::<u32>() + stats.bonus, stats.done);
        prop_assert_eq!(stats.by_weekday[0].of, Weekday::Su);
        let months = stats.by_month.iter().fold((0, 0), |(done, due), month| (done + month.tally.done, due + month.tally.due));
        prop_assert_eq!(months, (stats.counted.all().done, stats.counted.all().due));
        if case.today <= range.to() {
            prop_assert_eq!(months, rate);
        }
        for year in [start.year(), start.year() + 1] {
            for day in progress.calendar(DateRange::year(year).unwrap()) {
                prop_assert_eq!(day.state, progress.state_on(day.date));
            }
        }
    }

    #[test]
    fn scores_are_those_of_the_definition(case in case()) {
        let oracle = Oracle { case: &case };
        let history = History::rebuild(&case.timeline, case.entries.clone());
        let expected = oracle.scores();
        let found = scores(&case.timeline, &history, DateRange::ALL, case.today);
        prop_assert_eq!(found.len(), expected.len());
        for (found, (date, value)) in found.iter().zip(&expected) {
            prop_assert_eq!(found.date, *date);
            prop_assert!((found.value - value).abs() < 1e-9, "{}: {} is not {}", date, found.value, value);
        }
        let last = expected.last().map_or(0.0, |(_, value)| *value);
        prop_assert!((score_on(&case.timeline, &history, case.today) - last).abs() < 1e-9);
        let late = DateRange::new(case.today.saturating_add_days(-30), case.today).unwrap();
        for score in scores(&case.timeline, &history, late, case.today) {
            let known = expected.iter().find(|(date, _)| *date == score.date).unwrap();
            prop_assert!((score.value - known.1).abs() < 1e-9);
        }
    }

    #[test]
    fn a_history_is_the_same_however_it_came_about(case in case(), seed in 1..1000_i32) {
        let rebuilt = History::rebuild(&case.timeline, case.entries.clone());
        prop_assert_eq!(History::decode(&rebuilt.encode()), Ok(rebuilt.clone()));
        let mut shuffled: Vec<(Date, DayRecord)> = case.entries.clone().into_iter().collect();
        shuffled.sort_by_key(|(date, _)| date.days_since_epoch() * seed % 997);
        let mut history = History::default();
        let write = |history: &mut History, date: Date, record: Option<DayRecord>| {
            history.record(&case.timeline, date, record.as_ref());
        };
        for (date, record) in &shuffled {
            write(&mut history, *date, Some(DayRecord { state: EntryState::Done, value: Some(circadia_domain::quantity::Quantity::from_thousandths(5_125)), settled: false }));
            write(&mut history, *date, Some(*record));
        }
        prop_assert_eq!(&history, &rebuilt);
        for (date, _) in &shuffled {
            write(&mut history, *date, None);
        }
        prop_assert_eq!(&history, &History::default());
    }

    #[test]
    fn the_recent_part_says_what_the_whole_says(case in case(), later in 0..80_i32) {
        let history = History::rebuild(&case.timeline, case.entries.clone());
        let recent = Recent::of(&case.timeline, &history);
        prop_assert_eq!(Recent::decode(&recent.encode()), Ok(recent.clone()));
        prop_assert!(recent.agrees_with(&history, &case.timeline));
        let last = history.last_day().unwrap_or(case.today);
        let known_from = last.saturating_add_days(-RECENT_DAYS - 3);
        for back in [-400, -60, -later, 0, 1, later, 27, 28, 40, 90, 200, 500] {
            let date = last.saturating_add_days(-back);
            let Some(found) = recent.summary(&case.timeline, date) else {
                prop_assert!(date < known_from, "{} should be known", date);
                continue;
            };
            prop_assert_eq!(recent.is_due(&case.timeline, date), Some(Progress::new(&case.timeline, &history, date).is_due(date)));
            prop_assert_eq!(recent.current_streak(&case.timeline, date), Some(found.current_streak));
            let expected = summary(&case.timeline, &history, date);
            prop_assert!((found.score - expected.score).abs() < 1e-9, "{}: {} is not {}", date, found.score, expected.score);
            prop_assert_eq!(DaySummary { score: expected.score, ..found }, expected, "{}", date);
        }
    }
}

/// A window that begins before the version of its day isn't judged by whole periods, whether that day is open or over.
#[test]
fn a_quota_changed_today_after_a_pause_is_judged_by_days() {
    let date = |text: &str| Date::parse(text).unwrap();
    let plan = |from: &str, times: u32| Plan {
        effective_from: date(from),
        anchor: date(from),
        week_start: Weekday::Mo,
        schedule: serde_json::from_str(&format!(r#"{{"type":"quota","times":{times},"per":"week"}}"#)).unwrap(),
        kind: serde_json::from_str(r#"{"type":"check"}"#).unwrap(),
    };
    // Of three weeks the first is kept, and the second up to Wednesday, when a pause begins; in the third the number changes.
    let pause = Pause {
        id: PauseId::from_uuid(Uuid::from_u128(1)),
        from: date("2025-08-06"),
        to: Some(date("2025-08-10")),
        source: PauseSource::Own,
    };
    let window = Window { starts_on: date("2025-07-28"), ends_on: None };
    let today = date("2025-08-11");
    let plans = vec![plan("2025-07-28", 6), plan("2025-08-11", 2)];
    let timeline = Timeline::new(window, plans, vec![pause]).unwrap();
    let done = DayRecord { state: EntryState::Done, value: None, settled: false };
    let kept = (1..=6).map(|weekday| date("2025-07-27").saturating_add_days(weekday)).chain([date("2025-08-04")]);
    let entries = kept.map(|day| (day, done)).collect();
    let case = Case { timeline, archives: Vec::new(), entries, today };

    let history = History::rebuild(&case.timeline, case.entries.clone());
    let yesterday = score_on(&case.timeline, &history, today.pred().unwrap());
    // Of the nine days that were available before today, seven were done, where 6 in 7 were asked for; of the weeks both
    // were kept.
    let expected = score_step(2.0 / 7.0, yesterday, 7.0 / (9.0 * 6.0 / 7.0));
    assert!((score_on(&case.timeline, &history, today) - expected).abs() < 1e-9);
    let read_slowly = Oracle { case: &case }.scores().last().unwrap().1;
    assert!((read_slowly - expected).abs() < 1e-9, "{read_slowly} is not {expected}");
}
