//! Whether two texts of SQL have the same shape: they are the same tokens, whatever is inside of their literals and names.

use sqlparser::dialect::BigQueryDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

/// Whether two texts are the same tokens, whatever is inside of literals and quoted names. Comments are no tokens.
pub fn has_shape_of(sql: &str, other: &str) -> bool {
    match (tokens(sql), tokens(other)) {
        (Some(sql), Some(other)) => sql.len() == other.len() && sql.iter().zip(&other).all(|(a, b)| is_same_kind(a, b)),
        // What is no SQL is a fault of its own.
        (None, Some(_)) => false,
        (_, None) => true,
    }
}

fn tokens(sql: &str) -> Option<Vec<Token>> {
    let dialect = BigQueryDialect {};
    let tokens = Tokenizer::new(&dialect, sql).with_unescape(false).tokenize().ok()?;
    Some(
        tokens
            .into_iter()
            .filter(|token| !matches!(token, Token::Whitespace(_)))
            .collect(),
    )
}

/// Names outside of quotes differ where one of them is harmless in place of the other, so they count as one kind.
fn is_same_kind(a: &Token, b: &Token) -> bool {
    match (a, b) {
        (Token::Word(a), Token::Word(b)) => a.quote_style == b.quote_style && a.keyword == b.keyword,
        (a, b) if a == b => true,
        (a, b) => is_literal(a) && std::mem::discriminant(a) == std::mem::discriminant(b) && lines(a) == lines(b),
    }
}

/// How many lines a token has: BigQuery takes no line break inside of single quotes, though the tokenizer does.
fn lines(token: &Token) -> usize {
    token.to_string().matches('\n').count()
}

fn is_literal(token: &Token) -> bool {
    matches!(
        token,
        Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::TripleSingleQuotedString(_)
            | Token::TripleDoubleQuotedString(_)
            | Token::SingleQuotedRawStringLiteral(_)
            | Token::DoubleQuotedRawStringLiteral(_)
            | Token::TripleSingleQuotedRawStringLiteral(_)
            | Token::TripleDoubleQuotedRawStringLiteral(_)
            | Token::SingleQuotedByteStringLiteral(_)
            | Token::DoubleQuotedByteStringLiteral(_)
            | Token::TripleSingleQuotedByteStringLiteral(_)
            | Token::TripleDoubleQuotedByteStringLiteral(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `value` in the template, beside letters in its place.
    fn check(value: &str, template: &str, is_same: bool) {
        let sql = |value: &str| template.replace('@', value);
        assert_eq!(
            has_shape_of(&sql(value), &sql("xyz")),
            is_same,
            "{value:?} in {template:?}"
        );
    }

    #[test]
    fn shapes() {
        for value in ["plain", "a-b_c.d", "é", "it\\'s", "a -- b", "{x}", "#1", "/* x */"] {
            check(value, "COUNTIF(id = '@')", true);
        }
        for value in ["it's", "x' OR TRUE --", "\\", "a\nb"] {
            check(value, "COUNTIF(id = '@' OR id = 'y')", false);
        }
        check("say \"hi\"", "id = '@'", true);
        check("say \"hi\"", "id = \"@\"", false);
        check("a`.`b", "SELECT 1 FROM `p.@.t`", false);
        check("x */ y", "1 /* @ */", false);
        check("x\n+ 2", "1 -- @", false);
        check("a--b", "SUM(@)", false);
        check("x OR y", "COUNTIF(@)", false);
    }
}
