//! Rounding of figures in answers.

/// A figure to so many places behind the point: more would only say how it was computed.
pub(crate) fn rounded(value: f64, places: i32) -> f64 {
    let scale = 10_f64.powi(places);
    (value * scale).round() / scale
}

/// A figure to two places.
pub(crate) fn two_places(value: f64) -> f64 {
    rounded(value, 2)
}

/// A figure to six places: those of shares and scores.
pub(crate) fn six_places(value: f64) -> f64 {
    rounded(value, 6)
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn figures_have_the_places_that_are_wanted() {
        assert_eq!(rounded(13.0 / 3.0, 2).to_string(), "4.33");
        assert_eq!(rounded(-0.005, 2).to_string(), "-0.01");
        assert_eq!(rounded(7.0, 2).to_string(), "7");
    }
}
