//! The schema of `[metrics.<name>.statistics]`: names, parameters and pre-treatments as `stats` reads them.

use serde_json::{Value, json};

use super::shape::{Key, described, table, text};
use crate::analysis::Period;
use crate::stats::corrections::Correction;
use crate::stats::kernel_density::Kernel;
use crate::stats::parameters::{Kind, LARGEST_COUNT, Parameter};
use crate::stats::{self, pre_treatment};

/// What each statistic is, for editors; a test sees to it that none is missing.
const STATISTICS: [(&str, &str); 16] = [
    ("binomial", "Proportions of a true/false metric, and their comparisons."),
    (
        "bootstrap_mean",
        "Means and their comparisons by the Bayesian bootstrap.",
    ),
    ("count", "The number of units per branch."),
    ("deciles", "The nine deciles and their comparisons."),
    ("empirical_cdf", "The empirical distribution function."),
    ("kernel_density_estimate", "A smooth density."),
    (
        "linear_model_mean",
        "Means and their comparisons by least squares, the highest values clipped.",
    ),
    (
        "linear_model_mean_no_clip",
        "Means and their comparisons by least squares, without clipping.",
    ),
    ("per_client_dau_impact", "Differences of means, scaled to all units."),
    (
        "population_ratio",
        "The ratio of two metrics' means and its comparisons; the metric depends on both.",
    ),
    (
        "quantiles",
        "Sample quantiles and their comparisons, with intervals from order statistics.",
    ),
    (
        "ratio",
        "The ratio of two metrics' means and its comparisons by the delta method; the metric depends on both.",
    ),
    (
        "sequential_mean",
        "Means and their comparisons with intervals that hold however often the data is looked at.",
    ),
    (
        "sequential_ratio",
        "Ratios as `ratio` computes them, with intervals that hold however often the data is looked at.",
    ),
    ("sum", "The sum of the values per branch."),
    (
        "winsorized_mean",
        "Means of values brought to quantiles at both ends, and their comparisons by Welch's method.",
    ),
];

/// What each parameter is, for editors.
const PARAMETERS: [(&str, &str); 21] = [
    ("adjust", "A factor on the bandwidth."),
    ("bandwidth", "How wide the kernel is."),
    ("base", "The base of the logarithm; 0 asks for the natural one."),
    ("confidence_interval", "The coverage of the intervals."),
    (
        "correction",
        "Adds p-values of the differences, raw and corrected for all comparisons of the window that ask for the same.",
    ),
    (
        "covariate_adjustment",
        "A metric from before enrollment that explains part of the variance.",
    ),
    ("denominator", "The metric below the line."),
    (
        "drop_highest",
        "The share of the highest values that is clipped. Write 0.0, not 0.",
    ),
    ("fraction", "The share of values that stays, or goes, from below."),
    ("grid_size", "How many points the curve has."),
    (
        "highest",
        "The share of the highest values that become the quantile above which they lie.",
    ),
    ("kernel", "The kernel's shape."),
    (
        "lowest",
        "The share of the lowest values that become the quantile below which they lie.",
    ),
    ("log_space", "Whether the points are spaced geometrically."),
    (
        "num_samples",
        "How many draws the reference implementation makes; decides only when a ratio counts as undefined.",
    ),
    ("numerator", "The metric above the line."),
    ("quantiles", "The orders of the quantiles."),
    ("statistic_name", "The name in results."),
    (
        "tuned_for",
        "The number of units, both branches together, at which intervals for every look are tightest.",
    ),
    ("threshold", "Values beyond it become the threshold."),
    (
        "pre_treatments",
        "What happens to the values before, in order: names, or tables with a name and arguments.",
    ),
];

/// What each pre-treatment does, for editors.
const PRE_TREATMENTS: [(&str, &str); 9] = [
    ("remove_nulls", "Leaves out units without a value."),
    ("remove_indefinites", "Leaves out infinite values."),
    ("censor_highest_values", "Lowers the highest values to a quantile."),
    ("censor_lowest_values", "Raises the lowest values to a quantile."),
    ("censor_values_below_threshold", "Leaves out values below a threshold."),
    ("censor_values_above_threshold", "Leaves out values above a threshold."),
    (
        "normalize_over_analysis_period",
        "Divides by the length of the period in days.",
    ),
    ("log", "Takes the logarithm."),
    ("zero_fill", "Takes 0 for a missing value."),
];

