//! Literals and names: BigQuery's escapes decoded, DuckDB's quoting applied.

/// Words that DuckDB reserves, so that they are quoted as names.
const RESERVED: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "anti",
    "any",
    "array",
    "as",
    "asc",
    "asof",
    "asymmetric",
    "at",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "by",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "columns",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "describe",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "generated",
    "glob",
    "group",
    "grouping",
    "grouping_id",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "lambda",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "map",
    "national",
    "natural",
    "nchar",
    "none",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "pivot",
    "pivot_longer",
    "pivot_wider",
    "placing",
    "position",
    "positional",
    "precision",
    "primary",
    "qualify",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "semi",
    "setof",
    "show",
    "similar",
    "smallint",
    "some",
    "struct",
    "substring",
    "summarize",
    "symmetric",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "try_cast",
    "union",
    "unique",
    "unnest",
    "unpivot",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "within",
    "xmlelement",
];

/// A name as DuckDB reads it: quoted unless it is a plain word that is not reserved.
pub fn quote_name(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && RESERVED.binary_search(&name.to_ascii_lowercase().as_str()).is_err();
    match plain {
        true => name.to_string(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// A string as a DuckDB literal on one line. None when it holds a NUL, which DuckDB's literals can't.
pub fn quote_string(text: &str) -> Option<String> {
    if text.contains('\0') {
        return None;
    }
    if !text.contains(|c: char| c.is_control()) {
        return Some(format!("'{}'", text.replace('\'', "''")));
    }
    let mut out = String::from("E'");
    for c in text.chars() {
        match c {
            '\'' => out.push_str("''"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('\'');
    Some(out)
}

/// One field of a struct literal.
pub(super) fn field(name: &str, value: &str) -> String {
    let name = name.replace('\'', "''");
    // DuckDB 1.5 forgets the name of a field whose value is a macro, in a correlated subquery; a function around it keeps the name.
    match value.starts_with(super::CATALOG) {
        true => format!("'{name}': coalesce({value})"),
        false => format!("'{name}': {value}"),
    }
}

/// A byte string as a DuckDB literal.
pub fn quote_bytes(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("\\x{byte:02X}")).collect();
    format!("'{digits}'::BLOB")
}

/// What the text between the quotes of a BigQuery string literal means. The error is one sentence.
///
/// Escapes: <https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#escape_sequences>.
pub fn decode_string(text: &str) -> Result<String, String> {
    String::from_utf8(decode(text, true)?).map_err(|_| "the escapes do not make valid UTF-8".to_string())
}

/// What the text between the quotes of a BigQuery bytes literal means.
pub fn decode_bytes(text: &str) -> Result<Vec<u8>, String> {
    decode(text, false)
}

/// In a string, `\xHH` and `\OOO` are code points; in bytes, they are bytes and there is no `\u`.
fn decode(text: &str, characters: bool) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.chars();
    let push = |out: &mut Vec<u8>, c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    while let Some(c) = rest.next() {
        if c != '\\' {
            push(&mut out, c);
            continue;
        }
        let escape = rest.next().ok_or("the literal ends within an escape")?;
        let (digits, radix) = match escape {
            'a' => (None, 7),
            'b' => (None, 8),
            'f' => (None, 12),
            'n' => (None, 10),
            'r' => (None, 13),
            't' => (None, 9),
            'v' => (None, 11),
            '\\' | '\'' | '"' | '`' | '?' => (None, u32::from(escape)),
            'x' | 'X' => (Some(take(&mut rest, 2)), 16),
            'u' if characters => (Some(take(&mut rest, 4)), 16),
            'U' if characters => (Some(take(&mut rest, 8)), 16),
            '0'..='7' => (Some(format!("{escape}{}", take(&mut rest, 2))), 8),
            other => return Err(format!("`\\{other}` is not an escape")),
        };
        let code = match digits {
            None => radix,
            Some(digits) => {
                let wanted = match escape {
                    'x' | 'X' => 2,
                    'u' => 4,
                    'U' => 8,
                    _ => 3,
                };
                let code = u32::from_str_radix(&digits, radix)
                    .ok()
                    .filter(|_| digits.len() == wanted);
                code.ok_or_else(|| format!("`\\{escape}{digits}` is not an escape"))?
            }
        };
        match characters {
            true => push(
                &mut out,
                char::from_u32(code).ok_or_else(|| format!("U+{code:04X} is not a character"))?,
            ),
            false => out.push(u8::try_from(code).map_err(|_| format!("{code} is not a byte"))?),
        }
    }
    Ok(out)
}

fn take(rest: &mut std::str::Chars<'_>, count: usize) -> String {
    let mut taken = String::new();
    for _ in 0..count {
        match rest.as_str().chars().next() {
            Some(c) if c.is_ascii_hexdigit() => {
                taken.push(c);
                rest.next();
            }
            _ => break,
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserved_words_are_sorted() {
        assert!(RESERVED.is_sorted());
    }

    #[test]
    fn escapes_are_decoded() {
        for (text, meaning) in [
            (r"a\'b\\c", r"a'b\c"),
            (r"\n\t\x41\u00e9\U0001F600\101", "\n\tAé😀A"),
            (r"\?\`", "?`"),
        ] {
            assert_eq!(decode_string(text).unwrap(), meaning);
        }
        assert_eq!(decode_string(r"\q").unwrap_err(), r"`\q` is not an escape");
        assert_eq!(decode_string(r"\u12").unwrap_err(), r"`\u12` is not an escape");
        assert_eq!(decode_bytes(r"\xff\x00").unwrap(), [255, 0]);
    }

    #[test]
    fn names_and_strings_are_quoted_where_needed() {
        assert_eq!(quote_name("client_id"), "client_id");
        assert_eq!(quote_name("values"), "\"values\"");
        assert_eq!(quote_name("a\"b-c"), "\"a\"\"b-c\"");
        assert_eq!(quote_string("it's").unwrap(), "'it''s'");
        assert_eq!(quote_string("a\n\\").unwrap(), "E'a\\n\\\\'");
        assert_eq!(quote_string("\0"), None);
    }
}
