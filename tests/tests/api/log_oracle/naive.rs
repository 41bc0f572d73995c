//! DESIGN's definitions of sleep and tracked time, word by word: slow, obvious, minute by minute. Shares nothing with the
//! program but the database of time zones.

use std::collections::{BTreeMap, BTreeSet};
use std::f64::consts::TAU;

use chrono::{
    DateTime, Datelike as _, Duration, NaiveDate, NaiveDateTime, Offset as _, TimeZone as _, Timelike as _, Utc,
};
use chrono_tz::Tz;
use serde_json::{Value, json};

/// Minutes since 1970.
pub(super) type Minute = i64;

/// Where something happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place {
    Named(Tz),
    /// Minutes east of UTC.
    Offset(i64),
}

impl Place {
    pub(super) fn name(self) -> String {
        match self {
            Self::Named(zone) => zone.name().to_owned(),
            Self::Offset(east) => {
                format!("{}{:02}:{:02}", if east < 0 { '-' } else { '+' }, east.abs() / 60, east.abs() % 60)
            }
        }
    }

    /// How many minutes its clock is ahead of UTC.
    pub(super) fn ahead(self, at: Minute) -> i64 {
        match self {
            Self::Named(zone) => i64::from(zone.offset_from_utc_datetime(&naive(at)).fix().local_minus_utc()) / 60,
            Self::Offset(east) => east,
        }
    }

    pub(super) fn clock(self, at: Minute) -> NaiveDateTime {
        naive(at + self.ahead(at))
    }

    pub(super) fn date(self, at: Minute) -> NaiveDate {
        self.clock(at).date()
    }
}

fn naive(at: Minute) -> NaiveDateTime {
    DateTime::<Utc>::from_timestamp(at * 60, 0).unwrap().naive_utc()
}

pub(super) fn utc(at: Minute) -> String {
    naive(at).format("%Y-%m-%dT%H:%M:00Z").to_string()
}

/// A log of sleep.
#[derive(Debug, Clone)]
pub(super) struct Log {
    pub(super) id: String,
    pub(super) start: Minute,
    pub(super) end: Minute,
    pub(super) place: Place,
    pub(super) main: bool,
    pub(super) quality: Option<i64>,
    pub(super) awake_seconds: Option<i64>,
}

impl Log {
    fn date(&self) -> NaiveDate {
        self.place.date(self.end)
    }

    fn seconds(&self) -> i64 {
        (self.end - self.start) * 60
    }

    fn asleep(&self) -> i64 {
        self.seconds() - self.awake_seconds.unwrap_or(0)
    }
}

/// What a user chose.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) home: Place,
    /// Minutes after midnight.
    pub(super) day_start: i64,
    /// 0 is Monday.
    pub(super) week_start: i64,
    pub(super) free_days: Vec<i64>,
    pub(super) goal: i64,
    pub(super) today: NaiveDate,
}

/// A run of `main` logs that each begin within 3 h of the end of the one before.
#[derive(Debug, Clone)]
struct Night(Vec<Log>);

impl Night {
    fn bed(&self) -> Minute {
        self.0.first().unwrap().start
    }

    fn last(&self) -> &Log {
        self.0.last().unwrap()
    }

    fn wake(&self) -> Minute {
        self.last().end
    }

    /// The civil date of its last waking.
    fn date(&self) -> NaiveDate {
        self.last().date()
    }

    fn in_bed(&self) -> i64 {
        self.0.iter().map(Log::seconds).sum()
    }

    fn asleep(&self) -> i64 {
        self.0.iter().map(Log::asleep).sum()
    }

    fn counted(&self) -> bool {
        self.0.iter().all(|log| log.awake_seconds.is_some())
    }

    fn quality(&self) -> Option<f64> {
        mean(&self.0.iter().filter_map(|log| log.quality).map(|quality| quality as f64).collect::<Vec<_>>())
    }

