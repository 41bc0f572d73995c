//! What the items of an export hold, where that isn't what the API shows of them anyway.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::audit::{AuditAction, AuditEvent, AuditOutcome};
use crate::civil::{Date, Instant};
use crate::habits::{Archive, Entry, EntryNote, EntryState, Habit, Pause, Plan};
use crate::identities::{Identity, ProviderName};
use crate::ids::{AuditEventId, HabitId, LoginId, PauseId, SecurityEventId, UserId};
use crate::logins::{
    Browser, DeviceKind, LoginAttempt, LoginClient, LoginFailure, LoginMethod, OperatingSystem, SecurityEvent,
    SecurityEventKind,
};
use crate::push_subscriptions::{PushSubscription, PushSubscriptionId, PushSubscriptionLabel};
use crate::quantity::Quantity;
use crate::users::{Email, Locale, Role, User, Username};

/// Who it was. An import leaves the account as it is.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportedAccount {
    /// The user's id.
    pub id: UserId,
    /// The user name.
    pub username: Username,
    /// The e-mail address.
    pub email: Email,
    /// Whether the address is verified.
    pub email_verified: bool,
    /// The role.
    pub role: Role,
    /// When the account was created.
    pub created_at: Instant,
    /// When the settings, or the image, last changed.
    pub updated_at: Instant,
    /// The profile image; null without one.
    pub image: Option<ExportedImage>,
    /// Accounts at OpenID providers that are linked.
    pub linked_providers: Vec<LinkedProvider>,
    /// Browsers that notifications are sent to, without where and with which keys.
    pub push_subscriptions: Vec<ExportedPushSubscription>,
}

impl ExportedAccount {
    pub(super) fn new(
        user: &User,
        image: Option<ExportedImage>,
        identities: Vec<Identity>,
        subscriptions: &[PushSubscription],
    ) -> Self {
        Self {
            id: user.id,
            username: user.username.clone(),
            email: user.email.clone(),
            email_verified: user.email_verified_at.is_some(),
            role: user.role,
            created_at: user.created_at,
            updated_at: user.updated_at,
            image,
            linked_providers: identities.into_iter().map(LinkedProvider::from).collect(),
            push_subscriptions: subscriptions.iter().map(ExportedPushSubscription::from).collect(),
        }
    }
}

/// A profile image.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportedImage {
    /// `image/jpeg` or `image/png`.
    #[cfg_attr(feature = "openapi", schema(example = "image/jpeg"))]
    pub media_type: &'static str,
    /// The file, in base64 (RFC 4648 §4).
    pub data: String,
}

/// An account at an OpenID provider.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkedProvider {
    /// What the provider was called when it was linked.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "google"))]
    #[serde(serialize_with = "provider_name")]
    pub provider: ProviderName,
    /// The address that it verified.
    pub email: Email,
    /// When it was linked.
    pub linked_at: Instant,
}

fn provider_name<S: serde::Serializer>(name: &ProviderName, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name.as_str())
}

impl From<Identity> for LinkedProvider {
    fn from(identity: Identity) -> Self {
        Self { provider: identity.provider, email: identity.email, linked_at: identity.linked_at }
    }
}

/// A browser that notifications are sent to.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportedPushSubscription {
    /// The subscription's id.
    pub id: PushSubscriptionId,
    /// What the user calls the device.
    pub label: Option<PushSubscriptionLabel>,
    /// The host of the push service.
    #[cfg_attr(feature = "openapi", schema(example = "fcm.googleapis.com"))]
    pub push_service: String,
    /// When it was made.
    pub created_at: Instant,
    /// When the push service last took a notification.
    pub last_success_at: Option<Instant>,
}

impl From<&PushSubscription> for ExportedPushSubscription {
    fn from(subscription: &PushSubscription) -> Self {
        Self {
            id: subscription.id,
            label: subscription.label.clone(),
            push_service: subscription.endpoint.host().to_owned(),
            created_at: subscription.created_at,
            last_success_at: subscription.last_success_at,
        }
    }
}

/// A habit with all that was decided about when it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportedHabit {
    /// What it is.
    #[serde(flatten)]
    pub habit: Habit,
    /// The first day.
    pub starts_on: Date,
    /// The last day; null without an end.
    pub ends_on: Option<Date>,
    /// When its user archived it; null unless it is archived.
    pub archived_at: Option<Instant>,
    /// The versions of schedule and target, oldest first.
    pub plans: Vec<Plan>,
    /// Its own pauses; those of all habits are in `shared_pauses`.
    pub pauses: Vec<ExportedPause>,
    /// The days on which it was archived.
    pub archives: Vec<ExportedArchive>,
}

/// A habit's own pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportedPause {
    /// The pause's id.
    pub id: PauseId,
    /// The first day.
    pub from: Date,
    /// The last day; null without an end.
    pub to: Option<Date>,
}

