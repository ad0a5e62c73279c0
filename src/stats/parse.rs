//! A configured statistic, read: names, parameters, pre-treatments, with every fault pointing into the config.

use indexmap::IndexMap;
use serde_json::Value;

use super::corrections::Correction;
use super::coverage::{Coverage, Looks};
use super::kernel_density::{Bandwidth, Kernel};
use super::parameters::{Fault, Kind, Parameter, Parameters};
use super::{Bootstrap, LinearModel, NAMES, Points, Ratio, Request, Statistic, Winsorized, pre_treatment};
use crate::analysis::{self, Period};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Span};

/// Reads a statistic of a resolved analysis.
///
/// # Errors
/// Every fault: an unknown statistic, pre-treatment or parameter, a missing parameter, a wrong type.
pub fn parse(summary: &analysis::Summary) -> Result<Request, Diagnostics> {
    let mut faults = Vec::new();
    let mut parameters = Parameters::new(format!("statistic {}", summary.statistic), &summary.params);
    let statistic = statistic(&summary.statistic, &mut parameters);
    match &statistic {
        Some(_) => faults.extend(parameters.finish().err().into_iter().flatten()),
        None => faults.push(Fault::unknown("statistic", &summary.statistic, NAMES)),
    }
    let mut pre_treatments = Vec::new();
    for treatment in &summary.pre_treatments {
        match pre_treatment::parse(&treatment.name, &treatment.args) {
            Ok(parsed) => pre_treatments.push(parsed),
            Err(more) => faults.extend(more),
        }
    }
    if matches!(statistic, Some(Statistic::Ratio(_)))
        && let Some(treatment) = summary.pre_treatments.first()
    {
        let message = format!(
            "{} takes no pre-treatments: its metric is a placeholder",
            summary.statistic
        );
        faults.push(Fault::new(&treatment.name, message));
    }
    match statistic {
        Some(statistic) if faults.is_empty() => Ok(Request {
            metric: summary.metric.clone(),
            statistic,
            pre_treatments,
        }),
        _ => Err(Diagnostics(
            faults.into_iter().map(|fault| at_fault(fault, summary)).collect(),
        )),
    }
}

/// The parameters of a statistic as they are read; `None` when there is no such statistic.
pub fn parameters_of(name: &str) -> Option<Vec<Parameter>> {
    let nothing = IndexMap::new();
    let mut parameters = Parameters::new(String::new(), &nothing);
    statistic(name, &mut parameters).map(|_| parameters.asked())
}

/// Reads the statistic of a name; `None` when there is no such statistic.
fn statistic(name: &str, parameters: &mut Parameters) -> Option<Statistic> {
    Some(match name {
        "count" => Statistic::Count,
        "sum" => Statistic::Sum,
        "binomial" => Statistic::Binomial {
            confidence: parameters.confidence("confidence_interval", 0.95),
        },
        "linear_model_mean" => Statistic::LinearModelMean(linear_model(parameters, "mean_lm", 0.005)),
        "linear_model_mean_no_clip" => Statistic::LinearModelMean(linear_model(parameters, "mean_lm_noclip", 0.0)),
        "sequential_mean" => Statistic::LinearModelMean(sequential_mean(parameters)),
        "per_client_dau_impact" => Statistic::PerClientDauImpact(LinearModel {
            name: "per_client_dau_impact".to_string(),
            coverage: Coverage::once(parameters.confidence("confidence_interval", 0.95)),
            drop_highest: parameters.share("drop_highest", 0.0),
            covariate: covariate(parameters),
            correction: correction(parameters),
        }),
        "deciles" => Statistic::Deciles {
            confidence: parameters.confidence("confidence_interval", 0.95),
            samples: parameters.count("num_samples", 10_000) as f64,
        },
        "quantiles" => Statistic::Quantiles {
            orders: parameters.orders("quantiles", &[0.5, 0.9, 0.99]),
            confidence: parameters.confidence("confidence_interval", 0.95),
        },
        "winsorized_mean" => Statistic::WinsorizedMean(winsorized(parameters)),
        "bootstrap_mean" => Statistic::BootstrapMean(bootstrap(parameters)),
        "population_ratio" => {
            let bootstrap = bootstrap(parameters);
            match (
                parameters.required_text("numerator"),
                parameters.required_text("denominator"),
            ) {
                (Some(numerator), Some(denominator)) => Statistic::PopulationRatio {
                    numerator,
                    denominator,
                    bootstrap,
                },
                // The faults say what is missing.
                _ => Statistic::Count,
            }
        }
        "ratio" => {
            let coverage = Coverage::once(parameters.confidence("confidence_interval", 0.95));
            let correction = correction(parameters);
            ratio(parameters, "ratio", coverage, correction)
        }
        "sequential_ratio" => {
            let coverage = every_look(parameters);
            ratio(parameters, "sequential_ratio", coverage, None)
        }
        "empirical_cdf" => Statistic::EmpiricalCdf(points(parameters)),
        "kernel_density_estimate" => Statistic::KernelDensityEstimate {
            bandwidth: bandwidth(parameters),
            kernel: kernel(parameters),
            adjust: parameters.number("adjust", 1.0),
            points: points(parameters),
        },
        _ => return None,
    })
}

