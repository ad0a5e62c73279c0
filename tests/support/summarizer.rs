//! Summaries of units in memory, as the summary statements compute them from a table: for simulations, which draw their data. Shared by
//! `benches/validity.rs` and the test that holds it to the statements.

use std::collections::BTreeMap;

use isobar::summary::{
    ALL_SEGMENT, Bin, Branch, Cell, CellSummary, ColumnKind, Group, Moments, Need, OrderStatistics, Part, Place,
    RatioMoments, Residuals, Summaries,
};

/// What a unit has; nothing is null but what is absent before enrollment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unit {
    /// The metric, or a ratio's numerator.
    pub value: f64,
    /// A ratio's denominator.
    pub denominator: f64,
    /// Both before enrollment.
    pub before: Option<[f64; 2]>,
}

/// A branch's name and units.
pub type Sample = (&'static str, Vec<Unit>);

/// The summaries of one cell; its steps must be empty.
pub fn summarize(cell: &Cell, samples: &[Sample]) -> Summaries {
    let mut group = Group::default();
    match cell.need {
        Need::Rows | Need::Moments => moments(cell, samples, &mut group),
        Need::Histogram | Need::Pairs { .. } => {
            let is_pair = matches!(cell.need, Need::Pairs { .. });
            for (name, units) in samples {
                let branch = Branch {
                    histogram: histogram(units, is_pair),
                    ..Branch::default()
                };
                group.branches.insert(name.to_string(), branch);
            }
        }
        Need::Ratio { .. } => ratios(samples, cell.covariate.is_some(), &mut group),
    }
    let summary = CellSummary {
        cell: cell.clone(),
        column: Some(ColumnKind::Float),
        covariate_column: cell.covariate.as_ref().map(|_| ColumnKind::Float),
        groups: [(ALL_SEGMENT.to_string(), group)].into_iter().collect(),
    };
    Summaries { cells: vec![summary] }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0u64, 0.0), |(count, sum), value| (count + 1, sum + value));
    if count == 0 { 0.0 } else { sum / count as f64 }
}

/// Distinct values, or pairs, in ascending order with their counts.
fn histogram(units: &[Unit], is_pair: bool) -> Vec<Bin> {
    let bin = |unit: &Unit| Bin {
        value: unit.value,
        denominator: if is_pair { unit.denominator } else { 0.0 },
        count: 1,
    };
    let mut bins: Vec<Bin> = units.iter().map(bin).collect();
    bins.sort_unstable_by(|a, b| {
        a.value
            .total_cmp(&b.value)
            .then(a.denominator.total_cmp(&b.denominator))
    });
    bins.dedup_by(|next, bin| {
        let is_same = next.value == bin.value && next.denominator == bin.denominator;
        bin.count += if is_same { next.count } else { 0 };
        is_same
    });
    bins
}

/// The order statistics around the quantile of order `q`, without sorting.
fn order_statistics(mut values: Vec<f64>, q: f64) -> Option<OrderStatistics> {
    let last = values.len().checked_sub(1)?;
    let position = last as f64 * q;
    let rank = position.floor() as usize;
    let (_, lower, above) = values.select_nth_unstable_by(rank, f64::total_cmp);
    let lower = *lower;
    let upper = above.iter().copied().reduce(f64::min).unwrap_or(lower);
    Some(OrderStatistics {
        lower,
        upper,
        fraction: position - rank as f64,
    })
}

fn moments(cell: &Cell, samples: &[Sample], group: &mut Group) {
    let units = || samples.iter().flat_map(|(_, units)| units);
    let adjusts = cell.covariate.is_some();
    let covariate = |unit: &Unit| unit.before.map(|before| before[0]).filter(|_| adjusts);
    group.value_centre = mean(units().map(|unit| unit.value));
    group.covariate_centre = mean(units().filter_map(covariate));
    if let Some(q) = cell.clip_quantile {
        group.values = order_statistics(units().map(|unit| unit.value).collect(), q);
        group.covariates = order_statistics(units().filter_map(covariate).collect(), q);
    }
    let place = |value: f64, order: Option<OrderStatistics>| match order {
        Some(order) if value > order.lower => Place::Above,
        _ => Place::Below,
    };
    for (name, units) in samples {
        let mut branch = Branch::default();
        let mut parts: BTreeMap<(Place, Place), Vec<(f64, f64)>> = BTreeMap::new();
        for unit in units {
            let covariate = covariate(unit);
            let covariate_place = covariate.map_or(Place::Null, |x| place(x, group.covariates));
            let pair = (
                unit.value - group.value_centre,
                covariate.map_or(0.0, |x| x - group.covariate_centre),
            );
            let part = (place(unit.value, group.values), covariate_place);
            parts.entry(part).or_default().push(pair);
        }
        for ((value_place, covariate_place), pairs) in parts {
            let values = || pairs.iter().map(|pair| pair.0 + group.value_centre);
            branch.parts.push(Part {
                value_place,
                covariate_place,
                count: pairs.len() as i64,
                // A value is 0 or 1 up to the rounding that the centre brings.
                not_binary: values()
                    .filter(|value| value.abs().min((value - 1.0).abs()) > 1e-12)
                    .count() as i64,
                sum: values().sum(),
                minimum: values().fold(f64::INFINITY, f64::min),
                maximum: values().fold(f64::NEG_INFINITY, f64::max),
                moments: two_moments(pairs.iter().copied()),
            });
        }
        group.branches.insert(name.to_string(), branch);
    }
    if adjusts {
        residuals(samples, group);
    }
}

