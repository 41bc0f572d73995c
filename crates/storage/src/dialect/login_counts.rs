//! Sums of attempts to sign in: of rollups, and of the attempts that aren't rolled up yet, in one statement. Diesel can't
//! build a union for several backends at once, nor select from one.
//!
//! Whatever lies before the watermark in `login_rollup_state` is in the rollups and in nothing else, so the two parts
//! never count an attempt twice. Users of a kind to which most accounts belong are counted as everyone without the others,
//! so that no statement goes through the rollups of most accounts.

use circadia_domain::civil::Instant;
use circadia_domain::ids::UserId;
use circadia_domain::logins::{
    LocalQuarters, LoginBucketKind, LoginPopulation, Quarter, QuarterSpan, Segment, UserGroup,
};
use circadia_domain::users::Role;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Integer};
use diesel::{QueryResult, RunQueryDsl};

use super::wide;
use crate::connection::{AnyConnection, MultiBackend};
use crate::sql_types::{Sql, TypedText, UtcTimestamp, Uuid};

type Pass<'a, 'b> = AstPass<'a, 'b, MultiBackend>;

/// Users of a kind, as a condition.
struct Group {
    roles: Vec<Role>,
    active: Option<bool>,
    except: Option<Sql<UserId>>,
    /// Whether it is those who don't belong to it that are counted, and taken away from everyone.
    others: bool,
}

/// Whose attempts are counted.
enum Whose {
    Everyone,
    Group(Group),
    Users(Vec<Sql<UserId>>),
}

impl Whose {
    fn new(of: &LoginPopulation) -> Self {
        match of {
            LoginPopulation::Everyone => Self::Everyone,
            LoginPopulation::Users(ids) => Self::Users(ids.iter().copied().map(Sql).collect()),
            LoginPopulation::Group(group) => {
                let UserGroup { roles, active, except } = group.clone();
                Self::Group(Group { roles, active, except: except.map(Sql), others: group.holds_most() })
            }
        }
    }

    /// Whether everyone is counted, be it to take others away.
    const fn counts_everyone(&self) -> bool {
        matches!(self, Self::Everyone | Self::Group(Group { others: true, .. }))
    }

    /// Adds these users to a union, or takes them away from everyone.
    fn push_own<'b>(&'b self, out: &mut Pass<'_, 'b>, columns: &str, bounds: &'b Bounds) -> QueryResult<()> {
        if matches!(self, Self::Everyone) {
            return Ok(());
        }
        let sign = if self.counts_everyone() { "-" } else { "" };
        push_rollups(out, columns, sign, bounds, self)?;
        push_attempts(out, columns, sign, bounds, self)
    }

    /// Narrows a part of the union to these users; the part must have a condition already.
    fn push_condition<'b>(&'b self, out: &mut Pass<'_, 'b>) -> QueryResult<()> {
        match self {
            Self::Everyone => {}
            Self::Users(ids) => {
                out.push_sql(" AND user_id IN (");
                for (place, id) in ids.iter().enumerate() {
                    if place > 0 {
                        out.push_sql(", ");
                    }
                    out.push_bind_param::<Uuid, _>(id)?;
                }
                out.push_sql(")");
            }
            Self::Group(group) => {
                out.push_sql(" AND user_id IN (SELECT id FROM users WHERE ");
                if group.others {
                    out.push_sql("NOT ");
                }
                out.push_sql("(1 = 1");
                // Written out rather than bound: the database then knows from its statistics that these users are few,
                // and goes through their rollups alone.
                if !group.roles.is_empty() {
                    let roles: Vec<String> = group.roles.iter().map(|role| format!("'{}'", role.as_str())).collect();
                    out.push_sql(&format!(" AND role IN ({})", roles.join(", ")));
                }
                if let Some(active) = group.active {
                    out.push_sql(if active { " AND active = TRUE" } else { " AND active = FALSE" });
                }
                if let Some(except) = &group.except {
                    out.push_sql(" AND id <> ");
                    out.push_bind_param::<Uuid, _>(except)?;
                }
                out.push_sql("))");
            }
        }
        Ok(())
    }
}

/// The bounds of a span, for binding.
struct Bounds {
    from: i32,
    until: i32,
}

impl Bounds {
    const fn new(span: QuarterSpan) -> Self {
        Self { from: span.from.number(), until: span.until.number() }
    }

    fn push<'b>(&'b self, out: &mut Pass<'_, 'b>, column: &str) -> QueryResult<()> {
        out.push_sql(column);
        out.push_sql(" >= ");
        out.push_bind_param::<Integer, _>(&self.from)?;
        out.push_sql(" AND ");
        out.push_sql(column);
        out.push_sql(" < ");
        out.push_bind_param::<Integer, _>(&self.until)
    }
}

