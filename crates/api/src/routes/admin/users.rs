//! `/admin/users`: accounts.

use circadia_domain::accounts::{
    self, Account, AccountCursor, AccountDetails, AccountFilter, AccountGroup, AccountPatch, AccountRole, AccountSeek,
    AccountSort, MAX_VERIFIED_AT_ONCE,
};
use circadia_domain::civil::Instant;
use circadia_domain::code::Code;
use circadia_domain::ids::UserId;
use circadia_domain::text::key_of;
use circadia_domain::users::{Email, Role, Username};
use circadia_domain::violation::Violations;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::answer::{Answer, IfMatch, NoContent};
use crate::http::caller::Caller;
use crate::http::input::{Body, Decode, Fields, Parsed, PathParam, Query, list, text};
use crate::http::page::{CountedPage, CountedPageRequest};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};
use crate::http::sort::{order_text, parse_order};

pub(super) fn routes(routes: &mut Routes) {
    operations!(routes, list_accounts, get_account, update_account, delete_account, verify_emails);
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountBody {
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
    /// Whether the user may sign in.
    pub active: bool,
    /// When the account was created.
    pub created_at: Instant,
    /// When the account or its user's settings last changed.
    pub updated_at: Instant,
    /// When the user last signed in, as far as it is recorded; null if never.
    pub last_login_at: Option<Instant>,
}

impl From<Account> for AccountBody {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            username: account.username,
            email: account.email,
            email_verified: account.email_verified_at.is_some(),
            role: account.role,
            active: account.active,
            created_at: account.created_at,
            updated_at: account.updated_at,
            last_login_at: account.last_login_at,
        }
    }
}

/// An account, with how its user can sign in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountDetails)]
pub struct AccountDetailsBody {
    #[serde(flatten)]
    pub account: AccountBody,
    /// Whether it has a password.
    pub has_password: bool,
    /// Whether a second factor is set up.
    pub second_factor: bool,
    /// The number of passkeys.
    pub passkeys: i64,
    /// The providers at which an account is linked.
    #[schema(example = json!(["google"]))]
    pub providers: Vec<String>,
    /// The number of active sessions.
    pub sessions: i64,
    /// The number of personal access tokens that haven't expired.
    pub tokens: i64,
}

impl From<AccountDetails> for AccountDetailsBody {
    fn from(details: AccountDetails) -> Self {
        Self {
            account: details.account.into(),
            has_password: details.has_password,
            second_factor: details.second_factor,
            passkeys: details.passkeys,
            providers: details.providers.iter().map(|name| name.as_str().to_owned()).collect(),
            sessions: details.sessions,
            tokens: details.tokens,
        }
    }
}

fn answer(details: AccountDetails) -> Result<Answer, Problem> {
    let rev = details.account.rev;
    Answer::stored(&AccountDetailsBody::from(details), rev)
}

const SORTS: [(&str, AccountSort); 3] =
    [("created_at", AccountSort::CreatedAt), ("username", AccountSort::Username), ("email", AccountSort::Email)];

/// An order of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AccountOrder {
    by: AccountSort,
    reversed: bool,
}

impl AccountOrder {
    /// The newest accounts first.
    const NEWEST: Self = Self { by: AccountSort::CreatedAt, reversed: true };

    fn parse(given: &str) -> Parsed<Self> {
        let (by, reversed) = parse_order(&SORTS, given)?;
        Ok(Self { by, reversed })
    }

    fn text(self) -> String {
        order_text(&SORTS, self.by, self.reversed)
    }
}

/// An account's place in an order, as cursors hold it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Key {
    #[serde(rename = "c")]
    CreatedAt(i64, UserId),
    #[serde(rename = "u")]
    Username(String),
    #[serde(rename = "e")]
    Email(String),
}

impl Key {
    fn of(account: &Account, by: AccountSort) -> Self {
        match AccountCursor::of(account, by) {
            AccountCursor::CreatedAt(at, id) => Self::CreatedAt(at.micros(), id),
            AccountCursor::Username(key) => Self::Username(key),
            AccountCursor::Email(email) => Self::Email(email.as_str().to_owned()),
        }
    }

    /// The position as the domain's type. `None` if the cursor wasn't issued for this order.
    fn into_place(self, by: AccountSort) -> Option<AccountCursor> {
        match (self, by) {
            (Self::CreatedAt(micros, id), AccountSort::CreatedAt) => {
                Some(AccountCursor::CreatedAt(Instant::from_micros(micros), id))
            }
            (Self::Username(key), AccountSort::Username) if !key.contains('\0') => Some(AccountCursor::Username(key)),
            (Self::Email(email), AccountSort::Email) => Email::parse(&email).ok().map(AccountCursor::Email),
            _ => None,
        }
    }
}