/// `[metrics.<name>.statistics]`.
pub fn statistics() -> Value {
    let shapes = stats::NAMES.into_iter().map(|name| {
        let parameters = stats::parameters_of(name).unwrap_or_default();
        let mut keys: Vec<Key> = parameters.iter().map(key).collect();
        keys.push(("pre_treatments", pre_treatments(), word("pre_treatments", &PARAMETERS)));
        (name, table(keys, &required(&parameters)), word(name, &STATISTICS))
    });
    let keys = shapes.collect();
    described(table(keys, &[]), "What is computed; all of it is computed.")
}

fn pre_treatments() -> Value {
    let mut plain = Vec::new();
    let mut shapes = Vec::new();
    for name in pre_treatment::NAMES {
        let parameters = pre_treatment::parameters_of(name).unwrap_or_default();
        let mut keys: Vec<Key> = vec![("name", json!({"const": name}), word(name, &PRE_TREATMENTS))];
        keys.extend(parameters.iter().map(key));
        let mut names = required(&parameters);
        if names.is_empty() {
            plain.push(name);
        }
        names.push("name");
        shapes.push(described(table(keys, &names), word(name, &PRE_TREATMENTS)));
    }
    let mut any = vec![json!({"type": "string", "enum": plain})];
    any.extend(shapes);
    json!({"type": "array", "items": {"anyOf": any}})
}

fn required(parameters: &[Parameter]) -> Vec<&'static str> {
    let required = parameters.iter().filter(|parameter| parameter.is_required);
    required.map(|parameter| parameter.name).collect()
}

fn key(parameter: &Parameter) -> Key {
    let mut shape = shape(parameter.kind);
    if !parameter.default.is_null() {
        shape["default"] = parameter.default.clone();
    }
    (parameter.name, shape, word(parameter.name, &PARAMETERS))
}

fn shape(kind: Kind) -> Value {
    match kind {
        Kind::Number => json!({"type": "number"}),
        Kind::Share => json!({"type": "number", "minimum": 0, "maximum": 1}),
        Kind::Confidence => json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
        Kind::Orders => json!({
            "type": "array", "minItems": 1, "uniqueItems": true,
            "items": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}
        }),
        Kind::LogarithmBase => json!({"type": ["number", "null"], "minimum": 0, "not": {"const": 1}}),
        Kind::Count => json!({"type": "integer", "minimum": 1, "maximum": LARGEST_COUNT}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Text => text(),
        Kind::Bandwidth => {
            json!({"anyOf": [{"enum": ["scott", "silverman"]}, {"type": "number", "exclusiveMinimum": 0}]})
        }
        Kind::Correction => json!({"enum": Correction::NAMES.map(|(name, _)| name)}),
        Kind::Kernel => json!({"enum": Kernel::NAMES.map(|(name, _)| name)}),
        Kind::Covariate => {
            let periods = Period::ALL.into_iter().filter(|period| period.is_preenrollment());
            let periods: Vec<&str> = periods.map(Period::as_str).collect();
            let keys: Vec<Key> = vec![
                (
                    "period",
                    json!({"enum": periods}),
                    "The period that the covariate is taken from.",
                ),
                ("metric", text(), "Another metric; without it, the metric itself."),
            ];
            table(keys, &["period"])
        }
    }
}

fn word(name: &str, words: &[(&'static str, &'static str)]) -> &'static str {
    words
        .iter()
        .find(|(known, _)| *known == name)
        .map_or("", |(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_a_description() {
        let schema = statistics();
        for name in stats::NAMES {
            let statistic = &schema["properties"][name];
            assert!(statistic["description"].is_string(), "{name}");
            for (parameter, shape) in statistic["properties"]
                .as_object()
                .expect("a statistic has pre-treatments")
            {
                assert!(shape["description"].is_string(), "{name}: {parameter}");
            }
        }
        for name in pre_treatment::NAMES {
            assert!(!word(name, &PRE_TREATMENTS).is_empty(), "{name}");
        }
    }
}
