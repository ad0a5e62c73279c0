//! Reads the keys of one table: types, missing keys, unknown keys. Faults are collected, so that one pass finds all.

use std::fmt::Display;

use jiff::civil::Date;

use super::{Entry, Node, Table, Text, Value};
use crate::diagnostics::{Code, Diagnostic, Span, nearest};

/// The keys of a table while they are read. [`Fields::finish`] remarks on the keys that nobody asked for.
pub struct Fields<'t, 'f> {
    table: &'t Table,
    /// What the table is, as messages name it: `metric "x"`.
    what: String,
    /// Where the table stands.
    span: Span,
    /// Whether `Select_Expression` is `select_expression`.
    folds_case: bool,
    asked: Vec<&'static str>,
    faults: &'f mut Vec<Diagnostic>,
}

impl<'t, 'f> Fields<'t, 'f> {
    /// Starts reading a table that messages call `what`.
    pub fn new(table: &'t Table, what: impl Into<String>, span: Span, faults: &'f mut Vec<Diagnostic>) -> Self {
        Self {
            table,
            what: what.into(),
            span,
            folds_case: false,
            asked: Vec::new(),
            faults,
        }
    }

    /// From now on upper and lower case are the same in keys.
    pub fn folding_case(mut self) -> Self {
        self.folds_case = true;
        self
    }

    /// What the table is, as messages name it.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Where faults go.
    pub fn faults(&mut self) -> &mut Vec<Diagnostic> {
        self.faults
    }

    /// The entry of a key; JSON's `null` counts as absent.
    pub fn entry(&mut self, key: &'static str) -> Option<&'t Entry> {
        self.asked.push(key);
        let entry = match self.folds_case {
            false => self.table.entries.get(key),
            true => {
                let mut entries = self.table.entries.iter().rev();
                entries
                    .find(|(name, _)| name.eq_ignore_ascii_case(key))
                    .map(|(_, entry)| entry)
            }
        };
        entry.filter(|entry| entry.node.value != Value::Null)
    }

    /// A key that is allowed and means nothing here.
    pub fn ignore(&mut self, key: &'static str) {
        self.asked.push(key);
    }

    /// A key that has no effect here, with what to do instead.
    pub fn misplaced(&mut self, key: &'static str, help: &str) {
        if let Some(entry) = self.entry(key) {
            let message = format!("`{key}` has no effect in {}", self.what);
            let warning = Diagnostic::warning(Code::UnknownKey, message).with_span(entry.key.clone());
            self.faults.push(warning.with_help(help));
        }
    }

    /// A text. Numbers and booleans are taken as they are written, with a warning.
    pub fn text(&mut self, key: &'static str) -> Option<Text> {
        let entry = self.entry(key)?;
        self.as_text(key, &entry.node)
    }

    /// A text that must be there.
    pub fn required_text(&mut self, key: &'static str) -> Option<Text> {
        self.required(key)?;
        self.text(key)
    }

    /// A whole number. A number without a fraction and a string of digits are taken too; so is a boolean, which is remarked on.
    pub fn integer(&mut self, key: &'static str) -> Option<i64> {
        let node = &self.entry(key)?.node;
        match &node.value {
            Value::Integer(number) => Some(*number),
            Value::Boolean(flag) => {
                let number = i64::from(*flag);
                let message = format!("`{key}` of {} is a boolean, which counts as {number}", self.what);
                let remark = Diagnostic::warning(Code::WrongType, message).with_span(node.span.clone());
                self.faults.push(remark.with_help("write a whole number"));
                Some(number)
            }
            // Casting saturates, and no count of days or percentages comes near the limits.
            Value::Float(number) if number.fract() == 0.0 => Some(*number as i64),
            Value::Text(text) if text.trim().parse::<i64>().is_ok() => text.trim().parse().ok(),
            _ => {
                self.wrong_type(key, node, "a whole number");
                None
            }
        }
    }

    /// `true` or `false`. A string is true unless it is empty, as the reference reads it; that is remarked on.
    pub fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let node = &self.entry(key)?.node;
        let truth = match &node.value {
            Value::Boolean(flag) => return Some(*flag),
            Value::Text(text) => !text.is_empty(),
            Value::Integer(number) => *number != 0,
            Value::Float(number) => *number != 0.0,
            Value::Null | Value::Date(_) | Value::List(_) | Value::Table(_) => {
                self.wrong_type(key, node, "true or false");
                return None;
            }
        };
        let message = format!("`{key}` of {} is {}, which counts as {truth}", self.what, node.kind());
        let remark = Diagnostic::warning(Code::WrongType, message)
            .with_span(node.span.clone())
            .with_help(format!("write `{key} = true` or `{key} = false`, without quotes"));
        self.faults.push(remark);
        Some(truth)
    }

