//! Values as apps write them: dates, times, numbers, texts.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use circadia_domain::civil::Date;
use circadia_domain::quantity::Quantity;
use circadia_domain::text::{Line, Prose};
use circadia_domain::violation::Violations;

/// A date of chrono as ours; none outside of 1970–2199.
pub(crate) fn date(date: NaiveDate) -> Option<Date> {
    Date::try_from(date).ok()
}

/// `2026-03-01`, also with a time behind it.
pub(crate) fn iso_date(text: &str) -> Option<Date> {
    Date::parse(text.trim().get(..10)?).ok()
}

/// The first of some forms that a date has.
pub(crate) fn date_in(text: &str, forms: &[&str]) -> Option<Date> {
    forms.iter().find_map(|form| NaiveDate::parse_from_str(text.trim(), form).ok()).and_then(date)
}

/// The first of some forms that a date with a time has.
pub(crate) fn time_in(text: &str, forms: &[&str]) -> Option<NaiveDateTime> {
    forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text.trim(), form).ok())
}

/// The halves of a day, as phones in some languages write them.
const HALVES: [(&str, &str); 8] = [
    ("A.M.", "AM"),
    ("P.M.", "PM"),
    ("오전", "AM"),
    ("오후", "PM"),
    ("上午", "AM"),
    ("下午", "PM"),
    ("午前", "AM"),
    ("午後", "PM"),
];

/// A time of the day: `21:30`, `9:30 PM`, `9:30 p. m.`, `오후 9:30`.
pub(crate) fn clock(text: &str) -> Option<NaiveTime> {
    let text = text.trim().replace(['\u{202f}', '\u{a0}'], " ").to_uppercase().replace(". M.", ".M.");
    let text = HALVES.iter().fold(text, |text, (written, half)| match text.strip_prefix(written) {
        Some(time) => format!("{} {half}", time.trim()),
        None => text.replace(written, half),
    });
    let forms = ["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p", "%H.%M"];
    forms.iter().find_map(|form| NaiveTime::parse_from_str(&text, form).ok())
}

/// A number that isn't below 0, rounded to thousandths; none if it is none, or above 10⁹.
pub(crate) fn quantity(value: f64) -> Option<Quantity> {
    if !(0.0..=1e9).contains(&value) {
        return None;
    }
    format!("{:.0}", value * 1_000.0).parse().ok().map(Quantity::from_thousandths)
}

/// A number with a point or a comma.
pub(crate) fn number(text: &str) -> Option<f64> {
    text.trim().replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite())
}

/// A text that fits into one line of at most `MAX` characters: what can't be typed is left out, and what is too long cut
/// off.
///
/// # Errors
/// If nothing that shows is left.
pub(crate) fn line<const MAX: usize>(text: &str) -> Result<Line<MAX>, Violations> {
    let whole: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Line::parse(&cut(&whole, MAX))
}

/// A text of at most `MAX` characters, as [`line`] makes it; none if it is empty.
pub(crate) fn prose<const MAX: usize>(text: &str) -> Option<Prose<MAX>> {
    let whole: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect();
    Prose::parse(&cut(&whole, MAX)).ok().flatten()
}

/// At most so many characters, the last one `…` if some are missing.
fn cut(text: &str, max: usize) -> String {
    let text = text.trim();
    // Normalisation makes texts shorter, hardly ever longer.
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(max.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// The marks of HTML that texts may have, and whether each begins or ends a line.
const MARKS: [(&str, bool); 16] = [
    ("br", true),
    ("p", true),
    ("div", true),
    ("li", true),
    ("ul", false),
    ("ol", false),
    ("b", false),
    ("strong", false),
    ("i", false),
    ("em", false),
    ("u", false),
    ("s", false),
    ("strike", false),
    ("span", false),
    ("font", false),
    ("a", false),
];

/// A text in HTML as it reads. What isn't of HTML stays.
pub(crate) fn plain(html: &str) -> String {
    let (mut text, mut rest) = (String::with_capacity(html.len()), html);
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let mark = after.split_once('>').and_then(|(tag, after)| {
            let name = tag.trim_matches('/').split_whitespace().next()?.trim_end_matches('/').to_lowercase();
            let (_, is_line) = MARKS.iter().find(|(mark, _)| *mark == name)?;
            Some((*is_line, after))
        });
        rest = if let Some((is_line, after)) = mark {
            if is_line && !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            after
        } else {
            text.push('<');
            after
        };
    }
    text.push_str(rest);
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")]
        .iter()
        .fold(text, |text, (written, sign)| text.replace(written, sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_to_fit() {
        assert_eq!(line::<5>("  abc\u{7}de fgh").unwrap().as_str(), "abc…");
        assert_eq!(line::<5>("abcde").unwrap().as_str(), "abcde");
        assert!(line::<5>(" \u{200b}").is_err());
        assert_eq!(prose::<6>("a\nb\0c").unwrap().as_str(), "a\nbc");
        assert_eq!(prose::<6>("  "), None);
    }

    #[test]
    fn numbers_are_rounded_to_thousandths() {
        assert_eq!(quantity(1.234_56), Some(Quantity::from_thousandths(1_235)));
        assert_eq!(quantity(-1.0), None);
        assert_eq!(quantity(f64::NAN), None);
        assert_eq!(number(" 4,5 "), Some(4.5));
        assert_eq!(clock("9:05 pm"), NaiveTime::from_hms_opt(21, 5, 0));
        assert_eq!(clock("09:05"), NaiveTime::from_hms_opt(9, 5, 0));
        for written in ["9:05 p.m.", "9:05 p. m.", "9:05\u{202f}PM", "오후 9:05", "下午9:05"] {
            assert_eq!(clock(written), NaiveTime::from_hms_opt(21, 5, 0), "{written}");
        }
        assert_eq!(clock("evening"), None);
    }

    #[test]
    fn marks_of_html_are_left_out() {
        assert_eq!(plain("Never mind<b>d</b>.<br>a &lt;3 &amp;amp; b<p>c</p>"), "Never mindd.\na <3 &amp; b\nc\n");
        assert_eq!(plain("1 <3 2 > 0 & <none>"), "1 <3 2 > 0 & <none>");
    }
}
