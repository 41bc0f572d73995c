//! Webhooks in requests and answers.

use circadia_app::webhooks::MAX_OVERLAP;
use circadia_domain::civil::Instant;
use circadia_domain::outgoing::OutgoingUrl;
use circadia_domain::violation::Violations;
use circadia_domain::webhooks::{DisabledReason, EventFilter, Webhook, WebhookDescription, WebhookId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::input::{Decode, Fields, Parsed, Raw, boolean, integer, list, text};
use crate::http::schemas::one_of;

/// The most words of a filter: each of them once.
const MAX_EVENTS: usize = 50;

one_of! {
    /// An event that a webhook is sent for; `*` for all of them, those of later versions included.
    WebhookEventFilter: EventFilter::words(), such as "entry.changed"
}

fn events(raw: Raw<'_>) -> Parsed<EventFilter> {
    list(MAX_EVENTS, text(EventFilter::parse_word))(raw).and_then(EventFilter::of_words)
}

/// A webhook, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(in crate::routes) struct WebhookBody {
    /// Its id.
    pub id: WebhookId,
    /// Where messages are sent, by POST.
    pub url: OutgoingUrl,
    /// What its owner says of it. Example: `Dashboard`
    pub description: Option<WebhookDescription>,
    /// Which events it is sent for.
    #[schema(value_type = Vec<WebhookEventFilter>, example = json!(["entry.changed", "entry.deleted"]))]
    pub events: Vec<String>,
    /// Whether messages are sent.
    pub enabled: bool,
    /// Why none are sent; null if they are.
    pub disabled_reason: Option<DisabledReason>,
    /// Since when none are sent; null if they are.
    pub disabled_at: Option<Instant>,
    /// The first failed attempt since one succeeded; null if the latest one did.
    pub failing_since: Option<Instant>,
    /// Until when messages are signed with the secret before this one, too; null if they aren't.
    pub previous_secret_until: Option<Instant>,
    /// When it was created.
    pub created_at: Instant,
    /// When its owner last changed it.
    pub updated_at: Instant,
}

impl WebhookBody {
    pub(super) fn new(webhook: Webhook, now: Instant) -> Self {
        Self {
            id: webhook.id,
            enabled: webhook.is_enabled(),
            events: webhook.events.to_words(),
            url: webhook.url,
            description: webhook.description,
            disabled_reason: webhook.disabled_reason,
            disabled_at: webhook.disabled_at,
            failing_since: webhook.failing_since,
            previous_secret_until: webhook.previous_secret_until.filter(|until| now < *until),
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
        }
    }
}

/// A webhook with a secret that was just made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookWithSecret)]
pub(in crate::routes) struct WebhookWithSecretBody {
    /// What receivers verify messages with; shown this once.
    #[schema(pattern = "^whsec_[A-Za-z0-9+/]{43}=$", example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazjVVhrZ1cM=")]
    pub secret: String,
    /// What it is.
    #[serde(flatten)]
    pub stored: WebhookBody,
}

/// A webhook to create.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"url": "https://example.com/hooks/circadia", "events": ["entry.changed", "entry.deleted"]}))]
pub(in crate::routes) struct CreateWebhookBody {
    /// Where messages are sent: `https`, a host of the public internet, no credentials.
    pub(super) url: OutgoingUrl,
    /// What you want to say of it. Example: `Dashboard`
    pub(super) description: Option<WebhookDescription>,
    /// Which events it is sent for; all if absent.
    #[schema(value_type = Option<Vec<WebhookEventFilter>>, min_items = 1, max_items = 50, example = json!(["entry.changed"]))]
    pub(super) events: Option<EventFilter>,
}

impl Decode for CreateWebhookBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let url = fields.required("url");
        let description = fields.optional("description");
        let events = fields.optional_with("events", events);
        Some(Self { url: url?, description, events })
    }
}

/// A change of a webhook (RFC 7396): what is absent stays.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"enabled": true}))]
pub(in crate::routes) struct UpdateWebhookBody {
    /// The new URL.
    #[schema(nullable = false)]
    pub(super) url: Option<OutgoingUrl>,
    /// The new description; null removes it.
    #[schema(value_type = Option<WebhookDescription>)]
    pub(super) description: Option<Option<WebhookDescription>>,
    /// The new events.
    #[schema(value_type = Option<Vec<WebhookEventFilter>>, nullable = false, min_items = 1, max_items = 50, example = json!(["*"]))]
    pub(super) events: Option<EventFilter>,
    /// Whether messages are sent.
    #[schema(nullable = false)]
    pub(super) enabled: Option<bool>,
}

impl Decode for UpdateWebhookBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let url = fields.change("url");
        let description = fields.change_or_clear("description");
        let events = fields.change_with("events", events);
        let enabled = fields.change_with("enabled", boolean);
        Some(Self { url, description, events, enabled })
    }
}

/// How a secret is replaced.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"overlap_seconds": 3600}))]
pub(in crate::routes) struct RotateWebhookSecretBody {
    /// For how long messages are signed with both secrets; a day if absent.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 604_800)]
    pub(super) overlap_seconds: Option<i64>,
}

fn overlap(seconds: i64) -> Parsed<i64> {
    if (0..=MAX_OVERLAP).contains(&seconds) {
        return Ok(seconds);
    }
    Err(Violations::of("out_of_range", format!("must be between 0 and {MAX_OVERLAP}")))
}

impl Decode for RotateWebhookSecretBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { overlap_seconds: fields.optional_with("overlap_seconds", integer(overlap)) })
    }
}
