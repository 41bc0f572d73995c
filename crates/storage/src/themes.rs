//! Themes.

use std::collections::BTreeMap;

use circadia_domain::civil::{DateRange, Instant};
use circadia_domain::color::Color;
use circadia_domain::ids::{ThemeId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::tasks::TaskStatus;
use circadia_domain::themes::{Theme, ThemeCounts, ThemeName, ThemeRepository};
use circadia_domain::time_entries::TimeEntryRepository as _;
use diesel::dsl::count;
use diesel::prelude::*;

use crate::convert::number;
use crate::row::{Stored as _, delete_row, execute, first_row, load_rows, row};
use crate::schema::{habits, tasks, themes};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = themes, primary_key(user_id, id))]
    struct ThemeRow of Theme {
        id: Sql<ThemeId>,
        name: Sql<ThemeName>,
        color: Sql<Color>,
        #[diesel(skip_update)]
        created_at: Sql<Instant>,
        updated_at: Sql<Instant>,
        rev: i64,
        #[diesel(skip_update)]
        request_digest: Vec<u8>,
    }
}

impl ThemeRepository for Transaction {
    fn themes(&mut self, user: UserId) -> Result<Vec<Theme>> {
        load_rows!(self, themes::table.filter(themes::user_id.eq(Sql(user))).order(themes::id), ThemeRow)
    }

    fn find_theme(&mut self, user: UserId, id: ThemeId) -> Result<Option<Theme>> {
        first_row!(self, themes::table.find((Sql(user), Sql(id))), ThemeRow)
    }

    fn theme_counts(&mut self, user: UserId) -> Result<BTreeMap<ThemeId, ThemeCounts>> {
        let mut counts: BTreeMap<ThemeId, ThemeCounts> = BTreeMap::new();
        let habits: Vec<(Sql<ThemeId>, i64)> = habits::table
            .filter(habits::user_id.eq(Sql(user)))
            .filter(habits::theme_id.is_not_null())
            .group_by(habits::theme_id)
            .select((habits::theme_id.assume_not_null(), count(habits::id)))
            .load(self.connection())
            .classified()?;
        for (Sql(theme), habits) in habits {
            counts.entry(theme).or_default().habits = habits;
        }
        let tasks: Vec<(Sql<ThemeId>, Sql<TaskStatus>, i64)> = tasks::table
            .filter(tasks::user_id.eq(Sql(user)))
            .filter(tasks::theme_id.is_not_null())
            .group_by((tasks::theme_id, tasks::status))
            .select((tasks::theme_id.assume_not_null(), tasks::status, count(tasks::id)))
            .load(self.connection())
            .classified()?;
        for (Sql(theme), Sql(status), tasks) in tasks {
            let counts = counts.entry(theme).or_default();
            match status {
                TaskStatus::Todo | TaskStatus::InProgress => counts.tasks_open += tasks,
                TaskStatus::Done => counts.tasks_done += tasks,
                TaskStatus::Cancelled => {}
            }
        }
        for (theme, spent) in self.time_by_theme(user, DateRange::ALL)? {
            if let Some(theme) = theme {
                counts.entry(theme).or_default().minutes = number(spent.minutes)?;
            }
        }
        Ok(counts)
    }

    fn insert_theme(&mut self, user: UserId, theme: &Theme) -> Result<()> {
        execute!(
            self,
            diesel::insert_into(themes::table).values((
                themes::user_id.eq(Sql(user)),
                themes::name_key.eq(theme.name.key()),
                ThemeRow::from_domain(theme)?,
            ))
        )
    }

    fn update_theme(&mut self, user: UserId, theme: &Theme) -> Result<()> {
        execute!(
            self,
            diesel::update(themes::table.find((Sql(user), Sql(theme.id))))
                .set((themes::name_key.eq(theme.name.key()), ThemeRow::from_domain(theme)?))
        )
    }

    fn delete_theme(&mut self, user: UserId, id: ThemeId, rev: Revision, now: Instant) -> Result<bool> {
        diesel::update(habits::table.filter(habits::user_id.eq(Sql(user))).filter(habits::theme_id.eq(Some(Sql(id)))))
            .set((habits::theme_id.eq(None::<Sql<ThemeId>>), habits::updated_at.eq(Sql(now)), habits::rev.eq(rev.0)))
            .execute(self.connection())
            .classified()?;
        diesel::update(tasks::table.filter(tasks::user_id.eq(Sql(user))).filter(tasks::theme_id.eq(Some(Sql(id)))))
            .set((tasks::theme_id.eq(None::<Sql<ThemeId>>), tasks::updated_at.eq(Sql(now)), tasks::rev.eq(rev.0)))
            .execute(self.connection())
            .classified()?;
        delete_row!(self, themes, user, id, rev, now)
    }
}
