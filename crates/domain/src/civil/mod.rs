//! Civil time: dates, weekdays, zones, and the instants they are seen from.
