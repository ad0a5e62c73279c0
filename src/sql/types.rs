//! BigQuery's types: parsed from their names, printed as BigQuery and as DuckDB write them, and read back from DuckDB's names.
//!
//! DuckDB has one timestamp without a zone, so `DATETIME` and `TIMESTAMP` (always UTC) are the same type there, and a column that comes
//! back from DuckDB is a `TIMESTAMP`.

use std::fmt;

/// The type of a column or value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// `INT64`.
    Int64,
    /// `FLOAT64`.
    Float64,
    /// `NUMERIC`: 38 digits, 9 of them after the point.
    Numeric,
    /// `BOOL`.
    Bool,
    /// `STRING`.
    String,
    /// `BYTES`.
    Bytes,
    /// `DATE`.
    Date,
    /// `DATETIME`: a civil time.
    Datetime,
    /// `TIMESTAMP`: a point in time, shown in UTC.
    Timestamp,
    /// `TIME`.
    Time,
    /// `INTERVAL`.
    Interval,
    /// `JSON`.
    Json,
    /// `ARRAY<T>`.
    Array(Box<Type>),
    /// `STRUCT<a T, ...>`.
    Struct(Vec<(String, Type)>),
}

impl Type {
    /// Parses a BigQuery type name such as `ARRAY<STRUCT<key STRING, value INT64>>`. The error is one sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        Reader::new(text, '<', '>').whole(text, word_of_bigquery)
    }

    /// Parses a type as DuckDB prints it, such as `STRUCT("key" VARCHAR, "value" BIGINT)[]`. Integers of every width are `INT64`.
    pub fn parse_duckdb(text: &str) -> Result<Self, String> {
        Reader::new(text, '(', ')').whole(text, word_of_duckdb)
    }

    /// The type as DuckDB writes it.
    pub fn duckdb(&self) -> String {
        match self {
            Type::Int64 => "BIGINT".into(),
            Type::Float64 => "DOUBLE".into(),
            Type::Numeric => "DECIMAL(38, 9)".into(),
            Type::Bool => "BOOLEAN".into(),
            Type::String => "VARCHAR".into(),
            Type::Bytes => "BLOB".into(),
            Type::Date => "DATE".into(),
            Type::Datetime | Type::Timestamp => "TIMESTAMP".into(),
            Type::Time => "TIME".into(),
            Type::Interval => "INTERVAL".into(),
            Type::Json => "JSON".into(),
            Type::Array(element) => format!("{}[]", element.duckdb()),
            Type::Struct(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, kind)| format!("\"{}\" {}", name.replace('"', "\"\""), kind.duckdb()))
                    .collect();
                format!("STRUCT({})", fields.join(", "))
            }
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Int64 => f.write_str("INT64"),
            Type::Float64 => f.write_str("FLOAT64"),
            Type::Numeric => f.write_str("NUMERIC"),
            Type::Bool => f.write_str("BOOL"),
            Type::String => f.write_str("STRING"),
            Type::Bytes => f.write_str("BYTES"),
            Type::Date => f.write_str("DATE"),
            Type::Datetime => f.write_str("DATETIME"),
            Type::Timestamp => f.write_str("TIMESTAMP"),
            Type::Time => f.write_str("TIME"),
            Type::Interval => f.write_str("INTERVAL"),
            Type::Json => f.write_str("JSON"),
            Type::Array(element) => write!(f, "ARRAY<{element}>"),
            Type::Struct(fields) => {
                f.write_str("STRUCT<")?;
                for (place, (name, kind)) in fields.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(f, "{comma}{name} {kind}")?;
                }
                f.write_str(">")
            }
        }
    }
}

/// The scalar type that a word names in BigQuery SQL or in its schema JSON.
fn word_of_bigquery(word: &str) -> Option<Type> {
    Some(match word {
        "INT64" | "INTEGER" | "INT" | "BIGINT" | "SMALLINT" | "TINYINT" | "BYTEINT" => Type::Int64,
        "FLOAT64" | "FLOAT" => Type::Float64,
        "NUMERIC" | "DECIMAL" => Type::Numeric,
        "BOOL" | "BOOLEAN" => Type::Bool,
        "STRING" => Type::String,
        "BYTES" => Type::Bytes,
        "DATE" => Type::Date,
        "DATETIME" => Type::Datetime,
        "TIMESTAMP" => Type::Timestamp,
        "TIME" => Type::Time,
        "INTERVAL" => Type::Interval,
        "JSON" => Type::Json,
        _ => return None,
    })
}

/// The type that a word names in DuckDB's own type names.
fn word_of_duckdb(word: &str) -> Option<Type> {
    Some(match word {
        "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" | "UTINYINT" | "USMALLINT" | "UINTEGER"
        | "UBIGINT" | "UHUGEINT" | "INT64" => Type::Int64,
        "FLOAT" | "DOUBLE" => Type::Float64,
        "DECIMAL" => Type::Numeric,
        "BOOLEAN" => Type::Bool,
        // DuckDB types a bare NULL as an INTEGER of no particular kind.
        "\"NULL\"" | "NULL" => Type::Int64,
        "VARCHAR" | "UUID" | "ENUM" => Type::String,
        "BLOB" | "BIT" => Type::Bytes,
        "DATE" => Type::Date,
        "TIMESTAMP" | "TIMESTAMP_S" | "TIMESTAMP_MS" | "TIMESTAMP_NS" | "TIMESTAMP WITH TIME ZONE" => Type::Timestamp,
        "TIME" => Type::Time,
        "INTERVAL" => Type::Interval,
        "JSON" => Type::Json,
        _ => return None,
    })
}

