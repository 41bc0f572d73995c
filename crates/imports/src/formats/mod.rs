//! One app each: what its files look like, and what becomes of it.

pub(crate) mod apple_health;
pub(crate) mod beaverhabits;
pub(crate) mod daylio;
pub(crate) mod frequency;
pub(crate) mod generic;
pub(crate) mod habitbull;
pub(crate) mod habitica;
pub(crate) mod loop_habits;
pub(crate) mod mhabit;
pub(crate) mod plees_tracker;
pub(crate) mod sleep_as_android;
pub(crate) mod ticktick;
pub(crate) mod todoist;
