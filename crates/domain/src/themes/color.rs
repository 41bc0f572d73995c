//! A colour for a theme whose maker didn't choose one.

use crate::text::Color;

/// How many hues are tried: every 5°.
const HUES: u16 = 72;

/// A colour whose hue is as far as possible from the hues of `taken`; the first of equally far ones, counted from the
/// golden angle on so that the first few differ clearly. Saturation 65 %, lightness 50 %.
///
/// ```
/// # use circadia_domain::themes::distinct_color;
/// let first = distinct_color(&[]);
/// let second = distinct_color(&[first]);
/// assert_ne!(first, second);
/// ```
pub fn distinct_color(taken: &[Color]) -> Color {
    let taken: Vec<u16> = taken.iter().filter_map(|color| hue_of(*color)).collect();
    let distance_to_nearest = |hue: u16| taken.iter().map(|other| arc(hue, *other)).min().unwrap_or(360);
    let mut best = (0, 210);
    for step in 0..HUES {
        let hue = (210 + step * (360 / HUES)) % 360;
        let distance = distance_to_nearest(hue);
        if distance > best.0 {
            best = (distance, hue);
        }
    }
    from_hue(best.1)
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
    fn greys_have_no_hue_and_are_ignored() {
        assert_eq!(distinct_color(&[Color { rgb: [128; 3] }]), distinct_color(&[]));
    }
}