    /// A date, `YYYY-MM-DD`; with `lenient` a month or day of one digit and a bare TOML date are taken too.
    pub fn date(&mut self, key: &'static str, lenient: bool) -> Option<(Date, Span)> {
        let node = &self.entry(key)?.node;
        let text = match &node.value {
            Value::Text(text) => text,
            Value::Date(text) if lenient => text,
            _ => {
                self.wrong_type(key, node, "a date such as \"2025-01-06\"");
                return None;
            }
        };
        match parse_date(text, lenient) {
            Some(date) => Some((date, node.span.clone())),
            None => {
                let message = format!("`{key}` of {} is not a date: \"{text}\"", self.what);
                let mut fault = Diagnostic::error(Code::WrongValue, message).with_span(node.span.clone());
                fault.help = Some(match guess_date(text) {
                    Some(date) => format!("dates are written YYYY-MM-DD: \"{date}\""),
                    None => "dates are written YYYY-MM-DD, such as \"2025-01-06\"".to_string(),
                });
                self.faults.push(fault);
                None
            }
        }
    }

    /// A list of texts.
    pub fn texts(&mut self, key: &'static str) -> Option<Vec<Text>> {
        let entry = self.entry(key)?;
        let Value::List(nodes) = &entry.node.value else {
            self.wrong_type(key, &entry.node, "a list of strings");
            if let (Value::Text(text), Some(fault)) = (&entry.node.value, self.faults.last_mut()) {
                fault.help = Some(format!("write `{key} = [\"{text}\"]`"));
            }
            return None;
        };
        Some(nodes.iter().filter_map(|node| self.as_text(key, node)).collect())
    }

