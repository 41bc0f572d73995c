//! Parts of lists that are sorted by a date and, within a day, by an id: how a [`DateSeek`] is asked for.
//!
//! [`DateSeek`]: circadia_domain::seek::DateSeek

/// Narrows a boxed query to the part that a `DateSeek` wants, in its order; the columns are the date's and the id's.
macro_rules! seek_by_date {
    ($query:expr, ($date:expr, $id:expr), $seek:expr) => {{
        let (query, seek, date, id) = ($query, $seek, $date, $id);
        let query = match (seek.beyond, seek.is_ascending()) {
            (None, _) => query,
            (Some((day, last)), true) => query.filter(date.gt(Sql(day)).or(date.eq(Sql(day)).and(id.gt(Sql(last))))),
            (Some((day, last)), false) => query.filter(date.lt(Sql(day)).or(date.eq(Sql(day)).and(id.lt(Sql(last))))),
        };
        let query = if seek.is_ascending() {
            query.order((date.asc(), id.asc()))
        } else {
            query.order((date.desc(), id.desc()))
        };
        query.limit(i64::try_from(seek.limit).unwrap_or(i64::MAX))
    }};
}
pub(crate) use seek_by_date;
