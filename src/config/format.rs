//! The format layer: `{name}` is replaced, `{{` and `}}` are literal braces, any other brace is a fault. It comes after the
//! templates of [`template`](super::template), in the manner of Python's `str.format`.

/// Why a text can't be formatted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The byte offset of the brace.
    pub at: usize,
    /// What is wrong with it.
    pub message: String,
}

/// Replaces each `{name}` by its value.
pub fn format(text: &str, values: &[(&str, &str)]) -> Result<String, Fault> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(brace) = rest.find(['{', '}']) {
        let at = text.len() - rest.len() + brace;
        out.push_str(&rest[..brace]);
        let here = &rest[brace..];
        if let Some(after) = here.strip_prefix("{{") {
            out.push('{');
            rest = after;
        } else if let Some(after) = here.strip_prefix("}}") {
            out.push('}');
            rest = after;
        } else if here.starts_with('}') {
            return Err(Fault {
                at,
                message: "a single `}` closes nothing".to_string(),
            });
        } else {
            let Some((name, after)) = here[1..].split_once('}') else {
                return Err(Fault {
                    at,
                    message: "a single `{` is never closed".to_string(),
                });
            };
            let Some((_, value)) = values.iter().find(|(known, _)| *known == name) else {
                return Err(Fault {
                    at,
                    message: format!("`{{{name}}}` stands for nothing here"),
                });
            };
            out.push_str(value);
            rest = after;
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// Whether formatting replaces a `{name}`.
pub fn mentions(text: &str, name: &str) -> bool {
    let plain = text.replace("{{", "").replace("}}", "");
    plain.contains(&format!("{{{name}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, usize>) {
        let result = format(text, &[("dataset", "fenix")]).map_err(|fault| fault.at);
        assert_eq!(result.as_deref(), expected.as_ref().map(|text| *text), "{text}");
    }

    #[test]
    fn braces() {
        check("a.{dataset}.b", Ok("a.fenix.b"));
        check("{{d10d0bf8}}", Ok("{d10d0bf8}"));
        check("{{{dataset}}}", Ok("{fenix}"));
        check("none", Ok("none"));
        check("a {b", Err(2));
        check("a }", Err(2));
        check("{other}", Err(0));
        check("{}", Err(0));
        check("{dataset!r}", Err(0));
    }

    #[test]
    fn mentioned_names() {
        assert!(mentions("x.{dataset}.y", "dataset"));
        assert!(!mentions("x.{{dataset}}.y", "dataset"));
    }
}
