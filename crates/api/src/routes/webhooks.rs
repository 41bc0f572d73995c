//! `/webhooks`: HTTP requests that tell other programs of a user's changes.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use circadia_app::webhooks::{DEFAULT_OVERLAP, MAX_OVERLAP, WebhookToCreate};
use circadia_domain::civil::Instant;
use circadia_domain::outgoing::OutgoingUrl;
use circadia_domain::violation::Violations;
use circadia_domain::webhooks::{
    self, Delivery, DeliveryId, DeliverySeek, DeliveryStatus, DisabledReason, EventFilter, Webhook, WebhookDescription,
    WebhookEvent, WebhookId, WebhookPatch,
};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::answer::{Answer, IfMatch, NoContent, unstored};
use crate::http::caller::Caller;
use crate::http::input::{
    Body, Decode, Fields, OptionalBody, Parsed, PathParam, Query, Raw, boolean, integer, list, text,
};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};
use crate::http::schemas::one_of;

pub(super) fn routes(routes: &mut Routes) {
    routes.tag(
        "webhooks",
        "HTTP requests that tell other programs of changes, as [Standard Webhooks](https://www.standardwebhooks.com) has \
         them.",
    );
    operations!(
        routes,
        list_webhooks,
        create_webhook,
        get_webhook,
        update_webhook,
        delete_webhook,
        rotate_webhook_secret,
        ping_webhook,
        list_webhook_deliveries,
        replay_webhook_delivery
    );
}

/// The order of the list of deliveries, as cursors name it.
const SORT: &str = "-id";

/// The most words of a filter: each of them once.
const MAX_EVENTS: usize = 50;

one_of! {
    /// An event that a webhook is sent for; `*` for all of them, those of later versions included.
    WebhookEventFilter: EventFilter::words(), such as "entry.changed"
}

one_of! {
    /// What a message tells of.
    WebhookEventType: WebhookEvent::all().map(|event| event.to_string()), such as "entry.changed"
}

fn events(raw: Raw<'_>) -> Parsed<EventFilter> {
    list(MAX_EVENTS, text(EventFilter::parse_word))(raw).and_then(EventFilter::of_words)
}

/// A webhook, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(super) struct WebhookBody {
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
    fn new(webhook: Webhook, now: Instant) -> Self {
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
pub(super) struct WebhookWithSecretBody {
    /// What receivers verify messages with; shown this once.
    #[schema(pattern = "^whsec_[A-Za-z0-9+/]{43}=$", example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazjVVhrZ1cM=")]
    pub secret: String,
    /// What it is.
    #[serde(flatten)]
    pub stored: WebhookBody,
}

/// A message that is, or was, sent to a webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub(super) struct DeliveryBody {
    /// Its id: the `webhook-id` of the message, the same for every attempt.
    pub id: DeliveryId,
    /// What it tells of.
    #[schema(value_type = WebhookEventType)]
    pub event: String,
    /// What became of it.
    pub status: DeliveryStatus,
    /// How often it was tried.
    #[schema(minimum = 0)]
    pub attempts: i32,
    /// When it is tried next; null unless it waits.
    pub next_attempt_at: Option<Instant>,
    /// When it was tried last.
    pub last_attempt_at: Option<Instant>,
    /// The HTTP status of the last answer; null without an answer.
    #[schema(example = 200)]
    pub response_status: Option<i32>,
    /// How long the last attempt took, in milliseconds.
    #[schema(minimum = 0, example = 80)]
    pub duration_ms: Option<i32>,
    /// Why the last attempt failed.
    #[schema(max_length = 500, example = "the answer was 503 (Service Unavailable)")]
    pub error: Option<String>,
    /// When it was made.
    pub created_at: Instant,
    /// When it was delivered or given up.
    pub finished_at: Option<Instant>,
}

