//! `kernel_density_estimate`: the density (1 / (n h)) sum of K((x - v_i) / h) on a grid, from values with counts.
//!
//! Rule bandwidths are those of `scipy.stats.gaussian_kde`: s n^(-1/5) (Scott) and s (3 n / 4)^(-1/5) (Silverman), s the standard deviation with
//! divisor n - 1. scikit-learn, which the reference uses, leaves out s; so does compatibility mode. Kernels are scikit-learn's.
//!
//! Sums are direct while values times points are few, else over cells of h / 32 ([`Cells`]), with an error of at most 2e-11 / h.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};

use super::Compat;
use super::grid::{Grid, grid};
use super::histogram::{self, Atom};
use super::kernel_cells::Cells;
use super::state::State;
use crate::summary::Branch;

/// How wide the kernel is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bandwidth {
    /// s n^(-1/5).
    Scott,
    /// s (3 n / 4)^(-1/5).
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
    pub fn reach(self) -> f64 {
        match self {
            Kernel::Gaussian => 39.0,
            Kernel::Exponential => 750.0,
            Kernel::Tophat | Kernel::Epanechnikov | Kernel::Linear | Kernel::Cosine => 1.0,
        }
    }

    /// The kernel, which integrates to 1.
    pub fn density(self, u: f64) -> f64 {
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

    /// The kernel and its first five derivatives, where it has them all.
    pub fn derivatives(self, u: f64) -> [f64; 6] {
        let value = self.density(u);
        let sign = u.signum();
        match self {
            Kernel::Gaussian => {
                // The k-th is (-1)^k He_k(u) K(u), with He_{k+1} = u He_k - k He_{k-1}.
                let square = u * u;
                let hermite = [
                    1.0,
                    -u,
                    square - 1.0,
                    u * (3.0 - square),
                    square * (square - 6.0) + 3.0,
                    -u * (square * (square - 10.0) + 15.0),
                ];
                hermite.map(|factor| factor * value)
            }
            Kernel::Tophat => [value, 0.0, 0.0, 0.0, 0.0, 0.0],
            Kernel::Epanechnikov if u.abs() < 1.0 => [value, -1.5 * u, -1.5, 0.0, 0.0, 0.0],
            Kernel::Linear if u.abs() < 1.0 => [value, -sign, 0.0, 0.0, 0.0, 0.0],
            Kernel::Epanechnikov | Kernel::Linear => [0.0; 6],
            Kernel::Exponential => [value, -sign * value, value, -sign * value, value, -sign * value],
            Kernel::Cosine if u.abs() < 1.0 => {
                let sine = -FRAC_PI_4 * (FRAC_PI_2 * u).sin();
                let c = FRAC_PI_2;
                [
                    value,
                    c * sine,
                    -c.powi(2) * value,
                    -c.powi(3) * sine,
                    c.powi(4) * value,
                    c.powi(5) * sine,
                ]
            }
            Kernel::Cosine => [0.0; 6],
        }
    }

    /// Where the kernel or its slope jumps.
    pub fn kinks(self) -> &'static [f64] {
        match self {
            Kernel::Gaussian => &[],
            Kernel::Exponential => &[0.0],
            Kernel::Tophat | Kernel::Epanechnikov | Kernel::Cosine => &[-1.0, 1.0],
            Kernel::Linear => &[-1.0, 0.0, 1.0],
        }
    }
}

/// Values times points up to which sums are direct.
const DIRECT: usize = 4_000_000;

/// A density estimate that is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Density {
    /// How wide the kernel is.
    pub bandwidth: Bandwidth,
    /// A factor on that.
    pub adjust: f64,
    /// The kernel's shape.
    pub kernel: Kernel,
}

impl Density {
    /// The grid and the density at each of its points.
    ///
    /// # Errors
    /// Why there is none: nulls or infinities among the values, or a rule bandwidth for values that do not vary.
    pub fn curve(
        self,
        branch: &Branch,
        size: usize,
        log_space: bool,
        compat: Compat,
    ) -> Result<(Grid, Vec<f64>), State> {
        if branch.nulls > 0 || histogram::has_infinities(branch) {
            return Err(State::Raises("values are null or infinite".to_string()));
        }
        let atoms = histogram::atoms(branch);
        let h = self.width(&atoms, compat);
        if h.is_nan() || h <= 0.0 {
            return Err(State::NoVariation);
        }
        let grid = grid(branch, size, log_space);
        let densities = densities(&atoms, self.kernel, h, &grid.points);
        Ok((grid, densities))
    }

    /// The bandwidth; NaN or 0 where a rule has no spread to go by.
    pub fn width(self, atoms: &[Atom], compat: Compat) -> f64 {
        let n: f64 = atoms.iter().map(|atom| atom.1).sum();
        let scale = |factor: f64| match compat {
            Compat::None => {
                let deviation = histogram::deviation(atoms);
                // Rounding of equal large values is not variation.
                let largest = atoms.iter().map(|atom| atom.0.abs()).fold(0.0, f64::max);
                let varies = deviation > 4.0 * f64::EPSILON * largest;
                if varies { deviation * factor } else { f64::NAN }
            }
            Compat::Jetstream => factor,
        };
        self.adjust
            * match self.bandwidth {
                Bandwidth::Scott => scale(n.powf(-0.2)),
                Bandwidth::Silverman => scale((0.75 * n).powf(-0.2)),
                Bandwidth::Fixed(h) => h,
            }
    }
}

/// The densities at the points, from atoms in ascending order.
pub fn densities(atoms: &[Atom], kernel: Kernel, h: f64, points: &[f64]) -> Vec<f64> {
    let n: f64 = atoms.iter().map(|atom| atom.1).sum();
    let sums: Vec<f64> = if atoms.len() * points.len() <= DIRECT {
        points.iter().map(|point| direct(atoms, kernel, h, *point)).collect()
    } else {
        let cells = Cells::new(atoms, h);
        points.iter().map(|point| cells.sum(kernel, *point)).collect()
    };
    sums.into_iter().map(|sum| sum / (n * h)).collect()
}

/// The sum of the kernel over the atoms within its reach of a point.
pub fn direct(atoms: &[Atom], kernel: Kernel, h: f64, point: f64) -> f64 {
    let reach = kernel.reach() * h;
    let first = atoms.partition_point(|atom| atom.0 < point - reach);
    atoms[first..]
        .iter()
        .take_while(|atom| atom.0 <= point + reach)
        .map(|(value, weight)| weight * kernel.density((point - value) / h))
        .sum()
}
