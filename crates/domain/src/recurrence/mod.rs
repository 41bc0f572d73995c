//! Recurrence rules over civil dates.
