//! Themes, of which one that has the same name stands for the one of the file.

use super::{Fate, ItemKind, Line, LineOutcome, Merger, Refusal, full};
use crate::color::distinct_color;
use crate::ids::ThemeId;
use crate::themes::{MAX_THEMES, Theme};

impl Merger<'_> {
    pub(super) fn theme(&mut self, line: Line, mut theme: Theme) -> Result<Fate, Refusal> {
        let key = theme.name.key();
        if self.present.themes.iter().any(|other| other.id == theme.id || other.name.key() == key) {
            return Ok(Fate::Merged);
        }
        if self.present.themes.len() >= MAX_THEMES {
            return Err(full(MAX_THEMES, "themes"));
        }
        let taken: Vec<_> = self.present.themes.iter().map(|other| other.color).collect();
        if taken.contains(&theme.color) {
            theme.color = distinct_color(&taken);
            let detail = format!("another theme has its colour: it is given `{}`", theme.color);
            let (kind, label) = (Some(ItemKind::Theme), Some(theme.name.to_string()));
            let note = LineOutcome::noted(line, kind, Fate::Changed, label, "theme_color_taken", &detail);
            self.merged.outcomes.push(note);
        }
        theme.rev = self.rev;
        self.present.themes.push(theme.clone());
        let fate = self.made(ItemKind::Theme, theme.id.as_uuid(), None);
        self.merged.themes.push(theme);
        Ok(fate)
    }

    /// What stands for a theme of the file: itself, or the one that had its name.
    pub(super) fn standing_for(&self, theme: Option<ThemeId>) -> Option<ThemeId> {
        let theme = theme?;
        let key = self.named.get(&theme).map(|named| named.name.key());
        let themes = &self.present.themes;
        let found = themes.iter().find(|other| other.id == theme);
        found.or_else(|| themes.iter().find(|other| Some(other.name.key()) == key)).map(|found| found.id)
    }
}
