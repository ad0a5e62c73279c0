//! `kernel_density_estimate`: the density (1 / (n h)) sum of K((x - v_i) / h) on a grid, from distinct values with counts.
//!
//! Kernels and bandwidths are those of scikit-learn: Scott's rule is h = n^(-1/5), Silverman's (3 n / 4)^(-1/5), neither scaled by
//! the standard deviation. Sums run over the values within the kernel's reach of a point only.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};

use super::grid::{Grid, grid};
use crate::summary::Branch;

/// How wide the kernel is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bandwidth {
    /// n^(-1/5).
    Scott,
    /// (3 n / 4)^(-1/5).
    Silverman,
    /// In the metric's unit.
    Fixed(f64),
}

/// The shape of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// The normal density.
    Gaussian,
    /// Constant on \[-1, 1\].
    Tophat,
    /// A parabola.
    Epanechnikov,
    /// Falling exponentially to both sides.
    Exponential,
    /// A triangle.
    Linear,
    /// A half wave.
    Cosine,
}

impl Kernel {
    /// The kernels by their configured names.
    pub const NAMES: [(&'static str, Kernel); 6] = [
        ("gaussian", Kernel::Gaussian),
        ("tophat", Kernel::Tophat),
        ("epanechnikov", Kernel::Epanechnikov),
        ("exponential", Kernel::Exponential),
        ("linear", Kernel::Linear),
        ("cosine", Kernel::Cosine),
    ];

    /// How far from its middle the kernel is above the smallest positive number.
    fn reach(self) -> f64 {
        match self {
            Kernel::Gaussian => 39.0,
            Kernel::Exponential => 750.0,
            Kernel::Tophat | Kernel::Epanechnikov | Kernel::Linear | Kernel::Cosine => 1.0,
        }
    }

    /// The kernel, which integrates to 1.
    fn density(self, u: f64) -> f64 {
        let inside = |value: f64| if u.abs() < 1.0 { value } else { 0.0 };
        match self {
            Kernel::Gaussian => (-0.5 * u * u).exp() / (2.0 * std::f64::consts::PI).sqrt(),
            Kernel::Tophat => inside(0.5),
            Kernel::Epanechnikov => inside(0.75 * (1.0 - u * u)),
            Kernel::Exponential => 0.5 * (-u.abs()).exp(),
            Kernel::Linear => inside(1.0 - u.abs()),
            Kernel::Cosine => inside(FRAC_PI_4 * (FRAC_PI_2 * u).cos()),
        }
    }
}

/// The grid and the density at each of its points; `None` for nulls or infinities among the values.
pub fn curve(
    branch: &Branch,
    bandwidth: Bandwidth,
    kernel: Kernel,
    size: usize,
    log_space: bool,
) -> Option<(Grid, Vec<f64>)> {
    if branch.nulls > 0 || branch.histogram.iter().any(|bin| bin.value.is_infinite()) {
        return None;
    }
    let n: i64 = branch.histogram.iter().map(|bin| bin.count).sum();
    let n = n as f64;
    let h = match bandwidth {
        Bandwidth::Scott => n.powf(-0.2),
        Bandwidth::Silverman => (0.75 * n).powf(-0.2),
        Bandwidth::Fixed(h) => h,
    };
    let grid = grid(&branch.histogram, size, log_space);
    let reach = kernel.reach() * h;
    let density = |point: &f64| {
        let first = branch.histogram.partition_point(|bin| bin.value < point - reach);
        let sum: f64 = branch.histogram[first..]
            .iter()
            .take_while(|bin| bin.value <= point + reach)
            .map(|bin| bin.count as f64 * kernel.density((point - bin.value) / h))
            .sum();
        sum / (n * h)
    };
    let densities = grid.points.iter().map(density).collect();
    Some((grid, densities))
}
