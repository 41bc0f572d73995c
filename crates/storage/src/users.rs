//! Users, their credentials and their revision.

use circadia_domain::civil::{DayStart, Instant, Weekday, Weekdays, Zone};
use circadia_domain::ids::UserId;
use circadia_domain::revision::Revision;
use circadia_domain::users::{
    Avatar, ColorScheme, Credentials, Email, Locale, Login, NewUser, Reservation, Role, Settings, SleepGoal, User,
    UserRepository, Username,
};
use diesel::dsl::exists;
use diesel::prelude::*;

use crate::convert::{corrupt, number, sql_limit};
use crate::row::{Stored, execute, row};
use crate::schema::{user_revisions, username_reservations, users};
use crate::sql_types::Sql;
use crate::transaction::{Classify as _, Result, Transaction};

row! {
    #[diesel(table_name = users, primary_key(id))]
    pub(crate) struct SettingsRow of Settings {
        timezone: Sql<Zone>,
        #[diesel(column_name = day_start_minutes)]
        day_start: i32,
        week_start: Sql<Weekday>,
        locale: Sql<Locale>,
        color_scheme: Sql<ColorScheme>,
        #[diesel(column_name = sleep_goal_minutes)]
        sleep_goal: i32,
        free_days: i32,
        allow_overlapping_time: bool,
    }
}

impl Stored<DayStart> for i32 {
    fn from_domain(start: &DayStart) -> Result<Self> {
        Ok(start.minutes().into())
    }
    fn into_domain(self) -> Result<DayStart> {
        DayStart::from_minutes(number(self)?).ok_or_else(|| corrupt("a day begins after its end"))
    }
}

impl Stored<SleepGoal> for i32 {
    fn from_domain(goal: &SleepGoal) -> Result<Self> {
        Ok(goal.minutes().into())
    }
    fn into_domain(self) -> Result<SleepGoal> {
        SleepGoal::from_minutes(self.into()).map_err(corrupt)
    }
}

impl Stored<Weekdays> for i32 {
    fn from_domain(days: &Weekdays) -> Result<Self> {
        Ok(days.bits().into())
    }
    fn into_domain(self) -> Result<Weekdays> {
        Ok(Weekdays::from_bits(number(self)?))
    }
}

/// A user without the password hash, which is written and read separately.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
struct UserRow {
    id: Sql<UserId>,
    username: Sql<Username>,
    email: Sql<Email>,
    email_verified_at: Option<Sql<Instant>>,
    role: Sql<Role>,
    active: bool,
    #[diesel(embed)]
    settings: SettingsRow,
    created_at: Sql<Instant>,
    updated_at: Sql<Instant>,
    rev: i64,
    avatar: Option<Sql<Avatar>>,
}

impl UserRow {
    fn new(user: &NewUser) -> Result<Self> {
        Ok(Self {
            id: Sql(user.id),
            username: Sql(user.username.clone()),
            email: Sql(user.email.clone()),
            email_verified_at: user.email_verified_at.map(Sql),
            role: Sql(user.role),
            active: true,
            settings: SettingsRow::from_domain(&user.settings)?,
            created_at: Sql(user.created_at),
            updated_at: Sql(user.created_at),
            rev: FIRST_REVISION,
            avatar: None,
        })
    }

