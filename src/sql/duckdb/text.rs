//! Functions of text: regular expressions, concatenation, substrings, formats.

use sqlparser::ast::{Expr, Spanned, Value};

use super::call::Call;
use super::{CATALOG, Translator, quote_string};
use crate::sql::types::Type;

impl Translator<'_> {
    /// Which group of a regular expression BigQuery extracts: the only one, or the whole match.
    pub(super) fn groups(&mut self, call: &Call<'_>) -> usize {
        let Some(pattern) = call.arguments.get(1).and_then(|pattern| self.literal_string(pattern)) else {
            self.fault(
                call.span,
                format!("the pattern of `{}` is not a literal string", call.name),
                None,
            );
            return 0;
        };
        let (mut count, mut class, mut escaped) = (0, false, false);
        for (place, c) in pattern.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '[' => class = true,
                ']' => class = false,
                '(' if !class => {
                    let rest = &pattern[place + 1..];
                    count += usize::from(!rest.starts_with('?') || rest.starts_with("?P<") || rest.starts_with("?<"));
                }
                _ => {}
            }
        }
        if count > 1 {
            let help = "`(?:...)` groups without extracting";
            self.fault(
                call.span,
                format!("the pattern of `{}` has {count} groups", call.name),
                Some(help.into()),
            );
        }
        count
    }

    /// `||` and CONCAT take text; a number or date would have to be cast in BigQuery too, but literals may be of any kind.
    pub(super) fn text(&mut self, argument: &Expr) -> String {
        match self.known_type(argument) {
            Some(Type::String) | None => self.operand(argument),
            Some(_) => format!("{CATALOG}.to_string({})", self.expression(argument)),
        }
    }

    /// Positions count from 1, 0 means 1, and negative ones count from the end.
    pub(super) fn substring(&mut self, text: &Expr, from: &Expr, length: Option<&Expr>) -> String {
        let literal = |expr: &Expr| match expr {
            Expr::Value(value) => match &value.value {
                Value::Number(digits, _) => digits.parse::<i64>().ok(),
                _ => None,
            },
            _ => None,
        };
        let plain = literal(from).is_some() && length.is_none_or(|length| literal(length).is_some());
        let from_text = match literal(from) {
            Some(0) => "1".to_string(),
            _ => self.expression(from),
        };
        let mut texts = vec![self.expression(text), from_text];
        texts.extend(length.map(|length| self.expression(length)));
        let name = if plain {
            "substring".to_string()
        } else {
            format!("{CATALOG}.substr")
        };
        format!("{name}({})", texts.join(", "))
    }

    /// Without characters all white space goes, not only blanks as in DuckDB.
    pub(super) fn trim(&mut self, name: &str, text: &Expr, characters: Option<&Expr>) -> String {
        let text = self.expression(text);
        match characters {
            Some(characters) => format!("{name}({text}, {})", self.expression(characters)),
            None => format!("{name}({text}, {CATALOG}.white_space())"),
        }
    }

    /// FORMAT with a literal format, as a concatenation.
    pub(super) fn format(&mut self, call: &Call<'_>) -> String {
        self.is_scalar(call);
        let Some((format, arguments)) = call.arguments.split_first() else {
            return self.fault(call.span, "`FORMAT` takes a format and its arguments", None);
        };
        let Some(text) = self.literal_string(format) else {
            return self.fault(format.span(), "the format of `FORMAT` is not a literal string", None);
        };
        let mut parts: Vec<String> = Vec::new();
        let mut plain = String::new();
        let mut arguments = arguments.iter();
        let mut rest = text.as_str();
        while let Some(place) = rest.find('%') {
            plain.push_str(&rest[..place]);
            rest = &rest[place + 1..];
            let end = rest
                .find(|c: char| c.is_ascii_alphabetic() || c == '%')
                .unwrap_or(rest.len());
            let (flags, specifier) = (&rest[..end], rest[end..].chars().next());
            rest = rest.get(end + 1..).unwrap_or_default();
            if specifier == Some('%') && flags.is_empty() {
                plain.push('%');
                continue;
            }
            let Some(argument) = arguments.next() else {
                return self.fault(call.span, "`FORMAT` has too few arguments for its format", None);
            };
            let argument = self.expression(argument);
            let simple_flags = flags.chars().all(|c| matches!(c, '0'..='9' | '.' | '-' | '+'));
            let part = match specifier {
                Some('s' | 't' | 'd' | 'i') if flags.is_empty() => format!("{CATALOG}.format_text({argument})"),
                Some('s' | 't') if simple_flags => {
                    format!("printf('%{flags}s', {CATALOG}.format_text({argument}))")
                }
                Some('d' | 'i') if simple_flags => format!("printf('%{flags}d', {argument})"),
                Some(c @ ('f' | 'e' | 'g')) if simple_flags => {
                    format!("printf('%{flags}{c}', CAST({argument} AS DOUBLE))")
                }
                _ => {
                    return self.unknown(
                        format.span(),
                        &format!("`%{flags}{}` in FORMAT", specifier.unwrap_or(' ')),
                    );
                }
            };
            parts.extend(literal_part(&mut plain));
            parts.push(part);
        }
        plain.push_str(rest);
        parts.extend(literal_part(&mut plain));
        if arguments.next().is_some() {
            return self.fault(call.span, "`FORMAT` has more arguments than its format", None);
        }
        match parts.is_empty() {
            true => "''".into(),
            false => format!("({})", parts.join(" || ")),
        }
    }
}

fn literal_part(plain: &mut String) -> Option<String> {
    let text = std::mem::take(plain);
    if text.is_empty() { None } else { quote_string(&text) }
}
