//! The days that statistics are about, and the pieces that a chart cuts them into.

use crate::civil::{Date, DateRange};

/// A range by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeName {
    /// So many days, today included.
    Days(u16),
    /// From the first day of which anything is known.
    All,
}

impl RangeName {
    /// Reads the API's word: `7d`, `30d`, `90d`, `365d`, `all`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "7d" => Some(Self::Days(7)),
            "30d" => Some(Self::Days(30)),
            "90d" => Some(Self::Days(90)),
            "365d" => Some(Self::Days(365)),
            "all" => Some(Self::All),
            _ => None,
        }
    }
}

/// The requested period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// By name.
    Named(RangeName),
    /// These days.
    Dates(DateRange),
}

impl Default for Period {
    fn default() -> Self {
        Self::Named(RangeName::Days(30))
    }
}

impl Period {
    /// Its days as of `today`; of all days, those from `first` on.
    pub fn days(self, today: Date, first: Option<Date>) -> DateRange {
        let from = match self {
            Self::Dates(range) => return range,
            Self::Named(RangeName::Days(days)) => today.saturating_add_days(1 - i32::from(days)),
            Self::Named(RangeName::All) => first.unwrap_or(today).min(today),
        };
        DateRange::new(from, today).unwrap_or(DateRange::day(today))
    }

    /// The days that have to be read for it, as of `today`: its own, and as many before them to compare with.
    pub fn days_to_read(self, today: Date) -> DateRange {
        if self == Self::Named(RangeName::All) {
            return DateRange::new(Date::MIN, today).unwrap_or(DateRange::day(today));
        }
        let own = self.days(today, None);
        let from = previous(own).map_or(own.from(), DateRange::from);
        DateRange::new(from, own.to()).unwrap_or(own)
    }

    /// The days to compare with: as many, right before. None for all days, and none at the edge of the calendar.
    pub fn previous(self, days: DateRange) -> Option<DateRange> {
        if self == Self::Named(RangeName::All) { None } else { previous(days) }
    }
}

fn previous(days: DateRange) -> Option<DateRange> {
    let length = days.len().cast_signed();
    DateRange::new(days.from().checked_add_days(-length)?, days.from().pred()?)
}

words! {
    /// How charts are cut.
    #[cfg_attr(feature = "openapi", schema(as = ChartStep))]
    pub enum Step {
        /// Into days: of 30 or less.
        Day = "day",
        /// Into sevens of days from the first on, the last one shorter: of 90 or less.
        Week = "week",
        /// Into calendar months, the first and the last cut off.
        Month = "month",
    }
}

/// Days cut into pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pieces {
    /// How they were cut.
    pub step: Step,
    /// The pieces, in order: together all the days, and no day twice.
    pub pieces: Vec<DateRange>,
}

impl Pieces {
    /// Cuts days as their number wants it.
    pub fn new(days: DateRange) -> Self {
        let step = match days.len() {
            ..=30 => Step::Day,
            31..=90 => Step::Week,
            _ => Step::Month,
        };
        let mut pieces = Vec::new();
        let mut from = Some(days.from());
        while let Some(first) = from.filter(|first| *first <= days.to()) {
            let last = match step {
                Step::Day => first,
                Step::Week => first.saturating_add_days(6),
                Step::Month => DateRange::month_of(first).to(),
            };
            let piece = DateRange::new(first, last.min(days.to())).unwrap_or(DateRange::day(first));
            pieces.push(piece);
            from = piece.to().succ();
        }
        Self { step, pieces }
    }

    /// The place of the piece that has a day.
    pub fn place_of(&self, date: Date) -> Option<usize> {
        let at = self.pieces.partition_point(|piece| piece.to() < date);
        self.pieces.get(at).filter(|piece| piece.contains(date)).map(|_| at)
    }

