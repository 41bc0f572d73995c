//! Users, their credentials and their revision.

use circadia_domain::civil::{DayStart, Instant, Weekday, Weekdays, Zone};
use circadia_domain::ids::UserId;
use circadia_domain::revision::Revision;
use circadia_domain::users::{
    ColorScheme, Credentials, Email, Locale, Login, NewUser, Role, Settings, SleepGoal, User, UserRepository, Username,
};
use diesel::dsl::exists;
use diesel::prelude::*;

use crate::convert::{corrupt, number};
use crate::schema::{user_revisions, users};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct Row {
    id: UserId,
    username: Username,
    email: Email,
    email_verified_at: Option<Instant>,
    role: Role,
    active: bool,
    timezone: Zone,
    day_start_minutes: i32,
    week_start: Weekday,
    locale: Locale,
    color_scheme: ColorScheme,
    sleep_goal_minutes: i32,
    free_days: i32,
    created_at: Instant,
    updated_at: Instant,
    rev: i64,
}

impl Row {
    fn read(self, latest_rev: i64) -> Result<User> {
        let day_start = DayStart::from_minutes(number(self.day_start_minutes)?);
        let settings = Settings {
            timezone: self.timezone,
            day_start: day_start.ok_or_else(|| corrupt("a day begins after its end"))?,
            week_start: self.week_start,
            locale: self.locale,
            color_scheme: self.color_scheme,
            sleep_goal: SleepGoal::from_minutes(self.sleep_goal_minutes.into()).map_err(corrupt)?,
            free_days: Weekdays::from_bits(number(self.free_days)?),
        };
        Ok(User {
            id: self.id,
            username: self.username,
            email: self.email,
            email_verified_at: self.email_verified_at,
            role: self.role,
            active: self.active,
            settings,
            created_at: self.created_at,
            updated_at: self.updated_at,
            rev: Revision(self.rev),
            latest_rev: Revision(latest_rev),
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct CredentialsRow {
    id: UserId,
    password_hash: Option<String>,
}

impl From<CredentialsRow> for Credentials {
    fn from(row: CredentialsRow) -> Self {
        Self { user: row.id, password_hash: row.password_hash }
    }
}

/// The row of `global_locks` that whoever changes who is a superuser holds.
const SUPERUSERS: &str = "superusers";

/// The revision that a user begins with.
const FIRST: i64 = 1;

impl UserRepository for Transaction {
    fn insert_user(&mut self, user: &NewUser) -> Result<()> {
        let settings = &user.settings;
        diesel::insert_into(users::table)
            .values((
                users::id.eq(Sql(user.id)),
                users::username.eq(Sql(&user.username)),
                users::username_key.eq(user.username.key()),
                users::email.eq(Sql(&user.email)),
                users::email_verified_at.eq(user.email_verified_at.map(Sql)),
                users::password_hash.eq(user.password_hash.as_deref()),
                users::role.eq(Sql(user.role)),
                users::active.eq(true),
                users::timezone.eq(Sql(settings.timezone)),
                users::day_start_minutes.eq(i32::from(settings.day_start.minutes())),
                users::week_start.eq(Sql(settings.week_start)),
                users::locale.eq(Sql(&settings.locale)),
                users::color_scheme.eq(Sql(settings.color_scheme)),
                users::sleep_goal_minutes.eq(i32::from(settings.sleep_goal.minutes())),
                users::free_days.eq(i32::from(settings.free_days.bits())),
                users::created_at.eq(Sql(user.created_at)),
                users::updated_at.eq(Sql(user.created_at)),
                users::rev.eq(FIRST),
            ))
            .execute(self.connection())
            .classified()?;
        diesel::insert_into(user_revisions::table)
            .values((user_revisions::user_id.eq(Sql(user.id)), user_revisions::rev.eq(FIRST)))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn find_user(&mut self, id: UserId) -> Result<Option<User>> {
        let found: Option<(Row, i64)> = users::table
            .find(Sql(id))
            .inner_join(user_revisions::table.on(user_revisions::user_id.eq(users::id)))
            .select((Row::as_select(), user_revisions::rev))
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(|(row, latest_rev)| row.read(latest_rev)).transpose()
    }

    fn find_credentials(&mut self, login: &Login) -> Result<Option<Credentials>> {
        let credentials = users::table.select(CredentialsRow::as_select());
        let found = match login {
            Login::Email(email) => {
                credentials.filter(users::email.eq(Sql(Email::from_stored(email.clone())))).first(self.connection())
            }
            Login::Username(key) => credentials.filter(users::username_key.eq(key)).first(self.connection()),
        };
        Ok(found.optional().classified()?.map(Credentials::from))
    }

    fn credentials_of(&mut self, id: UserId) -> Result<Option<Credentials>> {
        let found = users::table.find(Sql(id)).select(CredentialsRow::as_select()).first(self.connection());
        Ok(found.optional().classified()?.map(Credentials::from))
    }

    fn update_settings(&mut self, id: UserId, settings: &Settings, rev: Revision, now: Instant) -> Result<()> {
        diesel::update(users::table.find(Sql(id)))
            .set((
                users::timezone.eq(Sql(settings.timezone)),
                users::day_start_minutes.eq(i32::from(settings.day_start.minutes())),
                users::week_start.eq(Sql(settings.week_start)),
                users::locale.eq(Sql(&settings.locale)),
                users::color_scheme.eq(Sql(settings.color_scheme)),
                users::sleep_goal_minutes.eq(i32::from(settings.sleep_goal.minutes())),
                users::free_days.eq(i32::from(settings.free_days.bits())),
                users::updated_at.eq(Sql(now)),
                users::rev.eq(rev.0),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn update_password(&mut self, id: UserId, hash: &str, rev: Revision, now: Instant) -> Result<()> {
        diesel::update(users::table.find(Sql(id)))
            .set((users::password_hash.eq(hash), users::updated_at.eq(Sql(now)), users::rev.eq(rev.0)))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn confirm_email(&mut self, id: UserId, email: &Email, rev: Revision, now: Instant) -> Result<()> {
        diesel::update(users::table.find(Sql(id)))
            .set((
                users::email.eq(Sql(email)),
                users::email_verified_at.eq(Some(Sql(now))),
                users::updated_at.eq(Sql(now)),
                users::rev.eq(rev.0),
            ))
            .execute(self.connection())
            .map(drop)
            .classified()
    }

    fn hold_superusers(&mut self, apart_from: UserId) -> Result<bool> {
        self.hold_lock(SUPERUSERS)?;
        let others = users::table
            .filter(users::role.eq(Sql(Role::Superuser)))
            .filter(users::active.eq(true))
            .filter(users::id.ne(Sql(apart_from)));
        diesel::select(exists(others)).get_result(self.connection()).classified()
    }

    fn erase_user(&mut self, id: UserId) -> Result<()> {
        self.erase(id)
    }

    fn user_ids(&mut self, after: Option<UserId>, limit: usize) -> Result<Vec<UserId>> {
        let mut ids = users::table
            .select(users::id)
            .order(users::id)
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .into_boxed();
        if let Some(after) = after {
            ids = ids.filter(users::id.gt(Sql(after)));
        }
        ids.load(self.connection()).classified()
    }

    fn role_exists(&mut self, role: Role) -> Result<bool> {
        diesel::select(exists(users::table.filter(users::role.eq(Sql(role)))))
            .get_result(self.connection())
            .classified()
    }
}
