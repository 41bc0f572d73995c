//! The cells of a row, by the names of their columns.

use circadia_domain::civil::Date;
use circadia_domain::ids::Id;
use circadia_domain::moods::{Tag, Tags};
use circadia_domain::violation::Violations;

use crate::context::uuid;
use crate::table::{Header, Row};

/// A row with the names of its columns.
pub(super) struct Cells<'a> {
    pub(super) header: &'a Header,
    pub(super) row: &'a Row,
}

pub(super) fn wrong(name: &str, code: &'static str, detail: &'static str) -> Violations {
    Violations::at(format!("/{name}"), code, detail)
}

impl<'a> Cells<'a> {
    /// A cell. Spreadsheets take what begins with some characters for formulas: exports put an apostrophe before these.
    pub(super) fn get(&self, name: &str) -> &'a str {
        let cell = self.header.get(self.row, name);
        match cell.strip_prefix('\'') {
            Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest,
            _ => cell,
        }
    }

    pub(super) fn optional<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, Violations>,
    ) -> Result<Option<T>, Violations> {
        match self.get(name) {
            "" => Ok(None),
            text => parse(text).map(Some).map_err(|nested| {
                let mut all = Violations::new();
                all.nest(&format!("/{name}"), nested);
                all
            }),
        }
    }

    pub(super) fn required<T>(
        &self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, Violations>,
    ) -> Result<T, Violations> {
        self.optional(name, parse)?.ok_or_else(|| wrong(name, "required", "is required"))
    }

    pub(super) fn date(&self, name: &str) -> Result<Option<Date>, Violations> {
        self.optional(name, |text| {
            Date::parse(text).map_err(|_| Violations::of("invalid_date", "is no date such as `2026-03-01`"))
        })
    }

    pub(super) fn id<E>(&self, name: &'static str) -> Result<Option<Id<E>>, Violations> {
        self.optional(name, |text| {
            uuid(text).map(Id::from_uuid).ok_or_else(|| Violations::of("invalid_id", "is no UUID"))
        })
    }

    pub(super) fn whole(&self, name: &'static str, max: u32) -> Result<Option<u32>, Violations> {
        self.optional(name, |text| {
            let found = text.parse().ok().filter(|number| *number <= max);
            found.ok_or_else(|| Violations::of("out_of_range", format!("must be a whole number of at most {max}")))
        })
    }

    pub(super) fn tags(&self) -> Result<Tags, Violations> {
        let tags = self.get("tags").split(',').map(str::trim).filter(|tag| !tag.is_empty());
        Tags::new(tags.map(Tag::parse).collect::<Result<Vec<_>, _>>()?)
    }
}
