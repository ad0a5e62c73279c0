//! Pre-treatments: their names and arguments in configs, and what they do to the kind of a column.

use indexmap::IndexMap;
use serde_json::Value;

use super::parameters::{Fault, Parameter, Parameters};
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
    let treatment = treatment(name, &mut parameters);
    if let Treatment::Unknown = treatment {
        return Err(vec![Fault::unknown("pre-treatment", name, NAMES)]);
    }
    parameters.finish()?;
    match treatment {
        Treatment::Known(treatment) => Ok(treatment),
        Treatment::Incomplete | Treatment::Unknown => Err(vec![Fault::new(
            name,
            format!("pre-treatment {name} lacks an argument"),
        )]),
    }
}

/// The arguments of a pre-treatment as they are read; `None` when there is no such pre-treatment.
pub fn parameters_of(name: &str) -> Option<Vec<Parameter>> {
    let nothing = IndexMap::new();
    let mut parameters = Parameters::new(String::new(), &nothing);
    match treatment(name, &mut parameters) {
        Treatment::Known(_) | Treatment::Incomplete => Some(parameters.asked()),
        Treatment::Unknown => None,
    }
}

/// What a name and its arguments say.
enum Treatment {
    Known(PreTreatment),
    /// An argument is missing or unusable; the faults say which.
    Incomplete,
    Unknown,
}

fn treatment(name: &str, parameters: &mut Parameters) -> Treatment {
    let step = match name {
        "remove_nulls" => Some(Step::RemoveNulls),
        "remove_indefinites" => Some(Step::RemoveIndefinites),
        "censor_highest_values" => Some(Step::CensorHighest(parameters.share("fraction", 1.0 - 1e-5))),
        "censor_lowest_values" => Some(Step::CensorLowest(parameters.share("fraction", 1e-5))),
        "censor_values_below_threshold" => parameters.required_number("threshold").map(Step::CensorBelow),
        "censor_values_above_threshold" => parameters.required_number("threshold").map(Step::CensorAbove),
        "normalize_over_analysis_period" => return Treatment::Known(PreTreatment::NormalizeOverAnalysisPeriod),
        "log" => Some(Step::Log(parameters.logarithm_base("base", 10.0))),
        "zero_fill" => Some(Step::ZeroFill),
        _ => return Treatment::Unknown,
    };
    step.map_or(Treatment::Incomplete, |step| {
        Treatment::Known(PreTreatment::Fixed(step))
    })
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