fn linear_model(parameters: &mut Parameters, name: &str, drop_highest: f64) -> LinearModel {
    LinearModel {
        coverage: Coverage::once(parameters.confidence("confidence_interval", 0.95)),
        drop_highest: parameters.float_share("drop_highest", drop_highest),
        covariate: covariate(parameters),
        correction: correction(parameters),
        name: parameters.text("statistic_name").unwrap_or(name).to_string(),
    }
}

/// The mean with intervals for every look at the data.
fn sequential_mean(parameters: &mut Parameters) -> LinearModel {
    LinearModel {
        name: "sequential_mean".to_string(),
        coverage: every_look(parameters),
        drop_highest: parameters.share("drop_highest", 0.005),
        covariate: covariate(parameters),
        // Its intervals may be looked at again and again; p-values of one look may not.
        correction: None,
    }
}

/// The parameters of intervals for every look at the data.
fn every_look(parameters: &mut Parameters) -> Coverage {
    let confidence = parameters.confidence("confidence_interval", 0.95);
    let tuned_for = parameters.count("tuned_for", 10_000) as f64;
    Coverage {
        confidence,
        looks: Looks::Every { tuned_for },
    }
}

/// The correction of p-values for many comparisons; none unless asked for.
fn correction(parameters: &mut Parameters) -> Option<Correction> {
    const PARAMETER: &str = "correction";
    let known = Correction::NAMES.map(|(name, _)| name);
    match parameters.value(PARAMETER, Kind::Correction, Value::Null) {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => {
            let found = Correction::NAMES.iter().find(|(known, _)| known == name);
            if found.is_none() {
                parameters.fault(Fault::unknown(PARAMETER, name, known));
            }
            found.map(|(_, correction)| *correction)
        }
        Some(_) => {
            parameters.refuse(PARAMETER, "a text");
            None
        }
    }
}

fn covariate(parameters: &mut Parameters) -> Option<(Option<String>, Period)> {
    const PARAMETER: &str = "covariate_adjustment";
    let value = parameters.value(PARAMETER, Kind::Covariate, Value::Null)?;
    if value.is_null() {
        return None;
    }
    let Some(table) = value.as_object() else {
        parameters.refuse(PARAMETER, "a table with `period` and perhaps `metric`");
        return None;
    };
    let given: IndexMap<String, Value> = table.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    let mut inner = Parameters::new(PARAMETER.to_string(), &given);
    let metric = inner.text("metric").map(str::to_string);
    let period = inner.text("period").map(str::to_string);
    if let Err(faults) = inner.finish() {
        faults.into_iter().for_each(|fault| parameters.fault(fault));
    }
    match period.as_deref().map(|word| (word, Period::parse(word))) {
        Some((_, Some(period))) if period.is_preenrollment() => Some((metric, period)),
        Some((word, _)) => {
            parameters.fault(Fault {
                word: word.to_string(),
                message: format!("the period of {PARAMETER} must lie before enrollment, but is {word:?}"),
                help: Some("periods before enrollment: preenrollment_week, preenrollment_days28".to_string()),
            });
            None
        }
        None => {
            let message = format!("{PARAMETER} needs `period`: preenrollment_week or preenrollment_days28");
            parameters.fault(Fault::new(PARAMETER, message));
            None
        }
    }
}

