//! Statistics: which summaries they need, and their estimates from those summaries.
//!
//! Pure arithmetic: no SQL, no warehouse, no files, and nothing here grows with the number of units. What statistics there
//! are and what they are named is [`Statistic`]; [`parse`] reads one from a resolved analysis, [`Request::demand`] says what it needs,
//! [`Request::estimate`] computes its rows. Formulas and sources stand in `docs/statistics.md`.

pub mod binomial;
pub mod bootstrap_mean;
pub mod curve;
pub mod deciles;
pub mod distribution;
pub mod empirical_cdf;
pub mod grid;
pub mod kernel_density;
pub mod law;
pub mod linear_model;
pub mod moments;
mod parameters;
pub mod population_ratio;
pub mod pre_treatment;
pub mod state;

use indexmap::IndexMap;
use serde::Serialize;

use crate::analysis::{self, Basis, Period};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Span};
use crate::summary::{Branch, Cell, CellSummary, Covariate, Demand, Group, Need, Step, Summaries};

use self::kernel_density::{Bandwidth, Kernel};
use self::parameters::{Fault, Parameters};
use self::pre_treatment::{PreTreatment, ValueKind};
pub use self::state::{CellState, State};

/// Whether quirks of the reference implementation that change what a number means are reproduced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compat {
    /// No: each difference has an entry in `docs/deviations.md`.
    #[default]
    None,
    /// Yes, for comparing side by side.
    Jetstream,
}

/// One row of results.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The metric.
    pub metric: String,
    /// The statistic's name in results, such as `mean_lm`.
    pub statistic: String,
    /// A number as text, for statistics with one row per parameter value.
    pub parameter: Option<String>,
    /// The branch.
    pub branch: String,
    /// What the branch is compared by; `None` for the branch's own estimate.
    pub comparison: Option<Comparison>,
    /// The reference branch of a comparison.
    pub comparison_to_branch: Option<String>,
    /// The nominal coverage of the interval.
    pub ci_width: Option<f64>,
    /// The estimate.
    pub point: Option<f64>,
    /// The interval's lower end.
    pub lower: Option<f64>,
    /// The interval's upper end.
    pub upper: Option<f64>,
    /// The segment.
    pub segment: String,
    /// The basis's table word.
    pub analysis_basis: &'static str,
    /// The index of the window within its period.
    pub window_index: Option<i64>,
}

/// How two branches are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// Branch minus reference.
    Difference,
    /// Branch over reference, minus 1.
    RelativeUplift,
}

impl Comparison {
    /// The word in result rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Comparison::Difference => "difference",
            Comparison::RelativeUplift => "relative_uplift",
        }
    }
}

/// An estimate with its interval; what is not finite is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub point: Option<f64>,
    /// The lower end.
    pub lower: Option<f64>,
    /// The upper end.
    pub upper: Option<f64>,
}

impl Interval {
    /// An estimate with its ends.
    pub fn new(point: f64, lower: f64, upper: f64) -> Self {
        let finite = |value: f64| value.is_finite().then_some(value);
        Self {
            point: finite(point),
            lower: finite(lower),
            upper: finite(upper),
        }
    }

    /// An estimate with ends at the same distance.
    pub fn symmetric(point: f64, half: f64) -> Self {
        Self::new(point, point - half, point + half)
    }

    /// Everything times a factor.
    pub fn scaled(self, factor: f64) -> Self {
        let times = |value: Option<f64>| value.map(|value| value * factor);
        Self {
            point: times(self.point),
            lower: times(self.lower),
            upper: times(self.upper),
        }
    }
}

