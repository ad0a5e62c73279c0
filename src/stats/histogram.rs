//! A branch's histogram as estimators want it, whether it holds distinct values or buckets of them: ends, quantiles, ranks, atoms.
//!
//! In a bucket of n units with mean m between low and high, the value at share u of its units is taken for low + (high - low) u^a,
//! a = (high - m) / (m - low): the power that keeps count, mean and both ends, and a straight line where the mean lies in the middle. No unit
//! is moved by more than the width of its bucket, so that no quantile is wrong by more than the width of the bucket that it lies in.

use std::fmt;

use crate::summary::{Bin, Branch, Spread};

/// A value, and how many units have it.
pub type Atom = (f64, f64);

/// How many units have a value.
pub fn units(branch: &Branch) -> i64 {
    branch.histogram.iter().map(|bin| bin.count).sum()
}

/// How the values of a bin lie in it; `None` where there is only one.
pub fn spread(branch: &Branch, index: usize) -> Option<&Spread> {
    branch.spreads.get(index).filter(|spread| spread.low < spread.high)
}

/// The bins with their spreads.
pub fn buckets(branch: &Branch) -> impl Iterator<Item = (&Bin, Option<&Spread>)> {
    let bins = branch.histogram.iter().enumerate();
    bins.map(|(index, bin)| (bin, spread(branch, index)))
}

/// The smallest and the largest value.
pub fn ends(branch: &Branch) -> Option<(f64, f64)> {
    let (first, last) = (branch.histogram.first()?, branch.histogram.last()?);
    if branch.spreads.is_empty() {
        return Some((first.value, last.value));
    }
    let low = branch
        .spreads
        .iter()
        .map(|spread| spread.low)
        .fold(f64::INFINITY, f64::min);
    let high = branch
        .spreads
        .iter()
        .map(|spread| spread.high)
        .fold(f64::NEG_INFINITY, f64::max);
    Some((low, high))
}

/// The smallest value above 0.
pub fn smallest_positive(branch: &Branch) -> Option<f64> {
    match branch.spreads.is_empty() {
        true => branch.histogram.iter().map(|bin| bin.value).find(|value| *value > 0.0),
        // A bucket has one sign.
        false => (branch.spreads.iter().map(|spread| spread.low).filter(|low| *low > 0.0)).min_by(f64::total_cmp),
    }
}

/// Whether any value is infinite.
pub fn has_infinities(branch: &Branch) -> bool {
    // Values are in order, and infinities have buckets of their own.
    let ends = [branch.histogram.first(), branch.histogram.last()];
    ends.into_iter().flatten().any(|bin| bin.value.is_infinite())
}

/// The exponent of a bucket's quantile function.
fn power(mean: f64, spread: &Spread) -> f64 {
    ((spread.high - mean) / (mean - spread.low)).clamp(1e-3, 1e3)
}

/// The value at a share of the units of a bin, from 0 (the smallest) to 1 (the largest).
pub fn value_at(bin: &Bin, spread: Option<&Spread>, share: f64) -> f64 {
    match spread {
        None => bin.value,
        Some(_) if bin.count == 1 => bin.value,
        Some(spread) => spread.low + (spread.high - spread.low) * share.powf(power(bin.value, spread)),
    }
}

/// How many units of a bin have a value of at most `point`; whole numbers at a bucket's ends.
pub fn units_to(bin: &Bin, spread: Option<&Spread>, point: f64) -> f64 {
    let count = bin.count as f64;
    match spread {
        None if bin.value <= point => count,
        None => 0.0,
        Some(spread) if point < spread.low => 0.0,
        Some(spread) if point >= spread.high => count,
        Some(spread) => {
            let share = ((point - spread.low) / (spread.high - spread.low)).powf(1.0 / power(bin.value, spread));
            1.0 + (count - 2.0).max(0.0) * share
        }
    }
}

/// The quantile of order `q` of a branch's values, by linear interpolation between ranks.
pub fn quantile(branch: &Branch, q: f64) -> Option<f64> {
    let n = units(branch);
    let position = (n - 1) as f64 * q;
    let rank = position.floor() as i64;
    let at = |rank: i64| {
        let mut before = 0;
        buckets(branch).find_map(|(bin, spread)| {
            before += bin.count;
            let place = (rank - (before - bin.count)) as f64 / (bin.count - 1).max(1) as f64;
            (before > rank).then(|| value_at(bin, spread, place))
        })
    };
    let (lower, upper) = (at(rank)?, at((rank + 1).min(n - 1))?);
    let share = position - rank as f64;
    Some(match lower == upper {
        true => lower,
        false => lower + (upper - lower) * share,
    })
}

