//! The two streams: data on standard output, everything for people on standard error.

use orion_core::{Error, ErrorKind, Result};
use std::io::{IsTerminal, Write};

/// How to print.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Columns for people
    #[default]
    Table,
    /// JSON, indented
    Json,
    /// Values separated by tabs, one row a line, no header
    Plain,
}

/// What every command takes that shows something.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(super) struct Printing {
    /// How to print the answer [default: table; `--json` is the same as `--format json`]
    #[arg(long, global = true, value_enum, env = "ORION_FORMAT")]
    pub(super) format: Option<Format>,
}

/// Prints data as it stands.
///
/// # Errors
/// [`Cancelled`](ErrorKind::Cancelled) if the reader has gone (`| head`): there is nobody left to print for.
pub(super) fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Error::cancelled().with_source(error),
        std::io::ErrorKind::StorageFull => {
            Error::new(ErrorKind::Exhausted, "standard output is full").with_source(error)
        }
        _ => Error::unavailable("standard output cannot be written").with_source(error),
    })
}

/// Prints one line of data.
///
/// # Errors
/// As [`print`].
pub(super) fn print_line(line: &str) -> Result<()> {
    print(&format!("{line}\n"))
}

/// Prints a JSON value, indented.
///
/// # Errors
/// As [`print`].
pub(super) fn print_json<T: serde::Serialize>(value: &T) -> Result<()> {
    print_line(&serde_json::to_string_pretty(value)?)
}

/// Says one line to the person. A closed standard error is nobody's fault.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", harmless(line));
}

/// Whether a person watches standard error.
pub(super) fn watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Text from outside without what would steer a terminal: control characters become spaces.
pub(super) fn harmless(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() && letter != '\n' && letter != '\t' { ' ' } else { letter })
        .collect()
}

/// Prints rows: a table of at most `width` columns of letters under a header, or plain lines.
///
/// # Errors
/// As [`print`].
pub(super) fn print_rows(header: &[&str], rows: &[Vec<String>], width: usize, format: Format) -> Result<()> {
    match format {
        Format::Plain => rows.iter().try_for_each(|row| print_line(&plain(row))),
        Format::Table | Format::Json => print(&table(header, rows, width)),
    }
}

/// Cells separated by tabs, in one line.
pub(super) fn plain(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| harmless(cell).replace(['\n', '\t'], " ")).collect();
    cells.join("\t")
}

/// A table with columns as wide as their widest cell; the last column is cut at `width`.
pub(super) fn table(header: &[&str], rows: &[Vec<String>], width: usize) -> String {
    let columns = header.len();
    let mut widths: Vec<usize> = header.iter().map(|title| title.chars().count()).collect();
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (index, (cell, column)) in cells.zip(&widths).enumerate() {
            let cell = harmless(cell).replace(['\n', '\t'], " ");
            if index + 1 == columns {
                let left = width.saturating_sub(text.chars().count()).max(20);
                text.extend(cell.chars().take(left));
            } else {
                text.push_str(&format!("{cell:column$}  "));
            }
        }
        format!("{}\n", text.trim_end())
    };
    let mut text = line(&mut header.iter().copied());
    for row in rows {
        text.push_str(&line(&mut row.iter().map(String::as_str)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_line_is_one_line_with_its_tabs_where_they_belong() {
        assert_eq!(plain(&["a\tb\n\u{1b}[2J".to_owned(), "c".to_owned()]), "a b  [2J\tc");
    }

    #[test]
    fn tables_align_and_stay_in_their_width() {
        let rows = vec![vec!["1".to_owned(), "a long topic\u{1b}[31m that goes on and on".to_owned()]];
        assert_eq!(table(&["SCORE", "TOPIC"], &rows, 20), "SCORE  TOPIC\n1      a long topic [31m th\n");
    }
}
