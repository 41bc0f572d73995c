//! Parts of lists that are sorted by a date or an instant and an id: how a [`DateSeek`] and a [`NewestSeek`] are asked for.
//!
//! [`DateSeek`]: circadia_domain::seek::DateSeek
//! [`NewestSeek`]: circadia_domain::seek::NewestSeek

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
        query.limit($crate::convert::sql_limit(seek.limit))
    }};
}
pub(crate) use seek_by_date;

/// Narrows a boxed query to the part that a `NewestSeek` wants, in its order; the columns are the instant's and the id's.
macro_rules! seek_newest {
    ($query:expr, ($at:expr, $id:expr), $seek:expr) => {{
        let (mut query, seek) = ($query, $seek);
        if let Some((at, id)) = seek.beyond {
            let same = $at.eq(Sql(at));
            query = if seek.backwards {
                query.filter($at.gt(Sql(at)).or(same.and($id.gt(Sql(id)))))
            } else {
                query.filter($at.lt(Sql(at)).or(same.and($id.lt(Sql(id)))))
            };
        }
        let query =
            if seek.backwards { query.order(($at.asc(), $id.asc())) } else { query.order(($at.desc(), $id.desc())) };
        let query = query.limit($crate::convert::sql_limit(seek.limit));
        if seek.skip > 0 { query.offset($crate::convert::sql_limit(seek.skip)) } else { query }
    }};
}
pub(crate) use seek_newest;
