//! A request for statistics of an extract: the fields of a JSON object, checked.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::analysis::{Period, PreTreatment, Summary};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result, Severity, Source, Span, nearest};
use crate::document::{Fields, Node, Table, Value, parse_json};
use crate::sql::types::Type;
use crate::stats;

/// What is asked of an extract.
#[derive(Debug, Clone)]
pub struct Request {
    /// The statistics, in order, each of its metric.
    pub statistics: Vec<stats::Request>,
    /// The kind of window that the rows stand for.
    pub period: Period,
    /// The window's length in days.
    pub days: i64,
    /// The branches of the experiment.
    pub branches: Vec<String>,
    /// The types of the file's columns.
    pub column_types: IndexMap<String, Type>,
    /// Remarks that do not stop the work.
    pub warnings: Diagnostics,
}

/// Keys of a recorded case that ask for nothing.
const IGNORED: [&str; 15] = [
    "id",
    "data",
    "branch_order",
    "note",
    "kind",
    "result",
    "rows",
    "row_columns",
    "logs",
    "raised",
    "monte_carlo",
    "tolerance",
    "tolerance_columns",
    "oracle_seconds",
    "segment",
];
const IGNORED_TOO: [&str; 4] = ["point_accept", "bound_accept", "bound_accept_columns", "depends_on"];

/// Reads a request.
///
/// # Errors
/// Text that is no JSON object, missing fields, fields of the wrong type, and what [`stats::parse`] refuses.
pub fn parse(source: &Arc<Source>) -> Result<Request> {
    let root = parse_json(source)?;
    let whole = Span {
        source: source.clone(),
        range: 0..source.text.trim_end().len(),
    };
    let Value::Table(table) = &root.value else {
        let message = format!("a request is a JSON object, but this is {}", root.kind());
        return Err(Diagnostic::error(Code::WrongType, message).with_span(root.span).into());
    };
    let mut faults = Vec::new();
    let mut fields = Fields::new(table, "the request", whole.clone(), &mut faults);
    IGNORED
        .into_iter()
        .chain(IGNORED_TOO)
        .for_each(|key| fields.ignore(key));
    let (metric, single, several) = match table.entries.contains_key("statistics") {
        true => (fields.text("metric"), None, fields.list("statistics").unwrap_or(&[])),
        false => (fields.required_text("metric"), Asked::read(&mut fields), &[][..]),
    };
    let period = fields.text("analysis_period");
    let days = fields.integer("analysis_period_length");
    let experiment = fields.table("experiment");
    let types = fields.table("column_types");
    fields.finish();

    let mut summaries: Vec<Summary> = Vec::new();
    for node in several {
        let span = node.span.clone();
        let Value::Table(table) = &node.value else {
            let message = format!("a statistic of the list is an object, but this is {}", node.kind());
            faults.push(Diagnostic::error(Code::WrongType, message).with_span(span));
            continue;
        };
        let mut fields = Fields::new(table, "the statistic", span.clone(), &mut faults);
        let own = match &metric {
            Some(metric) => Some(fields.text("metric").unwrap_or(metric.clone())),
            None => fields.required_text("metric"),
        };
        let asked = Asked::read(&mut fields);
        fields.finish();
        if let (Some(metric), Some(asked)) = (own, asked) {
            summaries.push(asked.summary(metric.value, span, &mut faults));
        }
    }
    if let (Some(metric), Some(asked)) = (metric, single) {
        summaries.push(asked.summary(metric.value, whole.clone(), &mut faults));
    }
    if summaries.is_empty() && faults.iter().all(|fault| fault.severity != Severity::Error) {
        let message = "the list `statistics` is empty";
        faults.push(Diagnostic::error(Code::WrongValue, message).with_span(whole.clone()));
    }
    let branches = experiment
        .map(|(table, span)| branches(table, span, &mut faults))
        .unwrap_or_default();
    let column_types = types
        .map(|(table, _)| column_types(table, &mut faults))
        .unwrap_or_default();
    let period = period.map_or(Period::Overall, |text| {
        Period::parse(&text.value).unwrap_or_else(|| {
            let words = Period::ALL.map(Period::as_str);
            let help = nearest(&text.value, words).map_or(format!("periods: {}", words.join(", ")), |near| {
                format!("a period with a similar name exists: {near}")
            });
            let message = format!("unknown analysis period {:?}", text.value);
            faults.push(
                Diagnostic::error(Code::WrongValue, message)
                    .with_span(text.span.clone())
                    .with_help(help),
            );
            Period::Overall
        })
    });
    let days = days.unwrap_or(match period {
        Period::Day | Period::Overall => 1,
        Period::Week | Period::PreenrollmentWeek => 7,
        Period::Days28 | Period::PreenrollmentDays28 => 28,
    });
    if days < 1 {
        let message = format!("`analysis_period_length` must be at least 1, but is {days}");
        faults.push(Diagnostic::error(Code::WrongValue, message).with_span(whole.clone()));
    }
    let mut statistics = Vec::new();
    for summary in &summaries {
        match stats::parse(summary) {
            Ok(statistic) => statistics.push(statistic),
            Err(more) => faults.extend(more.0),
        }
    }
    let (errors, warnings): (Vec<_>, Vec<_>) = faults.into_iter().partition(|fault| fault.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(Diagnostics(errors));
    }
    Ok(Request {
        statistics,
        period,
        days,
        branches,
        column_types,
        warnings: Diagnostics(warnings),
    })
}

