//! Made-up accounts whose truth is known: days of habits, mood and sleep that have nothing to do with each other, and
//! such as were planted to have.
//!
//! What makes unrelated things look related is in them: trends (lines, steps, seasons), weekdays, days that resemble
//! their neighbours (with and without noise on top), yes-or-no series, scales with few steps, schedules with days
//! between, and gaps.

use circadia_domain::civil::Date;
use circadia_domain::ids::HabitId;
use circadia_domain::stats::insights::{Series, Subject};
use uuid::Uuid;

/// `SplitMix64` (Steele, Lea & Flood 2014): the same numbers for the same seed, everywhere.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xA076_1D64_78BD_642F) ^ 0x5851_F42D_4C95_7F2D)
    }

    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Between 0 and 1.
    pub(crate) fn unit(&mut self) -> f64 {
        f64::from(u32::try_from(self.word() >> 32).unwrap()) / f64::from(u32::MAX)
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// Standard normal (Box & Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let (u, v) = (self.unit().max(1e-12), self.unit());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    fn pick<T: Copy, const N: usize>(&mut self, from: [T; N]) -> T {
        from[usize::try_from(self.word() % u64::try_from(N).unwrap()).unwrap()]
    }
}

/// The first day of every account: a Monday.
fn first() -> Date {
    Date::parse("2025-01-06").unwrap()
}

/// A latent series of one number a day, with everything that misleads.
fn latent(dice: &mut Dice, days: u32, stubborn: bool) -> Vec<f64> {
    let phi = dice.pick([0.0, 0.2, 0.4, 0.6, 0.8, 0.9]);
    let noise = dice.pick([0.0, 0.0, 0.5, 1.0]);
    let (phi, noise) = if stubborn { (0.9, 1.0) } else { (phi, noise) };
    let week: Vec<f64> = (0..7).map(|_| dice.normal()).collect();
    let weekly = dice.pick([0.0, 0.3, 0.8]);
    let (trend, slope, turn) = (dice.pick([0, 0, 1, 1, 2, 3]), dice.between(-2.0, 2.0), dice.between(0.2, 0.8));
    let mut swing = dice.normal();
    (0..days)
        .map(|day| {
            swing = phi * swing + (1.0 - phi * phi).sqrt() * dice.normal();
            let at = f64::from(day) / f64::from(days);
            let course = match trend {
                0 => 0.0,
                1 => slope * at,
                // A habit that is taken up, or given up, within a fortnight or so.
                2 => slope / (1.0 + (-(at - turn) * f64::from(days) / 4.0).exp()),
                _ => slope / 2.0 * (std::f64::consts::TAU * (f64::from(day) / 365.0 + turn)).sin(),
            };
            swing + noise * dice.normal() + weekly * week[usize::try_from(day % 7).unwrap()] + course
        })
        .collect()
}

/// Which days are recorded: most of them, with holes of a day and of weeks.
fn recorded(dice: &mut Dice, days: u32) -> Vec<bool> {
    let missing = dice.pick([0.0, 0.05, 0.15, 0.3]);
    let mut kept: Vec<bool> = (0..days).map(|_| !dice.chance(missing)).collect();
    if dice.chance(0.3) {
        let length = dice.pick([5, 10, 20]).min(kept.len() / 4);
        let begin = usize::try_from(dice.word() % u64::try_from(kept.len() - length).unwrap()).unwrap();
        kept[begin..begin + length].fill(false);
    }
    kept
}

fn due(dice: &mut Dice, days: u32) -> Vec<bool> {
    let plan = dice.pick([0, 0, 0, 1, 2, 3]);
    (0..days)
        .map(|day| match plan {
            0 => true,
            1 => matches!(day % 7, 0 | 2 | 4),
            2 => day % 2 == 0,
            _ => day % 7 < 5,
        })
        .collect()
}

/// How a latent number shows itself.
#[derive(Clone, Copy)]
enum Face {
    YesOrNo(f64),
    Steps { middle: f64, size: f64, low: f64, high: f64 },
    Smooth { middle: f64, size: f64 },
    Counted,
}

impl Face {
    fn shows(self, latent: f64) -> f64 {
        match self {
            Self::YesOrNo(threshold) => f64::from(u8::from(latent > threshold)),
            Self::Steps { middle, size, low, high } => (middle + size * latent).round().clamp(low, high),
            Self::Smooth { middle, size } => middle + size * latent,
            Self::Counted => (10.0 + 12.0 * latent).round().max(0.0),
        }
    }
}

const MOOD: Face = Face::Steps { middle: 6.0, size: 1.6, low: 0.0, high: 10.0 };
const QUALITY: Face = Face::Steps { middle: 3.3, size: 1.0, low: 1.0, high: 5.0 };

fn series(subject: Subject, face: Face, latent: &[f64], kept: &[bool]) -> Series {
    let days = (0..).zip(latent).zip(kept).filter(|(_, kept)| **kept);
    Series::new(subject, days.map(|((day, latent), _)| (first().saturating_add_days(day), face.shows(*latent))))
}