/// Which accounts to list, and in which order.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only those of this role; `admin`: of staff and superusers.
    #[param(inline)]
    role: Option<AccountRole>,
    /// `true`: only those that may sign in; `false`: only those that may not.
    active: Option<bool>,
    /// `true`: only those whose address is verified; `false`: only the others.
    verified: Option<bool>,
    /// Only those whose user name or address contains this, ignoring case. Looks at every account.
    #[param(max_length = 100)]
    q: Option<String>,
    /// `true`: only one's own; `false`: only those of others.
    me: Option<bool>,
    /// `all` (default), `admin_only` (staff and superusers), `regular_users` or `me` (one's own).
    #[param(inline)]
    filter: Option<AccountGroup>,
    /// `created_at`, `username` or `email`; a leading `-` reverses the order. Defaults to `-created_at`.
    #[param(value_type = Option<String>, pattern = "^-?(created_at|username|email)$", example = "username")]
    sort: Option<AccountOrder>,
    #[param(ignore)]
    page: CountedPageRequest,
}

/// A part of a name or address, in the form in which they are stored.
fn sought_text(given: &str) -> Parsed<String> {
    if given.chars().count() > 100 {
        return Err(Violations::of("too_long", "must have at most 100 characters"));
    }
    Ok(Email::parse(given).map_or_else(|_| key_of(given), |email| email.as_str().to_owned()))
}

impl Decode for ListQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let role = fields.optional("role");
        let active = fields.optional("active");
        let verified = fields.optional("verified");
        let q = fields.optional_with("q", text(sought_text));
        let me = fields.optional("me");
        let filter = fields.optional("filter");
        let sort = fields.optional_with("sort", text(AccountOrder::parse));
        let page = CountedPageRequest::decode(fields)?;
        Some(Self { role, active, verified, q, me, filter, sort, page })
    }
}

/// List accounts
///
/// Account data only. Filters are combined: an account is listed if it meets all of them, so filters that contradict each
/// other list none.
#[utoipa::path(
    get,
    path = "/admin/users",
    tag = "admin",
    operation_id = "listAccounts",
    extensions(("x-role" = json!("staff"))),
    params(ListQuery, CountedPageRequest),
    responses((status = 200, description = "A page of accounts", body = CountedPage<AccountBody>))
)]
async fn list_accounts(caller: Caller, query: Query<ListQuery>) -> Result<CountedPage<AccountBody>, Problem> {
    let ListQuery { role, active, verified, q, me, filter, sort, page } = query.0;
    let order = sort.unwrap_or(AccountOrder::NEWEST);
    let sort = order.text();
    let (start, skip) = page.start::<Key>(&sort)?;
    let (backwards, beyond) = start.direction();
    let invalid = || Problem::of(Code::InvalidCursor, "The cursor wasn't issued for this list and sort order.");
    let beyond = beyond.map(|key| key.clone().into_place(order.by).ok_or_else(invalid)).transpose()?;
    let wanted = AccountFilter { active, verified, text: q, ..AccountFilter::default() }
        .of_role(role)
        .of_group(filter, caller.user);
    // Last, so that `me=false` and `filter=me` together select no account.
    let wanted = wanted.of(me, caller.user);
    let limit = page.limit + 1;
    let seek = AccountSeek { by: order.by, reversed: order.reversed, beyond, backwards, skip, limit };
    let found = caller.query(move |store| accounts::list(store, &wanted, &seek)).await?;
    let key = |account: &Account| Key::of(account, order.by);
    Ok(CountedPage::of_selected(found.items, found.total, key, &sort, &page, &start).map(AccountBody::from))
}

/// Get an account
///
/// With how its user can sign in, and nothing of what they keep here.
#[utoipa::path(
    get,
    path = "/admin/users/{user_id}",
    tag = "admin",
    operation_id = "getAccount",
    extensions(("x-role" = json!("superuser"))),
    params(("user_id" = Uuid, Path, description = "The user's id")),
    responses((status = 200, description = "The account", body = AccountDetailsBody))
)]
async fn get_account(caller: Caller, id: PathParam<UserId>) -> Result<Answer, Problem> {
    answer(caller.administration.find(id.0).await?)
}

impl Decode for AccountPatch {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            role: fields.change("role"),
            active: fields.change("active"),
            email_verified: fields.change("email_verified"),
            username: fields.change("username"),
            email: fields.change("email"),
        })
    }
}

