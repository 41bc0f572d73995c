//! What a mood holds, and what it may hold.

use std::fmt;

use serde::Serialize;

use crate::civil::num::len32;
use crate::civil::{Date, Instant, ZoneOrOffset};
use crate::collation::sort_key;
use crate::ids::MoodMomentId;
use crate::json::List;
use crate::revision::Revision;
use crate::text::{Line, Prose};
use crate::violation::Violations;

/// A note on a mood: at most 1,000 characters.
pub type MoodNote = Prose<1000>;

/// The most tags a mood has.
pub const MAX_TAGS: usize = 20;
/// The most characters a tag has.
const MAX_TAG: usize = 32;
/// The most moments of a day.
pub const MAX_MOMENTS_A_DAY: usize = 100;

/// A mood, a whole number from 0 (worst) to 10 (best).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct MoodValue(u8);

json_value!(MoodValue: i64 => |number| Self::from_number(*number); "MoodValue", schema::number(0, Self::MAX));

impl MoodValue {
    /// The best.
    pub const MAX: u8 = 10;

    /// Checks a number.
    ///
    /// # Errors
    /// `out_of_range`.
    pub fn from_number(number: i64) -> Result<Self, Violations> {
        match u8::try_from(number) {
            Ok(number @ 0..=Self::MAX) => Ok(Self(number)),
            _ => Err(Violations::of("out_of_range", "must be a whole number between 0 (worst) and 10 (best)")),
        }
    }

    /// The number, 0–10.
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// What a mood went along with, in the form under which two are the same: NFKC, lower case, white space folded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Tag(String);

impl Tag {
    /// Normalises and checks a tag: 1–32 characters, no control characters.
    ///
    /// # Errors
    /// `too_short`, `too_long`, `nul_character`, `control_character`.
    pub fn parse(text: &str) -> Result<Self, Violations> {
        let key = Line::<MAX_TAG>::parse(text)?.key();
        // Compatibility forms can be longer than what stands for them.
        Line::<MAX_TAG>::parse(&key).map(|line| Self(line.as_str().to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

json_value!(Tag: str => Self::parse; "Tag", schema::text().min_length(Some(1)).max_length(Some(MAX_TAG)));

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The tags of a mood: each once, in alphabetical order, at most [`MAX_TAGS`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Tags(Vec<Tag>);

json_value!(Tags: List<Tag, MAX_TAGS> => |List(tags)| Self::new(tags.clone());
    "Tags", schema::list(Tag::schema()).max_items(Some(MAX_TAGS)).examples([vec!["sunshine", "work"]]));

impl Tags {
    /// Sorts tags and drops repetitions.
    ///
    /// # Errors
    /// `too_many`.
    pub fn new(mut tags: Vec<Tag>) -> Result<Self, Violations> {
        tags.sort_unstable();
        tags.dedup();
        tags.sort_by_cached_key(|tag| sort_key(tag.as_str()));
        if tags.len() > MAX_TAGS {
            return Err(Violations::of("too_many", format!("must have at most {MAX_TAGS} different tags")));
        }
        Ok(Self(tags))
    }

    /// The tags.
    pub fn as_slice(&self) -> &[Tag] {
        &self.0
    }

    /// As a column holds them: a JSON list of texts.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// Reads back what was stored; `None` if it can't have been.
    pub fn from_json(json: &str) -> Option<Self> {
        let tags: Vec<String> = serde_json::from_str(json).ok()?;
        Some(Self(tags.into_iter().map(Tag).collect()))
    }
}

/// A day's own mood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mood {
    /// The day.
    pub date: Date,
    /// How it was, a whole number from 0 (worst) to 10 (best).
    pub value: MoodValue,
    /// A note.
    pub note: Option<MoodNote>,
    /// What it went along with: lower case, each once, in alphabetical order.
    pub tags: Tags,
    /// When it was first put.
    pub created_at: Instant,
    /// When it was last put.
    pub updated_at: Instant,
    /// The revision it was last touched in.
    #[serde(skip)]
    pub rev: Revision,
}

/// How it was at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MoodMoment {
    /// The moment's id.
    pub id: MoodMomentId,
    /// When it was.
    pub at: Instant,
    /// The day that it belongs to, in `timezone`, by the start of the day that the user had when they wrote it.
    pub date: Date,
    /// Where it was: a time zone, or an offset from UTC such as `+05:30`.
    #[serde(rename = "timezone")]
    pub zone: ZoneOrOffset,
    /// How it was, a whole number from 0 (worst) to 10 (best).
    pub value: MoodValue,
    /// A note.
    pub note: Option<MoodNote>,
    /// What it went along with: lower case, each once, in alphabetical order.
    pub tags: Tags,
    /// The time of creation.
    pub created_at: Instant,
    /// The time of the last change.
    pub updated_at: Instant,
    /// The revision it was last touched in.
    #[serde(skip)]
    pub rev: Revision,
    /// Hash of the request that created it, for idempotency.
    #[serde(skip)]
    pub request_digest: [u8; 32],
}

words! {
    /// Where a day's value is from.
    pub enum MoodSource {
        /// From its own mood.
        Day = "day",
        /// From its moments: their mean.
        Moments = "moments",
    }
}

/// A day's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayValue {
    /// Which day.
    pub date: Date,
    /// 0–10.
    pub value: f64,
    /// Where it is from.
    pub source: MoodSource,
}

impl DayValue {
    /// The value of a day with this mood of its own and these moments; none without either.
    pub fn of(date: Date, own: Option<MoodValue>, moments: impl Iterator<Item = MoodValue>) -> Option<Self> {
        if let Some(own) = own {
            return Some(Self { date, value: f64::from(own.number()), source: MoodSource::Day });
        }
        let (sum, count) = moments.fold((0, 0), |(sum, count), value| (sum + u32::from(value.number()), count + 1));
        (count > 0).then(|| Self { date, value: f64::from(sum) / f64::from(count), source: MoodSource::Moments })
    }
}

/// The mood and the moments of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoodDay {
    /// Which day.
    pub date: Date,
    /// Its own mood.
    pub mood: Option<Mood>,
    /// Its moments, by time.
    pub moments: Vec<MoodMoment>,
}

impl MoodDay {
    /// Its value.
    pub fn value(&self) -> Option<DayValue> {
        let moments = self.moments.iter().map(|moment| moment.value);
        DayValue::of(self.date, self.mood.as_ref().map(|mood| mood.value), moments)
    }