/// What is left of the attempts that aren't rolled up.
const NOT_ROLLED_UP: &str = "quarter >= (SELECT rolled_up_until FROM login_rollup_state WHERE id = 1) \
                             AND (failure IS NULL OR failure <> 'second_factor_required') AND ";

/// The rollups of users within bounds, with a sign.
fn push_rollups<'b>(
    out: &mut Pass<'_, 'b>,
    columns: &str,
    sign: &str,
    bounds: &'b Bounds,
    whose: &'b Whose,
) -> QueryResult<()> {
    out.push_sql(" UNION ALL SELECT ");
    out.push_sql(columns);
    out.push_sql(", ");
    out.push_sql(sign);
    out.push_sql("successes, ");
    out.push_sql(sign);
    out.push_sql("failures, 0 FROM login_rollups WHERE ");
    bounds.push(out, "quarter")?;
    whose.push_condition(out)
}

/// The attempts of users within bounds that aren't rolled up, with a sign.
fn push_attempts<'b>(
    out: &mut Pass<'_, 'b>,
    columns: &str,
    sign: &str,
    bounds: &'b Bounds,
    whose: &'b Whose,
) -> QueryResult<()> {
    out.push_sql(" UNION ALL SELECT ");
    out.push_sql(columns);
    out.push_sql(", ");
    out.push_sql(sign);
    out.push_sql("CASE WHEN failure IS NULL THEN 1 ELSE 0 END, ");
    out.push_sql(sign);
    out.push_sql("CASE WHEN failure IS NULL THEN 0 ELSE 1 END, 0 FROM login_attempts WHERE ");
    out.push_sql(NOT_ROLLED_UP);
    bounds.push(out, "quarter")?;
    whose.push_condition(out)
}

/// Everyone's attempts that aren't rolled up.
fn push_all_attempts<'b>(out: &mut Pass<'_, 'b>, columns: &str, bounds: &'b Bounds) -> QueryResult<()> {
    out.push_sql(" UNION ALL SELECT ");
    out.push_sql(columns);
    out.push_sql(
        ", CASE WHEN failure IS NULL THEN 1 ELSE 0 END, \
         CASE WHEN failure IS NULL OR user_id IS NULL THEN 0 ELSE 1 END, \
         CASE WHEN user_id IS NULL THEN 1 ELSE 0 END FROM login_attempts WHERE ",
    );
    out.push_sql(NOT_ROLLED_UP);
    bounds.push(out, "quarter")
}

/// A row without attempts, which gives the union's columns their types and names.
const NO_QUARTERS: &str = "SELECT 0 AS quarter, 0 AS successes, 0 AS failures, 0 AS unknown_failures \
                           FROM login_rollup_state WHERE 1 = 0";

/// Selects, of each day or hour of the week with attempts, its first quarter hour on the zone's clocks, the number of
/// successes, of failures, and of failures without an account.
pub(crate) struct LoginBuckets {
    whose: Whose,
    bounds: Bounds,
    segments: Vec<(i32, i32)>,
    kind: LoginBucketKind,
    wide: &'static str,
}

impl LoginBuckets {
    pub(crate) fn new(
        connection: &AnyConnection,
        of: &LoginPopulation,
        within: &LocalQuarters,
        kind: LoginBucketKind,
    ) -> Self {
        let segments = segments_of(within);
        Self { whose: Whose::new(of), bounds: Bounds::new(within.span()), segments, kind, wide: wide(connection) }
    }
}

/// From which quarter hour on clocks are how many quarter hours ahead of UTC, for binding.
pub(super) fn segments_of(within: &LocalQuarters) -> Vec<(i32, i32)> {
    within.segments().iter().map(|Segment { from, offset }| (from.number(), *offset)).collect()
}

/// Pushes what a quarter hour is on the clocks of a zone.
pub(super) fn push_local_quarter<'b>(out: &mut Pass<'_, 'b>, segments: &'b [(i32, i32)]) -> QueryResult<()> {
    let Some(((_, last), earlier)) = segments.split_last() else {
        out.push_sql("quarter");
        return Ok(());
    };
    out.push_sql("quarter + CASE");
    for ((_, offset), (end, _)) in earlier.iter().zip(segments.iter().skip(1)) {
        out.push_sql(" WHEN quarter < ");
        out.push_bind_param::<Integer, _>(end)?;
        out.push_sql(" THEN ");
        out.push_bind_param::<Integer, _>(offset)?;
    }
    // Never true: a CASE has at least one WHEN.
    out.push_sql(" WHEN quarter < 0 THEN 0 ELSE ");
    out.push_bind_param::<Integer, _>(last)?;
    out.push_sql(" END");
    Ok(())
}

