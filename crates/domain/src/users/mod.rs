//! Users: who they are, and how their days lie.

mod avatar;
mod identity;
mod repository;
mod service;
mod settings;

pub use avatar::{Avatar, AvatarFile, AvatarFormat, AvatarSize, MAX_AVATAR_BYTES};
pub use identity::{Email, Login, Role, Username};
pub use repository::{Credentials, NewUser, Reservation, UserRepository};
pub use service::{
    UserProfile, change_username, email_taken, find, holder_of_name, profile, set_avatar, update_settings,
    username_taken,
};
pub use settings::{ColorScheme, Locale, Settings, SettingsPatch, SleepGoal};

use crate::civil::{Date, DayClock, Instant, ZoneOrOffset};
use crate::ids::UserId;
use crate::revision::Revision;

/// A user as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user.
    pub id: UserId,
    /// The name they chose.
    pub username: Username,
    /// Their address.
    pub email: Email,
    /// When they proved that the address is theirs.
    pub email_verified_at: Option<Instant>,
    /// What they may do.
    pub role: Role,
    /// Whether they may sign in.
    pub active: bool,
    /// Their preferences.
    pub settings: Settings,
    /// Their image, if they have one.
    pub avatar: Option<Avatar>,
    /// When they registered.
    pub created_at: Instant,
    /// When their row last changed.
    pub updated_at: Instant,
    /// The revision their row was last touched in.
    pub rev: Revision,
    /// The user's present revision, that of their latest change to anything.
    pub latest_rev: Revision,
}

impl User {
    /// How this user's days lie on the time line.
    pub fn day_clock(&self) -> DayClock {
        self.settings.day_clock()
    }

    /// How their days lie where they are for the time being.
    pub const fn day_clock_in(&self, zone: ZoneOrOffset) -> DayClock {
        DayClock { zone: zone.zone(), day_start: self.settings.day_start }
    }

    /// The user's own today.
    pub fn today(&self, now: Instant) -> Date {
        self.settings.today(now)
    }
}
