//! `empirical_cdf`: the share of a branch's units with a value up to each point of a grid.

use super::grid::{Grid, grid};
use crate::summary::Branch;

/// The grid and the share at each of its points. Null values count as units and lie above every point.
pub fn curve(branch: &Branch, size: usize, log_space: bool) -> (Grid, Vec<f64>) {
    let grid = grid(&branch.histogram, size, log_space);
    let total: i64 = branch.histogram.iter().map(|bin| bin.count).sum::<i64>() + branch.nulls;
    let mut cumulative = Vec::with_capacity(branch.histogram.len());
    let mut units = 0;
    for bin in &branch.histogram {
        units += bin.count;
        cumulative.push(units);
    }
    let share = |point: &f64| {
        if point.is_nan() {
            // Where infinities leave no grid, the reference's point lies behind every value.
            return 1.0;
        }
        let bins = branch.histogram.partition_point(|bin| bin.value <= *point);
        bins.checked_sub(1)
            .map_or(0.0, |last| cumulative[last] as f64 / total as f64)
    };
    let shares = grid.points.iter().map(share).collect();
    (grid, shares)
}
