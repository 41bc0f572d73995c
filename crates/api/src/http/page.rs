//! Pages of lists: `?limit=` and `?cursor=`, answered with `next_cursor`, `prev_cursor` and RFC 8288 `Link` headers.
//!
//! A cursor names the last item seen by its sort key, not by its number: items that come or go in between neither
//! repeat nor vanish. It is opaque to clients: base64url of a small JSON list, bound to the list's sort order.

use actix_web::body::BoxBody;
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use circadia_domain::code::Code;
use circadia_domain::violation::Violations;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::answer::Answer;
use crate::http::input::{Decode, Fields, Parsed, any_text, integer};
use crate::http::problem::Problem;

/// The maximum, and the default, number of items on a page.
pub const MAX_LIMIT: usize = 100;

/// The page of a list to return.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageRequest {
    /// The maximum number of items; 100 if absent.
    #[param(required = false, value_type = u32, minimum = 1, maximum = 100)]
    pub limit: usize,
    /// A `next_cursor` or `prev_cursor` of an earlier answer, with the same filters and sort order.
    pub cursor: Option<String>,
}

/// A place in a list, as given out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cursor<K> {
    /// The sort order it belongs to.
    s: String,
    /// Whether it leads back.
    b: bool,
    /// The sort key of the item next to the page.
    k: K,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The `cursor` of the next page; null on the last page.
    pub next_cursor: Option<String>,
    /// The `cursor` of the previous page; null on the first page.
    pub prev_cursor: Option<String>,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start<K> {
    /// At the beginning of the list.
    Beginning,
    /// After the item with this key.
    After(K),
    /// Before the item with this key.
    Before(K),
}

impl Decode for PageRequest {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let limit = fields.optional_with("limit", integer(limit));
        let cursor = fields.optional_with("cursor", any_text);
        Some(Self { limit: limit.unwrap_or(MAX_LIMIT), cursor })
    }
}

impl PageRequest {
    /// Where the page begins in a list of this sort order.
    ///
    /// # Errors
    /// `invalid_cursor` for a cursor that wasn't given out for this order.
    pub fn start<K: DeserializeOwned>(&self, sort: &str) -> Result<Start<K>, Problem> {
        let Some(text) = &self.cursor else { return Ok(Start::Beginning) };
        let invalid = || Problem::of(Code::InvalidCursor, "The cursor wasn't issued for this list and sort order.");
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
        let cursor: Cursor<K> = serde_json::from_slice(&bytes).map_err(|_| invalid())?;
        if cursor.s != sort {
            return Err(invalid());
        }
        Ok(if cursor.b { Start::Before(cursor.k) } else { Start::After(cursor.k) })
    }
}

fn limit(limit: i64) -> Parsed<usize> {
    match usize::try_from(limit) {
        Ok(limit @ 1..=MAX_LIMIT) => Ok(limit),
        _ => Err(Violations::of("out_of_range", format!("must be between 1 and {MAX_LIMIT}"))),
    }
}

fn cursor<K: Serialize>(sort: &str, back: bool, key: K) -> Option<String> {
    let json = serde_json::to_vec(&Cursor { s: sort.to_owned(), b: back, k: key }).ok()?;
    Some(URL_SAFE_NO_PAD.encode(json))
}

impl<T> Page<T> {
    /// A list that is always short enough for one page.
    pub const fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None, prev_cursor: None }
    }

    /// A page out of a list that is in memory as a whole, in order.
    pub fn of_sorted<K>(
        items: Vec<T>,
        key: impl Fn(&T) -> K,
        sort: &str,
        request: &PageRequest,
        before: impl Fn(&K, &K) -> bool,
    ) -> Result<Self, Problem>
    where
        K: Serialize + DeserializeOwned,
    {
        let total = items.len();
        let (from, take) = match request.start::<K>(sort)? {
            Start::Beginning => (0, request.limit),
            // The first item that lies behind the cursor's.
            Start::After(last) => {
                (items.iter().position(|item| before(&last, &key(item))).unwrap_or(total), request.limit)
            }
            Start::Before(first) => {
                let until = items.iter().position(|item| !before(&key(item), &first)).unwrap_or(total);
                let from = until.saturating_sub(request.limit);
                (from, until - from)
            }
        };
        let items: Vec<T> = items.into_iter().skip(from).take(take).collect();
        let next = (from + items.len() < total).then(|| items.last().map(&key)).flatten();
        let prev = (from > 0).then(|| items.first().map(&key)).flatten();
        Ok(Self {
            next_cursor: next.and_then(|key| cursor(sort, false, key)),
            prev_cursor: prev.and_then(|key| cursor(sort, true, key)),
            items,
        })
    }

    /// A page that the store selected: up to `limit + 1` items in list order as seen from `start` (for
    /// [`Start::Before`] from its key backwards).
    pub fn of_selected<K: Serialize>(
        mut items: Vec<T>,
        key: impl Fn(&T) -> K,
        sort: &str,
        request: &PageRequest,
        start: &Start<K>,
    ) -> Self {
        let more = items.len() > request.limit;
        items.truncate(request.limit);
        let backwards = matches!(start, Start::Before(_));
        if backwards {
            items.reverse();
        }
        let has_next = backwards || more;
        let has_prev = if backwards { more } else { matches!(start, Start::After(_)) };
        let next = if has_next { items.last().map(&key) } else { None };
        let prev = if has_prev { items.first().map(&key) } else { None };
        Self {
            next_cursor: next.and_then(|key| cursor(sort, false, key)),
            prev_cursor: prev.and_then(|key| cursor(sort, true, key)),
            items,
        }
    }
}

