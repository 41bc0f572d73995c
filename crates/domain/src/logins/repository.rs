//! What login analytics needs of a store.

use super::{LocalQuarters, LoginAttempt, LoginClient, LoginCounts, Quarter, QuarterSpan};
use crate::civil::{Date, Instant};
use crate::error::StoreError;
use crate::ids::{LoginId, UserId};
use crate::seek::NewestSeek;
use crate::users::{Locale, Role, Username};

/// Users of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserGroup {
    /// Of one of these roles; of any if empty.
    pub roles: Vec<Role>,
    /// Who may sign in (`true`), or may not.
    pub active: Option<bool>,
    /// Without this user.
    pub except: Option<UserId>,
}

impl UserGroup {
    /// Whether most accounts belong to it: regular ones that may sign in.
    pub fn holds_most(&self) -> bool {
        (self.roles.is_empty() || self.roles.contains(&Role::Regular)) && self.active != Some(false)
    }
}

/// Whose attempts are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginPopulation {
    /// Everyone's, and those for which there was no account.
    Everyone,
    /// Those of users of a kind.
    Group(UserGroup),
    /// Those of these users.
    Users(Vec<UserId>),
}

/// Numbers of attempts. That a second factor was asked for counts as neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LoginSums {
    /// Those that succeeded.
    pub successes: i64,
    /// Those that failed.
    pub failures: i64,
    /// Those for which there was no account; of everyone alone.
    pub unknown_failures: i64,
}

impl LoginSums {
    /// Adds others.
    pub fn add(&mut self, more: Self) {
        self.successes += more.successes;
        self.failures += more.failures;
        self.unknown_failures += more.unknown_failures;
    }

    /// Attempts on accounts: successes and failures.
    pub const fn total(&self) -> i64 {
        self.successes + self.failures
    }

    /// Successes divided by attempts on accounts; `None` without any. Right up to four thousand million attempts.
    pub fn success_rate(&self) -> Option<f64> {
        let of = |number: i64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        (self.total() > 0).then(|| of(self.successes) / of(self.total()))
    }
}

/// What attempts are summed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginBucketKind {
    /// By the civil day.
    Day,
    /// By the hour of the week.
    HourOfWeek,
}

/// Attempts that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginBucket {
    /// The first quarter hour of the day on the zone's clocks; or, of hours of the week, the first quarter hour after the
    /// beginning of Thursday.
    pub local: i32,
    /// How many.
    pub sums: LoginSums,
}

/// Which attempts a list has, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoginFilter {
    /// Of this user.
    pub user: Option<UserId>,
    /// From this instant on.
    pub from: Option<Instant>,
    /// Before this instant.
    pub until: Option<Instant>,
    /// Those that succeeded (`true`), or didn't.
    pub success: Option<bool>,
}

/// A user, as batch statistics show them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginUser {
    /// The user.
    pub id: UserId,
    /// Their name.
    pub username: Username,
    /// What they may do.
    pub role: Role,
    /// Whether they may sign in.
    pub active: bool,
    /// When they last signed in.
    pub last_login_at: Option<Instant>,
}

/// One user's attempts in a span, and in the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UserLogins {
    /// In the span.
    pub current: LoginSums,
    /// In the one before.
    pub previous: LoginSums,
}

/// How many accounts there are of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountCounts {
    /// Of this role.
    pub role: Role,
    /// Who may sign in, or may not.
    pub active: bool,
    /// Whose address is verified, or isn't.
    pub verified: bool,
    /// How many.
    pub count: i64,
}

/// What a user's earlier sign-ins tell of a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeenBefore {
    /// Whether they signed in before.
    pub any: bool,
    /// By such a client.
    pub client: bool,
    /// With a language of the same country, or none was given.
    pub country: bool,
}

/// How far the background work on attempts has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RollupState {
    /// What lies before is rolled up.
    pub rolled_up_until: Quarter,
    /// The days of UTC before are summed by client.
    pub days_until: Quarter,
    /// The addresses of attempts before are truncated.
    pub addresses_until: Quarter,
}

/// Login attempts in a store.
pub trait LoginRepository {
    /// Records an attempt; one that succeeded is noted as the user's last sign-in.
    ///
    /// # Errors
    /// [`StoreError::NoSuchUser`] if the account was deleted meanwhile.
    fn insert_login(&mut self, attempt: &LoginAttempt) -> Result<(), StoreError>;