fn habit(number: u128) -> Subject {
    Subject::Habit(HabitId::from_uuid(Uuid::from_u128(number)))
}

/// An account in which nothing has to do with anything; with `stubborn`, everything in it is a slow swing under daily
/// noise, which no first-order autoregression describes.
pub(crate) fn unrelated(seed: u64, stubborn: bool) -> Vec<Series> {
    let dice = &mut Dice::new(seed);
    let days = dice.pick([60, 90, 90, 120, 180, 365]);
    let mut account = Vec::new();
    for number in 0..dice.pick([2, 4, 6, 10]) {
        let face = if dice.chance(0.7) { Face::YesOrNo(dice.between(-1.2, 0.8)) } else { Face::Counted };
        let (latent, due, kept) = (latent(dice, days, stubborn), due(dice, days), recorded(dice, days));
        let kept: Vec<bool> = due.into_iter().zip(kept).map(|(due, kept)| due && kept).collect();
        account.push(series(habit(number), face, &latent, &kept));
    }
    let kept = recorded(dice, days);
    account.push(series(Subject::Mood, MOOD, &latent(dice, days, stubborn), &kept));
    // The faces of one night are kept on the same days.
    let kept = recorded(dice, days);
    account.push(series(
        Subject::SleepDuration,
        Face::Smooth { middle: 7.4, size: 0.9 },
        &latent(dice, days, stubborn),
        &kept,
    ));
    account.push(series(Subject::SleepQuality, QUALITY, &latent(dice, days, stubborn), &kept));
    account.push(series(
        Subject::MidSleep,
        Face::Smooth { middle: 3.5, size: 0.7 },
        &latent(dice, days, stubborn),
        &kept,
    ));
    if dice.chance(0.5) {
        let kept = recorded(dice, days);
        account.push(series(Subject::TrackedMinutes, Face::Counted, &latent(dice, days, stubborn), &kept));
    }
    account
}

/// How an association is planted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Plant {
    /// A counted habit; what is new about its days correlates with what is new about the mood's.
    Counted,
    /// A habit that is done or not; the mood correlates with that.
    YesOrNo,
    /// As counted, but all that is known of the count is whether it is above its middle: the correlation with that is
    /// less, by a factor of 0.8.
    Cut,
}

/// An account of `days` days like [`unrelated`] ones, but for the mood, which correlates by `r` with the first habit
/// (before it is cut to a scale of 0–10).
pub(crate) fn planted(seed: u64, days: u32, r: f64, plant: Plant) -> Vec<Series> {
    let dice = &mut Dice::new(seed);
    let mut account = Vec::new();
    let phi: f64 = dice.pick([0.0, 0.3, 0.6]);
    let (mut cause, mut mood): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    let (mut x, mut y) = (dice.normal(), dice.normal());
    let week: Vec<f64> = (0..14).map(|_| 0.3 * dice.normal()).collect();
    let slopes = (dice.between(-1.0, 1.0), dice.between(-1.0, 1.0));
    let (next, rest) = ((1.0 - phi * phi).sqrt(), (1.0 - r * r).sqrt());
    for day in 0..days {
        let (at, weekday) = (f64::from(day) / f64::from(days), usize::try_from(day % 7).unwrap());
        let new = dice.normal();
        x = phi * x + next * new;
        let shown = x + week[weekday] + slopes.0 * at;
        let own = if matches!(plant, Plant::YesOrNo) { dice.normal() } else { r * new + rest * dice.normal() };
        y = phi * y + next * own;
        let shared = if matches!(plant, Plant::YesOrNo) { rest * y + r * shown.signum() } else { y };
        cause.push(shown);
        mood.push(shared + week[weekday + 7] + slopes.1 * at);
    }
    let all = vec![true; usize::try_from(days).unwrap()];
    let face = if matches!(plant, Plant::Counted) { Face::Counted } else { Face::YesOrNo(0.0) };
    account.push(series(habit(0), face, &cause, &all));
    account.push(series(Subject::Mood, MOOD, &mood, &all));
    for number in 1..6 {
        account.push(series(habit(number), Face::YesOrNo(dice.between(-1.0, 0.6)), &latent(dice, days, false), &all));
    }
    account.push(series(
        Subject::SleepDuration,
        Face::Smooth { middle: 7.4, size: 0.9 },
        &latent(dice, days, false),
        &all,
    ));
    account.push(series(Subject::SleepQuality, QUALITY, &latent(dice, days, false), &all));
    account
}

/// Whether the pair that was planted is among what was found.
pub(crate) fn is_found(account: &[Series], rate: f64) -> bool {
    let found = circadia_domain::stats::insights::examine(account, rate);
    found.findings.iter().any(|finding| {
        let asked = finding.asked;
        finding.significant && (asked.first, asked.second, asked.lag) == (habit(0), Subject::Mood, 0)
    })
}