    /// What each piece amounts to: `add` is called with the piece's own and each thing of one of its days.
    pub(super) fn collect<T, S: Clone + Default>(
        &self,
        things: impl IntoIterator<Item = (Date, T)>,
        add: impl Fn(&mut S, T),
    ) -> Vec<S> {
        let mut sums = vec![S::default(); self.pieces.len()];
        for (date, thing) in things {
            if let Some(sum) = self.place_of(date).and_then(|at| sums.get_mut(at)) {
                add(sum, thing);
            }
        }
        sums
    }
}

/// A mean that is being made.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Mean {
    sum: f64,
    count: u32,
}

impl Mean {
    /// Takes a value in.
    pub fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    /// Of these values.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut mean = Self::default();
        values.into_iter().for_each(|value| mean.add(value));
        mean
    }

    /// How many values.
    pub const fn count(self) -> u32 {
        self.count
    }

    /// Their mean; `None` without any.
    pub fn value(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    fn range(from: &str, to: &str) -> DateRange {
        DateRange::new(date(from), date(to)).unwrap()
    }

    #[test]
    fn names_are_days_up_to_today() {
        let period = Period::Named(RangeName::parse("7d").unwrap());
        let days = period.days(date("2026-03-11"), None);
        assert_eq!(days, range("2026-03-05", "2026-03-11"));
        assert_eq!(period.previous(days), Some(range("2026-02-26", "2026-03-04")));
        assert_eq!(period.days_to_read(date("2026-03-11")), range("2026-02-26", "2026-03-11"));
        let all = Period::Named(RangeName::All);
        assert_eq!(all.days(date("2026-03-11"), Some(date("2025-01-01"))), range("2025-01-01", "2026-03-11"));
        assert_eq!(all.days(date("2026-03-11"), None), range("2026-03-11", "2026-03-11"));
        assert_eq!(all.previous(range("2025-01-01", "2026-03-11")), None);
        assert_eq!(Period::Dates(DateRange::ALL).previous(DateRange::ALL), None);
        for wrong in ["", "7", "8d", "ALL", "1y"] {
            assert_eq!(RangeName::parse(wrong), None);
        }
    }

    #[test]
    fn pieces_are_all_the_days_and_none_twice() {
        for length in [1, 7, 29, 30, 31, 90, 91, 365, 3653, 84_006] {
            for begin in [0, 20_000, 20_058, 20_089] {
                let Some(to) = Date::from_days_since_epoch(begin + length - 1) else { continue };
                let days = DateRange::new(Date::from_days_since_epoch(begin).unwrap(), to).unwrap();
                let cut = Pieces::new(days);
                let joined: Vec<Date> = cut.pieces.iter().flat_map(|piece| piece.iter()).collect();
                assert!(joined.iter().copied().eq(days.iter()), "{days:?}");
                assert!(joined.iter().all(|date| cut.pieces[cut.place_of(*date).unwrap()].contains(*date)));
                let longest = match cut.step {
                    Step::Day => 1,
                    Step::Week => 7,
                    Step::Month => 31,
                };
                assert!(cut.pieces.iter().all(|piece| piece.len() <= longest));
            }
        }
    }

    #[test]
    fn short_ranges_are_cut_into_days_longer_ones_into_sevens_and_years_into_months() {
        assert_eq!(Pieces::new(range("2026-03-01", "2026-03-30")).pieces.len(), 30);
        let sevens = Pieces::new(range("2026-03-01", "2026-03-31"));
        assert_eq!((sevens.step, sevens.pieces.len()), (Step::Week, 5));
        assert_eq!(sevens.pieces[4], range("2026-03-29", "2026-03-31"));
        let months = Pieces::new(range("2025-12-20", "2026-03-31"));
        let expected = [
            ("2025-12-20", "2025-12-31"),
            ("2026-01-01", "2026-01-31"),
            ("2026-02-01", "2026-02-28"),
            ("2026-03-01", "2026-03-31"),
        ];
        assert_eq!(months.pieces, expected.map(|(from, to)| range(from, to)));
        assert_eq!(months.place_of(date("2026-04-01")), None);
    }
}
