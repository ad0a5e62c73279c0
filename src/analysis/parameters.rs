//! Parameters: values that an experiment or an outcome gives to its select expressions, one for all or one by branch.

use std::borrow::Cow;
use std::collections::BTreeMap;

use indexmap::IndexMap;
use minijinja::Value;
use minijinja::value::Serde;
use serde_json::json;

use super::inserted;
use crate::config::spec::{ParameterSpec, ParameterValue};
use crate::diagnostics::{Code, Diagnostic};
use crate::sql::render::double_quoted;

/// Parameters for templates and for people.
pub(super) struct Parameters {
    /// `{parameters: {name: SQL text}}`.
    pub context: Value,
    /// The same with harmless texts; `None` where all are so.
    pub harmless: Option<Value>,
    /// Name to `value`, `default`, `distinct_by_branch`.
    pub values: IndexMap<String, serde_json::Value>,
}

/// Finds each parameter's value and how it looks in SQL.
pub(super) fn resolve(specs: &IndexMap<String, ParameterSpec>, faults: &mut Vec<Diagnostic>) -> Parameters {
    let (mut rendered, mut harmless) = (BTreeMap::new(), BTreeMap::new());
    let mut values = IndexMap::new();
    for (name, spec) in specs {
        let distinct = spec.distinct_by_branch.unwrap_or(false);
        let value = spec.value.as_ref().or(spec.default.as_ref());
        match (distinct, value) {
            (false, Some(ParameterValue::Text(text))) => {
                rendered.insert(name.as_str(), Cow::Borrowed(text.as_str()));
                harmless.insert(name.as_str(), inserted::harmless(text));
            }
            (true, Some(ParameterValue::ByBranch(by_branch))) => {
                rendered.insert(name.as_str(), case(by_branch, &Cow::Borrowed).into());
                harmless.insert(name.as_str(), case(by_branch, &inserted::harmless).into());
            }
            (distinct, found) => faults.push(fault(name, spec, distinct, found)),
        }
        let json = json!({
            "value": value.map(as_json),
            "default": spec.default.as_ref().map(as_json),
            "distinct_by_branch": distinct,
        });
        values.insert(name.clone(), json);
    }
    Parameters {
        harmless: (harmless != rendered).then(|| context(&harmless)),
        context: context(&rendered),
        values,
    }
}

fn context(parameters: &BTreeMap<&str, Cow<'_, str>>) -> Value {
    Value::from(Serde(BTreeMap::from([("parameters", parameters)])))
}

/// The value of the row's branch, each text changed by `with`.
fn case<'a>(by_branch: &'a IndexMap<String, String>, with: &dyn Fn(&'a str) -> Cow<'a, str>) -> String {
    let literal = |text| double_quoted(&with(text));
    let cases: String = by_branch
        .iter()
        .map(|(branch, value)| format!(" WHEN {} THEN {}", literal(branch), literal(value)))
        .collect();
    format!("CASE e.branch{cases} END")
}

fn fault(name: &str, spec: &ParameterSpec, distinct: bool, found: Option<&ParameterValue>) -> Diagnostic {
    let (message, help) = match (distinct, found) {
        (_, None) => ("has neither `value` nor `default`", "write `value = \"...\"`"),
        (true, Some(_)) => (
            "is distinct by branch, but its value is one string",
            "write `value = { control = \"...\", treatment = \"...\" }`",
        ),
        (false, Some(_)) => (
            "has a value for each branch, but is not distinct by branch",
            "write `distinct_by_branch = true`",
        ),
    };
    Diagnostic::error(Code::Parameter, format!("parameter `{name}` {message}"))
        .with_span(spec.span.clone())
        .with_help(help)
}

fn as_json(value: &ParameterValue) -> serde_json::Value {
    match value {
        ParameterValue::Text(text) => json!(text),
        ParameterValue::ByBranch(values) => json!(values),
    }
}