/// A statistic with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub enum Statistic {
    /// Rows per branch.
    Count,
    /// The sum of the values per branch.
    Sum,
    /// Proportions and their comparisons.
    Binomial {
        /// The nominal coverage.
        confidence: f64,
    },
    /// Means and their comparisons by least squares.
    LinearModelMean(LinearModel),
    /// Differences of means scaled to all units.
    PerClientDauImpact(LinearModel),
    /// The nine deciles and their comparisons.
    Deciles {
        /// The nominal coverage.
        confidence: f64,
        /// How many draws the reference implementation makes; decides only when a ratio counts as undefined.
        samples: f64,
    },
    /// Means and their comparisons by the Bayesian bootstrap.
    BootstrapMean(Bootstrap),
    /// Ratios of two metrics' means and their comparisons by the bootstrap.
    PopulationRatio {
        /// The metric above the line.
        numerator: String,
        /// The metric below it.
        denominator: String,
        /// How it is resampled.
        bootstrap: Bootstrap,
    },
    /// The empirical distribution function.
    EmpiricalCdf(Points),
    /// A kernel density estimate.
    KernelDensityEstimate {
        /// How wide the kernel is.
        bandwidth: Bandwidth,
        /// Its shape.
        kernel: Kernel,
        /// A factor on the bandwidth that the reference no longer supports.
        adjust: f64,
        /// Where it is computed.
        points: Points,
    },
}

/// The parameters of the bootstraps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// The nominal coverage.
    pub confidence: f64,
    /// The share of values that is clipped, within each branch.
    pub drop_highest: f64,
    /// How many draws the reference implementation makes; decides only when a ratio counts as undefined.
    pub samples: f64,
}

/// The grid of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Points {
    /// How many points.
    pub size: usize,
    /// Whether they are spaced geometrically.
    pub log_space: bool,
}

/// The parameters of the linear models.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearModel {
    /// The statistic's name in results.
    pub name: String,
    /// The share of values that is clipped.
    pub drop_highest: f64,
    /// The covariate's metric (`None`: the metric itself) and period.
    pub covariate: Option<(Option<String>, Period)>,
}

/// The configured names, for suggestions.
pub const NAMES: [&str; 11] = [
    "binomial",
    "bootstrap_mean",
    "count",
    "deciles",
    "empirical_cdf",
    "kernel_density_estimate",
    "linear_model_mean",
    "linear_model_mean_no_clip",
    "per_client_dau_impact",
    "population_ratio",
    "sum",
];

/// A statistic of a metric, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The metric, which is also the column's name.
    pub metric: String,
    /// The statistic.
    pub statistic: Statistic,
    /// What happens to the values before.
    pub pre_treatments: Vec<PreTreatment>,
}

/// For which window, basis and experiment a statistic is computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Context<'a> {
    /// The kind of window.
    pub period: Period,
    /// The window's length in days.
    pub days: i64,
    /// The basis.
    pub basis: Basis,
    /// The window's index within its period.
    pub window_index: Option<i64>,
    /// The branches of the experiment.
    pub branches: &'a [String],
    /// Whether to reproduce the reference's quirks.
    pub compat: Compat,
}

/// The rows of a statistic and the reasons for what is missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Estimates {
    /// The rows, unique by branch, parameter, comparison and reference within segment.
    pub rows: Vec<Row>,
    /// The states.
    pub states: Vec<CellState>,
}

