//! Sums of attempts to sign in: of rollups, and of the attempts that aren't rolled up yet, in one statement. Diesel can't
//! build a union for several backends at once, nor select from one.
//!
//! Whatever lies before the watermark in `login_rollup_state` is in the rollups and in nothing else, so the two parts
//! never count an attempt twice. Users of a kind to which most accounts belong are counted as everyone without the others,
//! so that no statement goes through the rollups of most accounts.

mod buckets;
mod by_user;
mod clients;
mod of_user;

use circadia_domain::ids::UserId;
use circadia_domain::logins::{LoginPopulation, QuarterSpan, UserGroup};
use circadia_domain::users::Role;
use diesel::QueryResult;
use diesel::query_builder::AstPass;
use diesel::sql_types::Integer;

pub(crate) use self::buckets::LoginBuckets;
pub(crate) use self::by_user::LoginsByUser;
pub(crate) use self::clients::LoginClients;
pub(crate) use self::of_user::LoginCountsOf;
use crate::connection::MultiBackend;
use crate::sql_types::{Sql, Uuid};

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

fn push_sums(out: &mut Pass<'_, '_>, wide: &str, columns: &[&str]) {
    for column in columns {
        out.push_sql(", CAST(sum(");
        out.push_sql(column);
        out.push_sql(") AS ");
        out.push_sql(wide);
        out.push_sql(")");
    }
}
