//! Pre-treatments: their names and arguments in configs, and what they do to the kind of a column.

use indexmap::IndexMap;
use serde_json::Value;

use super::parameters::{Fault, Parameters};
use crate::summary::{ColumnKind, Step};

/// A configured pre-treatment, before the analysis period is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PreTreatment {
    /// A step that is the same in every period.
    Fixed(Step),
    /// Divide by the length of the period in days.
    NormalizeOverAnalysisPeriod,
}

impl PreTreatment {
    /// The step in a window of so many days.
    pub fn step(self, days: i64) -> Step {
        match self {
            PreTreatment::Fixed(step) => step,
            PreTreatment::NormalizeOverAnalysisPeriod => Step::Normalize(days as f64),
        }
    }
}

/// Every name, for suggestions.
pub const NAMES: [&str; 9] = [
    "remove_nulls",
    "remove_indefinites",
    "censor_highest_values",
    "censor_lowest_values",
    "censor_values_below_threshold",
    "censor_values_above_threshold",
    "normalize_over_analysis_period",
    "log",
    "zero_fill",
];

/// Reads a pre-treatment.
///
/// # Errors
/// Every fault of the name and its arguments.
pub fn parse(name: &str, args: &IndexMap<String, Value>) -> Result<PreTreatment, Vec<Fault>> {
    let mut parameters = Parameters::new(format!("pre-treatment {name}"), args);
    let treatment = match name {
        "remove_nulls" => Some(Step::RemoveNulls),
        "remove_indefinites" => Some(Step::RemoveIndefinites),
        "censor_highest_values" => Some(Step::CensorHighest(parameters.share("fraction", 1.0 - 1e-5))),
        "censor_lowest_values" => Some(Step::CensorLowest(parameters.share("fraction", 1e-5))),
        "censor_values_below_threshold" => parameters.required_number("threshold").map(Step::CensorBelow),
        "censor_values_above_threshold" => parameters.required_number("threshold").map(Step::CensorAbove),
        "normalize_over_analysis_period" => {
            parameters.finish()?;
            return Ok(PreTreatment::NormalizeOverAnalysisPeriod);
        }
        "log" => Some(Step::Log(parameters.logarithm_base("base", 10.0))),
        "zero_fill" => Some(Step::ZeroFill),
        _ => return Err(vec![Fault::unknown("pre-treatment", name, NAMES)]),
    };
    parameters.finish()?;
    treatment
        .map(PreTreatment::Fixed)
        .ok_or_else(|| vec![Fault::new(name, format!("pre-treatment {name} lacks an argument"))])
}

/// The kind of a metric's values, as far as a statistic's refusals and rounding depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// Whole numbers: clip thresholds are rounded up.
    Integer,
    /// Numbers computed from whole numbers or booleans.
    Derived,
    /// Floating point from the start.
    Float,
    /// True and false.
    Boolean,
}

/// The kind of a column after the steps.
///
/// # Errors
/// The reason why a step can't treat such a column.
pub fn kind_after(column: ColumnKind, steps: &[Step]) -> Result<ValueKind, String> {
    let mut kind = match column {
        ColumnKind::Integer => ValueKind::Integer,
        ColumnKind::Boolean => ValueKind::Boolean,
        ColumnKind::Float | ColumnKind::Decimal => ValueKind::Float,
        ColumnKind::Other => return Err("the column holds neither numbers nor booleans".to_string()),
    };
    for step in steps {
        kind = match (step, kind) {
            (Step::Normalize(_) | Step::Log(_), ValueKind::Integer | ValueKind::Boolean) => ValueKind::Derived,
            (Step::ZeroFill, ValueKind::Boolean) => return Err("zero_fill can't treat a BOOL column".to_string()),
            (Step::CensorHighest(_) | Step::CensorLowest(_), ValueKind::Boolean) => {
                return Err("quantiles of a BOOL column are undefined".to_string());
            }
            (
                Step::Normalize(_)
                | Step::Log(_)
                | Step::ZeroFill
                | Step::CensorHighest(_)
                | Step::CensorLowest(_)
                | Step::RemoveNulls
                | Step::RemoveIndefinites
                | Step::CensorBelow(_)
                | Step::CensorAbove(_),
                kind,
            ) => kind,
        };
    }
    Ok(kind)
}
