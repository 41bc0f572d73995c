//! Quarter hours on the clocks of a zone, whose offset from UTC changes, as an expression.

use circadia_domain::logins::{LocalQuarters, Segment};
use diesel::QueryResult;
use diesel::query_builder::AstPass;
use diesel::sql_types::Integer;

use crate::connection::MultiBackend;

/// From which quarter hour on clocks are how many quarter hours ahead of UTC, for binding.
pub(super) fn segments_of(within: &LocalQuarters) -> Vec<(i32, i32)> {
    within.segments().iter().map(|Segment { from, offset }| (from.number(), *offset)).collect()
}

/// Pushes what a quarter hour is on the clocks of a zone.
pub(super) fn push_local_quarter<'b>(
    out: &mut AstPass<'_, 'b, MultiBackend>,
    segments: &'b [(i32, i32)],
) -> QueryResult<()> {
    let Some(((_, last), earlier)) = segments.split_last() else {
        out.push_sql("quarter");
        return Ok(());
    };
    out.push_sql("quarter + ");
    if earlier.is_empty() {
        return out.push_bind_param::<Integer, _>(last);
    }
    out.push_sql("CASE");
    for ((_, offset), (end, _)) in earlier.iter().zip(segments.iter().skip(1)) {
        out.push_sql(" WHEN quarter < ");
        out.push_bind_param::<Integer, _>(end)?;
        out.push_sql(" THEN ");
        out.push_bind_param::<Integer, _>(offset)?;
    }
    out.push_sql(" ELSE ");
    out.push_bind_param::<Integer, _>(last)?;
    out.push_sql(" END");
    Ok(())
}