fn push_sums(out: &mut Pass<'_, '_>, wide: &str, columns: &[&str]) {
    for column in columns {
        out.push_sql(", CAST(sum(");
        out.push_sql(column);
        out.push_sql(") AS ");
        out.push_sql(wide);
        out.push_sql(")");
    }
}

impl QueryFragment<MultiBackend> for LoginBuckets {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        let bucket = match self.kind {
            LoginBucketKind::Day => "local_quarter - local_quarter % 96",
            LoginBucketKind::HourOfWeek => "local_quarter % 672 - local_quarter % 4",
        };
        out.push_sql("SELECT CAST(");
        out.push_sql(bucket);
        out.push_sql(" AS ");
        out.push_sql(self.wide);
        out.push_sql(")");
        push_sums(&mut out, self.wide, &["successes", "failures", "unknown_failures"]);
        out.push_sql(" FROM (SELECT ");
        push_local_quarter(&mut out, &self.segments)?;
        out.push_sql(" AS local_quarter, successes, failures, unknown_failures FROM (");
        out.push_sql(NO_QUARTERS);
        if self.whose.counts_everyone() {
            let unknown = if matches!(self.whose, Whose::Everyone) { "unknown_failures" } else { "0" };
            out.push_sql(" UNION ALL SELECT quarter, successes, failures, ");
            out.push_sql(unknown);
            out.push_sql(" FROM login_totals WHERE ");
            self.bounds.push(&mut out, "quarter")?;
            push_all_attempts(&mut out, "quarter", &self.bounds)?;
            if unknown == "0" {
                // Those without an account belong to nobody who could be asked for.
                out.push_sql(" AND user_id IS NOT NULL");
            }
        }
        self.whose.push_own(&mut out, "quarter", &self.bounds)?;
        out.push_sql(") counted) placed GROUP BY ");
        out.push_sql(bucket);
        Ok(())
    }
}

impl QueryId for LoginBuckets {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for LoginBuckets {
    type SqlType = (BigInt, BigInt, BigInt, BigInt);
}

impl RunQueryDsl<AnyConnection> for LoginBuckets {}

/// Selects, of each client with attempts, its three words, the number of successes and of failures.
pub(crate) struct LoginClients {
    whose: Whose,
    all: Bounds,
    /// Before the first whole day of UTC.
    before: Bounds,
    /// The whole days of UTC.
    days: Bounds,
    wide: &'static str,
}

const CLIENT: &str = "browser, os, device";

impl LoginClients {
    pub(crate) fn new(connection: &AnyConnection, of: &LoginPopulation, within: QuarterSpan) -> Self {
        let (first_day, last_day) = (within.from.next_day_begin(), within.until.day_begin());
        // Without a whole day, everything lies before the first one.
        let (first_day, last_day) =
            if first_day < last_day { (first_day, last_day) } else { (within.until, within.until) };
        let bounds = |from: Quarter, until: Quarter| Bounds::new(QuarterSpan { from, until });
        Self {
            whose: Whose::new(of),
            all: Bounds::new(within),
            before: bounds(within.from, first_day),
            days: bounds(first_day, last_day),
            wide: wide(connection),
        }
    }
}

/// The first quarter hour that no sum of a day has.
fn push_days_end<'b>(out: &mut Pass<'_, 'b>, days: &'b Bounds) -> QueryResult<()> {
    const DAYS_UNTIL: &str = "(SELECT days_until FROM login_rollup_state WHERE id = 1)";
    out.push_sql("CASE WHEN ");
    out.push_sql(DAYS_UNTIL);
    out.push_sql(" < ");
    out.push_bind_param::<Integer, _>(&days.from)?;
    out.push_sql(" THEN ");
    out.push_bind_param::<Integer, _>(&days.from)?;
    out.push_sql(" WHEN ");
    out.push_sql(DAYS_UNTIL);
    out.push_sql(" < ");
    out.push_bind_param::<Integer, _>(&days.until)?;
    out.push_sql(" THEN ");
    out.push_sql(DAYS_UNTIL);
    out.push_sql(" ELSE ");
    out.push_bind_param::<Integer, _>(&days.until)?;
    out.push_sql(" END");
    Ok(())
}

impl QueryFragment<MultiBackend> for LoginClients {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        out.push_sql("SELECT browser, os, device");
        push_sums(&mut out, self.wide, &["successes", "failures"]);
        out.push_sql(
            " FROM (SELECT browser, os, device, successes, failures, 0 AS unknown_failures \
             FROM login_client_days WHERE ",
        );
        if self.whose.counts_everyone() {
            self.days.push(&mut out, "day_quarter")?;
            out.push_sql(" AND day_quarter < (SELECT days_until FROM login_rollup_state WHERE id = 1)");
            push_rollups(&mut out, CLIENT, "", &self.before, &Whose::Everyone)?;
            out.push_sql(
                " UNION ALL SELECT browser, os, device, successes, failures, 0 FROM login_rollups WHERE quarter >= ",
            );
            push_days_end(&mut out, &self.days)?;
            out.push_sql(" AND quarter < ");
            out.push_bind_param::<Integer, _>(&self.all.until)?;
            push_all_attempts(&mut out, CLIENT, &self.all)?;
        } else {
            out.push_sql("1 = 0");
        }
        self.whose.push_own(&mut out, CLIENT, &self.all)?;
        out.push_sql(") counted GROUP BY browser, os, device");
        Ok(())
    }
}

