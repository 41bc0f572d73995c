//! `/me/push-subscriptions`: the browsers that notifications are sent to (Web Push).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use circadia_app::push::BrowserSubscription;
use circadia_auth::web_push::{BrowserKey, BrowserSecret};
use circadia_domain::civil::Instant;
use circadia_domain::idempotency::Creation;
use circadia_domain::outgoing::OutgoingUrl;
use circadia_domain::push_subscriptions::{self, PushSubscription, PushSubscriptionId, PushSubscriptionLabel};
use circadia_domain::violation::Violations;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::answer::{Answer, IfMatch, NoContent, unstored};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, Parsed, PathParam, Query, integer, text};
use crate::http::page::{Page, PageRequest};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    operations!(
        routes,
        list_push_subscriptions,
        create_push_subscription,
        get_push_subscription,
        delete_push_subscription,
        test_push_subscription
    );
}

/// A browser that notifications are sent to, without where and with which keys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PushSubscription)]
pub struct PushSubscriptionBody {
    /// Its id.
    id: PushSubscriptionId,
    /// What the user calls the device. Example: `Ada's phone`
    label: Option<PushSubscriptionLabel>,
    /// The host of the push service.
    #[schema(example = "fcm.googleapis.com")]
    push_service: String,
    /// When it was made.
    created_at: Instant,
    /// When its browser sent it last.
    updated_at: Instant,
    /// When the push service last took a notification.
    last_success_at: Option<Instant>,
    /// The first attempt that failed since one succeeded; null if the latest one did.
    failing_since: Option<Instant>,
}

impl From<PushSubscription> for PushSubscriptionBody {
    fn from(subscription: PushSubscription) -> Self {
        Self {
            id: subscription.id,
            push_service: subscription.endpoint.host().to_owned(),
            label: subscription.label,
            created_at: subscription.created_at,
            updated_at: subscription.updated_at,
            last_success_at: subscription.last_success_at,
            failing_since: subscription.failing_since,
        }
    }
}

/// What notifications are encrypted with.
#[derive(Debug, ToSchema)]
pub struct PushSubscriptionKeys {
    /// The browser's public key: an uncompressed point of P-256, in base64url.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]{87}=?$", min_length = 87, max_length = 88)]
    p256dh: BrowserKey,
    /// The browser's secret: 16 bytes, in base64url.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]{22}(==)?$", min_length = 22, max_length = 24)]
    auth: BrowserSecret,
}

impl Decode for PushSubscriptionKeys {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let p256dh = fields.required_with("p256dh", text(BrowserKey::parse));
        let auth = fields.required_with("auth", text(BrowserSecret::parse));
        Some(Self { p256dh: p256dh?, auth: auth? })
    }
}

/// A browser's subscription: what `JSON.stringify` makes of a `PushSubscription`, and what you call the device.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "endpoint": "https://push.example.com/send/dGhpcyBpcyBhIHNlY3JldA",
    "expirationTime": null,
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
    "label": "Ada's phone",
}))]
pub struct CreatePushSubscriptionBody {
    /// The id to give it; a new one if absent. Where the endpoint is known, its subscription keeps the id that it has.
    #[schema(value_type = Option<PushSubscriptionId>)]
    id: PushSubscriptionId,
    /// Where the push service takes notifications: `https`, a host of the public internet, no credentials.
    endpoint: OutgoingUrl,
    /// When the browser says that it expires, in milliseconds since 1970. It isn't used: the push service tells when a
    /// subscription has ended.
    #[schema(rename = "expirationTime", value_type = Option<i64>, minimum = 0, maximum = 253_402_300_799_999_i64)]
    _expiration_time: Option<i64>,
    /// What notifications are encrypted with.
    keys: PushSubscriptionKeys,
    /// What you call the device; if absent, a known one keeps its label. Example: `Ada's phone`
    label: Option<PushSubscriptionLabel>,
}

/// The end of the year 9999, in milliseconds since 1970.
const MAX_EXPIRATION_TIME: i64 = 253_402_300_799_999;

fn expiration_time(millis: i64) -> Parsed<i64> {
    if (0..=MAX_EXPIRATION_TIME).contains(&millis) {
        return Ok(millis);
    }
    Err(Violations::of("out_of_range", format!("must be between 0 and {MAX_EXPIRATION_TIME}")))
}

impl Decode for CreatePushSubscriptionBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.new_id(PushSubscriptionId::parse);
        let endpoint = fields.required("endpoint");
        let expiration_time = fields.optional_with("expirationTime", integer(expiration_time));
        let keys = fields.required_with("keys", Fields::object);
        let label = fields.optional("label");
        Some(Self { id: id?, endpoint: endpoint?, _expiration_time: expiration_time, keys: keys?, label })
    }
}

