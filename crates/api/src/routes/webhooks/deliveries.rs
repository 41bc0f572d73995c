//! `/webhooks/{webhook_id}/deliveries` and `/ping`: what was sent to a webhook, and what is sent on request.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use circadia_domain::civil::Instant;
use circadia_domain::webhooks::{self, Delivery, DeliveryId, DeliverySeek, DeliveryStatus, WebhookEvent, WebhookId};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::answer::unstored;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, PathParam, Query};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};
use crate::http::schemas::one_of;

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, ping_webhook, list_webhook_deliveries, replay_webhook_delivery);
}

/// The order of the list of deliveries, as cursors name it.
const SORT: &str = "-id";

one_of! {
    /// What a message tells of.
    WebhookEventType: WebhookEvent::all().map(|event| event.to_string()), such as "entry.changed"
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
