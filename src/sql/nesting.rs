//! How deep the syntax tree of a text will be, told from its tokens.
//!
//! The parser bounds how deep parentheses nest. It does not bound chains of operators (`a + b + c`, `a OR b OR c`), whose tree is as deep as the chain
//! is long, and whoever walks such a tree uses stack for each level. So chains are bounded before parsing.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

/// The depth that is too much. The longest chain of the public configs has less than 200 operators; a thread's stack of 2 MiB holds more
/// than 20,000.
pub const LIMIT: usize = 5_000;

/// The first token at which the tree would be deeper than [`LIMIT`].
pub fn too_deep(tokens: &[TokenWithSpan]) -> Option<&TokenWithSpan> {
    // For each open parenthesis: the depth of the item that is being read, and of the deepest before it.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    for token in tokens {
        match &token.token {
            Token::LParen | Token::LBracket => {
                open.push((depth, deepest));
                (depth, deepest) = (0, 0);
            }
            Token::RParen | Token::RBracket => {
                let inner = depth.max(deepest);
                let (outer, before) = open.pop().unwrap_or_default();
                (depth, deepest) = (outer.max(inner), before);
            }
            Token::Comma | Token::SemiColon => {
                deepest = deepest.max(depth);
                depth = 0;
            }
            token if chains(token) => depth += 1,
            _ => {}
        }
        if depth > LIMIT {
            return Some(token);
        }
    }
    None
}

/// Whether a token may put one more level above what stands before it.
fn chains(token: &Token) -> bool {
    match token {
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::AND
                | Keyword::OR
                | Keyword::XOR
                | Keyword::NOT
                | Keyword::IS
                | Keyword::IN
                | Keyword::LIKE
                | Keyword::BETWEEN
                | Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT
                | Keyword::AT
                | Keyword::COLLATE
        ),
        Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::SingleQuotedRawStringLiteral(_)
        | Token::DoubleQuotedRawStringLiteral(_)
        | Token::Whitespace(_)
        | Token::Period
        | Token::Colon
        | Token::EOF => false,
        // Every other token is an operator or none that BigQuery knows.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use sqlparser::dialect::BigQueryDialect;
    use sqlparser::tokenizer::Tokenizer;

    use super::*;

    fn check(sql: &str, is_too_deep: bool) {
        let tokens = Tokenizer::new(&BigQueryDialect {}, sql).tokenize_with_location();
        let tokens = tokens.expect("the text has tokens");
        assert_eq!(
            too_deep(&tokens).is_some(),
            is_too_deep,
            "{}",
            &sql[..sql.len().min(60)]
        );
    }

    #[test]
    fn chains_are_bounded() {
        let many = LIMIT + 1;
        check(&format!("x{}", " + 1".repeat(LIMIT)), false);
        for operator in [
            " + 1",
            " || 'a'",
            " AND b",
            " IS NULL",
            " BETWEEN 1 AND 2",
            " UNION ALL SELECT 1",
        ] {
            check(&format!("x{}", operator.repeat(many)), true);
        }
        // Wide is not deep.
        check(&vec!["a + b + c"; many].join(", "), false);
        check(&format!("f({})", vec!["a = 1"; many].join(", ")), false);
        // What is in parentheses is an operand, and its depth counts.
        let half = " + 1".repeat(LIMIT / 2 + 1);
        check(&format!("(x{half}){half}"), true);
        check(&format!("(x{half}), (y{half})"), false);
    }
}