/// The quantile that values are clipped at.
fn threshold(order: Option<OrderStatistics>) -> f64 {
    order.map_or(f64::INFINITY, |order| {
        order.lower + order.fraction * (order.upper - order.lower)
    })
}

/// The sums over residuals of the model with branch indicators and the covariate, both clipped; a missing covariate is the mean of the others.
fn residuals(samples: &[Sample], group: &mut Group) {
    let (value_limit, covariate_limit) = (threshold(group.values), threshold(group.covariates));
    let covariate = |unit: &Unit| unit.before.map(|before| before[0].min(covariate_limit));
    let filling = mean(samples.iter().flat_map(|(_, units)| units).filter_map(covariate));
    let branches: Vec<(&str, Vec<(f64, f64)>)> = samples
        .iter()
        .map(|(name, units)| {
            let rows = units
                .iter()
                .map(|unit| (unit.value.min(value_limit), covariate(unit).unwrap_or(filling)));
            (*name, rows.collect())
        })
        .collect();
    let fits: Vec<Moments> = branches
        .iter()
        .map(|(_, rows)| two_moments(rows.iter().copied()))
        .collect();
    let square: f64 = fits.iter().map(|fit| fit.covariate_square).sum();
    let slope = fits.iter().map(|fit| fit.product).sum::<f64>() / square;
    for ((name, rows), fit) in branches.iter().zip(fits) {
        let mut sums = Residuals::default();
        for (y, x) in rows {
            let d = x - fit.covariate_mean;
            let leverage = 1.0 / fit.count as f64 + d * d / square;
            let e = y - fit.value_mean - slope * d;
            let w = e * e / (1.0 - leverage);
            sums.square += w;
            sums.covariate += d * w;
            sums.covariate_square += d * d * w;
            sums.leverage = sums.leverage.max(leverage);
        }
        if let Some(branch) = group.branches.get_mut(*name) {
            branch.residuals = Some(sums);
        }
    }
}

/// The moments of pairs, in two passes.
fn two_moments(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Moments {
    let (y, x) = (
        mean(pairs.clone().map(|pair| pair.0)),
        mean(pairs.clone().map(|pair| pair.1)),
    );
    let zero = Moments {
        value_mean: y,
        covariate_mean: x,
        ..Moments::default()
    };
    pairs.fold(zero, |sums, (value, covariate)| Moments {
        count: sums.count + 1,
        value_square: sums.value_square + (value - y) * (value - y),
        covariate_square: sums.covariate_square + (covariate - x) * (covariate - x),
        product: sums.product + (value - y) * (covariate - x),
        ..sums
    })
}

fn ratios(samples: &[Sample], adjusts: bool, group: &mut Group) {
    let units = || samples.iter().flat_map(|(_, units)| units);
    let before = |unit: &Unit| unit.before.filter(|_| adjusts);
    let centres = [
        mean(units().map(|unit| unit.value)),
        mean(units().map(|unit| unit.denominator)),
        mean(units().filter_map(before).map(|before| before[0])),
        mean(units().filter_map(before).map(|before| before[1])),
    ];
    let centred = |unit: &Unit| {
        let [a, d] = before(unit).map_or([0.0; 2], |[a, d]| [a - centres[2], d - centres[3]]);
        [unit.value - centres[0], unit.denominator - centres[1], a, d]
    };
    for (name, units) in samples {
        let means: [f64; 4] = std::array::from_fn(|i| mean(units.iter().map(|unit| centred(unit)[i])));
        let mut products = [[0.0; 4]; 4];
        for unit in units {
            let row = centred(unit);
            for i in 0..4 {
                for j in 0..4 {
                    products[i][j] += (row[i] - means[i]) * (row[j] - means[j]);
                }
            }
        }
        let ratio = RatioMoments {
            count: units.len() as i64,
            infinite: 0,
            before: units.iter().filter_map(before).count() as i64,
            centres,
            means,
            products,
        };
        let branch = Branch {
            ratio: Some(ratio),
            ..Branch::default()
        };
        group.branches.insert(name.to_string(), branch);
    }
}
