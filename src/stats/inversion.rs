//! The law of a mean with Dirichlet weights, by numerical inversion of its cumulant function. What the law is stands in
//! [`bootstrap_mean`](super::bootstrap_mean); here are the points at which it is computed, and how.

use super::curve::Curve;
use super::distribution::normal_quantile;
use super::histogram::Atom;

/// Atoms beyond which neighbours are grouped for the inversion.
const DISTINCT: usize = 256;

/// A group's units are at most such a share of those between it and the nearer end, so that the ends stay single and a heavy tail is grouped by
/// nearly equal values.
const GROUPED_SHARE: f64 = 1.0 / 24.0;

/// The law of the mean of atoms in ascending order that are not all the same; `mean` and `deviation` are the law's own.
pub fn curve(atoms: Vec<Atom>, mean: f64, deviation: f64) -> Curve {
    Curve::through(&traced(&grouped(atoms), mean, deviation))
}

/// Points (z, t) of the law in ascending order, close enough for a cubic between them where there is probability.
fn traced(atoms: &[Atom], mean: f64, deviation: f64) -> Vec<(f64, f64)> {
    const GAP: f64 = 0.8;
    const BEND: f64 = 0.02;
    const BEYOND: f64 = 6.0;
    let (low, high) = (atoms[0].0, atoms[atoms.len() - 1].0);
    let mut open = Vec::new();
    let mut starts: Vec<f64> = [-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0]
        .into_iter()
        .map(|step| mean + step * deviation)
        .filter(|t| *t > low && *t < high)
        .collect();
    starts.insert(0, low + 1e-12 * (high - low));
    starts.push(high - 1e-12 * (high - low));
    let mut points: Vec<(f64, f64)> = starts.into_iter().map(|t| (score_of(atoms, t), t)).collect();
    for pair in points.windows(2) {
        open.push((pair[0], pair[1]));
    }
    let mut budget = 400;
    while let Some((a, b)) = open.pop() {
        let is_far = b.0 < -BEYOND || a.0 > BEYOND;
        if is_far || budget == 0 || b.1 - a.1 <= 1e-12 * (high - low) {
            continue;
        }
        budget -= 1;
        let t = 0.5 * (a.1 + b.1);
        let middle = (score_of(atoms, t), t);
        points.push(middle);
        let is_straight = b.0 - a.0 <= GAP && (middle.0 - 0.5 * (a.0 + b.0)).abs() <= BEND;
        if !is_straight {
            open.push((a, middle));
            open.push((middle, b));
        }
    }
    points.retain(|(z, _)| z.is_finite());
    points.sort_by(|a, b| a.1.total_cmp(&b.1));
    points.dedup_by(|b, a| b.0 <= a.0);
    points
}

/// Fewer atoms with the same counts and means: neighbours together, the more the farther they are from both ends.
fn grouped(atoms: Vec<Atom>) -> Vec<Atom> {
    if atoms.len() <= DISTINCT {
        return atoms;
    }
    let n: f64 = atoms.iter().map(|atom| atom.1).sum();
    let mut groups: Vec<Atom> = Vec::new();
    let (mut sum, mut count, mut before) = (0.0, 0.0, 0.0);
    for (value, weight) in atoms {
        let most = 1.0f64.max(f64::min(before, n - before) * GROUPED_SHARE);
        if count > 0.0 && count + weight > most {
            groups.push((sum / count, count));
            (sum, count) = (0.0, 0.0);
        }
        sum += value * weight;
        count += weight;
        before += weight;
    }
    groups.push((sum / count, count));
    groups
}

/// The normal score z with Φ(z) = P(T <= t); not finite where the probability is below what can be computed.
fn score_of(atoms: &[Atom], t: f64) -> f64 {
    let (d_low, d_high) = (atoms[0].0 - t, atoms[atoms.len() - 1].0 - t);
    if d_low >= 0.0 {
        return f64::NEG_INFINITY;
    }
    if d_high <= 0.0 {
        return f64::INFINITY;
    }
    // K' and K'' at a real argument.
    let slopes = |s: f64| {
        atoms.iter().fold((0.0, 0.0), |(first, second), (value, count)| {
            let d = value - t;
            let term = d / (1.0 - s * d);
            (first + count * term, second + count * term * term)
        })
    };
    let saddle = saddle(1.0 / d_low, 1.0 / d_high, slopes);
    let scale = 1.0 / slopes(0.0).1.sqrt();
    // The line must keep off the pole at 0; on its other side it gives the other tail.
    let line = if saddle.abs() >= 0.5 * scale {
        saddle
    } else if saddle >= 0.0 {
        (0.5 * scale).min(0.5 / d_high)
    } else {
        (-0.5 * scale).max(0.5 / d_low)
    };
    let width = 1.0 / slopes(line).1.sqrt();
    let tail = line.signum() * inversion(atoms, t, line, width);
    if line > 0.0 {
        -normal_quantile(tail)
    } else {
        normal_quantile(tail)
    }
}

