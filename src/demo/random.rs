//! Random draws that depend on nothing but a seed and a name, so that telemetry is the same however it is split into
//! chunks and threads. No global generator and no order of calls: every draw has a key.
//!
//! The generator is SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators",
//! OOPSLA 2014): a counter that grows by the golden ratio, and a mixing function. A stream starts at the mixed key
//! (seed, unit, purpose, day); the streams of 2^64 starting points are disjoint for all practical lengths.

use std::f64::consts::TAU;

const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;

/// What a stream is drawn for. Two purposes of one unit and day are independent.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    /// What a client is: its latent rates and traits.
    Traits = 1,
    /// On which days it is active.
    Activity = 2,
    /// Its life in the experiment: enrollment, exposure, unenrollment.
    Experiment = 3,
    /// What it does on one day.
    Day = 4,
    /// Its searches on one day.
    Search = 5,
    /// Its pings on one day.
    Pings = 6,
}

/// The key of a unit, from which its streams start.
pub fn unit_key(seed: u64, platform: u64, number: u64) -> u64 {
    mix(mix(mix(seed ^ 0x6973_6f62_6172).wrapping_add(platform.wrapping_mul(GOLDEN_RATIO))) ^ number)
}

/// A sequence of draws.
#[derive(Debug, Clone)]
pub struct Stream {
    state: u64,
}

impl Stream {
    /// The stream of a unit for one purpose on one day (0 where the day does not matter).
    pub fn new(unit_key: u64, purpose: Purpose, day: u64) -> Self {
        let counter = (purpose as u64) << 32 | day;
        Self {
            state: mix(unit_key ^ counter.wrapping_mul(GOLDEN_RATIO)),
        }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN_RATIO);
        mix(self.state)
    }

    /// Uniform on (0, 1); neither end occurs.
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64)
    }

    /// True with the given probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// Uniform on 0, 1, ..., `bound` - 1. The bias of the multiplication is below `bound` / 2^64.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// The index of one of the weights, drawn in proportion to them.
    pub fn pick(&mut self, weights: &[f64]) -> usize {
        let mut rest = self.uniform() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            rest -= weight;
            if rest < 0.0 {
                return index;
            }
        }
        weights.len() - 1
    }

    /// Standard normal (Box and Muller 1958; the cosine half).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (TAU * self.uniform()).cos()
    }

    /// Lognormal: exp of a normal with mean `location` and standard deviation `scale`.
    pub fn lognormal(&mut self, location: f64, scale: f64) -> f64 {
        (location + scale * self.normal()).exp()
    }

    /// Gamma with the given shape and scale 1 (G. Marsaglia, W. W. Tsang, "A Simple Method for Generating Gamma
    /// Variables", 2000; a shape a below 1 is Gamma(a + 1) U^(1/a)).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let boost = self.uniform().powf(1.0 / shape);
            return boost * self.gamma(shape + 1.0);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.uniform().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// Beta, as a ratio of gammas.
    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        let x = self.gamma(a);
        let y = self.gamma(b);
        x / (x + y)
    }

    /// Poisson with a small mean (Knuth 1969: the number of uniforms whose product stays above exp(-mean)).
    pub fn poisson(&mut self, mean: f64) -> u32 {
        let floor = (-mean).exp();
        let mut product = self.uniform();
        let mut count = 0;
        while product > floor {
            product *= self.uniform();
            count += 1;
        }
        count
    }

    /// Poisson whose mean is itself exponential with mean `mean`: the heavy-tailed count of one day.
    ///
    /// It is geometric, P(N = n) = (1 - r) r^n with r = mean / (1 + mean), drawn by inversion; E\[N\] = mean and
    /// P(N = 0) = 1 / (1 + mean). Keeping each event with probability p gives the same law with mean p * mean.
    pub fn mixed_poisson(&mut self, mean: f64) -> u32 {
        let ratio = mean / (1.0 + mean);
        // A count beyond 2^32 has a probability below 2^-64 for the means in use; the cast saturates.
        (self.uniform().ln() / ratio.ln()) as u32
    }

    /// The number of `trials` that succeed.
    pub fn binomial(&mut self, trials: u32, probability: f64) -> u32 {
        (0..trials).filter(|_| self.chance(probability)).count() as u32
    }
}

