//! A colour that is told apart from others.

use super::{Color, hue_arc};

/// How many hues are tried: every 5°.
const HUES: u16 = 72;

/// A colour whose hue is as far as possible from the hues of `taken`; the first of equally far ones, counted from 210°
/// on. Saturation 65 %, lightness 50 %. Once that is taken, a lighter or darker one that isn't.
///
/// ```
/// # use circadia_domain::color::distinct_color;
/// let first = distinct_color(&[]);
/// let second = distinct_color(&[first]);
/// assert_ne!(first, second);
/// ```
pub fn distinct_color(taken: &[Color]) -> Color {
    let hues: Vec<u16> = taken.iter().filter_map(|color| color.hue()).collect();
    let distance_to_nearest = |hue: u16| hues.iter().map(|other| hue_arc(hue, *other)).min().unwrap_or(360);
    let candidates = || (0..HUES).map(|step| (210 + step * (360 / HUES)) % 360);
    let mut best = (0, 210);
    for hue in candidates() {
        let distance = distance_to_nearest(hue);
        if distance > best.0 {
            best = (distance, hue);
        }
    }
    let farthest = Color::from_hue(best.1);
    if !taken.contains(&farthest) {
        return farthest;
    }
    let shades =
        SHADES.into_iter().flat_map(|percent| candidates().map(move |hue| Color::from_hue(hue).shade(percent)));
    shades.into_iter().find(|color| !taken.contains(color)).unwrap_or(farthest)
}

/// How much lighter (white is 100) or darker (black is -100) the shades are, in percent: with those of each hue there
/// are more colours than a user may have themes.
const SHADES: [i32; 5] = [0, 30, -30, 55, -55];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::themes::MAX_THEMES;

    #[test]
    fn colors_made_one_after_the_other_keep_apart() {
        let mut colors = Vec::new();
        for _ in 0..24 {
            colors.push(distinct_color(&colors));
        }
        for (index, color) in colors.iter().enumerate() {
            for other in &colors[..index] {
                let apart = hue_arc(color.hue().unwrap(), other.hue().unwrap());
                assert!(apart >= 8, "{color} and {other} are {apart}° apart");
            }
        }
    }

    #[test]
    fn however_many_colors_are_taken_another_one_is_found() {
        let mut colors = vec![distinct_color(&[])];
        while colors.len() < MAX_THEMES {
            let another = distinct_color(&colors);
            assert!(!colors.contains(&another), "{another} is taken, the {}th", colors.len());
            colors.push(another);
        }
    }

    #[test]
    fn greys_have_no_hue_and_are_ignored() {
        assert_eq!(distinct_color(&[Color { rgb: [128; 3] }]), distinct_color(&[]));
    }
}
