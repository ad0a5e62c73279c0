//! Braces that do not mean what they look like: Jinja reads `{{` in a text that it renders, wherever it stands.

use std::ops::Range;

/// A doubled brace that an author can't have meant as Jinja reads it; the range is that of the whole `{{ ... }}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// `{{3}}` prints the number 3, where the repetition `{3}` of a regular expression was meant.
    Constant(Range<usize>),
    /// A template within a text of a template: it is passed on as it stands.
    Nested(Range<usize>),
}

/// The findings in a text that Jinja renders.
pub fn findings(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find("{{").map(|at| from + at) {
        if let Some(end) = raw_end(text, from, start) {
            from = end;
            continue;
        }
        let tag = Tag::read(text, start);
        findings.extend(tag.nested.map(Finding::Nested));
        if is_repetition(&text[start..tag.end]) {
            findings.push(Finding::Constant(start..tag.end));
        }
        from = tag.end;
    }
    findings
}

/// The end of a `{% raw %}` that begins between `from` and `start` and is still open there.
fn raw_end(text: &str, from: usize, start: usize) -> Option<usize> {
    let is = |tag: &str, word: &str| tag.trim_start_matches(['-', '+']).trim_start().starts_with(word);
    let tags = |from: usize, word: &'static str| {
        let found = text[from..].match_indices("{%").map(move |(at, _)| from + at);
        found.filter(move |at| is(&text[at + 2..], word))
    };
    let open = tags(from, "raw").next().filter(|open| *open < start)?;
    Some(tags(open, "endraw").next().map_or(text.len(), |end| end + 2))
}

/// Whether a text in braces is the repetition of a regular expression.
fn is_repetition(braced: &str) -> bool {
    let inside = braced.trim_matches(['{', '}']).trim();
    inside.starts_with(|c: char| c.is_ascii_digit())
        && inside.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | ' '))
}

/// One `{{ ... }}`.
struct Tag {
    /// The offset behind it.
    end: usize,
    /// The first template inside one of its quoted texts.
    nested: Option<Range<usize>>,
}

impl Tag {
    fn read(text: &str, start: usize) -> Self {
        let mut quote = None;
        let mut nested: Option<Range<usize>> = None;
        let mut at = start + 2;
        while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
            let here = &text[at..];
            match quote {
                None if here.starts_with("}}") => return Self { end: at + 2, nested },
                None if matches!(c, '"' | '\'') => quote = Some(c),
                Some(_) if c == '\\' => at += 1,
                Some(open) if c == open => quote = None,
                Some(_) if here.starts_with("{{") && nested.is_none() => {
                    let length = here.find("}}").map_or(2, |end| end + 2);
                    // A quoted repetition is how to print its braces.
                    nested = Some(at..at + length).filter(|range| !is_repetition(&text[range.clone()]));
                }
                _ => {}
            }
            at += text
                .get(at..)
                .and_then(|rest| rest.chars().next())
                .map_or(1, char::len_utf8);
        }
        Self {
            end: text.len(),
            nested,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces() {
        let check = |text: &str, expected: &[&str]| {
            let found = findings(text);
            let shown: Vec<String> = found
                .into_iter()
                .map(|finding| match finding {
                    Finding::Constant(range) => format!("constant {}", &text[range]),
                    Finding::Nested(range) => format!("nested {}", &text[range]),
                })
                .collect();
            assert_eq!(shown, expected, "{text}");
        };
        check("SUM(x)", &[]);
        check("{{agg_sum(\"x\")}}", &[]);
        check("REGEXP_CONTAINS(x, r'^\\d{{3}}$')", &["constant {{3}}"]);
        check("r'{{ 1, 3 }}' {{parameters.a}}", &["constant {{ 1, 3 }}"]);
        check(
            "{{agg_any(\"slug = '{{experiment.slug}}'\")}}",
            &["nested {{experiment.slug}}"],
        );
        check("{{agg_any('a \\' {{b}}')}}", &["nested {{b}}"]);
        check("r'a{{ '{{3}}' }}'", &[]);
        check("r'a{% raw %}{{3}}{% endraw %}' {{4}}", &["constant {{4}}"]);
        check("{%- raw -%}{{3}}", &[]);
        check("{{ unclosed", &[]);
        check("{{3", &["constant {{3"]);
        check("{{ '\u{e9}\\", &[]);
        check("{{ '\\\u{e9}' }}", &[]);
    }
}
