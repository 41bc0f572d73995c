//! The document's introduction.

use std::fmt::Write as _;

use circadia_domain::code::Code;

use crate::http::problem::status_of;

/// What everybody needs, and fits on a screen.
const TEXT: &str = "The backend for apps that help people keep their days in rhythm: habits and their entries, streaks, scores \
    and calendars, sleep, mood, tasks and time.\n\n\
    **Signing in.** `POST /auth/register` or `POST /auth/login` answers with an `access_token` for `Authorization: Bearer` \
    and a `refresh_token` for `POST /auth/refresh`. Browsers may take a cookie instead (`POST /auth/session`), and send its \
    `csrf_token` as `X-CSRF-Token` when they change something.\n\n\
    **Errors** are `application/problem+json` (RFC 9457) with a stable `code`; `validation_failed` names every wrong value. \
    What belongs to another user is answered like what doesn't exist.\n\n\
    **Paging.** Lists have `items` and `next_cursor`: send it as `cursor` for the next page, until it is null.\n\n\
    **Time.** Instants are RFC 3339 in UTC. Dates are `YYYY-MM-DD` in the user's own calendar, from 1970-01-01 to \
    2199-12-31. *Today* depends on the user's time zone and on when their day starts.\n\n\
    **Repeating.** Clients may choose the ids of what they make: UUIDs of any version. The same request with the same id \
    gives the same answer.\n\n";

/// What is looked up.
const DETAILS: &str = "<details><summary>Conventions, limits</summary>\n\n\
    JSON only (but for the form of `PUT /me/avatar`, and tables for who asks for them), UTF-8, `snake_case`; unknown fields are refused. PATCH is a merge patch (RFC 7396). In requests, null is the \
    same as leaving a field out, except in a PATCH. New fields may be added to answers, and new words to the enums in \
    them, `code` included.\n\n\
    Stored resources carry an `ETag`. Send it in `If-Match` to change a resource only if it is unchanged (else 412), and in \
    `If-None-Match` to get 304 if nothing changed.\n\n\
    Operations under `/api/v1/admin` need the role `staff` or `superuser`, as each says (else 403 `insufficient_role`).\n\n\
    `RateLimit-Policy` and `RateLimit`, in every answer below `/api/v1`, show how many requests are left; 429 carries \
    `Retry-After`. Bodies may have at most 256 KiB and 32 levels of nesting, and must arrive within ten seconds (else 408 \
    `request_timeout`); images 2 MiB, and 30 seconds; documents of `POST /me/import` 32 MiB, and a minute; files of `POST /imports` 64 MiB or, of Apple Health, 1 GiB, and half an hour. Guesses at an account's password have to wait longer each time; a client that sends its latest \
    `device_token` with a login isn't held up by others.\n\n\
    Where nothing was stored for want of a dependency (503 `unavailable`), `Retry-After` says when to come back. 503 \
    `outcome_unknown`, without it, says that the connection to the database was lost while it committed: repeat what is \
    idempotent (a creation with the same id and body, one with an Idempotency-Key, PUT, PATCH, DELETE), and GET the rest before you repeat it. Any \
    operation may answer 500 `internal_error`, and in production 403 `https_required`.\n\n\
    </details>\n\n\
    <details><summary>Error codes</summary>\n\n\
    | code | status | meaning |\n|---|---|---|\n";

/// The introduction, with every code.
pub(super) fn description() -> String {
    let mut text = TEXT.to_owned();
    text.push_str(DETAILS);
    for code in Code::ALL {
        // Writing to a String can't fail.
        let _ = writeln!(text, "| `{code}` | {} | {} |", status_of(code.class()).as_u16(), code.title());
    }
    text.push_str("\n</details>\n");
    text
}