impl From<&Pause> for ExportedPause {
    fn from(pause: &Pause) -> Self {
        Self { id: pause.id, from: pause.from, to: pause.to }
    }
}

/// Days on which a habit was archived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportedArchive {
    /// The day of archiving.
    pub from: Date,
    /// The day of restoring, which is no longer archived; null while the habit is archived.
    pub until: Option<Date>,
}

impl From<&Archive> for ExportedArchive {
    fn from(archive: &Archive) -> Self {
        Self { from: archive.from, until: archive.until }
    }
}

impl From<Habit> for ExportedHabit {
    fn from(habit: Habit) -> Self {
        let timeline = &habit.timeline;
        let window = timeline.window();
        Self {
            starts_on: window.starts_on,
            ends_on: window.ends_on,
            archived_at: habit.archived_at,
            plans: timeline.plans().to_vec(),
            pauses: timeline.pauses().iter().filter(|pause| pause.is_own()).map(ExportedPause::from).collect(),
            archives: timeline.archives().iter().map(ExportedArchive::from).collect(),
            habit,
        }
    }
}

/// What was said of a habit's day by hand. Minutes that were tracked are in `time_entries`.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportedEntry {
    /// The habit's id.
    pub habit_id: HabitId,
    /// The date.
    pub date: Date,
    /// What was said of the day. For counts and minutes, whether it is done follows from its value and its tracked minutes.
    pub state: EntryState,
    /// The value entered by hand; null without one.
    pub value: Option<Quantity>,
    /// Of habits with a limit: whether the day was called `done` before it was over.
    pub settled: bool,
    /// A note.
    pub note: Option<EntryNote>,
    /// When it was first made.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

impl ExportedEntry {
    /// `None` if nothing was said by hand.
    pub(super) fn new(entry: Entry) -> Option<Self> {
        if entry.is_tracked_only() {
            return None;
        }
        Some(Self {
            habit_id: entry.habit,
            date: entry.date,
            state: entry.state,
            value: entry.value,
            settled: entry.settled,
            note: entry.note,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        })
    }
}

/// An attempt to sign in.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportedSignIn {
    /// The attempt's id.
    pub id: LoginId,
    /// When it was made.
    pub at: Instant,
    /// Why it failed; null if it succeeded.
    pub failure: Option<LoginFailure>,
    /// The method.
    pub method: LoginMethod,
    /// The IP address; after 30 days only its network.
    pub ip: Option<String>,
    /// The first 400 characters of the user agent.
    pub user_agent: Option<String>,
    /// The browser, told by the user agent.
    pub browser: Browser,
    /// The operating system, told by the user agent.
    pub os: OperatingSystem,
    /// The kind of device, told by the user agent.
    pub device: DeviceKind,
    /// The language that the client prefers.
    pub language: Option<Locale>,
}

impl From<LoginAttempt> for ExportedSignIn {
    fn from(attempt: LoginAttempt) -> Self {
        let LoginClient { browser, os, device } = attempt.client;
        Self {
            id: attempt.id,
            at: attempt.at,
            failure: attempt.failure,
            method: attempt.method,
            ip: attempt.ip.map(|ip| ip.to_string()),
            user_agent: attempt.user_agent,
            browser,
            os,
            device,
            language: attempt.language,
        }
    }
}

/// Something suspicious about sign-ins to the account.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportedSecurityEvent {
    /// The event's id.
    pub id: SecurityEventId,
    /// When it was noticed.
    pub at: Instant,
    /// What it was.
    pub kind: SecurityEventKind,
    /// The IP address; after 30 days only its network.
    pub ip: Option<String>,
    /// The number of failures.
    pub attempts: u32,
    /// The language that the client prefers.
    pub language: Option<Locale>,
}

impl From<SecurityEvent> for ExportedSecurityEvent {
    fn from(event: SecurityEvent) -> Self {
        Self {
            id: event.id,
            at: event.at,
            kind: event.kind,
            ip: event.ip.map(|ip| ip.to_string()),
            attempts: event.attempts,
            language: event.language,
        }
    }
}

/// Something that was done to the account, or to its security.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportedAuditEvent {
    /// The event's id.
    pub id: AuditEventId,
    /// When it happened.
    pub at: Instant,
    /// What was done.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "password_changed"))]
    pub action: AuditAction,
    /// Whether it was done, or refused.
    pub outcome: AuditOutcome,
    /// Whether the user did it; otherwise an administrator or the server did.
    pub by_user: bool,
    /// Details.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Value>, additional_properties, example = json!({"token": "01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b"})))]
    pub details: Map<String, Value>,
}

impl ExportedAuditEvent {
    pub(super) fn new(event: AuditEvent, user: UserId) -> Self {
        Self {
            id: event.id,
            at: event.at,
            action: event.action,
            outcome: event.outcome,
            by_user: event.actor == Some(user),
            details: event.details,
        }
    }
}