    /// A text out of a fixed set, each with what it stands for.
    pub fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(key)?;
        self.choose(key, &text, choices)
    }

    /// A text out of a fixed set, and its place.
    pub fn located_choice<T: Copy>(&mut self, key: &'static str, choices: &[(&'static str, T)]) -> Option<(T, Span)> {
        let text = self.text(key)?;
        let choice = self.choose(key, &text, choices)?;
        Some((choice, text.span))
    }

    /// A list of texts out of a fixed set.
    pub fn choices<T: Copy>(&mut self, key: &'static str, choices: &[(&'static str, T)]) -> Option<Vec<T>> {
        let texts = self.texts(key)?;
        Some(
            texts
                .iter()
                .filter_map(|text| self.choose(key, text, choices))
                .collect(),
        )
    }

    /// The table under a key, with the key's place.
    pub fn table(&mut self, key: &'static str) -> Option<(&'t Table, Span)> {
        let entry = self.entry(key)?;
        match &entry.node.value {
            Value::Table(table) => Some((table, entry.key.clone())),
            _ => {
                self.wrong_type(key, &entry.node, "a table");
                None
            }
        }
    }

    /// A list under a key.
    pub fn list(&mut self, key: &'static str) -> Option<&'t [Node]> {
        let entry = self.entry(key)?;
        match &entry.node.value {
            Value::List(nodes) => Some(nodes),
            _ => {
                self.wrong_type(key, &entry.node, "a list");
                None
            }
        }
    }

    /// The table under a key as tables by name: `[metrics.<name>]`. Entries that are no tables are faults.
    pub fn tables(&mut self, key: &'static str) -> Vec<(&'t str, &'t Table, Span)> {
        let Some((table, _)) = self.table(key) else {
            return Vec::new();
        };
        let mut tables = Vec::with_capacity(table.entries.len());
        for (name, entry) in &table.entries {
            match &entry.node.value {
                Value::Table(inner) => tables.push((name.as_str(), inner, entry.key.clone())),
                _ => {
                    let what = format!("{key}.{name}");
                    self.wrong_type(&what, &entry.node, "a table");
                }
            }
        }
        tables
    }

    /// Demands a key; its absence is a fault at the table.
    pub fn required(&mut self, key: &'static str) -> Option<()> {
        if self.entry(key).is_some() {
            return Some(());
        }
        let fault = Diagnostic::error(Code::MissingKey, format!("{} has no `{key}`", self.what));
        self.faults.push(fault.with_span(self.span.clone()));
        None
    }

    /// Demands a key that may be null.
    pub fn required_or_null(&mut self, key: &'static str) {
        if !self.table.entries.contains_key(key) {
            let fault = Diagnostic::error(Code::MissingKey, format!("{} has no `{key}`", self.what))
                .with_span(self.span.clone())
                .with_help(format!("a value that is not known yet is written `\"{key}\": null`"));
            self.faults.push(fault);
        }
    }

    /// A fault of the value's type.
    pub fn wrong_type(&mut self, key: &str, node: &Node, expected: impl Display) {
        let message = format!("`{key}` of {} must be {expected}, but is {}", self.what, node.kind());
        self.faults
            .push(Diagnostic::error(Code::WrongType, message).with_span(node.span.clone()));
    }

    /// Warns of every key that nobody asked for, and suggests the one that may be meant.
    pub fn finish(self) {
        for (name, entry) in &self.table.entries {
            let known = |key: &&str| match self.folds_case {
                true => key.eq_ignore_ascii_case(name),
                false => *key == name,
            };
            if self.asked.iter().any(known) {
                continue;
            }
            let message = format!("unknown key `{name}` in {}: it has no effect", self.what);
            let mut warning = Diagnostic::warning(Code::UnknownKey, message).with_span(entry.key.clone());
            // A key that stands in the table already is not the one that is meant.
            let absent = |key: &&'static str| !self.table.entries.contains_key(*key);
            let candidates = self.asked.iter().copied().filter(absent);
            let meant = mistaken(name).filter(|key| self.asked.contains(key)).filter(absent);
            warning.help = meant
                .or_else(|| nearest(name, candidates))
                .map(|key| format!("did you mean `{key}`?"));
            self.faults.push(warning);
        }
    }

    fn as_text(&mut self, key: &str, node: &Node) -> Option<Text> {
        let value = match &node.value {
            Value::Text(text) => text.clone(),
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Date(_) => {
                let text = node.span.source.text.get(node.span.range.clone()).unwrap_or_default();
                let message = format!(
                    "`{key}` of {} is {}, which is taken as a string",
                    self.what,
                    node.kind()
                );
                let remark = Diagnostic::warning(Code::WrongType, message)
                    .with_span(node.span.clone())
                    .with_help(format!("write it in quotes: \"{text}\""));
                self.faults.push(remark);
                text.to_string()
            }
            Value::Null | Value::List(_) | Value::Table(_) => {
                self.wrong_type(key, node, "a string");
                return None;
            }
        };
        Some(Text {
            value,
            span: node.span.clone(),
        })
    }

    fn choose<T: Copy>(&mut self, key: &str, text: &Text, choices: &[(&'static str, T)]) -> Option<T> {
        if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == text.value) {
            return Some(*choice);
        }
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let message = format!("`{key}` of {} can't be \"{}\"", self.what, text.value);
        let help = match nearest(&text.value, names.iter().copied()) {
            Some(name) => format!("did you mean \"{name}\"?"),
            None => format!("one of {}", names.join(", ")),
        };
        self.faults.push(
            Diagnostic::error(Code::WrongValue, message)
                .with_span(text.span.clone())
                .with_help(help),
        );
        None
    }
}

/// Keys that people write for one that is spelt quite differently.
fn mistaken(key: &str) -> Option<&'static str> {
    match key {
        "exposure_basis" | "analysis_basis" | "bases" => Some("analysis_bases"),
        "enrollments_query" => Some("enrollment_query"),
        "metric" | "sql" | "expression" => Some("select_expression"),
        "treatments" => Some("pre_treatments"),
        _ => None,
    }
}

fn parse_date(text: &str, lenient: bool) -> Option<Date> {
    let mut parts = text.split('-');
    let mut part = |digits: usize| {
        let part = parts.next()?;
        let fits = part.len() == digits || (lenient && digits == 2 && part.len() == 1);
        (fits && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse::<i16>().ok())?
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    match parts.next() {
        Some(_) => None,
        None => Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok(),
    }
}

/// The date that a text in another common notation may mean.
fn guess_date(text: &str) -> Option<Date> {
    let head: String = text.chars().take_while(|c| !matches!(c, 'T' | ' ')).collect();
    parse_date(&head.replace(['/', '.'], "-"), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let date = |text, lenient| parse_date(text, lenient).map(|date| date.to_string());
        assert_eq!(date("2025-01-06", false).as_deref(), Some("2025-01-06"));
        assert_eq!(date("2025-1-6", true).as_deref(), Some("2025-01-06"));
        assert_eq!(date("2025-1-6", false), None);
        for wrong in [
            "2025/01/06",
            "2025-02-30",
            "2025-01-06T00:00:00",
            "",
            "2025-01",
            "2025-01-06-07",
            "+025-01-06",
        ] {
            assert_eq!(date(wrong, true), None, "{wrong}");
        }
        assert_eq!(
            guess_date("2025/1/6").map(|d| d.to_string()).as_deref(),
            Some("2025-01-06")
        );
        assert_eq!(
            guess_date("2025-01-06T00:00:00Z").map(|d| d.to_string()).as_deref(),
            Some("2025-01-06")
        );
    }
}