/// Change an account
///
/// Another role is in force on every server within a second. Deactivating ends every session and personal access token of
/// the user, on every server within a second. Another address isn't verified unless `email_verified` says so: a link that
/// verifies it is sent there. Links that were sent to the earlier address are void. The last active superuser can't be
/// demoted or deactivated.
#[utoipa::path(
    patch,
    path = "/admin/users/{user_id}",
    tag = "admin",
    operation_id = "updateAccount",
    extensions(("x-role" = json!("superuser"))),
    params(("user_id" = Uuid, Path, description = "The user's id"), IfMatch),
    request_body = AccountPatch,
    responses(
        (status = 200, description = "The account as it is now", body = AccountDetailsBody),
        (status = 409, description = "`username_taken`, `email_taken` or `last_superuser`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn update_account(
    caller: Caller,
    id: PathParam<UserId>,
    if_match: IfMatch,
    body: Body<AccountPatch>,
) -> Result<Answer, Problem> {
    answer(caller.administration.update(caller.principal, id.0, if_match.0, body.0).await?)
}

/// Delete an account
///
/// Immediate and irreversible: ends every session and removes all of the user's data. The last active superuser can't be
/// deleted.
#[utoipa::path(
    delete,
    path = "/admin/users/{user_id}",
    tag = "admin",
    operation_id = "deleteAccount",
    extensions(("x-role" = json!("superuser"))),
    params(("user_id" = Uuid, Path, description = "The user's id"), IfMatch),
    responses(
        (status = 204, description = "The account was deleted"),
        (status = 409, description = "`last_superuser`", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn delete_account(caller: Caller, id: PathParam<UserId>, if_match: IfMatch) -> Result<NoContent, Problem> {
    caller.administration.delete(caller.principal, id.0, if_match.0).await?;
    Ok(NoContent)
}

/// The users whose addresses are to be verified.
#[derive(Debug, ToSchema)]
pub(in crate::routes) struct VerifyEmailsBody {
    /// The users.
    #[schema(value_type = std::collections::BTreeSet<UserId>, min_items = 1, max_items = 100, example = json!(["01920b7e-4c5d-7e2f-8a1b-3c4d5e6f7a8b"]))]
    user_ids: Vec<UserId>,
}

impl Decode for VerifyEmailsBody {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let user_ids = fields.required_with("user_ids", |raw| {
            let ids = list(MAX_VERIFIED_AT_ONCE, text(UserId::parse))(raw)?;
            let mut wrong = Violations::new();
            if ids.is_empty() {
                wrong.add("", "too_short", "must name at least one user");
            }
            for (index, id) in ids.iter().enumerate() {
                if ids.iter().take(index).any(|earlier| earlier == id) {
                    wrong.add(format!("/{index}"), "duplicate", "must be given only once");
                }
            }
            if wrong.is_empty() { Ok(ids) } else { Err(wrong) }
        });
        Some(Self { user_ids: user_ids? })
    }
}

/// What became of the addresses.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EmailVerifications)]
pub struct EmailVerificationsBody {
    /// Those whose address is verified by this.
    pub verified: Vec<UserId>,
    /// Those whose address was verified before.
    pub already_verified: Vec<UserId>,
}

/// Verify addresses
///
/// Of all users in the list, or of none: an unknown id refuses the whole list.
#[utoipa::path(
    post,
    path = "/admin/users/verify-email",
    tag = "admin",
    operation_id = "verifyEmails",
    extensions(("x-role" = json!("superuser"))),
    request_body = VerifyEmailsBody,
    responses((status = 200, description = "Whose address is verified now, and whose was", body = EmailVerificationsBody))
)]
async fn verify_emails(caller: Caller, body: Body<VerifyEmailsBody>) -> Result<Answer, Problem> {
    let asked = body.0.user_ids;
    let verified = caller.administration.verify_emails(caller.principal, asked.clone()).await?;
    let (verified, already_verified) = asked.into_iter().partition(|id| verified.contains(id));
    Answer::computed(&EmailVerificationsBody { verified, already_verified })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sort_orders_are_read_and_said() {
        for text in ["created_at", "-created_at", "username", "-email"] {
            assert_eq!(AccountOrder::parse(text).unwrap().text(), text);
        }
        assert!(AccountOrder::parse("--email").is_err() && AccountOrder::parse("role").is_err());
    }

    #[test]
    fn places_of_another_order_are_none_of_this() {
        let key = || Key::Username("ada".into());
        assert!(key().into_place(AccountSort::Username).is_some());
        assert!(key().into_place(AccountSort::Email).is_none());
        assert!(key().into_place(AccountSort::CreatedAt).is_none());
        assert!(Key::Username("a\0".into()).into_place(AccountSort::Username).is_none());
        assert!(Key::Email("nonsense".into()).into_place(AccountSort::Email).is_none());
    }

    #[test]
    fn names_and_addresses_are_sought_in_the_form_they_are_stored_in() {
        let sought = |text| sought_text(text).unwrap();
        assert_eq!(sought("ADA"), "ada");
        assert_eq!(sought("Ada@Bücher.example"), "ada@xn--bcher-kva.example");
        assert_eq!(sought("@Example"), "@example");
        assert!(sought_text(&"a".repeat(101)).is_err());
    }
}