fn bootstrap(parameters: &mut Parameters) -> Bootstrap {
    Bootstrap {
        samples: parameters.count("num_samples", 10_000) as f64,
        drop_highest: parameters.share("drop_highest", 0.005),
        confidence: parameters.confidence("confidence_interval", 0.95),
    }
}

/// A ratio by the delta method; a count in its place where a metric is missing, as the faults then say.
fn ratio(
    parameters: &mut Parameters,
    name: &'static str,
    coverage: Coverage,
    correction: Option<Correction>,
) -> Statistic {
    let (numerator, denominator) = (
        parameters.required_text("numerator"),
        parameters.required_text("denominator"),
    );
    let covariate = covariate(parameters);
    if let Some((Some(metric), _)) = &covariate {
        let message =
            format!("covariate_adjustment of {name} has no metric: it takes numerator and denominator themselves");
        parameters.fault(Fault::new(metric, message));
    }
    let (Some(numerator), Some(denominator)) = (numerator, denominator) else {
        return Statistic::Count;
    };
    Statistic::Ratio(Ratio {
        name,
        numerator,
        denominator,
        coverage,
        covariate: covariate.map(|(_, period)| period),
        correction,
    })
}

fn winsorized(parameters: &mut Parameters) -> Winsorized {
    let winsorized = Winsorized {
        lowest: parameters.share("lowest", 0.0),
        highest: parameters.share("highest", 0.005),
        confidence: parameters.confidence("confidence_interval", 0.95),
        correction: correction(parameters),
    };
    let sum = winsorized.lowest + winsorized.highest;
    if sum >= 1.0 && (0.0..=1.0).contains(&winsorized.lowest) && (0.0..=1.0).contains(&winsorized.highest) {
        let message = format!("lowest and highest of winsorized_mean must add up to less than 1, but make {sum}");
        parameters.fault(Fault::new("highest", message));
    }
    winsorized
}

fn points(parameters: &mut Parameters) -> Points {
    Points {
        log_space: parameters.flag("log_space", false),
        size: parameters.count("grid_size", 256),
    }
}

fn bandwidth(parameters: &mut Parameters) -> Bandwidth {
    match parameters.value("bandwidth", Kind::Bandwidth, "scott") {
        None => Bandwidth::Scott,
        Some(value) => match (value.as_str(), value.as_f64()) {
            (Some("scott"), _) => Bandwidth::Scott,
            (Some("silverman"), _) => Bandwidth::Silverman,
            (_, Some(width)) if width > 0.0 => Bandwidth::Fixed(width),
            _ => {
                parameters.refuse("bandwidth", "\"scott\", \"silverman\" or a positive number");
                Bandwidth::Scott
            }
        },
    }
}

fn kernel(parameters: &mut Parameters) -> Kernel {
    let name = match parameters.value("kernel", Kind::Kernel, "gaussian") {
        None | Some(Value::Null) => "gaussian",
        Some(Value::String(name)) => name,
        Some(_) => {
            parameters.refuse("kernel", "a text");
            return Kernel::Gaussian;
        }
    };
    match Kernel::NAMES.iter().find(|(known, _)| *known == name) {
        Some((_, kernel)) => *kernel,
        None => {
            parameters.fault(Fault::unknown("kernel", name, Kernel::NAMES.map(|(name, _)| name)));
            Kernel::Gaussian
        }
    }
}

/// The fault as a diagnostic, pointing at its word within the statistic's text where that is found.
fn at_fault(fault: Fault, summary: &analysis::Summary) -> Diagnostic {
    let Span { source, range } = &summary.span;
    let text = source.text.get(range.clone()).unwrap_or("");
    let range = match text.find(&fault.word) {
        Some(start) if !fault.word.is_empty() => {
            let start = range.start + start;
            start..start + fault.word.len()
        }
        _ => range.clone(),
    };
    let diagnostic = Diagnostic::error(Code::Statistic, fault.message)
        .with_span(Span {
            source: source.clone(),
            range,
        })
        .within(format!("metric {}", summary.metric));
    match fault.help {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    }
}
