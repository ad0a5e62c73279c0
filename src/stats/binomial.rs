//! Proportions: `binomial`, with a uniform prior, so that branch b has the posterior Beta(c + 1, n - c + 1).
//!
//! | symbol | meaning |
//! | --- | --- |
//! | n, c | units with a value, and those with value 1 |
//! | X, Y | the posteriors of the branch and of the reference branch, independent |
//! | X - Y, X / Y - 1 | difference and relative uplift; their means and quantiles are reported |
//!
//! Means are closed: E\[1 / Y\] = (n + 1) / c. Quantiles are roots of P(X - Y <= d) and of P(X <= r Y), one-dimensional integrals of
//! the narrower posterior's density times the other's distribution function, by Gauss-Legendre quadrature in the logit of the
//! narrower, where its density is log-concave and smooth.

use super::distribution::Beta;
use super::moments::{rows, values};
use super::pre_treatment::ValueKind;
use super::state::State;
use super::{Compat, Interval};
use crate::summary::{Branch, Group, Place};

/// The posterior of each branch.
///
/// # Errors
/// A value that is neither 0 nor 1, or a null among floats.
pub fn posteriors(group: &Group, kind: ValueKind) -> Result<Vec<(&str, Beta)>, State> {
    let is_binary = |branch: &Branch| {
        branch.parts.iter().all(|part| part.not_binary == 0)
            && !(kind == ValueKind::Float && rows(branch) > values(branch))
    };
    if !group.branches.values().all(is_binary) {
        return Err(State::Raises("all values must be 0 or 1".to_string()));
    }
    Ok(group
        .branches
        .iter()
        .map(|(name, branch)| {
            let n = values(branch) as f64;
            let parts = branch.parts.iter().filter(|part| part.value_place != Place::Null);
            let c: f64 = parts.map(|part| part.sum).sum();
            (
                name.as_str(),
                Beta {
                    a: c + 1.0,
                    b: n - c + 1.0,
                },
            )
        })
        .collect())
}

/// The orders of the quantiles of an interval; `None` where the reference implementation has no such quantile.
pub fn orders(confidence: f64, compat: Compat) -> Option<(f64, f64)> {
    let is_computed = [0.95, 0.99].iter().any(|width| (confidence - width).abs() < 1e-5);
    match compat {
        Compat::Jetstream if !is_computed => None,
        Compat::Jetstream | Compat::None => Some((0.5 * (1.0 - confidence), 1.0 - 0.5 * (1.0 - confidence))),
    }
}

/// A branch's own proportion: posterior mean and Beta quantiles.
pub fn proportion(posterior: Beta, confidence: f64, compat: Compat) -> Interval {
    let bounds = orders(confidence, compat);
    Interval::new(
        posterior.mean(),
        bounds.map_or(f64::NAN, |(lower, _)| posterior.quantile(lower)),
        bounds.map_or(f64::NAN, |(_, upper)| posterior.quantile(upper)),
    )
}

/// The difference of two proportions.
pub fn difference(branch: Beta, reference: Beta, confidence: f64, compat: Compat) -> Interval {
    interval(
        branch.mean() - reference.mean(),
        Contrast::Difference,
        branch,
        reference,
        confidence,
        compat,
    )
}

/// The relative uplift of a proportion, and whether its mean is infinite.
pub fn relative_uplift(branch: Beta, reference: Beta, confidence: f64, compat: Compat) -> (Interval, bool) {
    // E[1/Y] = (a + b - 1) / (a - 1), and a - 1 is the number of conversions.
    let is_infinite = reference.a <= 1.0;
    let inverse = match (is_infinite, compat) {
        (false, _) => (reference.a + reference.b - 1.0) / (reference.a - 1.0),
        (true, Compat::None) => f64::INFINITY,
        (true, Compat::Jetstream) => sampled_inverse(reference),
    };
    let point = branch.mean() * inverse - 1.0;
    let interval = interval(point, Contrast::Ratio, branch, reference, confidence, compat);
    (interval, is_infinite)
}

