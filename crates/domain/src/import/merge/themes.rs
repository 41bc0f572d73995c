//! What becomes of themes, and of their names and colours that are taken.

use std::collections::{BTreeMap, HashSet};

use super::{Fate, Planner, by_key, fate, full, in_rounds};
use crate::color::{Color, distinct_color};
use crate::ids::ThemeId;
use crate::import::check;
use crate::themes::{MAX_THEMES, Theme};
use crate::violation::Violations;

impl Planner<'_> {
    pub(super) fn themes(&mut self) {
        let stored = by_key(&self.contents.themes, |theme| theme.id);
        self.themes = stored.keys().map(|id| (*id, Some(*id))).collect();
        let (mut seen, mut pending) = (HashSet::new(), Vec::new());
        for (at, theme) in self.document.themes.iter().enumerate() {
            let pointer = format!("/themes/{at}");
            self.refuse(&pointer, check::times(theme.created_at, theme.updated_at, self.now));
            if !self.is_first(&mut seen, theme.id, &format!("{pointer}/id")) {
                continue;
            }
            self.themes.insert(theme.id, Some(theme.id));
            match fate(stored.get(&theme.id).map(|stored| stored.updated_at), theme.updated_at) {
                Fate::Unchanged => self.plan.report.themes.count(Fate::Unchanged),
                fate => pending.push((pointer, theme, fate)),
            }
        }
        let mut present: BTreeMap<ThemeId, Theme> = stored.iter().map(|(id, theme)| (*id, (*theme).clone())).collect();
        let holder_of = |present: &BTreeMap<ThemeId, Theme>, theme: &Theme| {
            let key = theme.name.key();
            present.values().find(|other| other.id != theme.id && other.name.key() == key).map(|other| other.id)
        };
        let left = in_rounds(pending, |(pointer, theme, fate)| {
            let is_full = *fate == Fate::Created && present.len() >= MAX_THEMES;
            if is_full || holder_of(&present, theme).is_some() {
                return false;
            }
            let others: Vec<Color> =
                present.values().filter(|other| other.id != theme.id).map(|other| other.color).collect();
            let mut theme = Theme { rev: self.rev, ..(*theme).clone() };
            if others.contains(&theme.color) {
                theme.color = distinct_color(&others);
                let detail = format!("another theme has its colour: it is given `{}`", theme.color);
                self.plan.report.note(format!("{pointer}/color"), "theme_color_taken", detail);
            }
            self.plan.report.themes.count(*fate);
            present.insert(theme.id, theme.clone());
            self.plan.themes.push(theme);
            true
        });
        for (pointer, theme, fate) in left {
            let holder = holder_of(&present, theme);
            let (code, detail) = match holder {
                None => ("limit_reached", full(MAX_THEMES, "themes")),
                Some(_) if fate == Fate::Updated => {
                    ("theme_name_taken", format!("there already is another theme named “{}”", theme.name))
                }
                Some(_) => {
                    let detail =
                        format!("there already is a theme named “{}”: it takes the place of this one", theme.name);
                    ("theme_name_taken", detail)
                }
            };
            if fate == Fate::Created {
                self.themes.insert(theme.id, holder);
            }
            self.plan.report.themes.skipped += 1;
            self.plan.report.note(pointer, code, detail);
        }
    }

    /// What stands for a theme that an item refers to.
    pub(super) fn theme(&mut self, theme: Option<ThemeId>, pointer: &str) -> Option<ThemeId> {
        let theme = theme?;
        if let Some(standing) = self.themes.get(&theme) {
            return *standing;
        }
        let detail = "there is no such theme, neither in the document nor in the account";
        self.refuse(&format!("{pointer}/theme_id"), Err(Violations::of("theme_not_found", detail)));
        None
    }
}