impl From<Delivery> for DeliveryBody {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            event: delivery.event.to_string(),
            status: delivery.status,
            attempts: delivery.attempts,
            next_attempt_at: delivery.next_attempt_at,
            last_attempt_at: delivery.last_attempt_at,
            response_status: delivery.response_status,
            duration_ms: delivery.duration_ms,
            error: delivery.error,
            created_at: delivery.created_at,
            finished_at: delivery.finished_at,
        }
    }
}

/// A webhook to create.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"url": "https://example.com/hooks/circadia", "events": ["entry.changed", "entry.deleted"]}))]
pub struct CreateWebhookBody {
    /// Where messages are sent: `https`, a host of the public internet, no credentials.
    url: OutgoingUrl,
    /// What you want to say of it. Example: `Dashboard`
    description: Option<WebhookDescription>,
    /// Which events it is sent for; all if absent.
    #[schema(value_type = Option<Vec<WebhookEventFilter>>, min_items = 1, max_items = 50, example = json!(["entry.changed"]))]
    events: Option<EventFilter>,
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
pub struct UpdateWebhookBody {
    /// The new URL.
    #[schema(nullable = false)]
    url: Option<OutgoingUrl>,
    /// The new description; null removes it.
    #[schema(value_type = Option<WebhookDescription>)]
    description: Option<Option<WebhookDescription>>,
    /// The new events.
    #[schema(value_type = Option<Vec<WebhookEventFilter>>, nullable = false, min_items = 1, max_items = 50, example = json!(["*"]))]
    events: Option<EventFilter>,
    /// Whether messages are sent.
    #[schema(nullable = false)]
    enabled: Option<bool>,
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
pub struct RotateWebhookSecretBody {
    /// For how long messages are signed with both secrets; a day if absent.
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 604_800)]
    overlap_seconds: Option<i64>,
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

/// List my webhooks
///
/// Oldest first, without their secrets.
#[utoipa::path(
    get,
    path = "/webhooks",
    tag = "webhooks",
    operation_id = "listWebhooks",
    extensions(("x-scope" = json!("webhooks:read"))),
    params(PageRequest),
    responses((status = 200, description = "A page of webhooks", body = Page<WebhookBody>))
)]
async fn list_webhooks(caller: Caller, query: Query<PageRequest>) -> Result<Page<WebhookBody>, Problem> {
    let (user, now) = (caller.user, caller.now);
    let webhooks = caller.query(move |store| webhooks::list(store, user)).await?;
    let items: Vec<WebhookBody> = webhooks.into_iter().map(|webhook| WebhookBody::new(webhook, now)).collect();
    let key = |webhook: &WebhookBody| (webhook.created_at.micros(), webhook.id);
    Page::of_sorted(items, key, "created_at", &query.0, |a, b| a < b)
}

/// Create a webhook
///
/// It is sent a message for each item that is changed or deleted from now on. What is changed several times within a
/// second or so is told once, as it is stored then. The secret is shown only in this answer. Each request creates another
/// webhook, up to ten. A personal access token also needs `read`, since a webhook tells of everything.
#[utoipa::path(
    post,
    path = "/webhooks",
    tag = "webhooks",
    operation_id = "createWebhook",
    extensions(("x-scope" = json!("read webhooks:write"))),
    request_body = CreateWebhookBody,
    responses(
        (status = 201, description = "The webhook, with its secret", body = WebhookWithSecretBody),
        (status = 409, description = "`limit_reached`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn create_webhook(caller: Caller, body: Body<CreateWebhookBody>) -> Result<Answer, Problem> {
    let CreateWebhookBody { url, description, events } = body.0;
    let new = WebhookToCreate { url, description, events: events.unwrap_or_default() };
    let (created, secret) = caller.webhooks.create(caller.principal, new).await?;
    let (rev, location) = (created.rev, format!("/api/v1/webhooks/{}", created.id));
    let body = WebhookWithSecretBody { secret: secret.to_string(), stored: WebhookBody::new(created, caller.now) };
    Ok(Answer::written(&body, &body.stored, rev)?.created(location))
}

/// Get a webhook
///
/// Without its secret, which only creating it and rotating it answer.
#[utoipa::path(
    get,
    path = "/webhooks/{webhook_id}",
    tag = "webhooks",
    operation_id = "getWebhook",
    extensions(("x-scope" = json!("webhooks:read"))),
    params(("webhook_id" = Uuid, Path, description = "The webhook's id")),
    responses((status = 200, description = "The webhook, without its secret", body = WebhookBody))
)]
async fn get_webhook(caller: Caller, id: PathParam<WebhookId>) -> Result<Answer, Problem> {
    let user = caller.user;
    let webhook = caller.query(move |store| webhooks::find(store, user, id.0)).await?;
    let rev = webhook.rev;
    Answer::stored(&WebhookBody::new(webhook, caller.now), rev)
}

