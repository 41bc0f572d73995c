//! Tables as CSV (RFC 4180).

use ::csv::{Error, Terminator, WriterBuilder};

/// Rows as CSV, their cells made harmless.
///
/// # Errors
/// Rows of different lengths, which are a defect.
pub fn encode<Row: IntoIterator<Item = String>>(rows: impl IntoIterator<Item = Row>) -> Result<Vec<u8>, Error> {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.into_iter().map(harmless))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// Spreadsheets take what begins with one of these for a formula.
fn harmless(cell: String) -> String {
    let is_number = || cell.parse::<f64>().is_ok();
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number() { format!("'{cell}") } else { cell }
}