/// Reads a statistic of a resolved analysis.
///
/// # Errors
/// Every fault: an unknown statistic, pre-treatment or parameter, a missing parameter, a wrong type.
pub fn parse(summary: &analysis::Summary) -> Result<Request, Diagnostics> {
    let mut faults = Vec::new();
    let mut parameters = Parameters::new(format!("statistic {}", summary.statistic), &summary.params);
    let statistic = match summary.statistic.as_str() {
        "count" => Some(Statistic::Count),
        "sum" => Some(Statistic::Sum),
        "binomial" => Some(Statistic::Binomial {
            confidence: parameters.confidence("confidence_interval", 0.95),
        }),
        "linear_model_mean" => Some(Statistic::LinearModelMean(linear_model(
            &mut parameters,
            "mean_lm",
            0.005,
        ))),
        "linear_model_mean_no_clip" => Some(Statistic::LinearModelMean(linear_model(
            &mut parameters,
            "mean_lm_noclip",
            0.0,
        ))),
        "per_client_dau_impact" => Some(Statistic::PerClientDauImpact(LinearModel {
            name: "per_client_dau_impact".to_string(),
            drop_highest: parameters.share("drop_highest", 0.0),
            covariate: covariate(&mut parameters),
        })),
        "deciles" => Some(Statistic::Deciles {
            confidence: parameters.confidence("confidence_interval", 0.95),
            samples: parameters.count("num_samples", 10_000) as f64,
        }),
        "bootstrap_mean" => Some(Statistic::BootstrapMean(bootstrap(&mut parameters))),
        "population_ratio" => {
            let bootstrap = bootstrap(&mut parameters);
            match (
                parameters.required_text("numerator"),
                parameters.required_text("denominator"),
            ) {
                (Some(numerator), Some(denominator)) => Some(Statistic::PopulationRatio {
                    numerator,
                    denominator,
                    bootstrap,
                }),
                // The faults say what is missing.
                _ => Some(Statistic::Count),
            }
        }
        "empirical_cdf" => Some(Statistic::EmpiricalCdf(points(&mut parameters))),
        "kernel_density_estimate" => Some(Statistic::KernelDensityEstimate {
            bandwidth: bandwidth(&mut parameters),
            kernel: kernel(&mut parameters),
            adjust: parameters.number("adjust", 1.0),
            points: points(&mut parameters),
        }),
        unknown => {
            faults.push(Fault::unknown("statistic", unknown, NAMES));
            None
        }
    };
    if statistic.is_some()
        && let Err(more) = parameters.finish()
    {
        faults.extend(more);
    }
    let mut pre_treatments = Vec::new();
    for treatment in &summary.pre_treatments {
        match pre_treatment::parse(&treatment.name, &treatment.args) {
            Ok(parsed) => pre_treatments.push(parsed),
            Err(more) => faults.extend(more),
        }
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

fn linear_model(parameters: &mut Parameters, name: &str, drop_highest: f64) -> LinearModel {
    LinearModel {
        drop_highest: parameters.float_share("drop_highest", drop_highest),
        covariate: covariate(parameters),
        name: parameters.text("statistic_name").unwrap_or(name).to_string(),
    }
}

fn covariate(parameters: &mut Parameters) -> Option<(Option<String>, Period)> {
    const PARAMETER: &str = "covariate_adjustment";
    let value = parameters.value(PARAMETER)?;
    if value.is_null() {
        return None;
    }
    let Some(table) = value.as_object() else {
        parameters.refuse(PARAMETER, "a table with `period` and perhaps `metric`");
        return None;
    };
    let given: IndexMap<String, serde_json::Value> = table.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
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

fn points(parameters: &mut Parameters) -> Points {
    Points {
        log_space: parameters.flag("log_space", false),
        size: parameters.count("grid_size", 256),
    }
}

fn bandwidth(parameters: &mut Parameters) -> Bandwidth {
    match parameters.value("bandwidth") {
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
    let name = parameters.text("kernel").unwrap_or("gaussian");
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

impl Request {
    /// Adds what the statistic needs in a window to the demand.
    pub fn demand(&self, context: &Context, demand: &mut Demand) {
        demand.add(self.cell(context));
    }

    /// The summary that the statistic needs in a window.
    pub fn cell(&self, context: &Context) -> Cell {
        let steps = self
            .pre_treatments
            .iter()
            .map(|treatment| match treatment {
                PreTreatment::Fixed(step) => *step,
                PreTreatment::NormalizeOverAnalysisPeriod => Step::Normalize(context.days as f64),
            })
            .collect();
        let model = match &self.statistic {
            Statistic::LinearModelMean(model) | Statistic::PerClientDauImpact(model) => Some(model),
            Statistic::Count
            | Statistic::Sum
            | Statistic::Binomial { .. }
            | Statistic::Deciles { .. }
            | Statistic::EmpiricalCdf(_)
            | Statistic::BootstrapMean(_)
            | Statistic::PopulationRatio { .. }
            | Statistic::KernelDensityEstimate { .. } => None,
        };
        Cell {
            metric: self.metric.clone(),
            need: self.need(),
            steps,
            clip_quantile: model
                .map(|model| 1.0 - model.drop_highest)
                .filter(|quantile| *quantile < 1.0),
            covariate: model
                .and_then(|model| model.covariate.as_ref())
                .filter(|_| !context.period.is_preenrollment())
                .map(|(metric, period)| Covariate {
                    metric: metric.as_ref().unwrap_or(&self.metric).clone(),
                    period: period.as_str().to_string(),
                }),
        }
    }

    fn need(&self) -> Need {
        match &self.statistic {
            Statistic::Count => Need::Rows,
            Statistic::Sum
            | Statistic::Binomial { .. }
            | Statistic::LinearModelMean(_)
            | Statistic::PerClientDauImpact(_) => Need::Moments,
            Statistic::Deciles { .. }
            | Statistic::BootstrapMean(_)
            | Statistic::EmpiricalCdf(_)
            | Statistic::KernelDensityEstimate { .. } => Need::Histogram,
            Statistic::PopulationRatio {
                numerator, denominator, ..
            } => Need::Pairs {
                numerator: numerator.clone(),
                denominator: denominator.clone(),
            },
        }
    }

    /// The statistic's name in result rows.
    pub fn name(&self) -> &str {
        match &self.statistic {
            Statistic::Count => "count",
            Statistic::Sum => "sum",
            Statistic::Binomial { .. } => "binomial",
            Statistic::Deciles { .. } => "deciles",
            Statistic::BootstrapMean(_) => "mean",
            Statistic::PopulationRatio { .. } => "population_ratio",
            Statistic::EmpiricalCdf(_) => "empirical_cdf",
            Statistic::KernelDensityEstimate { .. } => "kernel_density_estimate",
            Statistic::LinearModelMean(model) | Statistic::PerClientDauImpact(model) => &model.name,
        }
    }

    /// The statistic's rows in all segments of its summary, and the reasons for what is missing.
    pub fn estimate(&self, summaries: &Summaries, context: &Context) -> Estimates {
        let cell = self.cell(context);
        let mut answer = Answer {
            request: self,
            context,
            segment: "",
            estimates: Estimates::default(),
        };
        match summaries.get(&cell) {
            Some(summary) if !cell.needs_column() || summary.column.is_some() => {
                for (segment, group) in &summary.groups {
                    answer.segment = segment;
                    self.estimate_group(summary, group, &mut answer);
                }
            }
            Some(_) | None => {
                answer.segment = crate::summary::ALL_SEGMENT;
                answer.state(None, State::MetricMissing);
            }
        }
        answer.estimates
    }

    fn estimate_group(&self, summary: &CellSummary, group: &Group, answer: &mut Answer) {
        let kind = match summary.column {
            // Only counts of rows come without a column, and they do not look at the kind.
            None => Ok(ValueKind::Float),
            Some(column) => pre_treatment::kind_after(column, &summary.cell.steps),
        };
        let kind = match kind {
            Ok(kind) => kind,
            // Rows are counted whatever the column holds, as long as no pre-treatment needs its values.
            Err(_) if !summary.cell.needs_column() => ValueKind::Float,
            Err(reason) => return answer.state(None, State::Raises(reason)),
        };
        if group.branches.is_empty() {
            return answer.state(None, State::NoValues);
        }
        match &self.statistic {
            Statistic::Count => {
                for (branch, rows) in &group.branches {
                    answer.own(
                        branch,
                        None,
                        Interval::new(moments::rows(rows) as f64, f64::NAN, f64::NAN),
                    );
                }
            }
            Statistic::Sum => {
                for (branch, rows) in &group.branches {
                    // A part without values adds nothing.
                    let values = rows
                        .parts
                        .iter()
                        .filter(|part| part.value_place != crate::summary::Place::Null);
                    let sum = values.fold(0.0, |sum, part| sum + part.sum);
                    answer.own(branch, None, Interval::new(sum, f64::NAN, f64::NAN));
                }
            }
            Statistic::Binomial { confidence } => binomial_rows(group, kind, *confidence, answer),
            Statistic::LinearModelMean(_) => {
                let output = linear_model_output(summary, group, kind, answer);
                answer.linear_model(output);
            }
            Statistic::Deciles { confidence, samples } => decile_rows(group, *confidence, *samples, answer),
            Statistic::BootstrapMean(bootstrap) => {
                if bootstrap.drop_highest > 0.5 {
                    let reason = "drop_highest must be at most 0.5".to_string();
                    return answer.state(None, State::Raises(reason));
                }
                let law = |branch: &Branch| {
                    let posterior = bootstrap_mean::posterior(&branch.histogram, 1.0 - bootstrap.drop_highest)?;
                    Ok((posterior.mean, posterior.curve))
                };
                bootstrap_rows(group, bootstrap.confidence, law, answer);
            }
            Statistic::PopulationRatio { bootstrap, .. } => {
                if !self.pre_treatments.is_empty() {
                    let reason = "pre-treatments can't treat the placeholder of a ratio".to_string();
                    return answer.state(None, State::Raises(reason));
                }
                let law = |branch: &Branch| {
                    let curve =
                        population_ratio::law(&branch.histogram, 1.0 - bootstrap.drop_highest, bootstrap.samples)?;
                    Ok((curve.mean(), curve))
                };
                bootstrap_rows(group, bootstrap.confidence, law, answer);
            }
            Statistic::EmpiricalCdf(points) => {
                let has_nulls = group.branches.values().any(|branch| branch.nulls > 0);
                if kind == ValueKind::Boolean && has_nulls {
                    return answer.state(
                        None,
                        State::Raises("nulls of a BOOL column can't be ordered".to_string()),
                    );
                }
                for (name, branch) in &group.branches {
                    let (grid, shares) = empirical_cdf::curve(branch, points.size, points.log_space);
                    answer.curve(name, &grid, &shares);
                }
            }
            Statistic::KernelDensityEstimate {
                bandwidth,
                kernel,
                adjust,
                points,
            } => {
                if *adjust != 1.0 {
                    return answer.state(None, State::Raises("adjust must be 1".to_string()));
                }
                let curve = |branch| kernel_density::curve(branch, *bandwidth, *kernel, points.size, points.log_space);
                let curves: Option<Vec<_>> = group
                    .branches
                    .iter()
                    .map(|(name, branch)| Some((name, curve(branch)?)))
                    .collect();
                match curves {
                    None => answer.state(None, State::Raises("values are null or infinite".to_string())),
                    Some(curves) => {
                        for (name, (grid, densities)) in curves {
                            answer.curve(name, &grid, &densities);
                        }
                    }
                }
            }
            Statistic::PerClientDauImpact(_) => {
                let output = linear_model_output(summary, group, kind, answer);
                let output = linear_model::scale_to_population(output, group, answer.context.branches);
                answer.linear_model(output);
            }
        }
    }
}

fn linear_model_output(
    summary: &CellSummary,
    group: &Group,
    kind: ValueKind,
    answer: &mut Answer,
) -> linear_model::Output {
    if summary.cell.covariate.is_some() && summary.covariate_column.is_none() {
        answer.state(None, State::CovariateMissing);
    }
    let covariate = summary
        .covariate_column
        .and_then(|column| pre_treatment::kind_after(column, &[]).ok());
    linear_model::estimate(&linear_model::Input {
        group,
        metric: &summary.cell.metric,
        kind,
        covariate,
    })
}

fn binomial_rows(group: &Group, kind: ValueKind, confidence: f64, answer: &mut Answer) {
    let compat = answer.context.compat;
    let posteriors = match binomial::posteriors(group, kind) {
        Ok(posteriors) => posteriors,
        Err(state) => return answer.state(None, state),
    };
    let width = Some(confidence);
    for (name, posterior) in &posteriors {
        answer.own(name, width, binomial::proportion(*posterior, confidence, compat));
    }
    for (reference, y) in &posteriors {
        let mut is_infinite = false;
        for (name, x) in posteriors.iter().filter(|(name, _)| name != reference) {
            let difference = binomial::difference(*x, *y, confidence, compat);
            let (uplift, infinite) = binomial::relative_uplift(*x, *y, confidence, compat);
            is_infinite |= infinite;
            answer.comparison(name, reference, Comparison::Difference, width, difference);
            answer.comparison(name, reference, Comparison::RelativeUplift, width, uplift);
        }
        if is_infinite {
            answer.state(Some(reference), State::InfiniteRatio);
        }
    }
}

/// The rows of a statistic with one law per branch: mean and quantiles of each, of their differences and of their ratios.
fn bootstrap_rows(
    group: &Group,
    confidence: f64,
    law: impl Fn(&Branch) -> Result<(f64, curve::Curve), f64>,
    answer: &mut Answer,
) {
    if group.branches.values().any(|branch| branch.nulls > 0) {
        return answer.state(None, State::Raises("values are null".to_string()));
    }
    let width = Some(confidence);
    let (lower, upper) = (0.5 * (1.0 - confidence), 1.0 - 0.5 * (1.0 - confidence));
    let laws: Vec<(&String, Result<(f64, curve::Curve), f64>)> = group
        .branches
        .iter()
        .map(|(name, branch)| (name, law(branch)))
        .collect();
    for (name, law) in &laws {
        let interval = law.as_ref().map_or(Interval::default(), |(mean, curve)| {
            Interval::new(*mean, curve.quantile(lower), curve.quantile(upper))
        });
        if interval.point.is_none() {
            answer.state(Some(name), State::NotFinite);
        }
        answer.own(name, width, interval);
    }
    let compared = binomial::orders(confidence, answer.context.compat);
    for (reference, base) in &laws {
        for (name, law) in laws.iter().filter(|(name, _)| name != reference) {
            let (difference, uplift) = match (law, base) {
                (Ok(law), Ok(base)) => compare(law, base, compared, answer.context.compat),
                // What is finite is nothing beside infinity.
                (Ok(_), Err(base)) if base.is_infinite() && answer.context.compat == Compat::Jetstream => {
                    let bound = if compared.is_some() { -1.0 } else { f64::NAN };
                    (Interval::default(), Interval::new(-1.0, bound, bound))
                }
                (Ok(_) | Err(_), Err(_)) | (Err(_), Ok(_)) => (Interval::default(), Interval::default()),
            };
            answer.comparison(name, reference, Comparison::Difference, width, difference);
            answer.comparison(name, reference, Comparison::RelativeUplift, width, uplift);
        }
        if base.as_ref().is_ok_and(|(_, curve)| !curve.mean_inverse().is_finite()) {
            answer.state(Some(reference), State::UndefinedRatio);
        }
    }
}

fn compare(
    law: &(f64, curve::Curve),
    base: &(f64, curve::Curve),
    orders: Option<(f64, f64)>,
    compat: Compat,
) -> (Interval, Interval) {
    let bounds = |quantile: &dyn Fn(f64) -> f64| {
        orders.map_or((f64::NAN, f64::NAN), |(lower, upper)| {
            (quantile(lower), quantile(upper))
        })
    };
    let difference = bounds(&|p| law.1.difference_quantile(&base.1, p));
    let ratio = bounds(&|p| law.1.ratio_quantile(&base.1, p) - 1.0);
    let uplift = match (law.0 * base.1.mean_inverse() - 1.0, compat) {
        // The mean of a ratio whose denominator may be 0 does not exist; the reference's draws have one all the same.
        (uplift, Compat::Jetstream) if uplift.is_nan() => law.0 / base.0 - 1.0,
        (uplift, Compat::Jetstream | Compat::None) => uplift,
    };
    (
        Interval::new(law.0 - base.0, difference.0, difference.1),
        Interval::new(uplift, ratio.0, ratio.1),
    )
}

fn decile_rows(group: &Group, confidence: f64, samples: f64, answer: &mut Answer) {
    if group.branches.values().any(|branch| branch.nulls > 0) {
        return answer.state(None, State::Raises("values are null".to_string()));
    }
    let width = Some(confidence);
    for q in deciles::ORDERS {
        let parameter = Some(grid::parameter(q));
        let law = |branch: &Branch| match answer.context.compat {
            Compat::None => deciles::law(&branch.histogram, q),
            // Values that the reference's draws would most likely not show are not in its results.
            Compat::Jetstream => deciles::law(&branch.histogram, q).without_tails(0.5 / samples),
        };
        let laws: Vec<(&String, law::Law)> = group
            .branches
            .iter()
            .map(|(name, branch)| (name, law(branch)))
            .collect();
        for (name, law) in &laws {
            answer.row(name, &parameter, None, width, deciles::own(law, confidence));
        }
        for (reference, base) in &laws {
            for (name, law) in laws.iter().filter(|(name, _)| name != reference) {
                let difference = deciles::difference(law, base, confidence);
                answer.row(
                    name,
                    &parameter,
                    Some((Comparison::Difference, reference)),
                    width,
                    difference,
                );
                let uplift = deciles::relative_uplift(law, base, confidence, samples);
                answer.row(
                    name,
                    &parameter,
                    Some((Comparison::RelativeUplift, reference)),
                    width,
                    uplift,
                );
            }
        }
    }
}

/// The rows of one statistic while they are collected.
struct Answer<'a> {
    request: &'a Request,
    context: &'a Context<'a>,
    segment: &'a str,
    estimates: Estimates,
}

impl Answer<'_> {
    fn state(&mut self, branch: Option<&str>, state: State) {
        self.estimates.states.push(CellState {
            metric: self.request.metric.clone(),
            statistic: self.request.name().to_string(),
            segment: self.segment.to_string(),
            branch: branch.map(str::to_string),
            state,
        });
    }

    fn own(&mut self, branch: &str, ci_width: Option<f64>, interval: Interval) {
        self.row(branch, &None, None, ci_width, interval);
    }

    fn comparison(
        &mut self,
        branch: &str,
        reference: &str,
        comparison: Comparison,
        ci_width: Option<f64>,
        interval: Interval,
    ) {
        self.row(branch, &None, Some((comparison, reference)), ci_width, interval);
    }

    /// One row per point; of points that are the same in six decimals the last stays.
    fn curve(&mut self, branch: &str, grid: &grid::Grid, values: &[f64]) {
        if grid.is_refused {
            self.state(Some(branch), State::LinearGrid);
        }
        let last: IndexMap<String, f64> = grid
            .points
            .iter()
            .map(|point| grid::parameter(*point))
            .zip(values.iter().copied())
            .collect();
        for (parameter, value) in last {
            self.row(
                branch,
                &Some(parameter),
                None,
                None,
                Interval::new(value, f64::NAN, f64::NAN),
            );
        }
    }

    fn row(
        &mut self,
        branch: &str,
        parameter: &Option<String>,
        comparison: Option<(Comparison, &str)>,
        ci_width: Option<f64>,
        interval: Interval,
    ) {
        self.estimates.rows.push(Row {
            metric: self.request.metric.clone(),
            statistic: self.request.name().to_string(),
            parameter: parameter.clone(),
            branch: branch.to_string(),
            comparison: comparison.map(|(comparison, _)| comparison),
            comparison_to_branch: comparison.map(|(_, reference)| reference.to_string()),
            ci_width,
            point: interval.point,
            lower: interval.lower,
            upper: interval.upper,
            segment: self.segment.to_string(),
            analysis_basis: self.context.basis.as_str(),
            window_index: self.context.window_index,
        });
    }

    fn linear_model(&mut self, output: linear_model::Output) {
        let width = Some(0.95);
        for (branch, interval) in &output.means {
            self.own(branch, width, *interval);
        }
        for reference in &output.references {
            for (branch, comparison, interval) in &reference.comparisons {
                self.comparison(branch, &reference.branch, *comparison, width, *interval);
            }
        }
        for (branch, state) in output.states {
            self.state(branch.as_deref(), state);
        }
    }
}