/// The values with their weights in ascending order. A bucket becomes two atoms, which keep its count, mean and variance and stay between its ends.
pub fn atoms(branch: &Branch) -> Vec<Atom> {
    clipped_atoms(branch, 1.0)
}

/// The same with the values above the quantile of order `q` brought down to it. Of a bucket that the quantile lies in, the
/// units below it become one atom at their mean.
pub fn clipped_atoms(branch: &Branch, q: f64) -> Vec<Atom> {
    let threshold = match quantile(branch, q) {
        Some(threshold) if q < 1.0 && threshold.is_finite() => threshold,
        _ => f64::INFINITY,
    };
    let mut atoms: Vec<Atom> = Vec::with_capacity(branch.histogram.len() + branch.spreads.len());
    let mut clipped = 0.0;
    for (bin, spread) in buckets(branch) {
        let count = bin.count as f64;
        match spread {
            _ if spread.map_or(bin.value, |spread| spread.low) > threshold => clipped += count,
            None => atoms.push((bin.value, count)),
            Some(spread) if spread.high <= threshold => atoms.extend(pair(bin, spread)),
            Some(spread) => {
                let below = units_to(bin, Some(spread), threshold);
                let mean = spread.low + (threshold - spread.low) / (1.0 + power(bin.value, spread));
                atoms.push((mean, below));
                clipped += count - below;
            }
        }
    }
    if !branch.spreads.is_empty() {
        atoms.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    if clipped > 0.0 {
        match atoms.last_mut() {
            Some(last) if last.0 == threshold => last.1 += clipped,
            _ => atoms.push((threshold, clipped)),
        }
    }
    atoms
}

/// Two atoms with the count, mean and variance of a bucket, within its ends.
///
/// With s the standard deviation they lie at m - s r and m + s / r with weights in the ratio 1 to r²; r = 1 unless an end is nearer.
fn pair(bin: &Bin, spread: &Spread) -> [Atom; 2] {
    let count = bin.count as f64;
    let deviation = (spread.square / count).sqrt();
    if deviation == 0.0 {
        return [(bin.value, 0.5 * count), (bin.value, 0.5 * count)];
    }
    let most = (bin.value - spread.low) / deviation;
    let least = deviation / (spread.high - bin.value);
    // That least <= most is the inequality of Bhatia and Davis; rounding may break it.
    let r = 1.0f64.min(most).max(least.min(1e3)).max(1e-3);
    let weight = count / (1.0 + r * r);
    let within = |value: f64| value.clamp(spread.low, spread.high);
    [
        (within(bin.value - deviation * r), weight),
        (within(bin.value + deviation / r), count - weight),
    ]
}

/// What compression costs, of a compressed histogram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compression {
    /// How many distinct values (or pairs) there are.
    pub distinct: i64,
    /// How many buckets stand for them.
    pub buckets: usize,
    /// The widest bucket beside its larger end: no value is moved by more than this share of itself.
    pub width: f64,
    /// The largest share of units in a bucket of more than one value: no share of units is wrong by more.
    pub share: f64,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "compressed histogram: {} distinct values were read as {} buckets, none wider than {:.2e} of its values \
             and none with more than {:.2e} of the units; means and variances are exact",
            self.distinct, self.buckets, self.width, self.share
        )
    }
}

/// What compression costs; `None` where the distinct values are there.
pub fn compression(branch: &Branch) -> Option<Compression> {
    if branch.spreads.is_empty() {
        return None;
    }
    let n = units(branch) as f64;
    let relative = |low: f64, high: f64| match low < high {
        true => (high - low) / low.abs().max(high.abs()),
        false => 0.0,
    };
    let (mut width, mut share) = (0.0f64, 0.0f64);
    for (bin, spread) in branch.histogram.iter().zip(&branch.spreads) {
        let wide = relative(spread.low, spread.high).max(relative(spread.denominator_low, spread.denominator_high));
        if wide > 0.0 {
            (width, share) = (width.max(wide), share.max(bin.count as f64 / n));
        }
    }
    Some(Compression {
        distinct: branch.distinct,
        buckets: branch.histogram.len(),
        width,
        share,
    })
}

/// The standard deviation (divisor n - 1) of finite atoms; NaN for one unit.
pub fn deviation(atoms: &[Atom]) -> f64 {
    let n: f64 = atoms.iter().map(|atom| atom.1).sum();
    let shift = atoms.get(atoms.len() / 2).map_or(0.0, |atom| atom.0);
    let mean = atoms
        .iter()
        .map(|(value, weight)| (value - shift) * weight)
        .sum::<f64>()
        / n;
    let square: f64 = atoms
        .iter()
        .map(|(value, weight)| (value - shift - mean).powi(2) * weight)
        .sum();
    (square / (n - 1.0)).sqrt()
}
