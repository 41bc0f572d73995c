//! Themes.

use std::collections::BTreeMap;

use circadia_domain::civil::Instant;
use circadia_domain::color::Color;
use circadia_domain::ids::{ThemeId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::tasks::TaskStatus;
use circadia_domain::themes::{Theme, ThemeCounts, ThemeName, ThemeRepository};
use diesel::prelude::*;

use crate::dialect::CountsByTheme;
use crate::row::{Stored as _, delete_row, execute, first_row, load_rows, row};
use crate::schema::{habits, tasks, themes};
use crate::sql_types::Sql;
use crate::time_entries::theme_of_time;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = themes, primary_key(user_id, id))]
    pub(crate) struct ThemeRow of Theme {
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
        /// See [`CountsByTheme`].
        type Row = (i32, Option<Sql<TaskStatus>>, Option<Sql<ThemeId>>, Option<Sql<ThemeId>>, i64);
        let query = CountsByTheme::new(self.connection(), user);
        let rows: Vec<Row> = query.load(self.connection()).classified()?;
        let mut counts: BTreeMap<ThemeId, ThemeCounts> = BTreeMap::new();
        for (what, status, theme, of_task, number) in rows {
            let Some(theme) = theme_of_time(theme, of_task) else { continue };
            let counts = counts.entry(theme).or_default();
            match (what, status) {
                (CountsByTheme::MINUTES, _) => counts.minutes += number,
                (CountsByTheme::HABITS, _) => counts.habits += number,
                (_, Some(Sql(TaskStatus::Todo | TaskStatus::InProgress))) => counts.tasks_open += number,
                (_, Some(Sql(TaskStatus::Done))) => counts.tasks_done += number,
                (_, Some(Sql(TaskStatus::Cancelled)) | None) => {}
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