    /// Successful logins of a user: all, since `week`, and since `month`.
    fn login_counts(&mut self, user: UserId, week: Instant, month: Instant) -> Result<LoginCounts, StoreError>;
}

/// Figures of attempts, and what they tell of a user, in a store.
pub trait LoginAnalyticsRepository {
    /// When a user last signed in.
    fn last_login(&mut self, user: UserId) -> Result<Option<Instant>, StoreError>;

    /// A part of the list of attempts, newest first, by one statement.
    fn logins(&mut self, filter: &LoginFilter, seek: &NewestSeek<LoginId>) -> Result<Vec<LoginAttempt>, StoreError>;

    /// How many attempts meet a filter.
    fn count_logins(&mut self, filter: &LoginFilter) -> Result<i64, StoreError>;

    /// Attempts summed by what clocks show, those without any left out; by one statement, however many users are asked for.
    fn login_buckets(
        &mut self,
        of: &LoginPopulation,
        within: &LocalQuarters,
        kind: LoginBucketKind,
    ) -> Result<Vec<LoginBucket>, StoreError>;

    /// Attempts summed by client, those without any left out; by one statement.
    fn login_clients(
        &mut self,
        of: &LoginPopulation,
        within: QuarterSpan,
    ) -> Result<Vec<(LoginClient, LoginSums)>, StoreError>;

    /// The users of these ids, by id.
    fn login_users(&mut self, ids: &[UserId]) -> Result<Vec<LoginUser>, StoreError>;

    /// Attempts summed by user, of those who have any; by one statement, however many users are asked for.
    fn logins_by_user(
        &mut self,
        users: &[UserId],
        current: QuarterSpan,
        previous: QuarterSpan,
    ) -> Result<Vec<(UserId, UserLogins)>, StoreError>;

    /// How many accounts there are of each kind.
    fn account_counts(&mut self) -> Result<Vec<AccountCounts>, StoreError>;

    /// How many users signed in last at or after each of these instants.
    fn active_users(&mut self, since: [Instant; 3]) -> Result<[i64; 3], StoreError>;

    /// How many accounts that are there now were made before the span, and on each of its days.
    fn accounts_made(&mut self, within: &LocalQuarters) -> Result<(i64, Vec<(Date, i64)>), StoreError>;

    /// What a user's sign-ins before an instant tell of one by this client and with this language.
    fn seen_before(
        &mut self,
        user: UserId,
        before: Instant,
        client: LoginClient,
        language: Option<&Locale>,
    ) -> Result<SeenBefore, StoreError>;
}

/// The background work on attempts, in a store.
pub trait LoginRollupRepository {
    /// Stores attempts of the past, each counted in its own quarter hour, which must not be rolled up.
    fn insert_past_logins(&mut self, attempts: &[LoginAttempt]) -> Result<(), StoreError>;

    /// The attempts of a span, as they are stored one by one, and as they were rolled up.
    fn login_sums(&mut self, span: QuarterSpan) -> Result<[LoginSums; 2], StoreError>;

    /// How far the background work has come. In a writing unit of work, locks it: there is one writer of rollups.
    fn rollup_state(&mut self) -> Result<RollupState, StoreError>;

    /// Stores how far it has come.
    fn set_rollup_state(&mut self, state: RollupState) -> Result<(), StoreError>;

    /// The quarter hour of the first attempt at or after one.
    fn first_login_quarter(&mut self, from: Quarter) -> Result<Option<Quarter>, StoreError>;

    /// Sums the attempts of a span, which must not have been rolled up yet.
    fn roll_up_logins(&mut self, span: QuarterSpan) -> Result<(), StoreError>;

    /// Sums the rollups of a span of whole days of UTC by client and day; it must not have been done yet.
    fn sum_login_days(&mut self, span: QuarterSpan) -> Result<(), StoreError>;

    /// Forgets the rollups from a quarter hour on, to make them anew.
    fn forget_rollups(&mut self, from: Quarter) -> Result<(), StoreError>;

    /// Replaces the addresses of the attempts and security events of a span by what `truncate` makes of them.
    fn truncate_login_addresses(
        &mut self,
        span: QuarterSpan,
        truncate: &dyn Fn(std::net::IpAddr) -> std::net::IpAddr,
    ) -> Result<(), StoreError>;

    /// Removes the attempts of a span. How many.
    fn purge_logins(&mut self, span: QuarterSpan) -> Result<usize, StoreError>;
}