/// Change a webhook
///
/// Enabled again, it goes on where it stopped: with the deliveries that wait, and one message for each item that was
/// changed since. After 30 days, it begins anew. A personal access token also needs `read`, since a webhook tells of everything.
#[utoipa::path(
    patch,
    path = "/webhooks/{webhook_id}",
    tag = "webhooks",
    operation_id = "updateWebhook",
    extensions(("x-scope" = json!("read webhooks:write"))),
    params(("webhook_id" = Uuid, Path, description = "The webhook's id"), IfMatch),
    request_body = UpdateWebhookBody,
    responses((status = 200, description = "The webhook after the change", body = WebhookBody))
)]
async fn update_webhook(
    caller: Caller,
    id: PathParam<WebhookId>,
    if_match: IfMatch,
    body: Body<UpdateWebhookBody>,
) -> Result<Answer, Problem> {
    let UpdateWebhookBody { url, description, events, enabled } = body.0;
    let patch = WebhookPatch { url, description, events, enabled };
    let changed = caller.webhooks.update(caller.principal, id.0, if_match.0, patch).await?;
    let rev = changed.rev;
    Answer::stored(&WebhookBody::new(changed, caller.now), rev)
}

/// Delete a webhook
///
/// With its deliveries: what waits isn't sent.
#[utoipa::path(
    delete,
    path = "/webhooks/{webhook_id}",
    tag = "webhooks",
    operation_id = "deleteWebhook",
    extensions(("x-scope" = json!("webhooks:write"))),
    params(("webhook_id" = Uuid, Path, description = "The webhook's id"), IfMatch),
    responses((status = 204, description = "The webhook was deleted"))
)]
async fn delete_webhook(caller: Caller, id: PathParam<WebhookId>, if_match: IfMatch) -> Result<NoContent, Problem> {
    caller.webhooks.delete(caller.principal, id.0, if_match.0).await?;
    Ok(NoContent)
}

/// Rotate the secret of a webhook
///
/// The new secret is shown only in this answer. For the time of the overlap, messages have a signature by each of the two
/// secrets; an overlap of 0 ends the old one at once.
#[utoipa::path(
    post,
    path = "/webhooks/{webhook_id}/secret",
    tag = "webhooks",
    operation_id = "rotateWebhookSecret",
    extensions(("x-scope" = json!("webhooks:write"))),
    params(("webhook_id" = Uuid, Path, description = "The webhook's id"), IfMatch),
    request_body = RotateWebhookSecretBody,
    responses((status = 200, description = "The webhook, with its new secret", body = WebhookWithSecretBody))
)]
async fn rotate_webhook_secret(
    caller: Caller,
    id: PathParam<WebhookId>,
    if_match: IfMatch,
    body: OptionalBody<RotateWebhookSecretBody>,
) -> Result<Answer, Problem> {
    let overlap = body.0.and_then(|body| body.overlap_seconds).unwrap_or(DEFAULT_OVERLAP);
    let (rotated, secret) = caller.webhooks.rotate_secret(caller.principal, id.0, if_match.0, overlap).await?;
    let rev = rotated.rev;
    let body = WebhookWithSecretBody { secret: secret.to_string(), stored: WebhookBody::new(rotated, caller.now) };
    Answer::written(&body, &body.stored, rev)
}

