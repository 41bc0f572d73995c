//! Rounding of figures in answers, the same for all of them.

/// A figure to six places behind the point, as every answer has it: more would only say how it was computed.
pub(crate) fn six_places(value: f64) -> f64 {
    const SCALE: f64 = 1_000_000.0;
    (value * SCALE).round() / SCALE
}

#[cfg(test)]
mod tests {
    use super::six_places;

    #[test]
    fn figures_have_six_places_at_most() {
        assert_eq!(six_places(13.0 / 3.0).to_string(), "4.333333");
        assert_eq!(six_places(-2.0 / 3.0).to_string(), "-0.666667");
        assert_eq!(six_places(7.0).to_string(), "7");
    }
}
