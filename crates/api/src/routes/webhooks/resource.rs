//! `/webhooks`, `/webhooks/{webhook_id}` and its secret.

use circadia_app::webhooks::{DEFAULT_OVERLAP, WebhookToCreate};
use circadia_domain::webhooks::{self, WebhookId, WebhookPatch};

use super::dto::{CreateWebhookBody, RotateWebhookSecretBody, UpdateWebhookBody, WebhookBody, WebhookWithSecretBody};
use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, OptionalBody, PathParam, Query};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(
        routes,
        list_webhooks,
        create_webhook,
        get_webhook,
        update_webhook,
        delete_webhook,
        rotate_webhook_secret
    );
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
