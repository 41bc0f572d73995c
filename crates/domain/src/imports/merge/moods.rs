//! The moods of days and of moments.

use uuid::Uuid;

use super::{Fate, ItemKind, Merger, Refusal, first_of};
use crate::civil::Date;
use crate::import::check;
use crate::moods::{MAX_MOMENTS_A_DAY, Mood, MoodDay, MoodMoment};

impl Merger<'_> {
    fn day(&mut self, date: Date) -> &mut MoodDay {
        self.present.days.entry(date).or_insert_with(|| MoodDay { date, mood: None, moments: Vec::new() })
    }

    pub(super) fn mood(&mut self, mood: Mood) -> Result<Fate, Refusal> {
        check::mood(&mood, self.now).map_err(|wrong| first_of(&wrong))?;
        let mood = Mood { rev: self.rev, ..mood };
        let day = self.day(mood.date);
        if let Some(stored) = &day.mood {
            let said = |mood: &Mood| (mood.value, mood.note.clone(), mood.tags.clone());
            if said(stored) == said(&mood) {
                return Ok(Fate::Merged);
            }
            return Err(("differs", format!("{} has another mood already, which stays", mood.date)));
        }
        day.mood = Some(mood.clone());
        let fate = self.made(ItemKind::Mood, Uuid::nil(), Some(mood.date));
        self.merged.moods.push(mood);
        Ok(fate)
    }

    pub(super) fn moment(&mut self, moment: MoodMoment) -> Result<Fate, Refusal> {
        if self.present.moment_ids.contains(&moment.id.as_uuid()) {
            return Ok(Fate::Merged);
        }
        check::moment(&moment, self.now).map_err(|wrong| first_of(&wrong))?;
        let moment = MoodMoment { rev: self.rev, ..moment };
        let day = self.day(moment.date);
        if day.moments.len() >= MAX_MOMENTS_A_DAY {
            return Err(("limit_reached", format!("a day holds at most {MAX_MOMENTS_A_DAY} moments")));
        }
        day.moments.push(moment.clone());
        self.present.moment_ids.insert(moment.id.as_uuid());
        let fate = self.made(ItemKind::MoodMoment, moment.id.as_uuid(), None);
        self.merged.moments.push(moment);
        Ok(fate)
    }
}
