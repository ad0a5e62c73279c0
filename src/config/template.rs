//! The template environment of the configs: minijinja with strict undefined, and the functions of `functions.toml`.

use std::ops::Range;

use indexmap::IndexMap;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};

use super::format::format;
use super::spec::FunctionSpec;
use crate::diagnostics::{Code, Diagnostic, Result, Span, nearest};
use crate::document::Text;

/// How many characters a text may have in `{{ }}` and `{% %}`, strings aside; the public configs stay below 400. An expression such
/// as `1+1+1...` uses stack for each operator, and 2 MiB hold 4,700 of the dearest kind.
const LONGEST: usize = 2_000;
/// How many steps of the template engine a text may take, so that nested loops end; the public configs take some hundred.
const FUEL: u64 = 1_000_000;

/// Renders the templates in config values.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    /// An environment with these functions, each a text with `{select_expr}` for its one argument; beside it the faults of
    /// those that can't be used.
    pub fn new(functions: &IndexMap<String, FunctionSpec>) -> (Self, Vec<Diagnostic>) {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_debug(true);
        environment.set_fuel(Some(FUEL));
        let mut faults = Vec::new();
        for (name, function) in functions {
            if let Err(fault) = format(&function.definition.value, &[("select_expr", "")]) {
                let message = format!("function `{name}` can't be used: {}", fault.message);
                let span = function.definition.part(fault.at..fault.at + 1);
                let help = "the argument is written `{select_expr}`; a literal brace is written twice";
                faults.push(Diagnostic::error(Code::Brace, message).with_span(span).with_help(help));
                continue;
            }
            let definition = function.definition.value.clone();
            environment.add_function(name.clone(), move |argument: String| {
                format(&definition, &[("select_expr", &argument)])
                    .map_err(|fault| Error::new(ErrorKind::InvalidOperation, fault.message))
            });
        }
        (Self { environment }, faults)
    }

    /// Renders a value; `what` names it in messages.
    pub fn render(&self, text: &Text, what: &str, context: &Value) -> Result<String> {
        if !text.value.contains('{') {
            // Without a brace nothing can be rendered, but one trailing line break goes, as with any template.
            let value = text.value.strip_suffix('\n').unwrap_or(&text.value);
            return Ok(value.strip_suffix('\r').unwrap_or(value).to_string());
        }
        if let Some(at) = too_long(&text.value) {
            let message = format!("the template of {what} has more than {LONGEST} characters outside of strings");
            let fault = Diagnostic::error(Code::Template, message).with_span(text.part(at));
            return Err(fault.with_help("write SQL outside of `{{` and `}}`").into());
        }
        self.environment
            .render_str(&text.value, context.clone())
            .map_err(|error| self.fault(text, what, &error, context).into())
    }

    /// Whether a text is a valid template that refers to a variable.
    pub fn mentions(&self, text: &str, variable: &str) -> bool {
        text.contains("{{")
            // One that is too long is to be rendered, which says so.
            && (too_long(text).is_some()
                || self
                    .environment
                    .template_from_str(text)
                    .is_ok_and(|template| template.undeclared_variables(false).contains(variable)))
    }

    fn fault(&self, text: &Text, what: &str, error: &Error, context: &Value) -> Diagnostic {
        let range = error.range().filter(|range| text.value.get(range.clone()).is_some());
        let offender = range.clone().map(|range| text.value[range].trim().to_string());
        let span: Span = match range {
            Some(range) => text.part(range),
            None => text.span.clone(),
        };
        let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        let kind = error.kind();
        let message = match (&kind, &offender) {
            (ErrorKind::UndefinedError, Some(name)) if !name.is_empty() => {
                format!("the template of {what} uses `{name}`, which is not defined")
            }
            (ErrorKind::SyntaxError, _) => format!("the template of {what} has a syntax error{detail}"),
            _ => format!("the template of {what} can't be rendered: {kind}{detail}"),
        };
        let mut fault = Diagnostic::error(Code::Template, message).with_span(span);
        fault.help = match kind {
            ErrorKind::UndefinedError | ErrorKind::UnknownFunction => self.suggestion(offender.as_deref(), context),
            _ => None,
        };
        fault
    }

    /// A defined name near to the one that is not.
    fn suggestion(&self, offender: Option<&str>, context: &Value) -> Option<String> {
        let offender = offender?;
        if let Some((object, attribute)) = offender.split_once('.') {
            let known: Vec<String> = match context.get_attr(object) {
                Ok(value) => value.try_iter().ok()?.map(|key| key.to_string()).collect(),
                Err(_) => return None,
            };
            return match nearest(attribute, known.iter().map(String::as_str)) {
                Some(name) => Some(format!("did you mean `{object}.{name}`?")),
                None if object == "parameters" => Some(format!(
                    "define it under `[parameters.{attribute}]` in the experiment's config or in the outcome"
                )),
                None => None,
            };
        }
        let name: String = offender
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        let mut names: Vec<&str> = self.environment.globals().map(|(name, _)| name).collect();
        names.sort_unstable();
        let object = context
            .try_iter()
            .ok()
            .map(|keys| keys.map(|key| key.to_string()).collect::<Vec<_>>());
        let object = object.unwrap_or_default();
        names.extend(object.iter().map(String::as_str));
        nearest(&name, names).map(|name| format!("did you mean `{name}`?"))
    }
}

