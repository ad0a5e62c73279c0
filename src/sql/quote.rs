//! Values as tokens of BigQuery SQL: literals and names that no value can leave.

use minijinja::{Error, ErrorKind};

/// A BigQuery string literal in single quotes.
pub fn string_literal(text: &str) -> String {
    quoted(text, '\'')
}

/// A BigQuery string literal in double quotes.
pub fn double_quoted(text: &str) -> String {
    quoted(text, '"')
}

/// Backslash, the quote and control characters are escaped, so that no value ends the literal.
fn quoted(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// A column or alias name, in backquotes unless it is a plain word that is no keyword.
///
/// # Errors
/// A name that can't be quoted.
pub(super) fn identifier(name: &str) -> std::result::Result<String, Error> {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty();
    if plain && !is_reserved(name) {
        return Ok(name.to_string());
    }
    // BigQuery knows no escape that sqlparser reads back for these two.
    if name.is_empty() || name.contains(['`', '\\']) || name.chars().any(char::is_control) {
        return Err(refused("a column name", name));
    }
    Ok(format!("`{name}`"))
}

/// GoogleSQL's reserved words in alphabetical order. The list is that of its lexical reference, "Reserved keywords".
#[rustfmt::skip]
const RESERVED: [&str; 96] = [
    "ALL", "AND", "ANY", "ARRAY", "AS", "ASC", "ASSERT_ROWS_MODIFIED", "AT", "BETWEEN", "BY", "CASE", "CAST",
    "COLLATE", "CONTAINS", "CREATE", "CROSS", "CUBE", "CURRENT", "DEFAULT", "DEFINE", "DESC", "DISTINCT",
    "ELSE", "END", "ENUM", "ESCAPE", "EXCEPT", "EXCLUDE", "EXISTS", "EXTRACT", "FALSE", "FETCH", "FOLLOWING",
    "FOR", "FROM", "FULL", "GROUP", "GROUPING", "GROUPS", "HASH", "HAVING", "IF", "IGNORE", "IN", "INNER",
    "INTERSECT", "INTERVAL", "INTO", "IS", "JOIN", "LATERAL", "LEFT", "LIKE", "LIMIT", "LOOKUP", "MERGE",
    "NATURAL", "NEW", "NO", "NOT", "NULL", "NULLS", "OF", "ON", "OR", "ORDER", "OUTER", "OVER", "PARTITION",
    "PRECEDING", "PROTO", "QUALIFY", "RANGE", "RECURSIVE", "RESPECT", "RIGHT", "ROLLUP", "ROWS", "SELECT",
    "SET", "SOME", "STRUCT", "TABLESAMPLE", "THEN", "TO", "TREAT", "TRUE", "UNBOUNDED", "UNION", "UNNEST",
    "USING", "WHEN", "WHERE", "WINDOW", "WITH", "WITHIN",
];

/// Whether GoogleSQL reserves the word.
pub(super) fn is_reserved(name: &str) -> bool {
    let upper = |byte: u8| byte.to_ascii_uppercase();
    RESERVED
        .binary_search_by(|word| word.bytes().cmp(name.bytes().map(upper)))
        .is_ok()
}

/// The fault of a value that can't be quoted.
pub(super) fn refused(what: &str, text: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("{text:?} can't be {what} in SQL"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words() {
        assert!(RESERVED.is_sorted());
        for (name, expected) in [
            ("clicks", "clicks"),
            ("order", "`order`"),
            ("Within", "`Within`"),
            ("a b", "`a b`"),
        ] {
            assert_eq!(identifier(name).ok().as_deref(), Some(expected));
        }
    }
}
