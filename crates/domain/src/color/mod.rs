//! Colours.

mod distinct;

pub use distinct::distinct_color;

use std::fmt;

use serde::{Serialize, Serializer};

use crate::violation::Violations;

/// A colour, `#RRGGBB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Color {
    /// Red, green, blue.
    pub rgb: [u8; 3],
}

impl Color {
    /// Reads `#RRGGBB` in either case.
    ///
    /// # Errors
    /// `invalid_color`.
    pub fn parse(text: &str) -> Result<Self, Violations> {
        let digits =
            text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match value {
            Some(value) => {
                let [_, red, green, blue] = value.to_be_bytes();
                Ok(Self { rgb: [red, green, blue] })
            }
            None => Err(Violations::of("invalid_color", "is not a colour such as `#1E90FF`")),
        }
    }

    /// HSL to RGB (CSS Color 4 §7.1) at 65 % and 50 %: channels run between 45 and 210.
    pub fn from_hue(hue: u16) -> Self {
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
        Self { rgb: [channel(120), channel(0), channel(240)] }
    }

    /// The hue in degrees; none for greys.
    pub fn hue(self) -> Option<u16> {
        let [red, green, blue] = self.rgb.map(i32::from);
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

    /// The colour mixed with white (100 is white) or black (-100 is black), in percent.
    #[must_use]
    pub fn shade(self, percent: i32) -> Self {
        let target = if percent > 0 { 255 } else { 0 };
        let mixed = |channel: u8| i32::from(channel) + (target - i32::from(channel)) * percent.abs() / 100;
        Self { rgb: self.rgb.map(|channel| u8::try_from(mixed(channel)).unwrap_or(channel)) }
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.rgb;
        write!(f, "#{red:02X}{green:02X}{blue:02X}")
    }
}

impl Serialize for Color {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

json_value!(Color: str => Self::parse;
    "Color", schema::text().pattern(Some("^#[0-9A-Fa-f]{6}$")).examples(["#1E90FF"]));

/// The shorter arc between two hues, in degrees.
pub fn hue_arc(a: u16, b: u16) -> u16 {
    let difference = a.abs_diff(b) % 360;
    difference.min(360 - difference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_read_and_print() {
        assert_eq!(Color::parse("#1e90ff").unwrap().to_string(), "#1E90FF");
        for wrong in ["1e90ff", "#1e90f", "#1e90fg", "#+12345", "#é0000", ""] {
            assert!(Color::parse(wrong).is_err(), "{wrong}");
        }
    }
}
