//! From estimates to result rows: each statistic over the branches of one segment, every branch as the reference in turn.

use indexmap::IndexMap;

use super::pre_treatment::ValueKind;
use super::state::{CellState, State};
use super::{
    Comparison, Compat, Context, Estimates, Interval, LinearModel, Points, Request, Row, Statistic, binomial,
    bootstrap_mean, curve, deciles, empirical_cdf, gaps, grid, histogram, kernel_density, law, linear_model, moments,
    pairs, population_ratio, pre_treatment,
};
use crate::summary::{Branch, CellSummary, Group, Place};

/// A branch's bootstrap law with its mean, or the mean where that is not finite.
type BootstrapLaw = Result<(f64, curve::Curve), f64>;

/// The rows of a statistic in one segment.
pub(super) fn estimate_group(request: &Request, summary: &CellSummary, group: &Group, answer: &mut Answer) {
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
    if summary.cell.is_histogram() {
        for (name, branch) in &group.branches {
            if let Some(compression) = histogram::compression(branch) {
                answer.state(Some(name), State::CompressedHistogram(compression.to_string()));
            }
        }
    }
    match &request.statistic {
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
                let values = rows.parts.iter().filter(|part| part.value_place != Place::Null);
                let sum = values.fold(0.0, |sum, part| sum + part.sum);
                answer.own(branch, None, Interval::new(sum, f64::NAN, f64::NAN));
            }
        }
        Statistic::Binomial { confidence } => binomial_rows(group, kind, *confidence, answer),
        Statistic::LinearModelMean(model) => {
            let output = linear_model_output(model, summary, group, kind, answer);
            answer.linear_model(output, model.coverage.confidence);
        }
        Statistic::Deciles { confidence, samples } => decile_rows(group, *confidence, *samples, answer),
        Statistic::Quantiles { orders, confidence } => pairs::quantile_rows(group, orders, *confidence, answer),
        Statistic::WinsorizedMean(winsorized) => pairs::winsorized_rows(group, winsorized, answer),
        Statistic::Ratio(ratio) => pairs::ratio_rows(summary, group, ratio, answer),
        Statistic::BootstrapMean(bootstrap) => {
            if bootstrap.drop_highest > 0.5 {
                let reason = "drop_highest must be at most 0.5".to_string();
                return answer.state(None, State::Raises(reason));
            }
            let law = |branch: &Branch| {
                let posterior = bootstrap_mean::posterior(branch, 1.0 - bootstrap.drop_highest)?;
                Ok((posterior.mean, posterior.curve))
            };
            bootstrap_rows(group, bootstrap.confidence, law, answer);
        }
        Statistic::PopulationRatio { bootstrap, .. } => {
            if !request.pre_treatments.is_empty() {
                let reason = "pre-treatments can't treat the placeholder of a ratio".to_string();
                return answer.state(None, State::Raises(reason));
            }
            let law = |branch: &Branch| {
                let curve = population_ratio::law(branch, 1.0 - bootstrap.drop_highest, bootstrap.samples)?;
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
            let density = kernel_density::Density {
                bandwidth: *bandwidth,
                adjust: *adjust,
                kernel: *kernel,
            };
            density_rows(group, density, *points, answer);
        }
        Statistic::PerClientDauImpact(model) => {
            let output = linear_model_output(model, summary, group, kind, answer);
            let output =
                linear_model::scale_to_population(output, group, answer.context.branches, answer.context.compat);
            answer.linear_model(output, model.coverage.confidence);
        }
    }
}

fn linear_model_output(
    model: &LinearModel,
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
    let input = linear_model::Input {
        group,
        metric: &summary.cell.metric,
        kind,
        covariate,
        coverage: model.coverage,
    };
    match model.is_classical(answer.context.compat) {
        true => linear_model::classical::estimate(&input),
        false => linear_model::robust::estimate(&input),
    }
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
fn bootstrap_rows(group: &Group, confidence: f64, law: impl Fn(&Branch) -> BootstrapLaw, answer: &mut Answer) {
    if group.branches.values().any(|branch| branch.nulls > 0) {
        return answer.state(None, State::Raises("values are null".to_string()));
    }
    let width = Some(confidence);
    let (lower, upper) = (0.5 * (1.0 - confidence), 1.0 - 0.5 * (1.0 - confidence));
    let laws: Vec<(&String, BootstrapLaw)> = group
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
    let ranks: Vec<(&String, deciles::Ranks)> = group
        .branches
        .iter()
        .map(|(name, branch)| (name, deciles::Ranks::new(branch)))
        .collect();
    for q in deciles::ORDERS {
        let parameter = Some(grid::parameter(q));
        let law = |ranks: &deciles::Ranks| match answer.context.compat {
            Compat::None => ranks.law(q),
            // Values that the reference's draws would most likely not show are not in its results.
            Compat::Jetstream => ranks.law(q).without_tails(0.5 / samples),
        };
        let laws: Vec<(&String, law::Law)> = ranks.iter().map(|(name, ranks)| (*name, law(ranks))).collect();
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

fn density_rows(group: &Group, density: kernel_density::Density, points: Points, answer: &mut Answer) {
    let compat = answer.context.compat;
    match compat {
        Compat::Jetstream if density.adjust != 1.0 => {
            return answer.state(None, State::Raises("adjust must be 1".to_string()));
        }
        Compat::None if density.adjust <= 0.0 => {
            return answer.state(None, State::Raises("adjust must be above 0".to_string()));
        }
        Compat::Jetstream | Compat::None => {}
    }
    let mut curves = Vec::new();
    for (name, branch) in &group.branches {
        match density.curve(branch, points.size, points.log_space, compat) {
            Ok(curve) => curves.push((name, curve)),
            Err(State::NoVariation) => answer.state(Some(name), State::NoVariation),
            // The reference has no rows of any branch then.
            Err(state) => return answer.state(None, state),
        }
    }
    for (name, (grid, densities)) in curves {
        answer.curve(name, &grid, &densities);
    }
}

/// The rows of one statistic while they are collected.
pub(super) struct Answer<'a> {
    pub(super) request: &'a Request,
    pub(super) context: &'a Context<'a>,
    pub(super) segment: &'a str,
    pub(super) estimates: Estimates,
}

impl Answer<'_> {
    pub(super) fn state(&mut self, branch: Option<&str>, state: State) {
        self.estimates.states.push(CellState {
            metric: self.request.metric.clone(),
            statistic: self.request.name().to_string(),
            segment: self.segment.to_string(),
            branch: branch.map(str::to_string),
            state,
        });
    }

    /// Adds the reasons that are missing for a group, whose rows and states start at these places.
    pub(super) fn explain_gaps(&mut self, group: &Group, rows: usize, states: usize) {
        let has_own_rows = !matches!(self.request.statistic, Statistic::PerClientDauImpact(_));
        let declared = self.context.branches.iter();
        let branches = group
            .branches
            .keys()
            .chain(declared.filter(|branch| !group.branches.contains_key(*branch)));
        let (rows, states) = (&self.estimates.rows[rows..], &self.estimates.states[states..]);
        let missing: Vec<(String, State)> = gaps::missing_states(branches, rows, states, has_own_rows)
            .into_iter()
            .map(|(branch, state)| (branch.to_string(), state))
            .collect();
        for (branch, state) in missing {
            self.state(Some(&branch), state);
        }
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

    pub(super) fn row(
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
            test: interval.test,
        });
    }

    fn linear_model(&mut self, output: linear_model::Output, confidence: f64) {
        let width = Some(confidence);
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
