//! Login analytics: attempts to sign in, their figures and charts, and what is suspicious about them.
//!
//! Each attempt is recorded as a row. Figures are summed by quarter hours, which are the smallest unit by which the time
//! zones of the world differ: attempts of the past are rolled up by quarter, the latest ones are counted from their rows
//! in the same statement, so every figure is exact up to the present moment, in any zone.

mod admin;
mod analytics;
mod quarters;
mod repository;
mod rollups;
mod security;

pub use admin::{AdminDashboard, BatchStats, UserStats, UserTotals, batch_stats, dashboard, growth, population};
pub use analytics::{
    Distribution, LoginDay, LoginPeriod, LoginRange, LoginStats, Trend, activity, comparison, distribution,
    ensure_may_see, instants_of, login_days, login_range, stats,
};
pub use quarters::{LocalQuarters, Quarter, QuarterSpan, Segment, local_date};
pub use repository::{
    AccountCounts, LoginAnalyticsRepository, LoginBucket, LoginBucketKind, LoginFilter, LoginPopulation,
    LoginRepository, LoginRollupRepository, LoginSums, LoginUser, RollupState, SeenBefore, UserGroup, UserLogins,
};
pub use rollups::{
    IP_RETENTION_DAYS, LOGIN_RETENTION_DAYS, ROLLUP_LAG, begin_rebuild, purge, record_past, roll_up, rollups_agree,
    truncate_addresses, truncated,
};
pub use security::{
    FailingAccount, MIN_ACCOUNTS, MIN_FAILURES, ProbingAddress, SecurityEvent, SecurityEventFilter, SecurityEventKind,
    SecurityRepository, SignInNote, list_security_events, note_sign_in, watch,
};

use std::net::IpAddr;

use crate::civil::Instant;
use crate::ids::{LoginId, UserId};
use crate::users::Locale;

words! {
    /// How a user tried to sign in.
    pub enum LoginMethod {
        /// With a password.
        Password = "password",
        /// Through an OpenID provider.
        Provider = "provider",
        /// With a second factor, after a password.
        Totp = "totp",
        /// With a passkey: alone, or as the second factor after a password.
        Passkey = "passkey",
    }
}

words! {
    /// Why an attempt failed.
    pub enum LoginFailure {
        /// No account has this name or address.
        UnknownUser = "unknown_user",
        /// The password was wrong.
        WrongPassword = "wrong_password",
        /// The account may not sign in.
        Inactive = "inactive",
        /// The address isn't verified yet.
        EmailNotVerified = "email_not_verified",
        /// The second factor was wrong.
        WrongCode = "wrong_code",
        /// The passkey's answer wasn't valid.
        WrongPasskey = "wrong_passkey",
        /// The first factor was right, and the second is required. The second is recorded as an attempt of its own, so
        /// this one counts neither as a success nor as a failure in statistics.
        SecondFactorRequired = "second_factor_required",
    }
}

words! {
    /// A browser, told by its user agent. Apps and unknown programs are `other`.
    pub enum Browser {
        /// Google Chrome, and browsers that call themselves so.
        Chrome = "chrome",
        /// Microsoft Edge.
        Edge = "edge",
        /// Mozilla Firefox.
        Firefox = "firefox",
        /// Internet Explorer.
        InternetExplorer = "internet_explorer",
        /// Opera.
        Opera = "opera",
        /// Apple Safari.
        Safari = "safari",
        /// Samsung Internet.
        SamsungInternet = "samsung_internet",
        /// Any other program.
        Other = "other",
    }
}

impl Browser {
    /// Its name, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Chrome => "Chrome",
            Self::Edge => "Edge",
            Self::Firefox => "Firefox",
            Self::InternetExplorer => "Internet Explorer",
            Self::Opera => "Opera",
            Self::Safari => "Safari",
            Self::SamsungInternet => "Samsung Internet",
            Self::Other => "Other",
        }
    }
}

words! {
    /// An operating system, told by its user agent.
    pub enum OperatingSystem {
        /// Android.
        Android = "android",
        /// `ChromeOS`.
        ChromeOs = "chromeos",
        /// iOS and iPadOS.
        Ios = "ios",
        /// Linux.
        Linux = "linux",
        /// macOS.
        MacOs = "macos",
        /// Windows.
        Windows = "windows",
        /// Any other system.
        Other = "other",
    }
}

impl OperatingSystem {
    /// Its name, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Android => "Android",
            Self::ChromeOs => "ChromeOS",
            Self::Ios => "iOS",
            Self::Linux => "Linux",
            Self::MacOs => "macOS",
            Self::Windows => "Windows",
            Self::Other => "Other",
        }
    }
}

words! {
    /// A kind of device, told by its user agent.
    pub enum DeviceKind {
        /// A desktop or laptop computer.
        Desktop = "desktop",
        /// A phone.
        Phone = "phone",
        /// A tablet.
        Tablet = "tablet",
        /// A crawler, or another program that says so.
        Bot = "bot",
        /// Anything else.
        Other = "other",
    }
}

impl DeviceKind {
    /// Its name, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Desktop => "Desktop",
            Self::Phone => "Phone",
            Self::Tablet => "Tablet",
            Self::Bot => "Bot",
            Self::Other => "Other",
        }
    }
}

/// What a user agent says about the program and the device that it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LoginClient {
    /// The browser.
    pub browser: Browser,
    /// The operating system.
    pub os: OperatingSystem,
    /// The kind of device.
    pub device: DeviceKind,
}

impl Default for LoginClient {
    /// Unknown.
    fn default() -> Self {
        Self { browser: Browser::Other, os: OperatingSystem::Other, device: DeviceKind::Other }
    }
}

/// An attempt to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginAttempt {
    /// The id.
    pub id: LoginId,
    /// The account, if there is one.
    pub user: Option<UserId>,
    /// A keyed hash of the submitted name or address (32 bytes), so that attempts on one unknown account can be grouped
    /// without storing it in clear.
    pub identifier_hash: [u8; 32],
    /// The time.
    pub at: Instant,
    /// The IP address; after [`IP_RETENTION_DAYS`] only its network.
    pub ip: Option<IpAddr>,
    /// The first 400 characters of the user agent.
    pub user_agent: Option<String>,
    /// What the user agent says.
    pub client: LoginClient,
    /// The language that the client prefers, from `Accept-Language`.
    pub language: Option<Locale>,
    /// The method.
    pub method: LoginMethod,
    /// `None` if it succeeded.
    pub failure: Option<LoginFailure>,
}

/// How often a user signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LoginCounts {
    /// Ever.
    pub total: i64,
    /// Since the first given instant.
    pub this_week: i64,
    /// Since the second given instant.
    pub this_month: i64,
}