fn interval(point: f64, contrast: Contrast, x: Beta, y: Beta, confidence: f64, compat: Compat) -> Interval {
    match orders(confidence, compat) {
        None => Interval::new(point, f64::NAN, f64::NAN),
        Some((lower, upper)) => {
            let pair = Pair::new(x, y, contrast);
            Interval::new(point, pair.quantile(lower), pair.quantile(upper))
        }
    }
}

/// What the mean of 10,000 draws of 1 / Y is about, where its expectation is infinite: without its largest draw it is the
/// expectation of 1 / Y over Y above its quantile of order 1/10,000, and the largest draw adds about as much again per unit of density.
fn sampled_inverse(y: Beta) -> f64 {
    // With a = 1 the density at 0 is b, and the integral of b (1 - t)^(b - 1) / t over t > e is b (-ln e - H(b - 1)) for small e.
    let draws = 1e4;
    let smallest = 1.0 / (y.b * draws);
    let harmonic: f64 = {
        let n = y.b - 1.0;
        if n < 1.0 {
            0.0
        } else {
            n.ln() + 0.577_215_664_901_532_9 + 0.5 / n
        }
    };
    y.b * (1.0 - smallest.ln() - harmonic)
}

/// How two proportions are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contrast {
    Difference,
    Ratio,
}

/// The law of the contrast of two independent proportions X and Y.
struct Pair {
    contrast: Contrast,
    x: Beta,
    y: Beta,
    /// Whether the integral runs over X (else over Y).
    over_x: bool,
    /// The range of the integration variable's logit.
    logits: (f64, f64),
    /// Nodes over that range.
    nodes: Vec<Node>,
    /// Where the contrast lies but for a probability of about 1e-15.
    range: (f64, f64),
}

impl Pair {
    fn new(x: Beta, y: Beta, contrast: Contrast) -> Pair {
        let deviation = |beta: Beta| {
            let (mean, n) = (beta.mean(), beta.a + beta.b);
            let deviation = (mean * (1.0 - mean) / (n + 1.0)).sqrt();
            if contrast == Contrast::Ratio {
                deviation / mean
            } else {
                deviation
            }
        };
        let over_x = deviation(x) <= deviation(y);
        let ends = |beta: Beta| (beta.quantile_pair(1e-16, 1.0), beta.quantile_pair(1.0, 1e-16));
        let (ends_x, ends_y) = (ends(x), ends(y));
        let range = match contrast {
            Contrast::Difference => (ends_x.0.0 - ends_y.1.0, ends_x.1.0 - ends_y.0.0),
            Contrast::Ratio => ((ends_x.0.0 / ends_y.1.0).ln(), (ends_x.1.0 / ends_y.0.0).ln()),
        };
        let (narrow, ends) = if over_x { (x, ends_x) } else { (y, ends_y) };
        let logit = |(x, y): (f64, f64)| (x / y).ln();
        let logits = (logit(ends.0), logit(ends.1));
        Pair {
            contrast,
            x,
            y,
            over_x,
            logits,
            nodes: nodes(narrow, &[logits.0, logits.1]),
            range,
        }
    }

    /// The quantile of order `p`, by Newton's method kept inside a bracket.
    fn quantile(&self, p: f64) -> f64 {
        let (mut low, mut high) = self.range;
        let tolerance = 1e-13 * (high - low);
        let mut at = 0.5 * (low + high);
        for _ in 0..200 {
            let (probability, density) = self.cdf(at);
            if probability < p {
                low = at
            } else {
                high = at
            }
            let newton = at - (probability - p) / density;
            let next = if newton > low && newton < high {
                newton
            } else {
                0.5 * (low + high)
            };
            let step = (next - at).abs();
            at = next;
            if step <= tolerance {
                break;
            }
        }
        match self.contrast {
            Contrast::Difference => at,
            Contrast::Ratio => at.exp_m1(),
        }
    }

