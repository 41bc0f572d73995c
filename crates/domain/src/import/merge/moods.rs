//! What becomes of the moods of days and of moments.

use std::collections::{HashMap, HashSet};

use super::{Fate, Planner, by_key, fate};
use crate::civil::Date;
use crate::import::check;
use crate::moods::{MAX_MOMENTS_A_DAY, Mood, MoodMoment};

impl Planner<'_> {
    pub(super) fn moods(&mut self) {
        let stored = by_key(&self.contents.moods, |mood| mood.date);
        let mut seen = HashSet::new();
        for (at, mood) in self.document.moods.iter().enumerate() {
            let pointer = format!("/moods/{at}");
            self.refuse(&pointer, check::mood(mood, self.now));
            if !self.is_first(&mut seen, mood.date, &format!("{pointer}/date")) {
                continue;
            }
            let fate = fate(stored.get(&mood.date).map(|stored| stored.updated_at), mood.updated_at);
            self.plan.report.moods.count(fate);
            if fate != Fate::Unchanged {
                self.plan.moods.push(Mood { rev: self.rev, ..mood.clone() });
            }
        }
    }

    pub(super) fn moments(&mut self) {
        let stored = by_key(&self.contents.mood_moments, |moment| moment.id);
        let mut a_day: HashMap<Date, usize> = HashMap::new();
        for moment in &self.contents.mood_moments {
            *a_day.entry(moment.date).or_default() += 1;
        }
        let mut seen = HashSet::new();
        for (at, moment) in self.document.mood_moments.iter().enumerate() {
            let pointer = format!("/mood_moments/{at}");
            self.refuse(&pointer, check::moment(moment, self.now));
            if !self.is_first(&mut seen, moment.id, &format!("{pointer}/id")) {
                continue;
            }
            let before = stored.get(&moment.id);
            let fate = fate(before.map(|stored| stored.updated_at), moment.updated_at);
            if fate != Fate::Unchanged && before.is_none_or(|before| before.date != moment.date) {
                let count = a_day.entry(moment.date).or_default();
                if *count >= MAX_MOMENTS_A_DAY {
                    self.plan.report.mood_moments.skipped += 1;
                    let detail = format!("a day holds at most {MAX_MOMENTS_A_DAY} moments");
                    self.plan.report.note(pointer, "limit_reached", detail);
                    continue;
                }
                *count += 1;
            }
            self.plan.report.mood_moments.count(fate);
            if fate != Fate::Unchanged {
                self.plan.mood_moments.push(MoodMoment { rev: self.rev, ..moment.clone() });
            }
        }
    }
}
