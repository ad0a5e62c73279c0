//! Respells what `sqlparser` can't read: `ARRAY<T>[...]`, which it takes for comparisons, becomes `CAST([...] AS ARRAY<T>)`.

use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use sqlparser::keywords::Keyword;

/// Respells the tokens of a text. New tokens stand where the word `ARRAY` stood, so that faults point there.
pub(super) fn respell(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut place = 0;
    while place < tokens.len() {
        match typed_array(&tokens, place) {
            Some((kind_end, end)) => {
                let span = tokens[place].span;
                let make = |token: Token| TokenWithSpan { token, span };
                out.push(make(word("CAST", Keyword::CAST)));
                out.push(make(Token::LParen));
                out.extend(respell(tokens[kind_end..end].to_vec()));
                out.push(make(Token::Whitespace(sqlparser::tokenizer::Whitespace::Space)));
                out.push(make(word("AS", Keyword::AS)));
                out.push(make(Token::Whitespace(sqlparser::tokenizer::Whitespace::Space)));
                out.extend_from_slice(&tokens[place..kind_end]);
                out.push(make(Token::RParen));
                place = end;
            }
            None => {
                out.push(tokens[place].clone());
                place += 1;
            }
        }
    }
    out
}

fn word(text: &str, keyword: Keyword) -> Token {
    Token::Word(Word {
        value: text.into(),
        quote_style: None,
        keyword,
    })
}

/// Where the type ends and where the literal ends, if a typed array literal begins here.
fn typed_array(tokens: &[TokenWithSpan], start: usize) -> Option<(usize, usize)> {
    let Token::Word(name) = &tokens[start].token else {
        return None;
    };
    if name.keyword != Keyword::ARRAY || tokens.get(start + 1)?.token != Token::Lt {
        return None;
    }
    let mut depth = 0;
    let mut kind_end = None;
    for (place, token) in tokens.iter().enumerate().skip(start + 1) {
        match &token.token {
            Token::Lt => depth += 1,
            Token::Gt => depth -= 1,
            Token::ShiftRight => depth -= 2,
            Token::Word(_) | Token::Comma | Token::Whitespace(_) => {}
            _ => return None,
        }
        if depth <= 0 {
            kind_end = Some(place + 1);
            break;
        }
    }
    let kind_end = kind_end?;
    if tokens.get(kind_end)?.token != Token::LBracket {
        return None;
    }
    let mut depth = 0;
    for (place, token) in tokens.iter().enumerate().skip(kind_end) {
        match &token.token {
            Token::LBracket => depth += 1,
            Token::RBracket => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((kind_end, place + 1));
        }
    }
    None
}