    /// How many moments it has.
    pub fn count(&self) -> u32 {
        len32(self.moments.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moods_are_whole_numbers_from_0_to_10() {
        assert_eq!(MoodValue::from_number(0).unwrap().number(), 0);
        assert_eq!(MoodValue::from_number(10).unwrap().number(), 10);
        for wrong in [-1, 11, 256, i64::MIN, i64::MAX] {
            assert!(MoodValue::from_number(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn tags_are_normalised_sorted_and_kept_once() {
        let parsed = ["  Work ", "ＷＯＲＫ", "late  night", "a\u{301}"].map(|tag| Tag::parse(tag).unwrap());
        let tags = Tags::new(parsed.to_vec()).unwrap();
        assert_eq!(tags.as_slice().iter().map(Tag::as_str).collect::<Vec<_>>(), ["á", "late night", "work"]);
        assert_eq!(Tags::from_json(&tags.to_json()), Some(tags));
        assert_eq!(Tags::from_json("nonsense"), None);
    }

    #[test]
    fn tags_have_limits() {
        for wrong in ["", "  ", "a\0", "a\nb", &"a".repeat(33), "\u{FDFA}\u{FDFA}"] {
            assert!(Tag::parse(wrong).is_err(), "{wrong}");
        }
        let many = |count: usize| (0..count).map(|tag| Tag::parse(&tag.to_string()).unwrap()).collect();
        assert!(Tags::new(many(20)).is_ok());
        assert!(Tags::new(many(21)).is_err());
    }

    #[test]
    fn a_day_is_what_it_says_of_itself_or_the_mean_of_its_moments() {
        let value = |number| MoodValue::from_number(number).unwrap();
        let of = |own, moments: &[i64]| DayValue::of(Date::MIN, own, moments.iter().map(|number| value(*number)));
        assert_eq!(of(None, &[]), None);
        assert_eq!(of(None, &[3, 6]).map(|day| (day.value, day.source)), Some((4.5, MoodSource::Moments)));
        assert_eq!(of(Some(value(9)), &[3, 6]).map(|day| (day.value, day.source)), Some((9.0, MoodSource::Day)));
    }
}
