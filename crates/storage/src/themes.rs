//! Themes.

use circadia_domain::civil::Instant;
use circadia_domain::ids::{ThemeId, UserId};
use circadia_domain::store::Revision;
use circadia_domain::text::Color;
use circadia_domain::themes::{Theme, ThemeCounts, ThemeName, ThemeRepository};
use diesel::dsl::count;
use diesel::prelude::*;

use crate::convert::digest;
use crate::schema::{habits, themes};
use crate::sql_types::Sql;
use crate::tombstones::Item;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable)]
#[diesel(table_name = themes)]
struct Row {
    id: ThemeId,
    name: ThemeName,
    color: Color,
    created_at: Instant,
    updated_at: Instant,
    rev: i64,
    request_digest: Vec<u8>,
}

impl Row {
    fn read(self) -> Result<Theme> {
        Ok(Theme {
            id: self.id,
            name: self.name,
            color: self.color,
            created_at: self.created_at,
            updated_at: self.updated_at,
            rev: Revision(self.rev),
            request_digest: digest(&self.request_digest)?,
        })
    }
}

impl Transaction {
    /// How many habits carry each of a user's themes.
    fn habits_by_theme(&mut self, user: UserId) -> Result<Vec<(Option<ThemeId>, i64)>> {
        habits::table
            .filter(habits::user_id.eq(Sql(user)))
            .filter(habits::theme_id.is_not_null())
            .group_by(habits::theme_id)
            .select((habits::theme_id, count(habits::id)))
            .load(self.connection())
            .classified()
    }
}

impl ThemeRepository for Transaction {
    fn themes(&mut self, user: UserId) -> Result<Vec<(Theme, ThemeCounts)>> {
        let rows: Vec<Row> = themes::table
            .filter(themes::user_id.eq(Sql(user)))
            .order(themes::id)
            .select(Row::as_select())
            .load(self.connection())
            .classified()?;
        let habits = self.habits_by_theme(user)?;
        let counts = |id: ThemeId| ThemeCounts {
            habits: habits.iter().find(|(theme, _)| *theme == Some(id)).map_or(0, |(_, count)| *count),
        };
        rows.into_iter()
            .map(|row| Ok((counts(row.id), row.read()?)))
            .map(|read| read.map(|(counts, theme)| (theme, counts)))
            .collect()
    }

    fn find_theme(&mut self, user: UserId, id: ThemeId) -> Result<Option<(Theme, ThemeCounts)>> {
        let habits = habits::table
            .filter(habits::user_id.eq(Sql(user)))
            .filter(habits::theme_id.eq(Some(Sql(id))))
            .count()
            .single_value();
        let found: Option<(Row, Option<i64>)> = themes::table
            .find((Sql(user), Sql(id)))
            .select((Row::as_select(), habits))
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(|(row, habits)| Ok((row.read()?, ThemeCounts { habits: habits.unwrap_or(0) }))).transpose()
    }

    fn insert_theme(&mut self, user: UserId, theme: &Theme) -> Result<()> {
        diesel::insert_into(themes::table)
            .values((
                themes::user_id.eq(Sql(user)),
                themes::id.eq(Sql(theme.id)),
                themes::name.eq(Sql(&theme.name)),
                themes::name_key.eq(theme.name.key()),
                themes::color.eq(Sql(theme.color)),
                themes::created_at.eq(Sql(theme.created_at)),
                themes::updated_at.eq(Sql(theme.updated_at)),
                themes::rev.eq(theme.rev.0),
                themes::request_digest.eq(theme.request_digest.as_slice()),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn update_theme(&mut self, user: UserId, theme: &Theme) -> Result<()> {
        diesel::update(themes::table.find((Sql(user), Sql(theme.id))))
            .set((
                themes::name.eq(Sql(&theme.name)),
                themes::name_key.eq(theme.name.key()),
                themes::color.eq(Sql(theme.color)),
                themes::updated_at.eq(Sql(theme.updated_at)),
                themes::rev.eq(theme.rev.0),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn delete_theme(&mut self, user: UserId, id: ThemeId, rev: Revision, now: Instant) -> Result<bool> {
        diesel::update(habits::table.filter(habits::user_id.eq(Sql(user))).filter(habits::theme_id.eq(Some(Sql(id)))))
            .set((habits::theme_id.eq(None::<Sql<ThemeId>>), habits::updated_at.eq(Sql(now)), habits::rev.eq(rev.0)))
            .execute(self.connection())
            .classified()?;
        let removed =
            diesel::delete(themes::table.find((Sql(user), Sql(id)))).execute(self.connection()).classified()?;
        if removed == 0 {
            return Ok(false);
        }
        self.bury(user, &Item::Theme(id), rev, now)?;
        Ok(true)
    }

    fn theme_was_deleted(&mut self, user: UserId, id: ThemeId) -> Result<bool> {
        self.is_buried(user, &Item::Theme(id))
    }
}