impl QueryId for LoginClients {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for LoginClients {
    type SqlType = (TypedText, TypedText, TypedText, BigInt, BigInt);
}

impl RunQueryDsl<AnyConnection> for LoginClients {}

/// Selects how often a user signed in: rolled up, since then, and at or after each of two instants.
pub(crate) struct LoginCountsOf {
    user: Sql<UserId>,
    since: [Sql<Instant>; 2],
    wide: &'static str,
}

impl LoginCountsOf {
    pub(crate) const fn new(connection: &AnyConnection, user: UserId, since: [Instant; 2]) -> Self {
        let [first, second] = since;
        Self { user: Sql(user), since: [Sql(first), Sql(second)], wide: wide(connection) }
    }
}

impl QueryFragment<MultiBackend> for LoginCountsOf {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        out.push_sql("SELECT CAST((SELECT coalesce(sum(successes), 0) FROM login_rollups WHERE user_id = ");
        out.push_bind_param::<Uuid, _>(&self.user)?;
        out.push_sql(") AS ");
        out.push_sql(self.wide);
        out.push_sql(
            "), count(CASE WHEN quarter >= (SELECT rolled_up_until FROM login_rollup_state WHERE id = 1) THEN 1 END)",
        );
        for instant in &self.since {
            out.push_sql(", count(CASE WHEN attempted_at >= ");
            out.push_bind_param::<UtcTimestamp, _>(instant)?;
            out.push_sql(" THEN 1 END)");
        }
        out.push_sql(" FROM login_attempts WHERE failure IS NULL AND user_id = ");
        out.push_bind_param::<Uuid, _>(&self.user)
    }
}

impl QueryId for LoginCountsOf {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for LoginCountsOf {
    type SqlType = (BigInt, BigInt, BigInt, BigInt);
}

impl RunQueryDsl<AnyConnection> for LoginCountsOf {}

/// Selects, of each user with attempts, the id, and the number of successes and of failures in a span and in the one right
/// before it.
pub(crate) struct LoginsByUser {
    whose: Whose,
    all: Bounds,
    current: i32,
    wide: &'static str,
}

impl LoginsByUser {
    pub(crate) fn new(
        connection: &AnyConnection,
        users: &[UserId],
        current: QuarterSpan,
        previous: QuarterSpan,
    ) -> Self {
        let from = if previous.is_empty() { current.from } else { previous.from };
        Self {
            whose: Whose::Users(users.iter().copied().map(Sql).collect()),
            all: Bounds::new(QuarterSpan { from, until: current.until }),
            current: current.from.number(),
            wide: wide(connection),
        }
    }
}

impl QueryFragment<MultiBackend> for LoginsByUser {
    fn walk_ast<'b>(&'b self, mut out: Pass<'_, 'b>) -> QueryResult<()> {
        out.push_sql("SELECT user_id");
        push_sums(&mut out, self.wide, &["own_successes", "own_failures", "earlier_successes", "earlier_failures"]);
        out.push_sql(" FROM (SELECT user_id");
        for (is, column, name) in [
            (">=", "successes", "own_successes"),
            (">=", "failures", "own_failures"),
            ("<", "successes", "earlier_successes"),
            ("<", "failures", "earlier_failures"),
        ] {
            out.push_sql(", CASE WHEN quarter ");
            out.push_sql(is);
            out.push_sql(" ");
            out.push_bind_param::<Integer, _>(&self.current)?;
            out.push_sql(" THEN ");
            out.push_sql(column);
            out.push_sql(" ELSE 0 END AS ");
            out.push_sql(name);
        }
        out.push_sql(
            " FROM (SELECT user_id, quarter, successes, failures, 0 AS unknown_failures FROM login_rollups WHERE 1 = 0",
        );
        self.whose.push_own(&mut out, "user_id, quarter", &self.all)?;
        out.push_sql(") counted) split GROUP BY user_id");
        Ok(())
    }
}

impl QueryId for LoginsByUser {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for LoginsByUser {
    type SqlType = (Uuid, BigInt, BigInt, BigInt, BigInt);
}

impl RunQueryDsl<AnyConnection> for LoginsByUser {}