impl<T> Page<T> {
    /// The same page with its items turned into others.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(turn).collect(),
            next_cursor: self.next_cursor,
            prev_cursor: self.prev_cursor,
        }
    }
}

impl<T: Serialize> Page<T> {
    /// The answer, with its `Link` header.
    fn answer(&self, request: &HttpRequest) -> Result<Answer, Problem> {
        let mut answer = Answer::computed(self)?;
        for (relation, cursor) in [("next", &self.next_cursor), ("prev", &self.prev_cursor)] {
            if let Some(cursor) = cursor {
                answer = answer.link(relation, &with_cursor(request, cursor));
            }
        }
        Ok(answer)
    }
}

impl<T: Serialize> Responder for Page<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self.answer(request) {
            Ok(answer) => answer.respond_to(request),
            Err(problem) => problem.error_response(),
        }
    }
}

/// The request's own address with another cursor.
fn with_cursor(request: &HttpRequest, cursor: &str) -> String {
    let kept = request.query_string().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let own = format!("cursor={cursor}");
    let pairs: Vec<&str> = kept.chain(std::iter::once(own.as_str())).collect();
    format!("{}?{}", request.path(), pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(limit: usize, cursor: Option<String>) -> Page<u32> {
        let request = PageRequest { limit, cursor };
        Page::of_sorted((1..=7).collect(), |item| *item, "n", &request, |a, b| a < b).unwrap()
    }

    #[test]
    fn walking_forth_and_back_sees_every_item_once() {
        let mut seen = Vec::new();
        let mut cursors = vec![];
        let mut cursor = None;
        loop {
            let page = page(3, cursor);
            seen.extend(page.items);
            cursors.push(page.prev_cursor);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
        assert!(cursors[0].is_none());
        assert_eq!(page(3, cursors[2].clone()).items, [4, 5, 6]);
        assert_eq!(page(3, cursors[1].clone()).items, [1, 2, 3]);
        // What lies before is less than a page: nothing of the page itself is repeated.
        let third = page(2, None).next_cursor;
        let fifth = page(3, third).prev_cursor;
        assert_eq!(page(5, fifth).items, [1, 2]);
    }

    #[test]
    fn selected_pages_know_their_neighbours() {
        let request = |cursor| PageRequest { limit: 2, cursor };
        let first = Page::of_selected(vec![1, 2, 3], |item| *item, "n", &request(None), &Start::Beginning);
        assert_eq!((first.items.as_slice(), first.prev_cursor.is_none()), ([1, 2].as_slice(), true));
        let start = request(first.next_cursor).start::<u32>("n").unwrap();
        assert_eq!(start, Start::After(2));
        let last = Page::of_selected(vec![3], |item| *item, "n", &request(None), &start);
        assert!(last.next_cursor.is_none());
        let start = request(last.prev_cursor).start::<u32>("n").unwrap();
        assert_eq!(start, Start::Before(3));
        let back = Page::of_selected(vec![2, 1], |item| *item, "n", &request(None), &start);
        assert_eq!((back.items.as_slice(), back.prev_cursor.is_none()), ([1, 2].as_slice(), true));
        assert!(back.next_cursor.is_some());
    }

    #[test]
    fn foreign_cursors_are_refused() {
        let request = |cursor: &str| PageRequest { limit: 2, cursor: Some(cursor.to_owned()) };
        let given = page(3, None).next_cursor.unwrap();
        assert!(request(&given).start::<u32>("n").is_ok());
        assert_eq!(request(&given).start::<u32>("other").unwrap_err().code(), Code::InvalidCursor);
        for wrong in ["", "!", "e30", "bnVsbA"] {
            assert_eq!(request(wrong).start::<u32>("n").unwrap_err().code(), Code::InvalidCursor);
        }
    }
}
