//! Habits: what is planned, what was done, and what follows from the two.