/// A permutation of the numbers below 2^48 that depends on the seed: ids without order and without collisions.
pub fn permute48(seed: u64, number: u64) -> u64 {
    const MASK: u64 = (1 << 48) - 1;
    let key = mix(seed ^ GOLDEN_RATIO);
    // Adding, xor-shifting by half and multiplying by an odd number are bijections modulo 2^48.
    let mut x = number.wrapping_add(key) & MASK;
    for multiplier in [0xbf58_476d_1ce5_u64, 0x94d0_49bb_1331, 0xd6e8_feb8_6659] {
        x ^= x >> 24;
        x = x.wrapping_mul(multiplier) & MASK;
    }
    x ^ (x >> 24)
}

/// The mixing function of SplitMix64 (variant 13 of D. Stafford's list).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Draws many values and compares mean and variance with theory, within five standard errors of each.
    fn check(name: &str, mean: f64, variance: f64, fourth_central_moment: f64, draw: impl Fn(&mut Stream) -> f64) {
        let n = 200_000;
        let values: Vec<f64> = (0..n)
            .map(|unit| draw(&mut Stream::new(unit_key(7, 0, unit), Purpose::Traits, 0)))
            .collect();
        let m = values.iter().sum::<f64>() / n as f64;
        let v = values.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / n as f64;
        let mean_error = (variance / n as f64).sqrt();
        let variance_error = ((fourth_central_moment - variance * variance) / n as f64).sqrt();
        assert!((m - mean).abs() < 5.0 * mean_error, "{name}: mean {m}, expected {mean}");
        assert!(
            (v - variance).abs() < 5.0 * variance_error,
            "{name}: variance {v}, expected {variance}"
        );
    }

    #[test]
    fn moments_are_those_of_theory() {
        check("uniform", 0.5, 1.0 / 12.0, 1.0 / 80.0, Stream::uniform);
        check("normal", 0.0, 1.0, 3.0, Stream::normal);
        for shape in [0.4, 1.0, 3.5] {
            let fourth = 3.0 * shape * shape + 6.0 * shape;
            check("gamma", shape, shape, fourth, move |s| s.gamma(shape));
        }
        // Beta(2, 3): excess kurtosis -9/14.
        check("beta", 0.4, 0.04, (3.0 - 9.0 / 14.0) * 0.0016, |s| s.beta(2.0, 3.0));
        check("poisson", 1.5, 1.5, 1.5 + 3.0 * 2.25, |s| f64::from(s.poisson(1.5)));
        // Geometric: variance m (1 + m); fourth central moment from its excess kurtosis 6 + 1 / variance.
        for mean in [0.2_f64, 3.0, 40.0] {
            let variance = mean * (1.0 + mean);
            let fourth = (9.0 + 1.0 / variance) * variance * variance;
            check("mixed poisson", mean, variance, fourth, move |s| {
                f64::from(s.mixed_poisson(mean))
            });
        }
        let variance = 10.0 * 0.3 * 0.7;
        check("binomial", 3.0, variance, variance * (1.0 + 3.0 * 8.0 * 0.21), |s| {
            f64::from(s.binomial(10, 0.3))
        });
    }

    #[test]
    fn streams_of_different_keys_differ() {
        let mut seen = BTreeSet::new();
        for seed in 0..3 {
            for unit in 0..20 {
                for purpose in [Purpose::Traits, Purpose::Activity, Purpose::Day] {
                    for day in 0..20 {
                        seen.insert(Stream::new(unit_key(seed, 0, unit), purpose, day).bits());
                    }
                }
            }
        }
        assert_eq!(seen.len(), 3 * 20 * 3 * 20);
    }

    #[test]
    fn the_permutation_repeats_no_id() {
        let ids: BTreeSet<u64> = (0..50_000).map(|number| permute48(3, number)).collect();
        assert_eq!(ids.len(), 50_000);
        assert!(ids.iter().all(|id| *id < 1 << 48));
    }
}
