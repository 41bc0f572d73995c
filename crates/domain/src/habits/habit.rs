//! The habit: a name on a timeline.

use serde::Serialize;

use super::{Kind, Schedule, Timeline};
use crate::civil::{Date, Instant};
use crate::color::Color;
use crate::ids::{HabitId, ThemeId};
use crate::revision::Revision;
use crate::text::{Line, Prose};

/// A habit's name: 1–100 characters.
pub type HabitName = Line<100>;
/// A habit's description: at most 2,000 characters.
pub type HabitDescription = Prose<2000>;
/// What apps draw beside a habit's name, such as an emoji or the name of an icon: 1–32 characters.
pub type HabitIcon = Line<32>;
/// What apps ask of a day, such as *Did you read before going to sleep?*: 1–200 characters.
pub type HabitQuestion = Line<200>;

/// The most habits a user may have, archived ones included.
pub const MAX_HABITS: i64 = 5_000;

words! {
    /// The time of day that a habit belongs to.
    #[derive(Default)]
    pub enum TimeOfDay {
        /// The morning.
        Morning = "morning",
        /// The afternoon.
        Afternoon = "afternoon",
        /// The evening.
        Evening = "evening",
        /// No particular one.
        #[default]
        Any = "any",
    }
}

/// A habit as stored: one row, its plans and pauses with it, because they are always read and written together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = HabitDetails))]
pub struct Habit {
    /// The habit's id.
    pub id: HabitId,
    /// The name. Example: `Read`
    pub name: HabitName,
    /// The description.
    pub description: Option<HabitDescription>,
    /// The theme it belongs to.
    #[serde(rename = "theme_id")]
    pub theme: Option<ThemeId>,
    /// Its own colour.
    pub color: Option<Color>,
    /// What to draw beside the name, such as an emoji or the name of an icon.
    pub icon: Option<HabitIcon>,
    /// What to ask of a day. Example: `Did you read before going to sleep?`
    pub question: Option<HabitQuestion>,
    /// The time of day it belongs to.
    pub time_of_day: TimeOfDay,
    /// When it is due: window, plan versions, pauses, archived days.
    #[serde(skip)]
    pub timeline: Timeline,
    /// When its user archived it; the day is in the timeline.
    #[serde(skip)]
    pub archived_at: Option<Instant>,
    /// Where it stands in the user's own order.
    pub position: i32,
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

/// A habit to make.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CreateHabitBody, example = json!({"name": "Read", "schedule": {"type": "weekly", "weekdays": ["mo", "we", "fr"]}, "kind": {"type": "minutes", "target": 30}})))]
pub struct NewHabit {
    /// Its id, if the client wants to choose it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<HabitId>))]
    pub id: HabitId,
    /// The name. Example: `Read`
    pub name: HabitName,
    /// The description.
    pub description: Option<HabitDescription>,
    /// The theme it belongs to.
    #[cfg_attr(feature = "openapi", schema(rename = "theme_id"))]
    pub theme: Option<ThemeId>,
    /// Its own colour.
    pub color: Option<Color>,
    /// What to draw beside the name, such as an emoji or the name of an icon.
    pub icon: Option<HabitIcon>,
    /// What to ask of a day. Example: `Did you read before going to sleep?`
    pub question: Option<HabitQuestion>,
    /// The time of day it belongs to; `any` if absent.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<TimeOfDay>))]
    pub time_of_day: TimeOfDay,
    /// How a day is measured; `{"type":"check"}` if absent.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Kind>))]
    pub kind: Kind,
    /// When it is due.
    pub schedule: Schedule,
    /// Its first day; the user's today if absent.
    pub starts_on: Option<Date>,
    /// Its last day; no end if absent.
    pub ends_on: Option<Date>,
    /// A hash of the request, to recognise its repetition.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub request_digest: [u8; 32],
}

impl NewHabit {
    /// The habit that is stored.
    pub(super) fn into_habit(self, timeline: Timeline, position: i32, now: Instant, rev: Revision) -> Habit {
        Habit {
            id: self.id,
            name: self.name,
            description: self.description,
            theme: self.theme,
            color: self.color,
            icon: self.icon,
            question: self.question,
            time_of_day: self.time_of_day,
            timeline,
            archived_at: None,
            position,
            created_at: now,
            updated_at: now,
            rev,
            request_digest: self.request_digest,
        }
    }
}

patch! {
    /// A change of a habit (RFC 7396): what is absent stays, null clears.
    ///
    /// A new `schedule` or `kind` is sent whole, and holds from today on; what was before keeps its own. To have it begin on
    /// another day, put a plan version instead.
    #[derive(Debug, Clone, Default)]
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = UpdateHabitBody, example = json!({"name": "Read more", "color": "#1E90FF"})))]
    pub struct HabitPatch of Habit {
        /// The name.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub name: Option<HabitName>,
        /// The description.
        pub description: Option<Option<HabitDescription>>,
        /// The theme it belongs to.
        #[cfg_attr(feature = "openapi", schema(rename = "theme_id"))]
        pub theme: Option<Option<ThemeId>>,
        /// Its own colour.
        pub color: Option<Option<Color>>,
        /// What to draw beside the name.
        pub icon: Option<Option<HabitIcon>>,
        /// What to ask of a day.
        pub question: Option<Option<HabitQuestion>>,
        /// The time of day it belongs to.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub time_of_day: Option<TimeOfDay>,
    } besides {
        /// How a day is measured, from today on.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub kind: Option<Kind>,
        /// When it is due, from today on.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub schedule: Option<Schedule>,
        /// Its first day.
        #[cfg_attr(feature = "openapi", schema(nullable = false))]
        pub starts_on: Option<Date>,
        /// Its last day.
        pub ends_on: Option<Option<Date>>,
    }
}

words! {
    /// Whether a habit is kept.
    pub enum HabitStatus {
        /// It is.
        Active = "active",
        /// It isn't any more.
        Archived = "archived",
    }
}

words! {
    /// Why a habit is archived.
    #[cfg_attr(feature = "openapi", schema(as = ArchivedBecause))]
    pub enum ArchiveReason {
        /// Its user archived it.
        User = "user",
        /// Its last day is past. Moving that day restores the habit.
        Ended = "ended",
    }
}

impl Habit {
    /// Whether the habit was, or is, kept on `date`: it had begun, hadn't ended, and wasn't archived.
    pub fn was_kept_on(&self, date: Date) -> bool {
        self.timeline.window().contains(date) && !self.timeline.is_archived(date)
    }

    /// Why the habit is archived on `today`; `None` if it isn't.
    pub fn archived_because(&self, today: Date) -> Option<ArchiveReason> {
        if self.archived_at.is_some() {
            Some(ArchiveReason::User)
        } else {
            self.timeline.is_over(today).then_some(ArchiveReason::Ended)
        }
    }

    /// Whether the habit is kept on `today`.
    pub fn status(&self, today: Date) -> HabitStatus {
        if self.archived_because(today).is_some() { HabitStatus::Archived } else { HabitStatus::Active }
    }
}