    /// The probability that the contrast (the logarithm of the ratio) is at most `at`, and its derivative.
    fn cdf(&self, at: f64) -> (f64, f64) {
        let ratio = at.exp();
        // The other variable's distribution function has kinks at 0 and 1: the quadrature is split where it meets them.
        let kinks = match (self.contrast, self.over_x) {
            (Contrast::Difference, true) => [at, 1.0 + at],
            (Contrast::Difference, false) => [-at, 1.0 - at],
            (Contrast::Ratio, true) => [ratio, 0.0],
            (Contrast::Ratio, false) => [1.0 / ratio, 0.0],
        };
        let mut breaks = vec![self.logits.0];
        for logit in kinks.map(|v| (v / (1.0 - v)).ln()) {
            if logit > self.logits.0 && logit < self.logits.1 {
                breaks.push(logit);
            }
        }
        breaks.push(self.logits.1);
        let split = match breaks.len() {
            2 => None,
            _ => Some(nodes(if self.over_x { self.x } else { self.y }, &breaks)),
        };
        let (mut probability, mut density) = (0.0, 0.0);
        for &Node { v, complement, weight } in split.as_ref().unwrap_or(&self.nodes) {
            // Where the other variable must lie, its complement, and how fast that moves with `at`.
            let (bound, rest, speed) = match (self.contrast, self.over_x) {
                (Contrast::Difference, true) => (v - at, complement + at, 1.0),
                (Contrast::Difference, false) => (v + at, complement - at, 1.0),
                (Contrast::Ratio, true) => (v / ratio, 1.0 - v / ratio, v / ratio),
                (Contrast::Ratio, false) => (v * ratio, 1.0 - v * ratio, v * ratio),
            };
            let other = if self.over_x { self.y } else { self.x };
            let (lower, upper) = other.regularized(bound, rest);
            probability += weight * if self.over_x { upper } else { lower };
            if bound > 0.0 && rest > 0.0 {
                density += weight * speed * other.log_density_of_logit(bound, rest).exp() / (bound * rest);
            }
        }
        (probability, density)
    }
}

/// A node of the quadrature over a posterior.
struct Node {
    /// The variable.
    v: f64,
    /// 1 less the variable.
    complement: f64,
    /// Weight times density; all nodes' add up to 1.
    weight: f64,
}

/// Quadrature nodes over a posterior, in its logit, between breaks in ascending order.
fn nodes(beta: Beta, breaks: &[f64]) -> Vec<Node> {
    const PANELS: usize = 8;
    let mut nodes = Vec::with_capacity((breaks.len() - 1) * PANELS * 2 * GAUSS_LEGENDRE_16.len());
    for ends in breaks.windows(2) {
        let width = (ends[1] - ends[0]) / PANELS as f64;
        for panel in 0..PANELS {
            let middle = ends[0] + (panel as f64 + 0.5) * width;
            for (node, weight) in GAUSS_LEGENDRE_16 {
                for u in [middle - 0.5 * width * node, middle + 0.5 * width * node] {
                    let (v, complement) = (1.0 / (1.0 + (-u).exp()), 1.0 / (1.0 + u.exp()));
                    let density = beta.log_density_of_logit(v, complement).exp();
                    nodes.push(Node {
                        v,
                        complement,
                        weight: 0.5 * width * weight * density,
                    });
                }
            }
        }
    }
    let total: f64 = nodes.iter().map(|node| node.weight).sum();
    nodes.iter_mut().for_each(|node| node.weight /= total);
    nodes
}

/// The positive nodes of the 16-point rule on \[-1, 1\] and their weights. Abramowitz & Stegun, table 25.4.
const GAUSS_LEGENDRE_16: [(f64, f64); 8] = [
    (0.09501250983763744, 0.1894506104550685),
    (0.2816035507792589, 0.18260341504492358),
    (0.45801677765722737, 0.16915651939500254),
    (0.6178762444026438, 0.14959598881657674),
    (0.755404408355003, 0.12462897125553388),
    (0.8656312023878318, 0.09515851168249279),
    (0.9445750230732326, 0.062253523938647894),
    (0.9894009349916499, 0.027152459411754096),
];
