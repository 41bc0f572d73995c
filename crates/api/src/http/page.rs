//! Pages of lists: `?limit=` and `?cursor=`, answered with `next_cursor`, `prev_cursor` and RFC 8288 `Link` headers.
//!
//! A cursor names the last item seen by its sort key, not by its number: items that come or go in between neither
//! repeat nor vanish. It is opaque to clients: base64url of a small JSON list, bound to the list's sort order.
//!
//! [`CountedPage`]s can be asked for by number as well, for tables with page numbers: `?page=` and `?size=`, answered with
//! the `total`.

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

/// The page of a list to return, by a cursor or by its number.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CountedPageRequest {
    /// The maximum number of items; 100 if absent.
    #[param(required = false, value_type = u32, minimum = 1, maximum = 100)]
    pub limit: usize,
    /// A `next_cursor` or `prev_cursor` of an earlier answer, with the same filters and sort order.
    pub cursor: Option<String>,
    /// The number of the page, instead of a cursor: 1 is the first.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1_000_000)]
    pub page: Option<usize>,
    /// The same as `limit`, for use with `page`.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub size: Option<usize>,
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

/// A page of a list, with the number of items on all pages.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountedPage<T> {
    /// The items.
    pub items: Vec<T>,
    /// The `cursor` of the next page; null on the last page.
    pub next_cursor: Option<String>,
    /// The `cursor` of the previous page; null on the first page.
    pub prev_cursor: Option<String>,
    /// The number of the page; null for a page that was asked for by a cursor.
    #[schema(value_type = Option<u32>)]
    pub page: Option<usize>,
    /// The maximum number of items on a page.
    #[schema(value_type = u32)]
    pub size: usize,
    /// The number of items on all pages.
    pub total: i64,
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

impl<K> Start<K> {
    /// Whether the list is read back to its beginning, and the key of the item that it is read from.
    pub const fn direction(&self) -> (bool, Option<&K>) {
        match self {
            Self::Beginning => (false, None),
            Self::After(key) => (false, Some(key)),
            Self::Before(key) => (true, Some(key)),
        }
    }
}

impl Decode for PageRequest {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let limit = fields.optional_with("limit", integer(limit));
        let cursor = fields.optional_with("cursor", any_text);
        Some(Self { limit: limit.unwrap_or(MAX_LIMIT), cursor })
    }
}

/// The greatest number of a page.
const MAX_PAGE: usize = 1_000_000;

impl Decode for CountedPageRequest {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let given = fields.optional_with("limit", integer(limit));
        let cursor = fields.optional_with("cursor", any_text);
        let page = fields.optional_with("page", integer(page_number));
        let size = fields.optional_with("size", integer(limit));
        if cursor.is_some() && page.is_some() {
            fields.note("page", "conflict", "can't be combined with `cursor`: send one of them");
        }
        if given.is_some() && size.is_some() {
            fields.note("size", "conflict", "can't be combined with `limit`: send one of them");
        }
        Some(Self { limit: size.or(given).unwrap_or(MAX_LIMIT), cursor, page, size })
    }
}

impl CountedPageRequest {
    /// The request for a page by its cursor.
    fn by_cursor(&self) -> PageRequest {
        PageRequest { limit: self.limit, cursor: self.cursor.clone() }
    }

    /// Where the page begins in a list of this sort order, as [`PageRequest::start`] says, and how many items to skip from
    /// there.
    ///
    /// # Errors
    /// `invalid_cursor` for a cursor that wasn't given out for this order.
    pub fn start<K: DeserializeOwned>(&self, sort: &str) -> Result<(Start<K>, usize), Problem> {
        let skipped = self.page.map_or(0, |page| page.saturating_sub(1).saturating_mul(self.limit));
        Ok((self.by_cursor().start(sort)?, skipped))
    }
}

fn page_number(number: i64) -> Parsed<usize> {
    match usize::try_from(number) {
        Ok(number @ 1..=MAX_PAGE) => Ok(number),
        _ => Err(Violations::of("out_of_range", format!("must be between 1 and {MAX_PAGE}"))),
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

impl<T> CountedPage<T> {
    /// A page that the store selected: up to `limit + 1` items in list order as seen from the start that
    /// [`CountedPageRequest::start`] gave.
    pub fn of_selected<K: Serialize>(
        items: Vec<T>,
        total: i64,
        key: impl Fn(&T) -> K,
        sort: &str,
        request: &CountedPageRequest,
        start: &Start<K>,
    ) -> Self {
        let mut selected = Page::of_selected(items, &key, sort, &request.by_cursor(), start);
        if request.page.is_some_and(|page| page > 1) {
            selected.prev_cursor = selected.items.first().and_then(|first| cursor(sort, true, key(first)));
        }
        let Page { items, next_cursor, prev_cursor } = selected;
        let page = request.page.or_else(|| matches!(start, Start::Beginning).then_some(1));
        Self { items, next_cursor, prev_cursor, page, size: request.limit, total }
    }

    /// The same page with its items turned into others.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> CountedPage<U> {
        CountedPage {
            items: self.items.into_iter().map(turn).collect(),
            next_cursor: self.next_cursor,
            prev_cursor: self.prev_cursor,
            page: self.page,
            size: self.size,
            total: self.total,
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

/// The answer of a page, with its `Link` header.
fn respond(page: &impl Serialize, next: Option<&String>, prev: Option<&String>, request: &HttpRequest) -> HttpResponse {
    let mut answer = match Answer::computed(page) {
        Ok(answer) => answer,
        Err(problem) => return problem.error_response(),
    };
    for (relation, cursor) in [("next", next), ("prev", prev)] {
        if let Some(cursor) = cursor {
            answer = answer.link(relation, &with_cursor(request, cursor));
        }
    }
    answer.respond_to(request)
}

impl<T: Serialize> Responder for Page<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        respond(&self, self.next_cursor.as_ref(), self.prev_cursor.as_ref(), request)
    }
}

impl<T: Serialize> Responder for CountedPage<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        respond(&self, self.next_cursor.as_ref(), self.prev_cursor.as_ref(), request)
    }
}

/// The request's own address with another cursor, which takes the place of a page's number.
fn with_cursor(request: &HttpRequest, cursor: &str) -> String {
    let replaced = |pair: &str| pair.is_empty() || pair.starts_with("cursor=") || pair.starts_with("page=");
    let kept = request.query_string().split('&').filter(|pair| !replaced(pair));
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
    fn a_page_by_its_number_leads_on_by_cursors() {
        let request = |page| CountedPageRequest { limit: 2, cursor: None, page: Some(page), size: None };
        let second = request(2);
        let (start, skipped) = second.start::<u32>("n").unwrap();
        assert_eq!((start, skipped), (Start::Beginning, 2));
        let page = CountedPage::of_selected(vec![3, 4, 5], 7, |item| *item, "n", &second, &Start::Beginning);
        assert_eq!((page.items.as_slice(), page.page, page.size, page.total), ([3, 4].as_slice(), Some(2), 2, 7));
        let by_cursor = |cursor| PageRequest { limit: 2, cursor }.start::<u32>("n").unwrap();
        assert_eq!(by_cursor(page.next_cursor), Start::After(4));
        assert_eq!(by_cursor(page.prev_cursor), Start::Before(3));
        let first = CountedPage::of_selected(vec![1, 2, 3], 7, |item| *item, "n", &request(1), &Start::Beginning);
        assert!(first.prev_cursor.is_none() && first.next_cursor.is_some());
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
