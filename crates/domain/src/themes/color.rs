//! A colour for a theme whose maker didn't choose one.

use crate::text::Color;

/// How many hues are tried: every 5°.
const HUES: u16 = 72;

/// A colour whose hue is as far as possible from the hues of `taken`; the first of equally far ones, counted from 210°
/// on. Saturation 65 %, lightness 50 %. Once that is taken, a lighter or darker one that no theme has.
///
/// ```
/// # use circadia_domain::themes::distinct_color;
/// let first = distinct_color(&[]);
/// let second = distinct_color(&[first]);
/// assert_ne!(first, second);
/// ```
pub fn distinct_color(taken: &[Color]) -> Color {
    let hues: Vec<u16> = taken.iter().filter_map(|color| hue_of(*color)).collect();
    let distance_to_nearest = |hue: u16| hues.iter().map(|other| arc(hue, *other)).min().unwrap_or(360);
    let candidates = || (0..HUES).map(|step| (210 + step * (360 / HUES)) % 360);
    let mut best = (0, 210);
    for hue in candidates() {
        let distance = distance_to_nearest(hue);
        if distance > best.0 {
            best = (distance, hue);
        }
    }
    let farthest = from_hue(best.1);
    if !taken.contains(&farthest) {
        return farthest;
    }
    let shades = SHADES.into_iter().flat_map(|percent| candidates().map(move |hue| shade(from_hue(hue), percent)));
    shades.into_iter().find(|color| !taken.contains(color)).unwrap_or(farthest)
}

/// How much lighter (white is 100) or darker (black is -100) the shades are, in percent: with those of each hue there
/// are more colours than a user may have themes.
const SHADES: [i32; 5] = [0, 30, -30, 55, -55];

/// A colour mixed with white (above 0) or black (below 0).
fn shade(color: Color, percent: i32) -> Color {
    let target = if percent > 0 { 255 } else { 0 };
    let mixed = |channel: u8| i32::from(channel) + (target - i32::from(channel)) * percent.abs() / 100;
    Color { rgb: color.rgb.map(|channel| u8::try_from(mixed(channel)).unwrap_or(channel)) }
}

/// The shorter arc between two hues, in degrees.
fn arc(a: u16, b: u16) -> u16 {
    let difference = a.abs_diff(b) % 360;
    difference.min(360 - difference)
}

/// The hue in degrees; none for greys.
fn hue_of(color: Color) -> Option<u16> {
    let [red, green, blue] = color.rgb.map(i32::from);
    let high = red.max(green).max(blue);
    let spread = high - red.min(green).min(blue);
    if spread == 0 {
        return None;
    }
    let sextant = if high == red {
        60 * (green - blue) / spread
    } else if high == green {
        120 + 60 * (blue - red) / spread
    } else {
        240 + 60 * (red - green) / spread
    };
    u16::try_from(sextant.rem_euclid(360)).ok()
}

/// HSL to RGB (CSS Color 4 §7.1) at 65 % and 50 %: channels run between 45 and 210.
fn from_hue(hue: u16) -> Color {
    let channel = |shift: u16| {
        let turned = (hue + shift) % 360;
        let rise = match turned {
            0..60 => turned,
            60..180 => 60,
            180..240 => 240 - turned,
            _ => 0,
        };
        u8::try_from(45 + rise * 165 / 60).unwrap_or(u8::MAX)
    };
    Color { rgb: [channel(120), channel(0), channel(240)] }
}

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
                let apart = arc(hue_of(*color).unwrap(), hue_of(*other).unwrap());
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
