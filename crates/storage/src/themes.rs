//! Themes.

use std::collections::BTreeMap;

use circadia_domain::civil::{DateRange, Instant};
use circadia_domain::error::StoreError;
use circadia_domain::ids::{ThemeId, UserId};
use circadia_domain::revision::Revision;
use circadia_domain::tasks::TaskStatus;
use circadia_domain::text::Color;
use circadia_domain::themes::{Theme, ThemeCounts, ThemeLabel, ThemeName, ThemeRepository};
use circadia_domain::time_entries::TimeEntryRepository as _;
use diesel::dsl::{count, exists};
use diesel::prelude::*;

use crate::convert::{corrupt, number};
use crate::row::{Stored as _, row};
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

impl Transaction {
    /// Counts of each of a user's themes, in three statements regardless of their number.
    fn counts_by_theme(&mut self, user: UserId) -> Result<BTreeMap<ThemeId, ThemeCounts>> {
        let mut counts: BTreeMap<ThemeId, ThemeCounts> = BTreeMap::new();
        let habits: Vec<(Option<Sql<ThemeId>>, i64)> = habits::table
            .filter(habits::user_id.eq(Sql(user)))
            .filter(habits::theme_id.is_not_null())
            .group_by(habits::theme_id)
            .select((habits::theme_id, count(habits::id)))
            .load(self.connection())
            .classified()?;
        for (theme, habits) in habits {
            let Sql(theme) = theme.ok_or_else(no_theme)?;
            counts.entry(theme).or_default().habits = habits;
        }
        let tasks: Vec<(Option<Sql<ThemeId>>, Sql<TaskStatus>, i64)> = tasks::table
            .filter(tasks::user_id.eq(Sql(user)))
            .filter(tasks::theme_id.is_not_null())
            .group_by((tasks::theme_id, tasks::status))
            .select((tasks::theme_id, tasks::status, count(tasks::id)))
            .load(self.connection())
            .classified()?;
        for (theme, Sql(status), tasks) in tasks {
            let Sql(theme) = theme.ok_or_else(no_theme)?;
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
}

fn no_theme() -> StoreError {
    corrupt("a theme is null where it isn't")
}

impl ThemeRepository for Transaction {
    fn themes(&mut self, user: UserId) -> Result<Vec<(Theme, ThemeCounts)>> {
        let rows: Vec<ThemeRow> = themes::table
            .filter(themes::user_id.eq(Sql(user)))
            .order(themes::id)
            .select(ThemeRow::as_select())
            .load(self.connection())
            .classified()?;
        let counts = self.counts_by_theme(user)?;
        rows.into_iter()
            .map(|row| {
                let theme = row.into_domain()?;
                let counts = counts.get(&theme.id).copied().unwrap_or_default();
                Ok((theme, counts))
            })
            .collect()
    }

    fn theme_labels(&mut self, user: UserId) -> Result<Vec<ThemeLabel>> {
        let rows: Vec<(Sql<ThemeId>, Sql<ThemeName>, Sql<Color>)> = themes::table
            .filter(themes::user_id.eq(Sql(user)))
            .order(themes::id)
            .select((themes::id, themes::name, themes::color))
            .load(self.connection())
            .classified()?;
        Ok(rows.into_iter().map(|(Sql(id), Sql(name), Sql(color))| ThemeLabel { id, name, color }).collect())
    }

    fn find_theme(&mut self, user: UserId, id: ThemeId) -> Result<Option<(Theme, ThemeCounts)>> {
        let habits = habits::table
            .filter(habits::user_id.eq(Sql(user)))
            .filter(habits::theme_id.eq(Some(Sql(id))))
            .count()
            .single_value();
        let tasks_in = |statuses: &[TaskStatus]| {
            tasks::table
                .filter(tasks::user_id.eq(Sql(user)))
                .filter(tasks::theme_id.eq(Some(Sql(id))))
                .filter(tasks::status.eq_any(statuses.iter().copied().map(Sql).collect::<Vec<_>>()))
                .count()
                .single_value()
        };
        let (open, done) = (tasks_in(&[TaskStatus::Todo, TaskStatus::InProgress]), tasks_in(&[TaskStatus::Done]));
        type Counted = (ThemeRow, Option<i64>, Option<i64>, Option<i64>);
        let found: Option<Counted> = themes::table
            .find((Sql(user), Sql(id)))
            .select((ThemeRow::as_select(), habits, open, done))
            .first(self.connection())
            .optional()
            .classified()?;
        let Some((row, habits, open, done)) = found else { return Ok(None) };
        let by_theme = self.time_by_theme(user, DateRange::ALL)?;
        let spent = by_theme.into_iter().find(|(theme, _)| *theme == Some(id)).map(|(_, spent)| spent);
        let counts = ThemeCounts {
            habits: habits.unwrap_or(0),
            tasks_open: open.unwrap_or(0),
            tasks_done: done.unwrap_or(0),
            minutes: number(spent.unwrap_or_default().minutes)?,
        };
        Ok(Some((row.into_domain()?, counts)))
    }

    fn theme_exists(&mut self, user: UserId, id: ThemeId) -> Result<bool> {
        diesel::select(exists(themes::table.find((Sql(user), Sql(id))))).get_result(self.connection()).classified()
    }

    fn insert_theme(&mut self, user: UserId, theme: &Theme) -> Result<()> {
        diesel::insert_into(themes::table)
            .values((
                themes::user_id.eq(Sql(user)),
                themes::name_key.eq(theme.name.key()),
                ThemeRow::from_domain(theme)?,
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn update_theme(&mut self, user: UserId, theme: &Theme) -> Result<()> {
        diesel::update(themes::table.find((Sql(user), Sql(theme.id))))
            .set((themes::name_key.eq(theme.name.key()), ThemeRow::from_domain(theme)?))
            .execute(self.connection())
            .map(drop)
            .classified()
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
        let removed =
            diesel::delete(themes::table.find((Sql(user), Sql(id)))).execute(self.connection()).classified()?;
        if removed == 0 {
            return Ok(false);
        }
        self.leave_tombstone(user, &id.into(), rev, now)?;
        Ok(true)
    }

    fn theme_was_deleted(&mut self, user: UserId, id: ThemeId) -> Result<bool> {
        self.has_tombstone(user, &id.into())
    }
}
