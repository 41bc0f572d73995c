//! `TickTick`: the backup as CSV. After some lines about the file comes `"Folder Name","List Name","Title","Kind","Tags",
//! "Content","Is Check list","Start Date","Due Date",…,"Priority","Status","Created Time","Completed Time","Order",
//! "Timezone","Is All Day",…,"taskId","parentId"`. Times are `2026-03-01T08:00:00+0000`; a priority is 0, 1, 3 or 5, a
//! status 0 (open), 1 or 2 (done) or -1 (given up).

use std::collections::HashMap;
use std::io::BufReader;

use chrono::DateTime;
use circadia_domain::civil::{Date, Instant, ZoneOrOffset};
use circadia_domain::imports::ItemKind;
use circadia_domain::tasks::{Priority, TaskStatus};

use crate::archive::Bounded;
use crate::context::{TaskDraft, date_in_zone};
use crate::out::Out;
use crate::table::{Header, Row, Rows};
use crate::values::iso_date;
use crate::{Context, ReadError, Source};

/// The most rows before the names of the columns.
const MAX_PREAMBLE: usize = 30;

pub(crate) fn read(file: &mut dyn Source, max: u64, context: &Context, out: &mut Out<'_>) -> Result<(), ReadError> {
    file.rewind()?;
    let mut rows = Rows::new(BufReader::new(Bounded::new(file, max)));
    let mut header = None;
    for _ in 0..MAX_PREAMBLE {
        let Some(row) = rows.next()? else { break };
        let names = Header::of(&row);
        if names.has(&["title", "list name", "status"]) {
            header = Some(names);
            break;
        }
    }
    let Some(header) = header else {
        return Err(ReadError::unreadable(
            "The file isn't a backup of TickTick: no line has the columns `List Name`, `Title` and `Status`.",
        ));
    };
    let (mut themes, mut seen): (Vec<String>, HashMap<String, u32>) = (Vec::new(), HashMap::new());
    while let Some(row) = rows.next()? {
        let list = header.get(&row, "list name").to_owned();
        if !is_inbox(&list) && !themes.contains(&list) {
            out.item_or_skip(row.line, ItemKind::Theme, context.theme(&list))?;
            themes.push(list);
        }
        task(&header, &row, &mut seen, context, out)?;
    }
    Ok(())
}

fn is_inbox(list: &str) -> bool {
    list.is_empty() || list.eq_ignore_ascii_case("inbox")
}

fn at(text: &str) -> Option<Instant> {
    let parsed = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z").or_else(|_| DateTime::parse_from_rfc3339(text));
    parsed.ok().map(|at| Instant::from(at.to_utc()))
}

/// The day of a time in the zone of the task.
fn day(text: &str, zone: ZoneOrOffset) -> Option<Date> {
    at(text).map(|at| date_in_zone(at, zone)).or_else(|| iso_date(text))
}

fn task(
    header: &Header,
    row: &Row,
    seen: &mut HashMap<String, u32>,
    context: &Context,
    out: &mut Out<'_>,
) -> Result<(), ReadError> {
    let get = |name: &str| header.get(row, name);
    let kind = Some(ItemKind::Task);
    if get("kind").eq_ignore_ascii_case("note") {
        return out.skip(row.line, kind, "not_supported", format!("“{}” is a note, not a task", get("title")));
    }
    let zone = ZoneOrOffset::parse(get("timezone")).unwrap_or_else(|_| context.zone());
    let (list, title) = (get("list name"), get("title"));
    let key = match get("taskid") {
        "" => {
            let key = format!("{list}/{title}/{}", get("created time"));
            let count = seen.entry(key.clone()).or_default();
            *count += 1;
            format!("{key}/{count}")
        }
        id => {
            // Numbers begin anew in each backup of some versions, so the title tells them apart, too.
            format!("{list}/{id}/{title}")
        }
    };
    let status = match get("status") {
        "1" | "2" => TaskStatus::Done,
        "-1" => TaskStatus::Cancelled,
        _ => TaskStatus::Todo,
    };
    if !get("repeat").is_empty() {
        let detail = format!("“{title}” recurs there; here it is a task that is done once");
        out.changed(row.line, ItemKind::Task, "recurs", detail)?;
    }
    let due = [get("due date"), get("start date")].into_iter().find_map(|text| day(text, zone));
    let item = context.task(&TaskDraft {
        key: &key,
        title,
        description: get("content").into(),
        priority: match get("priority") {
            "5" => Priority::High,
            "1" => Priority::Low,
            _ => Priority::Medium,
        },
        status,
        due_on: due,
        theme: (!is_inbox(list)).then(|| context.theme_id(list)),
        created_at: at(get("created time")),
        completed_at: at(get("completed time")),
    });
    out.item_or_skip(row.line, ItemKind::Task, item)
}
