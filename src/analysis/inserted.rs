//! Values that templates insert into an author's SQL: the slug, parameters, names of branches. None may change the SQL around it.
//!
//! A value with a quote, say, can end the literal that it was meant for. So SQL with such a value is compared, token by token, with the same SQL
//! where letters stand for all characters that mean something to SQL.

use std::borrow::Cow;

use minijinja::Value;
use minijinja::value::Serde;

use super::resolve::Scope;
use super::{Fragment, fragment};
use crate::diagnostics::{Code, Diagnostic};
use crate::document::Text;
use crate::sql::fragment::Role;
use crate::sql::shape::has_shape_of;

/// What templates are rendered with to see what SQL looks like without dangerous values.
pub(super) struct Harmless {
    /// `{parameters: ...}`.
    pub parameters: Value,
    /// `{experiment: ...}`.
    pub experiment: Value,
    /// The slug, for the format layer.
    pub slug: String,
}

impl Harmless {
    /// Stand-ins for these values; `None` where no value is dangerous, which is the rule.
    pub fn of(parameters: Option<Value>, all_parameters: &Value, experiment: &Value, slug: &str) -> Option<Self> {
        let in_experiment = harmless_value(experiment);
        if parameters.is_none() && in_experiment.is_none() {
            return None;
        }
        Some(Self {
            parameters: parameters.unwrap_or_else(|| all_parameters.clone()),
            experiment: in_experiment.unwrap_or_else(|| experiment.clone()),
            slug: harmless(slug).into_owned(),
        })
    }
}

/// The text with `x` for every character that could end a literal, a name or a comment, or begin one.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    let is_dangerous = |c: char| c.is_control() || "'\"`\\{}#;".contains(c);
    let opens = ["--", "/*", "*/"].iter().any(|mark| text.contains(mark));
    if !opens && !text.contains(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let letters = text.chars().map(|c| match c {
        '-' | '/' | '*' if opens => 'x',
        c if is_dangerous(c) => 'x',
        c => c,
    });
    Cow::Owned(letters.collect())
}

/// The value with all its texts harmless; `None` if they are so already.
fn harmless_value(value: &Value) -> Option<Value> {
    let mut json = serde_json::to_value(value).ok()?;
    replace(&mut json).then(|| Value::from(Serde(&json)))
}

/// Whether a text had to be replaced.
fn replace(json: &mut serde_json::Value) -> bool {
    match json {
        serde_json::Value::String(text) => match harmless(text) {
            Cow::Borrowed(_) => false,
            Cow::Owned(other) => {
                *text = other;
                true
            }
        },
        serde_json::Value::Array(items) => items.iter_mut().fold(false, |any, item| replace(item) | any),
        serde_json::Value::Object(fields) => fields.values_mut().fold(false, |any, field| replace(field) | any),
        _ => false,
    }
}

impl Scope<'_> {
    /// Makes a fragment of a template's SQL, and checks that no inserted value changes it and that it parses. `render` makes the
    /// same SQL from harmless values.
    pub(super) fn checked(
        &self,
        (text, sql): (&Text, String),
        role: Role,
        what: &str,
        faults: &mut Vec<Diagnostic>,
        render: impl FnOnce(&Harmless) -> Option<String>,
    ) -> Fragment {
        let meant = self.harmless.as_ref().and_then(render);
        match meant {
            Some(meant) if !has_shape_of(&sql, &meant) => {
                let message = format!("a value that the template of {what} inserts changes the SQL around it");
                let fault = Diagnostic::error(Code::InsertedValue, message).with_span(text.span.clone());
                faults.push(fault.with_help(format!("it renders to `{}`", sql.trim())));
                Fragment {
                    sql,
                    span: text.span.clone(),
                }
            }
            _ => fragment::checked(text, sql, role, what, faults),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        for plain in ["plain", "a-b_c.d", "é", "2025-01-31", "x OR y"] {
            assert!(matches!(harmless(plain), Cow::Borrowed(text) if text == plain));
        }
        for (value, expected) in [
            ("it's", "itxs"),
            ("a--b", "axxb"),
            ("a-b\n", "a-bx"),
            ("/* {} */", "xx xx xx"),
        ] {
            assert_eq!(harmless(value), expected);
        }
        let value = Value::from(Serde(
            serde_json::json!({"slug": "a'b", "outcomes": ["x"], "period": 7}),
        ));
        let expected = serde_json::json!({"slug": "axb", "outcomes": ["x"], "period": 7});
        assert_eq!(harmless_value(&value), Some(Value::from(Serde(expected))));
    }
}