    fn into_user(self, latest_rev: i64) -> Result<User> {
        Ok(User {
            id: self.id.0,
            username: self.username.0,
            email: self.email.0,
            email_verified_at: self.email_verified_at.map(Sql::into_inner),
            role: self.role.0,
            active: self.active,
            settings: self.settings.into_domain()?,
            avatar: self.avatar.map(Sql::into_inner),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            rev: Revision(self.rev),
            latest_rev: Revision(latest_rev),
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct CredentialsRow {
    id: Sql<UserId>,
    password_hash: Option<String>,
    email_verified_at: Option<Sql<Instant>>,
}

impl From<CredentialsRow> for Credentials {
    fn from(row: CredentialsRow) -> Self {
        Self { user: row.id.0, password_hash: row.password_hash, email_verified: row.email_verified_at.is_some() }
    }
}

/// The row of `global_locks` that is locked to change which users are superusers.
const SUPERUSERS_LOCK: &str = "superusers";

/// The revision that a user begins with.
const FIRST_REVISION: i64 = 1;

impl UserRepository for Transaction {
    fn insert_user(&mut self, user: &NewUser) -> Result<()> {
        let row = UserRow::new(user)?;
        let password_hash = users::password_hash.eq(user.password_hash.as_deref());
        diesel::insert_into(users::table)
            .values((row, users::username_key.eq(user.username.key()), password_hash))
            .execute(self.connection())
            .classified()?;
        execute!(
            self,
            diesel::insert_into(user_revisions::table)
                .values((user_revisions::user_id.eq(Sql(user.id)), user_revisions::rev.eq(FIRST_REVISION)))
        )
    }

    fn find_user(&mut self, id: UserId) -> Result<Option<User>> {
        let found: Option<(UserRow, i64)> = users::table
            .find(Sql(id))
            .inner_join(user_revisions::table.on(user_revisions::user_id.eq(users::id)))
            .select((UserRow::as_select(), user_revisions::rev))
            .first(self.connection())
            .optional()
            .classified()?;
        found.map(|(row, latest_rev)| row.into_user(latest_rev)).transpose()
    }

    fn latest_revision(&mut self, id: UserId) -> Result<Option<Revision>> {
        let rows = user_revisions::table.find(Sql(id)).select(user_revisions::rev);
        Ok(rows.first::<i64>(self.connection()).optional().classified()?.map(Revision))
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
        execute!(
            self,
            diesel::update(users::table.find(Sql(id))).set((
                SettingsRow::from_domain(settings)?,
                users::updated_at.eq(Sql(now)),
                users::rev.eq(rev.0)
            ))
        )
    }

    fn update_password(&mut self, id: UserId, hash: &str, rev: Revision, now: Instant) -> Result<()> {
        execute!(
            self,
            diesel::update(users::table.find(Sql(id))).set((
                users::password_hash.eq(hash),
                users::updated_at.eq(Sql(now)),
                users::rev.eq(rev.0)
            ))
        )
    }

    fn update_username(&mut self, id: UserId, username: &Username, rev: Revision, now: Instant) -> Result<()> {
        execute!(
            self,
            diesel::update(users::table.find(Sql(id))).set((
                users::username.eq(Sql(username.clone())),
                users::username_key.eq(username.key()),
                users::updated_at.eq(Sql(now)),
                users::rev.eq(rev.0),
            ))
        )
    }

    fn update_avatar(&mut self, id: UserId, avatar: Option<Avatar>, rev: Revision, now: Instant) -> Result<()> {
        execute!(
            self,
            diesel::update(users::table.find(Sql(id))).set((
                users::avatar.eq(avatar.map(Sql)),
                users::updated_at.eq(Sql(now)),
                users::rev.eq(rev.0),
            ))
        )
    }

    fn reserve_username(
        &mut self,
        username: &Username,
        password_hash: &str,
        holder: UserId,
        now: Instant,
    ) -> Result<()> {
        execute!(
            self,
            diesel::insert_into(username_reservations::table).values((
                username_reservations::user_id.eq(Sql(holder)),
                username_reservations::username_key.eq(username.key()),
                username_reservations::password_hash.eq(password_hash),
                username_reservations::reserved_at.eq(Sql(now)),
            ))
        )
    }

    fn find_reservation(&mut self, login: &Login, holder: Option<UserId>) -> Result<Option<Reservation>> {
        let reservations = username_reservations::table.into_boxed();
        let sought = match login {
            Login::Username(key) => reservations.filter(username_reservations::username_key.eq(key)),
            Login::Email(_) => {
                let nobody = UserId::from_uuid(uuid::Uuid::nil());
                reservations.filter(username_reservations::user_id.eq(Sql(holder.unwrap_or(nobody))))
            }
        };
        let found: Option<(Sql<UserId>, String)> = sought
            .order((username_reservations::reserved_at.desc(), username_reservations::username_key))
            .select((username_reservations::user_id, username_reservations::password_hash))
            .first(self.connection())
            .optional()
            .classified()?;
        Ok(found.map(|(Sql(holder), password_hash)| Reservation { holder, password_hash }))
    }

    fn confirm_email(&mut self, id: UserId, email: &Email, rev: Revision, now: Instant) -> Result<()> {
        execute!(
            self,
            diesel::update(users::table.find(Sql(id))).set((
                users::email.eq(Sql(email.clone())),
                users::email_verified_at.eq(Some(Sql(now))),
                users::updated_at.eq(Sql(now)),
                users::rev.eq(rev.0),
            ))
        )
    }

    fn lock_superusers(&mut self, apart_from: UserId) -> Result<bool> {
        self.acquire_lock(SUPERUSERS_LOCK)?;
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
        let mut ids = users::table.select(users::id).order(users::id).limit(sql_limit(limit)).into_boxed();
        if let Some(after) = after {
            ids = ids.filter(users::id.gt(Sql(after)));
        }
        let ids: Vec<Sql<UserId>> = ids.load(self.connection()).classified()?;
        Ok(ids.into_iter().map(Sql::into_inner).collect())
    }

    fn role_exists(&mut self, role: Role) -> Result<bool> {
        diesel::select(exists(users::table.filter(users::role.eq(Sql(role)))))
            .get_result(self.connection())
            .classified()
    }
}