/// Reads a type name from left to right.
struct Reader<'a> {
    rest: &'a str,
    open: char,
    close: char,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, open: char, close: char) -> Self {
        Self {
            rest: text,
            open,
            close,
        }
    }

    fn whole(mut self, text: &str, word: fn(&str) -> Option<Type>) -> Result<Type, String> {
        let kind = self
            .one(word)
            .map_err(|fault| format!("`{text}` is not a type: {fault}"))?;
        match self.rest.trim().is_empty() {
            true => Ok(kind),
            false => Err(format!("`{text}` is not a type: `{}` is left over", self.rest.trim())),
        }
    }

    fn one(&mut self, word: fn(&str) -> Option<Type>) -> Result<Type, String> {
        let name = self.word();
        let upper = name.to_ascii_uppercase();
        let mut kind = match upper.as_str() {
            "ARRAY" if self.open == '<' => {
                self.expect(self.open)?;
                let element = self.one(word)?;
                self.expect(self.close)?;
                Type::Array(Box::new(element))
            }
            "STRUCT" | "RECORD" => {
                self.expect(self.open)?;
                let mut fields = Vec::new();
                loop {
                    let field = self.name();
                    if field.is_empty() {
                        return Err("a field has no name".into());
                    }
                    fields.push((field, self.one(word)?));
                    if !self.accept(',') {
                        break;
                    }
                }
                self.expect(self.close)?;
                Type::Struct(fields)
            }
            _ => {
                let mut kind = word(&upper);
                // `TIMESTAMP WITH TIME ZONE` is the one type of several words.
                if upper == "TIMESTAMP" && self.rest.trim_start().starts_with("WITH TIME ZONE") {
                    self.rest = &self.rest.trim_start()["WITH TIME ZONE".len()..];
                    kind = word("TIMESTAMP WITH TIME ZONE");
                }
                if self.accept('(') {
                    let end = self.rest.find(')').ok_or("a closing parenthesis is missing")?;
                    self.rest = &self.rest[end + 1..];
                }
                kind.ok_or_else(|| format!("`{name}` is unknown"))?
            }
        };
        while self.rest.trim_start().starts_with('[') {
            let end = self.rest.find(']').ok_or("a closing bracket is missing")?;
            self.rest = &self.rest[end + 1..];
            kind = Type::Array(Box::new(kind));
        }
        Ok(kind)
    }

    /// A field's name: a word, or anything in quotes.
    fn name(&mut self) -> String {
        self.rest = self.rest.trim_start();
        let Some(quote) = self.rest.chars().next().filter(|c| matches!(c, '"' | '`')) else {
            return self.word().to_string();
        };
        let mut name = String::new();
        let mut characters = self.rest[1..].char_indices().peekable();
        while let Some((place, c)) = characters.next() {
            if c != quote {
                name.push(c);
            } else if characters.peek().is_some_and(|(_, next)| *next == quote) {
                name.push(quote);
                characters.next();
            } else {
                self.rest = &self.rest[1 + place + 1..];
                return name;
            }
        }
        self.rest = "";
        name
    }

    fn word(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        let start = usize::from(self.rest.starts_with('"'));
        let end = self.rest[start..]
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
            .map_or(self.rest.len(), |end| end + 2 * start);
        let (word, rest) = self.rest.split_at(end.min(self.rest.len()));
        self.rest = rest;
        word
    }

    fn accept(&mut self, wanted: char) -> bool {
        let trimmed = self.rest.trim_start();
        match trimmed.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        match self.accept(wanted) {
            true => Ok(()),
            false => Err(format!("`{wanted}` is missing")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Type;

    #[test]
    fn types_survive_printing() {
        for (bigquery, duckdb) in [
            ("INT64", "BIGINT"),
            ("NUMERIC", "DECIMAL(38, 9)"),
            (
                "ARRAY<STRUCT<key STRING, value ARRAY<INT64>>>",
                "STRUCT(\"key\" VARCHAR, \"value\" BIGINT[])[]",
            ),
            ("STRUCT<a TIMESTAMP, b JSON>", "STRUCT(\"a\" TIMESTAMP, \"b\" JSON)"),
        ] {
            let kind = Type::parse(bigquery).unwrap();
            assert_eq!(kind.to_string(), bigquery);
            assert_eq!(kind.duckdb(), duckdb);
            assert_eq!(Type::parse_duckdb(duckdb).unwrap(), kind);
        }
    }

    #[test]
    fn faults_name_the_word() {
        assert_eq!(
            Type::parse("ARRAY<STRNG>").unwrap_err(),
            "`ARRAY<STRNG>` is not a type: `STRNG` is unknown"
        );
        assert_eq!(
            Type::parse("INT64 x").unwrap_err(),
            "`INT64 x` is not a type: `x` is left over"
        );
    }
}
