//! JSON functions and paths.

use sqlparser::ast::Expr;

use super::call::Call;
use super::{CATALOG, Translator, quote_string};

impl Translator<'_> {
    /// `JSON_VALUE` and its kin: a document and a literal path, `$` when left out.
    pub(super) fn json(&mut self, call: &Call<'_>, macro_name: &str) -> String {
        self.is_scalar(call);
        let (document, path) = match call.arguments.as_slice() {
            [document] => (*document, "'$'".to_string()),
            [document, path] => match self.json_path(call, path) {
                Some(path) => (*document, path),
                None => return "NULL".into(),
            },
            _ => return self.fault(call.span, format!("`{}` takes a document and a path", call.name), None),
        };
        format!("{CATALOG}.{macro_name}({}, {path})", self.expression(document))
    }

    /// A subscript such as `document['key']`.
    pub(super) fn json_field(&mut self, document: &str, key: &str) -> String {
        let path = quote_string(&format!("$.\"{}\"", key.replace('"', "\\\""))).unwrap_or_else(|| "'$'".into());
        format!("json_extract({document}, {path})")
    }

    fn json_path(&mut self, call: &Call<'_>, path: &Expr) -> Option<String> {
        let Some(text) = self.literal_string(path) else {
            self.fault(
                call.span,
                format!("the path of `{}` is not a literal string", call.name),
                None,
            );
            return None;
        };
        match steps(&text).and_then(|path| quote_string(&path)) {
            Some(literal) => Some(literal),
            None => {
                let help = "a path looks like `$.field`, `$.\"a field\"`, `$['a field']` or `$[0]`";
                self.fault(call.span, format!("`{text}` is not a JSON path"), Some(help.into()));
                None
            }
        }
    }
}

/// A BigQuery path as DuckDB writes it: every field in double quotes.
fn steps(path: &str) -> Option<String> {
    let mut rest = path.trim().strip_prefix('$')?;
    let mut out = String::from("$");
    let field = |out: &mut String, name: &str| out.push_str(&format!(".\"{}\"", name.replace('"', "\\\"")));
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(".\"") {
            let end = after.find('"')?;
            field(&mut out, &after[..end]);
            rest = &after[end + 1..];
        } else if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            if end == 0 {
                return None;
            }
            field(&mut out, &after[..end]);
            rest = &after[end..];
        } else {
            let after = rest.strip_prefix('[')?;
            match after.chars().next()? {
                quote @ ('\'' | '"') => {
                    let end = after[1..].find(quote)? + 1;
                    field(&mut out, &after[1..end]);
                    rest = after[end + 1..].strip_prefix(']')?;
                }
                _ => {
                    let end = after.find(']')?;
                    let place: u64 = after[..end].trim().parse().ok()?;
                    out.push_str(&format!("[{place}]"));
                    rest = &after[end + 1..];
                }
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::steps;

    #[test]
    fn paths_are_respelled() {
        for (path, expected) in [
            ("$", Some("$")),
            ("$.a.b-c[0]", Some("$.\"a\".\"b-c\"[0]")),
            ("$['a b'][\"c\"].\"d.e\"", Some("$.\"a b\".\"c\".\"d.e\"")),
            ("a.b", None),
            ("$..a", None),
            ("$[x]", None),
        ] {
            assert_eq!(steps(path).as_deref(), expected, "{path}");
        }
    }
}