/// A statistic as a request names it, before its metric is known.
struct Asked<'a> {
    statistic: String,
    params: IndexMap<String, serde_json::Value>,
    treatments: &'a [Node],
}

impl<'a> Asked<'a> {
    fn read(fields: &mut Fields<'a, '_>) -> Option<Self> {
        let statistic = fields.required_text("statistic");
        let params = fields.table("params");
        let treatments = fields.list("pre_treatments").unwrap_or(&[]);
        Some(Self {
            statistic: statistic?.value,
            params: params.map(|(table, _)| json_map(table)).unwrap_or_default(),
            treatments,
        })
    }

    fn summary(self, metric: String, span: Span, faults: &mut Vec<Diagnostic>) -> Summary {
        let treatments = self.treatments.iter();
        Summary {
            metric,
            statistic: self.statistic,
            params: self.params,
            pre_treatments: treatments.filter_map(|node| pre_treatment(node, faults)).collect(),
            span,
        }
    }
}

fn json_map(table: &Table) -> IndexMap<String, serde_json::Value> {
    table.to_json().into_iter().collect()
}

/// A pre-treatment: its name, or an object with `name` and `args`, or with its arguments beside the name.
fn pre_treatment(node: &Node, faults: &mut Vec<Diagnostic>) -> Option<PreTreatment> {
    match &node.value {
        Value::Text(name) => Some(PreTreatment {
            name: name.clone(),
            args: IndexMap::new(),
        }),
        Value::Table(table) => {
            let mut fields = Fields::new(table, "the pre-treatment", node.span.clone(), faults);
            let name = fields.required_text("name")?;
            let args = match fields.table("args") {
                Some((args, _)) => json_map(args),
                None => json_map(table)
                    .into_iter()
                    .filter(|(key, _)| key != "name" && key != "args")
                    .collect(),
            };
            Some(PreTreatment { name: name.value, args })
        }
        _ => {
            let message = format!("a pre-treatment is a name or an object, but this is {}", node.kind());
            faults.push(Diagnostic::error(Code::WrongType, message).with_span(node.span.clone()));
            None
        }
    }
}

/// The experiment's branches: names, or objects with a `slug`.
fn branches(table: &Table, span: Span, faults: &mut Vec<Diagnostic>) -> Vec<String> {
    let mut fields = Fields::new(table, "the experiment", span, faults);
    let nodes = fields.list("branches").unwrap_or(&[]);
    let mut names = Vec::new();
    for node in nodes {
        match &node.value {
            Value::Text(name) => names.push(name.clone()),
            Value::Table(branch) => {
                let mut fields = Fields::new(branch, "the branch", node.span.clone(), faults);
                names.extend(fields.required_text("slug").map(|slug| slug.value));
            }
            _ => {
                let message = format!(
                    "a branch is a name or an object with a slug, but this is {}",
                    node.kind()
                );
                faults.push(Diagnostic::error(Code::WrongType, message).with_span(node.span.clone()));
            }
        }
    }
    names
}

fn column_types(table: &Table, faults: &mut Vec<Diagnostic>) -> IndexMap<String, Type> {
    let mut types = IndexMap::new();
    for (name, entry) in &table.entries {
        let parsed = match &entry.node.value {
            Value::Text(word) => Type::parse(word).ok(),
            _ => None,
        };
        match parsed {
            Some(parsed) => {
                types.insert(name.clone(), parsed);
            }
            None => {
                let message = format!("the type of column {name:?} is not a BigQuery type");
                faults.push(
                    Diagnostic::error(Code::WrongValue, message)
                        .with_span(entry.node.span.clone())
                        .with_help("such as INT64, FLOAT64, BOOL, STRING"),
                );
            }
        }
    }
    types
}