/// List my push subscriptions
///
/// Oldest first; at most 20.
#[utoipa::path(
    get,
    path = "/me/push-subscriptions",
    tag = "me",
    operation_id = "listPushSubscriptions",
    params(PageRequest),
    responses((status = 200, description = "The subscriptions", body = Page<PushSubscriptionBody>))
)]
async fn list_push_subscriptions(
    caller: Caller,
    query: Query<PageRequest>,
) -> Result<Page<PushSubscriptionBody>, Problem> {
    let user = caller.user;
    let found = caller.query(move |store| push_subscriptions::list(store, user)).await?;
    let mut found: Vec<PushSubscriptionBody> = found.into_iter().map(PushSubscriptionBody::from).collect();
    let key = |subscription: &PushSubscriptionBody| (subscription.created_at.micros(), subscription.id);
    found.sort_by_key(key);
    Page::of_sorted(found, key, "created_at", &query.0, |a, b| a < b)
}

/// Subscribe a browser to my notifications
///
/// Send what `pushManager.subscribe` gave, with `web_push.public_key` of `GET /config` as `applicationServerKey`; also each
/// time that the app is opened, since browsers renew subscriptions. An endpoint that is known keeps its id. One that another
/// user had is theirs no more: they signed in at the same browser before.
#[utoipa::path(
    post,
    path = "/me/push-subscriptions",
    tag = "me",
    operation_id = "createPushSubscription",
    request_body = CreatePushSubscriptionBody,
    responses(
        (status = 200, description = "The endpoint was known; its keys are new", body = PushSubscriptionBody),
        (status = 201, description = "The subscription", body = PushSubscriptionBody),
        (status = 409, description = "`limit_reached` or `id_taken`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn create_push_subscription(caller: Caller, body: Body<CreatePushSubscriptionBody>) -> Result<Answer, Problem> {
    let CreatePushSubscriptionBody { id, endpoint, _expiration_time, keys, label } = body.0;
    let sent = BrowserSubscription { id, endpoint, key: keys.p256dh, secret: keys.auth, label };
    let stored = caller.push.subscribe(caller.principal, sent).await?;
    let is_new = matches!(stored, Creation::Created(_));
    let stored = stored.into_inner();
    let (rev, location) = (stored.rev, format!("/api/v1/me/push-subscriptions/{}", stored.id));
    let answer = Answer::stored(&PushSubscriptionBody::from(stored), rev)?;
    Ok(if is_new { answer.created(location) } else { answer })
}

/// Get one of my push subscriptions
///
/// When a notification was last taken by its push service, and whether they fail.
#[utoipa::path(
    get,
    path = "/me/push-subscriptions/{push_subscription_id}",
    tag = "me",
    operation_id = "getPushSubscription",
    params(("push_subscription_id" = Uuid, Path, description = "The subscription's id")),
    responses((status = 200, description = "The subscription", body = PushSubscriptionBody))
)]
async fn get_push_subscription(caller: Caller, id: PathParam<PushSubscriptionId>) -> Result<Answer, Problem> {
    let user = caller.user;
    let found = caller.query(move |store| push_subscriptions::find(store, user, id.0)).await?;
    let rev = found.rev;
    Answer::stored(&PushSubscriptionBody::from(found), rev)
}

/// Remove one of my push subscriptions
///
/// Nothing is sent to it any more, not even what waits. Do this when a user signs out.
#[utoipa::path(
    delete,
    path = "/me/push-subscriptions/{push_subscription_id}",
    tag = "me",
    operation_id = "deletePushSubscription",
    params(("push_subscription_id" = Uuid, Path, description = "The subscription's id"), IfMatch),
    responses((status = 204, description = "The subscription was removed"))
)]
async fn delete_push_subscription(
    caller: Caller,
    id: PathParam<PushSubscriptionId>,
    if_match: IfMatch,
) -> Result<NoContent, Problem> {
    caller.push.unsubscribe(caller.principal, id.0, if_match.0).await?;
    Ok(NoContent)
}

/// Send a test to one of my push subscriptions
///
/// A notification of the type `test`. `last_success_at` tells when the push service took it.
#[utoipa::path(
    post,
    path = "/me/push-subscriptions/{push_subscription_id}/test",
    tag = "me",
    operation_id = "testPushSubscription",
    params(("push_subscription_id" = Uuid, Path, description = "The subscription's id")),
    responses((status = 202, description = "The subscription; the test is sent at once", body = PushSubscriptionBody))
)]
async fn test_push_subscription(caller: Caller, id: PathParam<PushSubscriptionId>) -> Result<HttpResponse, Problem> {
    let tested = caller.push.test(caller.user, id.0).await?;
    Ok(unstored(StatusCode::ACCEPTED, &PushSubscriptionBody::from(tested)))
}
