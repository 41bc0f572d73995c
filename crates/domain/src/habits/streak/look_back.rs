//! The current streak alone, counted backwards from today.

use crate::civil::Date;
use crate::civil::num::day_of;
use crate::habits::history::History;
use crate::habits::kind::Direction;
use crate::habits::progress::Progress;
use crate::habits::timeline::{Segment, Timeline};

/// The current streak as of `today`. Reads no further back than the streak reaches.
pub fn current_streak(timeline: &Timeline, history: &History, today: Date) -> u32 {
    let window = timeline.window();
    let last = today.min(window.last());
    let simple = |segment: &Segment| {
        let plan = timeline.plan_of(segment);
        !plan.schedule.is_quota() && plan.kind.direction() == Direction::AtLeast
    };
    if last < window.starts_on || !timeline.segments().iter().all(simple) {
        return Progress::new(timeline, history, today).current_streak();
    }
    let mut end = last.index() / 64 + 1;
    let mut length = 0;
    // Most streaks are short, so the first look back covers little more than a year; longer ones use larger steps.
    let mut broken = look_back::<8>(timeline, history, today, &mut end, &mut length);
    while !broken && end > window.starts_on.index() / 64 {
        broken = look_back::<64>(timeline, history, today, &mut end, &mut length);
    }
    length
}

/// Adds the streak in the `N` words before `end` to `length`, and moves `end` before them. Whether it was broken there.
fn look_back<const N: usize>(
    timeline: &Timeline,
    history: &History,
    today: Date,
    end: &mut usize,
    length: &mut u32,
) -> bool {
    let window = timeline.window();
    let last = today.min(window.last());
    let begin = end.saturating_sub(N).max(window.starts_on.index() / 64);
    let (mut due, mut done, mut skipped) = ([0; N], [0; N], [0; N]);
    let words = *end - begin;
    let (Some(due), Some(done), Some(skipped)) =
        (due.get_mut(..words), done.get_mut(..words), skipped.get_mut(..words))
    else {
        return true;
    };
    timeline.fill_for(history, today, day_of(begin) * 64, due);
    history.crossed.copy_to(begin, done);
    history.skipped.copy_to(begin, skipped);
    if let Some(top) = due.last_mut().filter(|_| *end == last.index() / 64 + 1) {
        *top &= u64::MAX >> (63 - last.index() % 64);
        if last == today && !history.missed.contains(today) {
            // Today is still open and doesn't break the streak.
            *top &= done.last().copied().unwrap_or(0) | !(1 << (last.index() % 64));
        }
    }
    for ((due, done), skipped) in due.iter().zip(&*done).zip(&*skipped).rev() {
        let counted = due & !skipped;
        let misses = counted & !done;
        if misses != 0 {
            *length += above(counted & done, misses);
            return true;
        }
        *length += if counted == u64::MAX { 64 } else { counted.count_ones() };
    }
    *end = begin;
    false
}

/// How many of the `hits` lie above the highest miss.
fn above(hits: u64, misses: u64) -> u32 {
    (hits & !(u64::MAX >> misses.leading_zeros())).count_ones()
}