    /// What clocks show, in minutes after midnight.
    fn bed_time(&self) -> f64 {
        time_of_day(self.0.first().unwrap().place, 2 * self.bed())
    }

    fn wake_time(&self) -> f64 {
        time_of_day(self.last().place, 2 * self.wake())
    }

    /// onset + (wake − onset)/2.
    fn mid_time(&self) -> f64 {
        time_of_day(self.last().place, self.middle())
    }

    /// In half minutes since 1970.
    fn middle(&self) -> i64 {
        self.bed() + self.wake()
    }
}

fn time_of_day(place: Place, half_minutes: i64) -> f64 {
    let clock = place.clock(half_minutes.div_euclid(2));
    f64::from(clock.hour() * 60 + clock.minute()) + half_minutes.rem_euclid(2) as f64 / 2.0
}

fn nights(logs: &[Log]) -> Vec<Night> {
    let mut mains: Vec<Log> = logs.iter().filter(|log| log.main).cloned().collect();
    mains.sort_by_key(|log| log.start);
    let mut nights: Vec<Night> = Vec::new();
    for log in mains {
        match nights.last_mut() {
            Some(night) if log.start <= night.wake() + 180 => night.0.push(log),
            _ => nights.push(Night(vec![log])),
        }
    }
    nights
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Mean, median and standard deviation of seconds, in minutes.
fn spread(seconds: impl Iterator<Item = i64>) -> Value {
    let mut minutes: Vec<f64> = seconds.map(|seconds| seconds as f64 / 60.0).collect();
    minutes.sort_by(f64::total_cmp);
    let Some(average) = mean(&minutes) else { return Value::Null };
    let count = minutes.len();
    let median = f64::midpoint(minutes[(count - 1) / 2], minutes[count / 2]);
    let squares: f64 = minutes.iter().map(|value| (value - average) * (value - average)).sum();
    let sd = (count > 1).then(|| (squares / (count as f64 - 1.0)).sqrt());
    json!({"mean_minutes": average, "median_minutes": median, "sd_minutes": sd})
}

/// A time of day, which is shown to the minute.
fn clock(minutes: f64) -> Value {
    json!({"$clock": minutes})
}

/// The mean on the circle, in minutes after midnight.
fn circular_mean(times: &[f64]) -> Option<f64> {
    let count = times.len() as f64;
    let (x, y) = times.iter().fold((0.0, 0.0), |(x, y), time| {
        let angle = time / 1440.0 * TAU;
        (x + angle.cos() / count, y + angle.sin() / count)
    });
    let is_none = times.is_empty() || (x * x + y * y).sqrt() < 1e-9;
    (!is_none).then(|| y.atan2(x) / TAU * 1440.0).map(|mean| mean.rem_euclid(1440.0))
}

fn circular(times: &[f64]) -> Value {
    let Some(mean) = circular_mean(times) else { return Value::Null };
    let count = times.len() as f64;
    let (x, y) = times.iter().fold((0.0, 0.0), |(x, y), time| {
        let angle = time / 1440.0 * TAU;
        (x + angle.cos() / count, y + angle.sin() / count)
    });
    let length = (x * x + y * y).sqrt().min(1.0);
    let sd = (times.len() > 1).then(|| (-2.0 * length.ln()).max(0.0).sqrt() / TAU * 1440.0);
    json!({"time": clock(mean), "sd_minutes": sd, "n": times.len()})
}

fn dates(from: NaiveDate, to: NaiveDate) -> Vec<NaiveDate> {
    from.iter_days().take_while(|date| *date <= to).collect()
}

fn summary(own: &[Night], from: NaiveDate, to: NaiveDate, today: NaiveDate) -> Value {
    let known: BTreeSet<NaiveDate> = own.iter().map(Night::date).collect();
    let missing = dates(from, to.min(today)).into_iter().filter(|date| !known.contains(date)).count();
    let counted: Vec<&Night> = own.iter().filter(|night| night.counted()).collect();
    let (asleep, in_bed): (i64, i64) =
        (counted.iter().map(|night| night.asleep()).sum(), counted.iter().map(|night| night.in_bed()).sum());
    let qualities: Vec<f64> = own.iter().filter_map(Night::quality).collect();
    let times = |of: fn(&Night) -> f64| circular(&own.iter().map(of).collect::<Vec<_>>());
    json!({
        "nights": own.len(),
        "missing": missing,
        "duration": spread(own.iter().map(Night::in_bed)),
        "asleep": spread(own.iter().map(Night::asleep)),
        "bed": times(Night::bed_time),
        "wake": times(Night::wake_time),
        "mid_sleep": times(Night::mid_time),
        "efficiency": (in_bed > 0).then(|| asleep as f64 / in_bed as f64),
        "efficiency_nights": counted.len(),
        "quality": mean(&qualities),
        "quality_nights": qualities.len(),
    })
}

/// −100 + 200·(1 − mean|s(t+24h)−s(t)|) over pairs with data, sampled each half minute.
fn regularity(logs: &[Log], own: &[Night]) -> Value {
    let Some(first) = own.first() else { return Value::Null };
    let (base, day) = (2 * first.bed() - 3 * 2_880, 2_880);
    let length = usize::try_from(2 * own.last().unwrap().wake() + 3 * 2_880 - base).unwrap();
    let (mut known, mut asleep) = (vec![false; length], vec![false; length]);
    // Runs of consecutive dates with a night: from 12 hours before the first middle to 12 hours after the last.
    let mut run: Vec<&Night> = Vec::new();
    let mut runs = Vec::new();
    for night in own {
        let goes_on = run
            .last()
            .is_some_and(|last| night.date() == last.date() || night.date() == last.date() + Duration::days(1));
        if !goes_on && !run.is_empty() {
            runs.push(std::mem::take(&mut run));
        }
        run.push(night);
    }
    runs.push(run);
    for run in runs {
        let (from, to) = (run.first().unwrap().middle() - 1_440, run.last().unwrap().middle() + 1_440);
        for at in from..to {
            known[usize::try_from(at - base).unwrap()] = true;
        }
    }
    for log in logs {
        for at in 2 * log.start..2 * log.end {
            if let Some(state) = usize::try_from(at - base).ok().and_then(|at| asleep.get_mut(at)) {
                *state = true;
            }
        }
    }
    let (mut all, mut same) = (0, 0);
    for at in 0..length - day {
        if known[at] && known[at + day] {
            all += 1;
            same += i32::from(asleep[at] == asleep[at + day]);
        }
    }
    if all == 0 {
        return Value::Null;
    }
    json!({"index": -100.0 + 200.0 * f64::from(same) / f64::from(all), "days": f64::from(all) / 2_880.0})
}

/// `GET /sleep/stats`.
pub(super) fn sleep_stats(logs: &[Log], person: &Person, from: NaiveDate, to: NaiveDate) -> Value {
    let all = nights(logs);
    let own: Vec<Night> = all.iter().filter(|night| from <= night.date() && night.date() <= to).cloned().collect();
    let is_free = |night: &Night| person.free_days.contains(&i64::from(night.date().weekday().num_days_from_monday()));
    let mids =
        |free: bool| -> Vec<f64> { own.iter().filter(|night| is_free(night) == free).map(Night::mid_time).collect() };
    let lag = circular_mean(&mids(true)).zip(circular_mean(&mids(false))).map(|(free, work)| {
        let apart = (free - work).abs();
        json!({"minutes": apart.min(1_440.0 - apart), "free": circular(&mids(true)), "work": circular(&mids(false))})
    });
    let last = to.min(person.today);
    let window = dates(last - Duration::days(13), last);
    let mut slept: BTreeMap<NaiveDate, i64> = BTreeMap::new();
    for night in all.iter().filter(|night| window.contains(&night.date())) {
        *slept.entry(night.date()).or_default() += night.asleep();
    }
    let owed: i64 = slept.values().map(|asleep| person.goal * 60 - asleep).sum();
    json!({
        "summary": summary(&own, from, to, person.today),
        "social_jet_lag": lag,
        "regularity": regularity(logs, &own),
        "debt": {
            "minutes": (!slept.is_empty()).then(|| owed.max(0) as f64 / 60.0),
            "goal_minutes": person.goal,
            "from": window[0].to_string(),
            "to": last.to_string(),
            "nights": slept.len(),
            "missing": 14 - slept.len(),
        },
        "naps": naps(logs, from, to),
    })
}

fn naps(logs: &[Log], from: NaiveDate, to: NaiveDate) -> Value {
    let own: Vec<&Log> = logs.iter().filter(|log| !log.main && from <= log.date() && log.date() <= to).collect();
    let days: BTreeSet<NaiveDate> = own.iter().map(|log| log.date()).collect();
    json!({"count": own.len(), "days": days.len(), "duration": spread(own.iter().map(|log| log.seconds()))})
}

/// A date of `GET /sleep/views/…`.
pub(super) fn sleep_day(logs: &[Log], date: NaiveDate) -> Value {
    let own: Vec<Night> = nights(logs).into_iter().filter(|night| night.date() == date).collect();
    let mut longest: Option<&Night> = None;
    for night in &own {
        if longest.is_none_or(|known| night.in_bed() > known.in_bed()) {
            longest = Some(night);
        }
    }
    let mut shown: Vec<&Log> = own.iter().flat_map(|night| &night.0).collect();
    shown.extend(logs.iter().filter(|log| !log.main && log.date() == date));
    shown.sort_by_key(|log| log.start);
    let night = longest.map(|night| {
        json!({
            "bed": utc(night.bed()),
            "wake": utc(night.wake()),
            "bed_time": clock(night.bed_time()),
            "wake_time": clock(night.wake_time()),
            "mid_sleep_time": clock(night.mid_time()),
            "duration_seconds": night.in_bed(),
            "asleep_seconds": night.asleep(),
            "efficiency": night.counted().then(|| night.asleep() as f64 / night.in_bed() as f64),
            "quality": night.quality(),
        })
    });
    json!({
        "date": date.to_string(),
        "night": night,
        "naps": naps(logs, date, date),
        "logs": shown.iter().map(|log| json!({"id": log.id, "timezone": log.place.name()})).collect::<Value>(),
    })
}

/// `GET /sleep/views/week` and `/month`.
pub(super) fn sleep_period(logs: &[Log], person: &Person, from: NaiveDate, to: NaiveDate) -> Value {
    let own: Vec<Night> = nights(logs).into_iter().filter(|night| from <= night.date() && night.date() <= to).collect();
    json!({
        "from": from.to_string(),
        "to": to.to_string(),
        "days": dates(from, to).into_iter().map(|date| sleep_day(logs, date)).collect::<Value>(),
        "summary": summary(&own, from, to, person.today),
        "naps": naps(logs, from, to),
    })
}

/// The minutes of each hour's block that lie within logs.
pub(super) fn asleep_between(logs: &[Log], from: Minute, to: Minute) -> usize {
    (from..to).filter(|at| logs.iter().any(|log| log.start <= *at && *at < log.end)).count()
}

/// The part of an overview that is of sleep.
pub(super) fn sleep_overview(logs: &[Log], from: NaiveDate, to: NaiveDate) -> Value {
    let own: Vec<Night> = nights(logs).into_iter().filter(|night| from <= night.date() && night.date() <= to).collect();
    let asleep: Vec<f64> = own.iter().map(|night| night.asleep() as f64 / 60.0).collect();
    let qualities: Vec<f64> = own.iter().filter_map(Night::quality).collect();
    json!({"nights": own.len(), "avg_minutes": mean(&asleep), "avg_quality": mean(&qualities)})
}

/// The first and the last day of the week that a date is in.
pub(super) fn week_of(person: &Person, date: NaiveDate) -> (NaiveDate, NaiveDate) {
    let mut first = date;
    while i64::from(first.weekday().num_days_from_monday()) != person.week_start {
        first -= Duration::days(1);
    }
    (first, first + Duration::days(6))
}

/// Time that was spent on a day.
#[derive(Debug, Clone)]
pub(super) struct Spent {
    pub(super) id: String,
    pub(super) date: NaiveDate,
    pub(super) minutes: i64,
    pub(super) habit: Option<usize>,
    pub(super) place: Place,
}

/// The days from one minute to another, and how many minutes each has of it.
pub(super) fn days_of(person: &Person, place: Place, from: Minute, to: Minute) -> Vec<(NaiveDate, i64)> {
    let mut days: BTreeMap<NaiveDate, i64> = BTreeMap::new();
    for at in from..to {
        let date = (place.clock(at) - Duration::minutes(person.day_start)).date();
        *days.entry(date).or_default() += 1;
    }
    days.into_iter().collect()
}

/// `GET /time-entries/summary` by day, week or month.
pub(super) fn time_by(
    entries: &[Spent],
    from: NaiveDate,
    to: NaiveDate,
    period: impl Fn(NaiveDate) -> NaiveDate,
) -> Value {
    let mut periods: Vec<(NaiveDate, Vec<NaiveDate>)> = Vec::new();
    for date in dates(from, to) {
        match periods.last_mut() {
            Some((first, own)) if *first == period(date) => own.push(date),
            _ => periods.push((period(date), vec![date])),
        }
    }
    let item = |own: Vec<NaiveDate>| {
        let spent: Vec<&Spent> = entries.iter().filter(|entry| own.contains(&entry.date)).collect();
        json!({
            "from": own.first().unwrap().to_string(),
            "to": own.last().unwrap().to_string(),
            "minutes": spent.iter().map(|entry| entry.minutes).sum::<i64>(),
            "count": spent.len(),
        })
    };
    let own: Vec<&Spent> = entries.iter().filter(|entry| from <= entry.date && entry.date <= to).collect();
    json!({
        "minutes": own.iter().map(|entry| entry.minutes).sum::<i64>(),
        "count": own.len(),
        "items": periods.into_iter().map(|(_, own)| item(own)).collect::<Value>(),
    })
}

/// The minutes that were spent on a habit on a day.
pub(super) fn minutes_of(entries: &[Spent], habit: Option<usize>, date: NaiveDate) -> i64 {
    let own = entries.iter().filter(|entry| entry.date == date && (habit.is_none() || entry.habit == habit));
    own.map(|entry| entry.minutes).sum()
}

/// `GET /habits/{id}/time/weekly`.
pub(super) fn habit_week(entries: &[Spent], person: &Person, habit: usize, on: NaiveDate) -> Value {
    let (from, to) = week_of(person, on);
    let daily: Vec<(NaiveDate, i64)> =
        dates(from, to).into_iter().map(|date| (date, minutes_of(entries, Some(habit), date))).collect();
    let total: i64 = daily.iter().map(|(_, minutes)| minutes).sum();
    json!({
        "daily": daily
            .iter()
            .map(|(date, minutes)| json!({"date": date.to_string(), "total_minutes": minutes}))
            .collect::<Value>(),
        "total_week": total,
        "avg_per_day": total as f64 / 7.0,
    })
}

/// The part of an overview that is of time.
pub(super) fn time_overview(entries: &[Spent], from: NaiveDate, to: NaiveDate) -> Value {
    let days: BTreeSet<NaiveDate> =
        entries.iter().map(|entry| entry.date).filter(|date| from <= *date && *date <= to).collect();
    let minutes: i64 = days.iter().map(|date| minutes_of(entries, None, *date)).sum();
    json!({"total_minutes": minutes, "days": days.len()})
}
