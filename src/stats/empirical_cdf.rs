//! `empirical_cdf`: the share of a branch's units with a value up to each point of a grid.

use super::grid::{Grid, grid};
use super::histogram;
use crate::summary::Branch;

/// The grid and the share at each of its points. Null values count as units and lie above every point.
///
/// In a compressed histogram only the bucket that a point lies in is uncertain; its error is below the bucket's share of the units.
pub fn curve(branch: &Branch, size: usize, log_space: bool) -> (Grid, Vec<f64>) {
    let grid = grid(branch, size, log_space);
    let total = histogram::units(branch) + branch.nulls;
    let mut order: Vec<usize> = (0..grid.points.len()).collect();
    order.sort_by(|a, b| grid.points[*a].total_cmp(&grid.points[*b]));
    let mut shares = vec![0.0; grid.points.len()];
    let bins = &branch.histogram;
    let (mut done, mut units) = (0, 0);
    for index in order {
        let point = grid.points[index];
        if point.is_nan() {
            // Where infinities leave no grid, the reference's point lies behind every value.
            shares[index] = 1.0;
            continue;
        }
        // Bins whose mean lies that low are counted whole, but for those that reach above the point, which lie right before.
        while done < bins.len() && bins[done].value <= point {
            units += bins[done].count;
            done += 1;
        }
        let mut below = units as f64;
        if !branch.spreads.is_empty() {
            let around = done.saturating_sub(NEIGHBOURS)..(done + NEIGHBOURS).min(bins.len());
            for near in around {
                let counted = if near < done { bins[near].count as f64 } else { 0.0 };
                below += histogram::units_to(&bins[near], histogram::spread(branch, near), point) - counted;
            }
        }
        shares[index] = below / total as f64;
    }
    (grid, shares)
}

/// How far a bucket that holds a point may be from it in the order of means: frequent values may lie between, hardly ever more than one.
const NEIGHBOURS: usize = 64;
