//! The shape of a statement: what is left when texts that can't change whether it is valid are taken out. Statements of one shape over
//! tables of the same columns are accepted or refused together.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use isobar::tables::normalize;

use crate::oracle::Columns;

/// A statement's tokens, line by line, without comments; the experiment's slug is `@`.
///
/// 70,000 statements are read, so this is not `sqlparser`'s tokenizer, which takes ten times as long.
pub struct Tokens<'a> {
    lines: Vec<Vec<Cow<'a, str>>>,
}

/// Splits a statement into tokens.
pub fn tokens<'a>(sql: &'a str, slug: &str) -> Tokens<'a> {
    let name = normalize(slug);
    let mut lines = vec![Vec::new()];
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = token_length(rest, first);
        let (token, after) = rest.split_at(length);
        rest = after;
        if first == '\n' {
            lines.push(Vec::new());
        } else if !first.is_whitespace() && !token.starts_with("--") && !token.starts_with("/*") {
            let names_it = token.len() >= slug.len() && (token.contains(slug) || token.contains(&name));
            lines.last_mut().expect("there is a first line").push(match names_it {
                true => Cow::Owned(token.replace(slug, "@").replace(&name, "@")),
                false => Cow::Borrowed(token),
            });
        }
    }
    lines.retain(|line| !line.is_empty());
    Tokens { lines }
}

/// The bytes of the token that a text starts with: a comment, a text or quoted name, a word or number, or one character.
fn token_length(text: &str, first: char) -> usize {
    let up_to = |end: Option<usize>| end.unwrap_or(text.len());
    match first {
        '-' if text.starts_with("--") => up_to(text.find('\n')),
        '/' if text.starts_with("/*") => up_to(text.find("*/").map(|end| end + 2)),
        '\'' | '"' | '`' => {
            let triple = &text[..text.len().min(3)];
            let quote = match triple {
                "'''" | "\"\"\"" => triple,
                _ => &text[..1],
            };
            let mut place = quote.len();
            while place < text.len() && !text[place..].starts_with(quote) {
                let escaped = usize::from(text.as_bytes()[place] == b'\\');
                let skipped = text[place + escaped..].chars().next().map_or(0, char::len_utf8);
                place += escaped + skipped;
            }
            (place + quote.len()).min(text.len())
        }
        first if first.is_alphanumeric() || first == '_' => {
            let is_part = |c: char| c.is_alphanumeric() || c == '_' || (c == '.' && first.is_ascii_digit());
            up_to(text.find(|c| !is_part(c)))
        }
        first => first.len_utf8(),
    }
}

impl Tokens<'_> {
    /// The same for statements that differ only in comments, spaces and the experiment's slug.
    pub fn text(&self) -> u64 {
        hash(&self.lines)
    }

    /// The same for statements that differ in numbers, dates and names of windows as well. Other texts stay: some functions look
    /// into their constants.
    pub fn shape(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for line in &self.lines {
            for token in line {
                plain(token).hash(&mut hasher);
            }
            '\n'.hash(&mut hasher);
        }
        hasher.finish()
    }

    /// The same for statements that differ in the names of metrics and segments and in the number of cells as well: a column of the
    /// tables that are read is its type, a text is a text, and a line or item that repeats counts once. For summaries, whose one
    /// template names every column that it reads.
    pub fn outline(&self, columns: &Columns) -> u64 {
        let mut lines: Vec<Vec<String>> = Vec::new();
        for line in &self.lines {
            let mut words: Vec<String> = Vec::new();
            for token in line {
                let word = outlined(token, columns);
                let is_repeated = matches!(words.as_slice(), [.., before, comma] if comma == "," && *before == word);
                match is_repeated {
                    true => drop(words.pop()),
                    false => words.push(word),
                }
            }
            if lines.last() != Some(&words) {
                lines.push(words);
            }
        }
        hash(&lines)
    }
}

/// A token without what literals and windows say.
fn plain(token: &str) -> &str {
    match token.as_bytes()[0] {
        b'0'..=b'9' => "0",
        b'\'' | b'"' if is_date(token) => "date",
        _ if token.contains('@') => without_number(token),
        _ => token,
    }
}

fn outlined(token: &str, columns: &Columns) -> String {
    let name = token.trim_matches('`');
    match token.as_bytes()[0] {
        b'0'..=b'9' => "0".to_string(),
        b'\'' => "''".to_string(),
        _ if name == "analysis_id" || name == "branch" => name.to_string(),
        _ => match columns.iter().find(|(column, _)| column == name) {
            Some((_, kind)) => format!("column of {kind}"),
            None => without_number(token).to_string(),
        },
    }
}

/// A name without the number that ends it.
fn without_number(name: &str) -> &str {
    let stem = name
        .trim_end_matches('`')
        .trim_end_matches(|c: char| c.is_ascii_digit());
    stem.trim_end_matches(['_', '-'])
}

fn is_date(literal: &str) -> bool {
    literal.len() == 12 && literal[1..11].parse::<jiff::civil::Date>().is_ok()
}

/// One number for several that make a key together.
pub fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