/// Send a webhook a test message
///
/// A message of the type `ping`, whatever the events of the webhook. What becomes of it is in the list of deliveries.
#[utoipa::path(
    post,
    path = "/webhooks/{webhook_id}/ping",
    tag = "webhooks",
    operation_id = "pingWebhook",
    extensions(("x-scope" = json!("webhooks:write"))),
    params(("webhook_id" = Uuid, Path, description = "The webhook's id")),
    responses(
        (status = 202, description = "The delivery, which is sent at once", body = DeliveryBody),
        (status = 409, description = "`webhook_disabled` or `limit_reached`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn ping_webhook(caller: Caller, id: PathParam<WebhookId>) -> Result<HttpResponse, Problem> {
    let ping = caller.webhooks.ping(caller.principal, id.0).await?;
    Ok(unstored(StatusCode::ACCEPTED, &DeliveryBody::from(ping)))
}

/// Which deliveries to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeliveriesQuery {
    /// Only those with this status.
    status: Option<DeliveryStatus>,
    #[param(ignore)]
    page: PageRequest,
}

impl Decode for DeliveriesQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let status = fields.optional("status");
        Some(Self { status, page: PageRequest::decode(fields)? })
    }
}

/// List the deliveries of a webhook
///
/// Newest first, of the last 30 days. A delivery is tried at once, and again 5 seconds, 5 minutes, 30 minutes, 2, 5, 10,
/// 14, 20 and 24 hours after the attempt before it; then it is given up.
#[utoipa::path(
    get,
    path = "/webhooks/{webhook_id}/deliveries",
    tag = "webhooks",
    operation_id = "listWebhookDeliveries",
    extensions(("x-scope" = json!("webhooks:read"))),
    params(("webhook_id" = Uuid, Path, description = "The webhook's id"), DeliveriesQuery, PageRequest),
    responses((status = 200, description = "A page of deliveries", body = Page<DeliveryBody>))
)]
async fn list_webhook_deliveries(
    caller: Caller,
    id: PathParam<WebhookId>,
    query: Query<DeliveriesQuery>,
) -> Result<Page<DeliveryBody>, Problem> {
    let DeliveriesQuery { status, page } = query.0;
    let start = page.start::<DeliveryId>(SORT)?;
    let (backwards, beyond) = start.direction();
    let seek = DeliverySeek { status, beyond: beyond.copied(), backwards, limit: page.limit.saturating_add(1) };
    let user = caller.user;
    let found = caller.read(move |store| webhooks::deliveries(store, user, id.0, seek)).await?;
    Ok(Page::of_selected(found, |delivery| delivery.id, SORT, &page, &start).map(DeliveryBody::from))
}

/// Repeat a delivery
///
/// Sends the same message with the same `webhook-id` again, as often as a new one if need be.
#[utoipa::path(
    post,
    path = "/webhooks/{webhook_id}/deliveries/{delivery_id}/replay",
    tag = "webhooks",
    operation_id = "replayWebhookDelivery",
    extensions(("x-scope" = json!("webhooks:write"))),
    params(
        ("webhook_id" = Uuid, Path, description = "The webhook's id"),
        ("delivery_id" = Uuid, Path, description = "The delivery's id"),
    ),
    responses(
        (status = 202, description = "The delivery, which is sent at once", body = DeliveryBody),
        (status = 409, description = "`delivery_waiting`, `webhook_disabled` or `limit_reached`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn replay_webhook_delivery(
    caller: Caller,
    id: PathParam<WebhookId>,
    delivery: PathParam<DeliveryId>,
) -> Result<HttpResponse, Problem> {
    let again = caller.webhooks.replay(caller.principal, id.0, delivery.0).await?;
    Ok(unstored(StatusCode::ACCEPTED, &DeliveryBody::from(again)))
}