/// Where K' is 0: it grows from minus to plus infinity between the poles `low` and `high`. Newton's method, with bisection where it leaves the bracket.
fn saddle(mut low: f64, mut high: f64, slopes: impl Fn(f64) -> (f64, f64)) -> f64 {
    let mut s = 0.0;
    for _ in 0..60 {
        let (first, second) = slopes(s);
        if first < 0.0 {
            low = s
        } else {
            high = s
        }
        let step = first / second;
        // The line only has to lie near the saddle.
        if step.abs() <= 1e-3 / second.sqrt() {
            return s;
        }
        let next = s - step;
        s = if next > low && next < high {
            next
        } else {
            0.5 * (low + high)
        };
    }
    s
}

/// (1/π) times the integral over y > 0 of the real part of e^K(s) / s, s = line + i y, by the trapezoidal rule in u with y = width sinh u.
///
/// The integrand is analytic in u for |Im u| < asin(1/2) at least, since the pole at 0 is half a width away; the rule's error is then of the
/// relative order exp(-2 π (π/6) / step) = 1e-12.
fn inversion(atoms: &[Atom], t: f64, line: f64, width: f64) -> f64 {
    const STEP: f64 = 0.12;
    let mut sum = 0.0;
    for k in 0..150 {
        let u = f64::from(k) * STEP;
        let y = width * u.sinh();
        let (modulus, angle) = exponential(atoms, t, line, y);
        // 1 / s = (line - i y) / |s|^2
        let square = line * line + y * y;
        let real = modulus * (angle.cos() * line + angle.sin() * y) / square;
        let weight = if k == 0 { 0.5 } else { 1.0 };
        sum += weight * real * width * u.cosh();
        if modulus * width * u.cosh() / square.sqrt() < 1e-12 * sum.abs() {
            break;
        }
    }
    sum * STEP / std::f64::consts::PI
}

/// Modulus and angle of e^K(line + i y), the product of (1 - s d)^(-count).
fn exponential(atoms: &[Atom], t: f64, line: f64, y: f64) -> (f64, f64) {
    let (mut log_modulus, mut angle) = (0.0, 0.0);
    let mut add = |re: f64, im: f64, count: f64| {
        log_modulus -= 0.5 * count * (re * re + im * im).ln();
        angle -= count * im.atan2(re);
    };
    // Single units are multiplied, some at a time, since a product costs far less than a logarithm and an angle.
    const TOGETHER: u32 = 12;
    let (mut product, mut factors) = ((1.0, 0.0), 0);
    for (value, count) in atoms {
        let d = value - t;
        let (re, im) = (1.0 - line * d, -y * d);
        if *count != 1.0 {
            add(re, im, *count);
            continue;
        }
        product = (product.0 * re - product.1 * im, product.0 * im + product.1 * re);
        factors += 1;
        if factors == TOGETHER {
            add(product.0, product.1, 1.0);
            (product, factors) = ((1.0, 0.0), 0);
        }
    }
    add(product.0, product.1, 1.0);
    (log_modulus.exp(), angle)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Grouping before the inversion leaves what the ungrouped law is, also with a heavy tail.
    #[test]
    fn grouping_changes_little() {
        let values: Vec<(f64, f64)> = (0..4000)
            .map(|i| (normal_quantile((f64::from(i) + 0.5) / 4000.0) * 2.0).exp())
            .map(|value| (value, 1.0))
            .collect();
        let n = values.len() as f64;
        let mean = values.iter().map(|value| value.0).sum::<f64>() / n;
        let square = values.iter().map(|value| (value.0 - mean).powi(2)).sum::<f64>() / n;
        let law = curve(values.clone(), mean, (square / (n + 1.0)).sqrt());
        for p in [0.005, 0.025, 0.5, 0.975, 0.995] {
            let t = law.quantile(p);
            let exact = score_of(&values, t);
            let error = (exact - normal_quantile(p)).abs();
            println!("{p}: {error:.1e} standard deviations");
            assert!(error < 5e-3, "{p}: {error}");
        }
    }
}