/// The character at which the parts of a text that are templates become longer than [`LONGEST`].
fn too_long(text: &str) -> Option<Range<usize>> {
    let after = |at: usize, end: &str| text[at..].find(end).map_or(text.len(), |found| at + found + end.len());
    let mut length = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find('{') {
        let inner = at + found + 2;
        at = match text.as_bytes().get(inner - 1) {
            Some(b'#') => after(inner, "#}"),
            Some(b'{') => match part_end(text, inner, "}}", &mut length) {
                Ok(end) => end,
                Err(place) => return Some(place),
            },
            Some(b'%') => match part_end(text, inner, "%}", &mut length) {
                Ok(end) if is_raw(&text[inner..end]) => after(end, "endraw"),
                Ok(end) => end,
                Err(place) => return Some(place),
            },
            _ => inner - 1,
        };
    }
    None
}

/// The end of the template part that begins at `start`; or the character at which the count of those outside of strings becomes too large.
fn part_end(text: &str, start: usize, close: &str, length: &mut usize) -> std::result::Result<usize, Range<usize>> {
    let mut quote: Option<char> = None;
    let mut is_escaped = false;
    for (offset, c) in text[start..].char_indices() {
        let at = start + offset;
        match quote {
            Some(_) if is_escaped => is_escaped = false,
            Some(_) if c == '\\' => is_escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if text[at..].starts_with(close) => return Ok(at + close.len()),
            None => {
                *length += 1;
                if *length > LONGEST {
                    return Err(at..at + c.len_utf8());
                }
                quote = matches!(c, '"' | '\'').then_some(c);
            }
        }
    }
    Ok(text.len())
}

/// Whether a `{% %}` begins text that is no template, up to `endraw`.
fn is_raw(inner: &str) -> bool {
    inner.trim_matches(|c: char| !c.is_alphanumeric()) == "raw"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, is_too_long: bool) {
        assert_eq!(too_long(text).is_some(), is_too_long, "{}", &text[..text.len().min(60)]);
    }

    #[test]
    fn long_templates() {
        let many = "-".repeat(LONGEST + 1);
        check(&format!("{{{{ {many}1 }}}}"), true);
        check(&format!("{{% if {many}1 %}}"), true);
        check(&"{% elif 0 %}".repeat(LONGEST / 5), true);
        check(&format!("{{{{ {many}"), true);
        check(&format!("{many} {{{{ 1 }}}} {many}"), false);
        check(&format!("{{{{ f(\"{many} }}}} \\\" {many}\") }}}} {many}"), false);
        check(&format!("{{{{ f('{many}') }}}}"), false);
        check(&format!("{{# {many} #}} {{x {many}"), false);
        check(&format!("{{%- raw %}} {{{{ {many} {{% endraw %}} {many}"), false);
    }
}
