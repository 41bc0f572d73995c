//! The nights and moods of the demonstration: later to bed at weekends, better moods after longer sleep.

use circadia_domain::Error;
use circadia_domain::civil::{Date, DateRange, DayClock, DayStart, Instant, Weekday};
use circadia_domain::ids::{IdSource, MoodMomentId, SleepLogId};
use circadia_domain::moods::{self, MoodPut, MoodValue, NewMoment, Tag, Tags};
use circadia_domain::revision::Expected;
use circadia_domain::sleep::{self, NewSleepLog, OnOverlap, Quality, SleepInput, SleepKind};
use circadia_domain::unit_of_work::WriteTransaction;
use circadia_domain::users;

use super::demo::{DAYS, Dice};

/// A night as it went, and the day after.
struct Sample {
    /// When they went to bed.
    bed: Instant,
    /// Minutes in bed.
    minutes: u32,
    /// Minutes of those awake.
    awake: u32,
    /// The mood of the day, 0–10.
    mood: u32,
}

impl Sample {
    fn of(dice: &mut Dice, midnight: Instant, weekend: bool) -> Self {
        let late = if weekend { 70 } else { 0 };
        let bed = midnight.plus_seconds((i64::from(dice.roll(80)) + late - 90) * 60);
        let minutes = 400 + dice.roll(95) + if weekend { 25 } else { 0 };
        Self { bed, minutes, awake: 5 + dice.roll(35), mood: (minutes - 400) / 24 + 2 + dice.roll(4) }
    }

    /// From 1 to 5: the longer, the better.
    fn quality(&self) -> Result<Quality, Error> {
        Ok(Quality::from_number(i64::from(1 + (self.minutes - 400) / 30).min(5))?)
    }
}

fn log(tx: &mut WriteTransaction<'_>, ids: &dyn IdSource, input: SleepInput) -> Result<(), Error> {
    let id = SleepLogId::from_uuid(ids.fresh());
    let new = NewSleepLog { id, input, timezone: None, offset: None, request_digest: [0; 32] };
    sleep::create(tx, new, OnOverlap::Refuse).map(drop)
}

/// Makes nights, naps and moods up to today; how many nights and how many days with a mood.
pub(super) fn make(tx: &mut WriteTransaction<'_>, ids: &dyn IdSource) -> Result<(usize, usize), Error> {
    let user = users::find(tx.store, tx.user)?;
    let today = user.today(tx.now);
    let clock = DayClock { zone: user.settings.timezone, day_start: DayStart::MIDNIGHT };
    let days = DateRange::new(today.saturating_add_days(1 - DAYS), today);
    let mut dice = Dice(42);
    let (mut nights, mut days_with_mood) = (0, 0);
    for date in days.into_iter().flatten() {
        let midnight = clock.start_of(date);
        let weekend = matches!(date.weekday(), Weekday::Sa | Weekday::Su);
        let sample = Sample::of(&mut dice, midnight, weekend);
        let end = sample.bed.plus_seconds(i64::from(sample.minutes) * 60);
        let (forgotten, napped, asked) = (dice.roll(100) < 4, weekend && dice.roll(3) == 0, dice.roll(4));
        if end > tx.now {
            break;
        }
        if !forgotten {
            let input = SleepInput {
                start: sample.bed,
                end,
                kind: SleepKind::Main,
                quality: Some(sample.quality()?),
                awake_seconds: Some(sample.awake * 60),
                note: None,
            };
            log(tx, ids, input)?;
            nights += 1;
        }
        if date == today {
            break;
        }
        if napped {
            let start = midnight.plus_seconds(14 * 3_600);
            let end = start.plus_seconds(25 * 60);
            let nap = SleepKind::Nap;
            log(tx, ids, SleepInput { start, end, kind: nap, quality: None, awake_seconds: None, note: None })?;
        }
        if asked > 0 {
            mood(tx, ids, date, midnight, sample.mood, asked)?;
            days_with_mood += 1;
        }
    }
    Ok((nights, days_with_mood))
}

/// A day's mood: of one day in three its moments, of the others its own.
fn mood(
    tx: &mut WriteTransaction<'_>,
    ids: &dyn IdSource,
    date: Date,
    midnight: Instant,
    mood: u32,
    asked: u32,
) -> Result<(), Error> {
    let value = |number: u32| MoodValue::from_number(i64::from(number.min(10)));
    let tags = |words: &[&str]| words.iter().map(|word| Tag::parse(word)).collect::<Result<_, _>>().and_then(Tags::new);
    if asked < 3 {
        let words: &[&str] = if mood > 6 { &["rested"] } else { &["work"] };
        let put = MoodPut { date, value: value(mood)?, note: None, tags: tags(words)? };
        return moods::put(tx, put, &Expected::Anything).map(drop);
    }
    for (hour, number) in [(9, mood), (15, mood.saturating_sub(1)), (21, mood + 1)] {
        let new = NewMoment {
            id: MoodMomentId::from_uuid(ids.fresh()),
            at: midnight.plus_seconds(hour * 3_600),
            value: value(number)?,
            note: None,
            tags: Tags::default(),
            timezone: None,
            offset: None,
            request_digest: [0; 32],
        };
        moods::create_moment(tx, new)?;
    }
    Ok(())
}
