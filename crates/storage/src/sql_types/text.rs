//! Domain types with a text form as [`TypedText`] columns. A new one is added to a list here.

use std::borrow::Cow;
use std::fmt::Debug;

use circadia_domain::audit::{AuditAction, AuditOutcome};
use circadia_domain::calendar::CalendarParts;
use circadia_domain::civil::{Weekday, Zone, ZoneOrOffset};
use circadia_domain::color::Color;
use circadia_domain::habits::{EntryState, TimeOfDay};
use circadia_domain::identities::{Issuer, ProviderName, Subject};
use circadia_domain::imports::{ImportFormat, ImportState, ItemKind};
use circadia_domain::jobs::JobKind;
use circadia_domain::keys::KeyPurpose;
use circadia_domain::logins::{Browser, DeviceKind, LoginFailure, LoginMethod, OperatingSystem, SecurityEventKind};
use circadia_domain::one_time::OneTimePurpose;
use circadia_domain::outgoing::OutgoingUrl;
use circadia_domain::passkeys::Transports;
use circadia_domain::personal_tokens::Scopes;
use circadia_domain::sessions::{FirstFactor, SessionKind};
use circadia_domain::shared_pauses::SharedPauseSource;
use circadia_domain::sleep::SleepKind;
use circadia_domain::tasks::TaskStatus;
use circadia_domain::text::{Line, Prose};
use circadia_domain::users::{Avatar, ColorScheme, Email, Locale, Role, Username};
use circadia_domain::webhooks::{DeliveryStatus, DisabledReason, EventFilter, WebhookEvent};
use circadia_domain::words::Words;
use diesel::deserialize::{self, FromSql};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sqlite::Sqlite;

use super::{Sql, TypedText, on_any_backend};

/// A domain type with a text form.
pub(crate) trait Text: Debug + Send + Sync + Sized + 'static {
    /// The text that is stored.
    fn to_text(&self) -> Cow<'_, str>;
    /// Reads the text; none if no value has this text.
    fn from_text(text: &str) -> Option<Self>;
}

/// Enumerated words.
macro_rules! words {
    ($($word:ty),+ $(,)?) => {$(
        impl Text for $word {
            fn to_text(&self) -> Cow<'_, str> {
                Cow::Borrowed(Words::as_str(*self))
            }
            fn from_text(text: &str) -> Option<Self> {
                Words::parse(text).ok()
            }
        }
    )+};
}

words!(
    AuditOutcome,
    Browser,
    ColorScheme,
    DeliveryStatus,
    DeviceKind,
    DisabledReason,
    EntryState,
    FirstFactor,
    ImportFormat,
    ImportState,
    ItemKind,
    JobKind,
    KeyPurpose,
    LoginFailure,
    LoginMethod,
    OneTimePurpose,
    OperatingSystem,
    Role,
    SecurityEventKind,
    SessionKind,
    SharedPauseSource,
    SleepKind,
    TaskStatus,
    TimeOfDay,
    Weekday,
);

/// Types that validate text, which was done before it was stored: `as_str` and `from_stored`.
macro_rules! validated_texts {
    ($( $(@[$($generics:tt)+])? $text:ty ),+ $(,)?) => {$(
        impl$(<$($generics)+>)? Text for $text {
            fn to_text(&self) -> Cow<'_, str> {
                Cow::Borrowed(self.as_str())
            }
            fn from_text(text: &str) -> Option<Self> {
                Some(Self::from_stored(text.to_owned()))
            }
        }
    )+};
}

validated_texts!(
    AuditAction, Username, Email, Issuer, Locale, ProviderName, Subject, @[const MAX: usize] Line<MAX>, @[const MAX: usize] Prose<MAX>
);

impl Text for CalendarParts {
    fn to_text(&self) -> Cow<'_, str> {
        Cow::Owned(Self::to_text(*self))
    }
    fn from_text(text: &str) -> Option<Self> {
        Self::from_text(text)
    }
}

impl Text for Scopes {
    fn to_text(&self) -> Cow<'_, str> {
        Cow::Owned(Self::to_text(*self))
    }
    fn from_text(text: &str) -> Option<Self> {
        Self::from_text(text)
    }
}

impl Text for Transports {
    fn to_text(&self) -> Cow<'_, str> {
        Cow::Owned(Self::to_text(*self))
    }
    fn from_text(text: &str) -> Option<Self> {
        Self::from_text(text)
    }
}

impl Text for Avatar {
    fn to_text(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
    fn from_text(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl Text for EventFilter {
    fn to_text(&self) -> Cow<'_, str> {
        Cow::Owned(Self::to_text(self))
    }
    fn from_text(text: &str) -> Option<Self> {
        Self::from_text(text)
    }
}

impl Text for WebhookEvent {
    fn to_text(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
    fn from_text(text: &str) -> Option<Self> {
        Self::from_text(text)
    }
}

impl Text for OutgoingUrl {
    fn to_text(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.as_str())
    }
    fn from_text(text: &str) -> Option<Self> {
        Self::from_stored(text)
    }
}

/// Types that print as they are read.
macro_rules! printed_texts {
    ($($text:ty),+ $(,)?) => {$(
        impl Text for $text {
            fn to_text(&self) -> Cow<'_, str> {
                Cow::Owned(self.to_string())
            }
            fn from_text(text: &str) -> Option<Self> {
                Self::parse(text).ok()
            }
        }
    )+};
}

printed_texts!(Color, Zone, ZoneOrOffset);

fn read<T: Text>(bytes: &[u8]) -> deserialize::Result<Sql<T>> {
    let text = std::str::from_utf8(bytes)?;
    T::from_text(text).map(Sql).ok_or_else(|| format!("{text:?} is not a value of this column").into())
}

impl<T: Text> ToSql<TypedText, Sqlite> for Sql<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        match self.0.to_text() {
            Cow::Borrowed(text) => out.set_value(text),
            Cow::Owned(text) => out.set_value(text),
        }
        Ok(IsNull::No)
    }
}

impl<T: Text> FromSql<TypedText, Sqlite> for Sql<T> {
    fn from_sql(mut value: <Sqlite as diesel::backend::Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        read(value.read_text().as_bytes())
    }
}

#[cfg(feature = "postgres")]
impl<T: Text> ToSql<TypedText, diesel::pg::Pg> for Sql<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::pg::Pg>) -> serialize::Result {
        std::io::Write::write_all(out, self.0.to_text().as_bytes())?;
        Ok(IsNull::No)
    }
}

#[cfg(feature = "postgres")]
impl<T: Text> FromSql<TypedText, diesel::pg::Pg> for Sql<T> {
    fn from_sql(value: diesel::pg::PgValue<'_>) -> deserialize::Result<Self> {
        read(value.as_bytes())
    }
}

#[cfg(feature = "mysql")]
impl<T: Text> ToSql<TypedText, diesel::mysql::Mysql> for Sql<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::mysql::Mysql>) -> serialize::Result {
        std::io::Write::write_all(out, self.0.to_text().as_bytes())?;
        Ok(IsNull::No)
    }
}

#[cfg(feature = "mysql")]
impl<T: Text> FromSql<TypedText, diesel::mysql::Mysql> for Sql<T> {
    fn from_sql(value: diesel::mysql::MysqlValue<'_>) -> deserialize::Result<Self> {
        read(value.as_bytes())
    }
}

on_any_backend!(TypedText: [T: Text] Sql<T>);
