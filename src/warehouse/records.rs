//! CSV records after RFC 4180, with the lines on which they begin.

use std::io::{BufRead, Error, ErrorKind, Result};

/// Reads records from a text.
pub struct Records<'a> {
    reader: &'a mut dyn BufRead,
    line: usize,
}

impl<'a> Records<'a> {
    /// Begins at the first line.
    pub fn new(reader: &'a mut dyn BufRead) -> Self {
        Self { reader, line: 0 }
    }

    /// The next record with the 1-based line on which it begins. A cell is None when it is empty and not quoted; lines without anything
    /// are passed over.
    pub fn next_record(&mut self) -> Result<Option<(usize, Vec<Option<String>>)>> {
        let mut text = String::new();
        let began = loop {
            text.clear();
            if self.reader.read_line(&mut text)? == 0 {
                return Ok(None);
            }
            self.line += 1;
            if !text.trim_end_matches(['\r', '\n']).is_empty() {
                break self.line;
            }
        };
        // A quoted cell may go on over several lines.
        while text.matches('"').count() % 2 == 1 {
            if self.reader.read_line(&mut text)? == 0 {
                return Err(Error::new(
                    ErrorKind::InvalidData,
                    format!("the quote of line {began} is never closed"),
                ));
            }
            self.line += 1;
        }
        Ok(Some((began, cells(text.trim_end_matches(['\r', '\n'])))))
    }
}

fn cells(text: &str) -> Vec<Option<String>> {
    let mut cells = Vec::new();
    let (mut cell, mut quoted, mut within) = (String::new(), false, false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if within && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => {
                within = !within;
                quoted = true;
            }
            ',' if !within => {
                cells.push((quoted || !cell.is_empty()).then(|| std::mem::take(&mut cell)));
                quoted = false;
            }
            c => cell.push(c),
        }
    }
    cells.push((quoted || !cell.is_empty()).then_some(cell));
    cells
}

#[cfg(test)]
mod tests {
    use super::Records;

    #[test]
    fn quotes_lines_and_empty_cells() {
        let mut text = "a,b,c\r\n\r\n1,,\"\"\n\"x\n\"\"y\"\"\",\"p,q\",z\n".as_bytes();
        let mut records = Records::new(&mut text);
        let mut all = Vec::new();
        while let Some((line, record)) = records.next_record().unwrap() {
            let cells: Vec<String> = record
                .into_iter()
                .map(|cell| cell.unwrap_or_else(|| "NULL".into()))
                .collect();
            all.push(format!("{line}: {}", cells.join("|")));
        }
        assert_eq!(all, ["1: a|b|c", "3: 1|NULL|", "4: x\n\"y\"|p,q|z"]);
        let mut open = "a\n\"b\n".as_bytes();
        let mut records = Records::new(&mut open);
        records.next_record().unwrap();
        assert_eq!(
            records.next_record().unwrap_err().to_string(),
            "the quote of line 2 is never closed"
        );
    }
}
