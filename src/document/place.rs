//! Finds the place in a file of a part of a string: quotes, escapes and joined lines lie between the two.

use std::ops::Range;

use super::Text;
use crate::diagnostics::Span;

impl Text {
    /// The place of a byte range of the decoded text. Where the two can't be matched up, the place of the whole string.
    pub fn part(&self, range: Range<usize>) -> Span {
        let raw = self.span.source.text.get(self.span.range.clone()).unwrap_or_default();
        let inside = offset_in(raw, &self.value, range.start).and_then(|start| {
            let end = offset_in(raw, &self.value, range.end)?;
            let start = match raw.starts_with('"') {
                true => start + joined_lines(&raw[start..]),
                false => start,
            };
            Some(start..end.max(start))
        });
        let Some(inside) = inside else {
            return self.span.clone();
        };
        Span {
            source: self.span.source.clone(),
            range: self.span.range.start + inside.start..self.span.range.start + inside.end,
        }
    }

    /// The place of a byte offset of a text that was rendered from this one: the same line, where the string has a line
    /// like it, and otherwise the whole string.
    pub fn rendered_part(&self, rendered: &str, at: usize) -> Span {
        if rendered == self.value {
            let length = rendered
                .get(at..)
                .and_then(|rest| rest.chars().next())
                .map_or(0, char::len_utf8);
            return self.part(at..at + length);
        }
        let before = rendered.get(..at).unwrap_or(rendered);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = rendered[line_start..].lines().next().unwrap_or_default();
        match self.value.match_indices(line.trim()).collect::<Vec<_>>()[..] {
            [(start, found)] if !found.is_empty() => {
                let indent = line.len() - line.trim_start().len();
                let at = start + (at - line_start).saturating_sub(indent).min(found.len());
                let length = self.value[at..].chars().next().map_or(0, char::len_utf8);
                self.part(at..at + length)
            }
            _ => self.span.clone(),
        }
    }
}

/// The offset in `raw` (a TOML or JSON string with its quotes) of an offset in its decoded `value`.
fn offset_in(raw: &str, value: &str, at: usize) -> Option<usize> {
    let bytes = raw.as_bytes();
    let quote = *bytes.first().filter(|quote| matches!(quote, b'"' | b'\''))?;
    let opening = if bytes.len() >= 6 && bytes[1] == quote && bytes[2] == quote {
        3
    } else {
        1
    };
    let mut i = opening;
    // A line break right after the opening quotes is not part of the value.
    if opening == 3 {
        i += if raw[i..].starts_with("\r\n") {
            2
        } else {
            usize::from(raw[i..].starts_with('\n'))
        };
    }
    let mut decoded = 0;
    while decoded < at {
        let c = value.get(decoded..)?.chars().next()?;
        let here = raw.get(i..)?;
        if quote == b'"' && here.starts_with('\\') {
            match here.as_bytes().get(1)? {
                _ if joined_lines(here) > 0 => {
                    i += joined_lines(here);
                    continue;
                }
                b'u' => i += 6,
                b'U' => i += 10,
                b'x' => i += 4,
                _ => i += 2,
            }
        } else if here.starts_with(c) {
            i += c.len_utf8();
        } else if c == '\n' && here.starts_with("\r\n") {
            i += 2;
        } else {
            return None;
        }
        decoded += c.len_utf8();
    }
    Some(i)
}

/// The length of a backslash at the end of a line with all the space that it swallows; 0 where there is none.
fn joined_lines(here: &str) -> usize {
    match here.strip_prefix('\\') {
        Some(after) if after.starts_with(|c: char| c.is_ascii_whitespace()) => here.len() - after.trim_start().len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::diagnostics::Source;
    use crate::document::{Text, Value, parse_toml};

    /// The place in the file of each part of the one string of a TOML text.
    fn check(toml: &str, part: &str, expected: &str) {
        let source = Arc::new(Source {
            path: "test.toml".to_string(),
            text: toml.to_string(),
        });
        let table = parse_toml(&source).expect("the text is valid TOML");
        let (_, entry) = table.entries.first().expect("the text has an entry");
        let Value::Text(value) = &entry.node.value else {
            panic!("the value is a string")
        };
        let text = Text {
            value: value.clone(),
            span: entry.node.span.clone(),
        };
        let start = value.find(part).expect("the part is in the value");
        let span = text.part(start..start + part.len());
        assert_eq!(&toml[span.range], expected, "{toml}");
    }

    #[test]
    fn parts_of_strings() {
        check("a = 'x = yes'", "yes", "yes");
        check("a = \"x \\\"q\\\" yes\"", "yes", "yes");
        check("a = \"x \\u00e9 yes\"", "\u{e9}", "\\u00e9");
        check("a = \"\"\"\n  one\n  two\n\"\"\"", "two", "two");
        check("a = '''\none\ntwo'''", "two", "two");
        check("a = \"\"\"one \\\n   two\"\"\"", "two", "two");
        check("a = \"\u{fc} two\"", "two", "two");
    }
}
