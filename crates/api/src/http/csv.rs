//! Tables as CSV (RFC 4180), for clients that ask for it by `Accept: text/csv`.

use std::future::{Ready, ready};

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::header::{Accept, CACHE_CONTROL, CONTENT_DISPOSITION, Header as _};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};

use crate::http::chart::ChartBody;
use crate::http::problem::Problem;

/// The form in which a client wants a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Csv,
}

impl FromRequest for Format {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(preferred(request)))
    }
}

/// The first of the client's preferences that there is; JSON without any.
fn preferred(request: &HttpRequest) -> Format {
    let Ok(accept) = Accept::parse(request) else { return Format::Json };
    for media in accept.ranked() {
        match (media.type_().as_str(), media.subtype().as_str()) {
            ("text", "csv") => return Format::Csv,
            ("application", "json") | ("*", "*") => return Format::Json,
            _ => {}
        }
    }
    Format::Json
}

/// A table as a file.
#[derive(Debug)]
pub(crate) struct Csv {
    /// The file's name without its ending.
    name: &'static str,
    body: Vec<u8>,
}

impl Csv {
    /// A table with a head.
    ///
    /// # Errors
    /// `internal_error`, which is a defect.
    pub(crate) fn new<Row: IntoIterator<Item = String>>(
        name: &'static str,
        head: &[&str],
        rows: impl IntoIterator<Item = Row>,
    ) -> Result<Self, Problem> {
        let head = head.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let rows = rows.into_iter().map(|row| row.into_iter().collect::<Vec<_>>());
        let body =
            circadia_app::csv::encode(std::iter::once(head).chain(rows)).map_err(|error| Problem::internal(&error))?;
        Ok(Self { name, body })
    }

    /// A chart: a row for each label.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(crate) fn of_chart(name: &'static str, label: &str, chart: &ChartBody) -> Result<Self, Problem> {
        let keys: Vec<&str> = std::iter::once(label).chain(chart.datasets.iter().map(|dataset| dataset.key)).collect();
        let rows = chart.labels.iter().enumerate().map(|(place, label)| {
            let values = chart.datasets.iter().map(move |dataset| cell(dataset.data.get(place).copied().flatten()));
            std::iter::once(label.clone()).chain(values)
        });
        Self::new(name, &keys, rows)
    }
}

/// A value that may be unknown.
pub(crate) fn cell(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

impl Responder for Csv {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok()
            .content_type("text/csv; charset=utf-8; header=present")
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{}.csv\"", self.name)))
            .body(self.body)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_first_preference_counts() {
        let format = |accept: &str| preferred(&TestRequest::get().insert_header(("accept", accept)).to_http_request());
        assert_eq!(format("text/csv"), Format::Csv);
        assert_eq!(format("application/json, text/csv;q=0.5"), Format::Json);
        assert_eq!(format("application/json;q=0.1, text/csv"), Format::Csv);
        assert_eq!(format("text/csv;charset=utf-8"), Format::Csv);
        for json in ["*/*", "text/html, */*;q=0.8", "nonsense", ""] {
            assert_eq!(format(json), Format::Json, "{json}");
        }
        assert_eq!(preferred(&TestRequest::get().to_http_request()), Format::Json);
    }

    #[test]
    fn cells_that_look_like_formulas_are_made_harmless() {
        let rows = [["=1+1", "-5", "@x"], ["a,b", "say \"hi\"", "+49 170"]].map(|row| row.map(str::to_owned));
        let table = Csv::new("table", &["a", "b", "c"], rows).unwrap();
        let text = String::from_utf8(table.body).unwrap();
        assert_eq!(text, "a,b,c\r\n'=1+1,-5,'@x\r\n\"a,b\",\"say \"\"hi\"\"\",'+49 170\r\n");
    }
}
