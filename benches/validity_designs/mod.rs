//! What `validity` simulates: laws of units, statistics, sizes.

use isobar::analysis::Period;
use isobar::stats::coverage::{Coverage, Looks};
use isobar::stats::{Bootstrap, LinearModel, Ratio, Statistic, Winsorized};

/// The nominal coverages.
pub const WIDTHS: [f64; 3] = [0.9, 0.95, 0.99];
/// How many days an experiment is looked at.
pub const LOOKS: usize = 30;

/// The law of a unit in either branch.
pub struct Design {
    /// The name in tables.
    pub name: &'static str,
    /// Units of the branches in multiples of n.
    pub sizes: [usize; 2],
    /// Metric and denominator of a unit of a branch, given independent standard normal draws. Increasing in the first, so that it gives the quantiles
    /// of a metric that does not depend on the second.
    pub values: fn(usize, [f64; 2]) -> [f64; 2],
    /// Whether there is a denominator, and the second draw is used.
    pub is_ratio: bool,
    /// The means, or ratios, of the branches; `None`: what the statistic gives for a large population.
    pub truth: Option<[f64; 2]>,
}

/// A statistic with the data that it is simulated on.
pub struct Study {
    /// The table's title.
    pub title: &'static str,
    /// What there is to know of it.
    pub note: &'static str,
    /// The statistic of a nominal coverage.
    pub statistic: fn(f64) -> Statistic,
    /// The statistic without adjustment, which has the same own estimates.
    pub plain: fn(f64) -> Statistic,
    /// Whether units have values before enrollment.
    pub adjusts: bool,
    /// The parameters of the rows that are looked at.
    pub parameters: &'static [Option<&'static str>],
    /// The nominal coverages.
    pub widths: &'static [f64],
    /// The laws.
    pub designs: &'static [Design],
    /// Sizes n, with how often each is drawn.
    pub runs: &'static [(usize, usize)],
}

/// A statistic that is looked at every day.
pub struct Peeking {
    /// The statistic.
    pub statistic: fn() -> Statistic,
    /// The law; both branches have the same.
    pub design: &'static Design,
    /// Units of a branch at the end, with how often each is drawn.
    pub sizes: &'static [(usize, usize)],
}

const NORMAL: Design = Design {
    name: "normal",
    sizes: [1, 1],
    values: |_, z| [10.0 + 3.0 * z[0], 1.0],
    is_ratio: false,
    truth: None,
};
/// 70 % zeros; the others have a lognormal tail.
const ZERO_INFLATED: Design = Design {
    name: "zero-inflated",
    sizes: [1, 1],
    values: |_, z| {
        [
            if z[0] < 0.524_400_512_708 {
                0.0
            } else {
                (1.5 * (z[0] - 0.524_400_512_708)).exp()
            },
            1.0,
        ]
    },
    is_ratio: false,
    truth: None,
};
/// Skewness 33, excess kurtosis 10,000.
const LOGNORMAL: Design = Design {
    name: "lognormal(1.5)",
    sizes: [1, 1],
    values: |_, z| [(1.5 * z[0]).exp(), 1.0],
    is_ratio: false,
    truth: None,
};
/// The smaller branch varies three times as much.
const UNBALANCED: Design = Design {
    name: "9:1, sd 2 and 6",
    sizes: [9, 1],
    values: |branch, z| [10.0 + if branch == 0 { 2.0 } else { 6.0 } * z[0], 1.0],
    is_ratio: false,
    truth: None,
};
const DESIGNS: [Design; 4] = [NORMAL, ZERO_INFLATED, LOGNORMAL, UNBALANCED];

const CONVERSIONS: [Design; 3] = [
    Design {
        name: "30 %",
        values: |_, z| [f64::from(z[0] > 0.524_400_512_708), 1.0],
        truth: Some([0.3, 0.3]),
        ..NORMAL
    },
    Design {
        name: "1 %",
        values: |_, z| [f64::from(z[0] > 2.326_347_874_041), 1.0],
        truth: Some([0.01, 0.01]),
        ..NORMAL
    },
    Design {
        name: "9:1, 5 %",
        sizes: [9, 1],
        values: |_, z| [f64::from(z[0] > 1.644_853_626_951), 1.0],
        truth: Some([0.05, 0.05]),
        ..NORMAL
    },
];

const SKEWED_RATIO: Design = Design {
    name: "lognormal over lognormal",
    sizes: [1, 1],
    values: |_, z| [0.3 * (0.8 * z[0] + 0.5 * z[1] - 0.32).exp(), (0.5 * z[0]).exp()],
    is_ratio: true,
    truth: Some([0.3, 0.3]),
};
const RATIOS: [Design; 3] = [
    SKEWED_RATIO,
    Design {
        name: "30 % of units times visits",
        values: |_, z| {
            [
                if z[1] > 0.524_400_512_708 {
                    (0.8 * z[0]).exp()
                } else {
                    0.0
                },
                (0.8 * z[0]).exp(),
            ]
        },
        ..SKEWED_RATIO
    },
    Design {
        name: "9:1, the smaller noisier",
        sizes: [9, 1],
        values: |branch, z| {
            let scale = if branch == 0 { 0.5 } else { 1.0 };
            [
                0.3 * (0.8 * z[0] + scale * z[1] - 0.5 * scale * scale - 0.195).exp(),
                (0.5 * z[0]).exp(),
            ]
        },
        ..SKEWED_RATIO
    },
];

const MANY: [(usize, usize); 6] = [
    (30, 10_000),
    (100, 5_000),
    (1_000, 3_000),
    (10_000, 1_000),
    (100_000, 100),
    (1_000_000, 20),
];
/// The same where a run takes longer.
const FEWER: [(usize, usize); 6] = [
    (30, 10_000),
    (100, 5_000),
    (1_000, 3_000),
    (10_000, 400),
    (100_000, 40),
    (1_000_000, 6),
];
const SOME: [(usize, usize); 5] = [(30, 5_000), (100, 5_000), (1_000, 2_000), (10_000, 250), (100_000, 15)];
const FEW: [(usize, usize); 4] = [(30, 300), (100, 300), (1_000, 300), (10_000, 100)];

fn linear_model(confidence: f64, adjusts: bool) -> Statistic {
    mean(Coverage::once(confidence), 0.005, adjusts)
}

fn mean(coverage: Coverage, drop_highest: f64, adjusts: bool) -> Statistic {
    Statistic::LinearModelMean(LinearModel {
        name: match coverage.looks {
            Looks::One => "linear_model_mean".to_string(),
            Looks::Every { .. } => "sequential_mean".to_string(),
        },
        coverage,
        drop_highest,
        correction: None,
        covariate: adjusts.then_some((None, Period::PreenrollmentDays28)),
    })
}

fn ratio(coverage: Coverage, adjusts: bool) -> Statistic {
    Statistic::Ratio(Ratio {
        correction: None,
        name: match coverage.looks {
            Looks::One => "ratio",
            Looks::Every { .. } => "sequential_ratio",
        },
        numerator: "n".to_string(),
        denominator: "d".to_string(),
        coverage,
        covariate: adjusts.then_some(Period::PreenrollmentDays28),
    })
}

fn quantiles(confidence: f64) -> Statistic {
    Statistic::Quantiles {
        orders: vec![0.5, 0.9, 0.99],
        confidence,
    }
}

fn deciles(confidence: f64) -> Statistic {
    Statistic::Deciles {
        confidence,
        samples: 10_000.0,
    }
}

fn winsorized(confidence: f64) -> Statistic {
    Statistic::WinsorizedMean(Winsorized {
        correction: None,
        lowest: 0.01,
        highest: 0.01,
        confidence,
    })
}

fn bootstrap(confidence: f64, drop_highest: f64) -> Bootstrap {
    Bootstrap {
        confidence,
        drop_highest,
        samples: 10_000.0,
    }
}

fn bootstrap_mean(confidence: f64) -> Statistic {
    Statistic::BootstrapMean(bootstrap(confidence, 0.005))
}

fn population_ratio(confidence: f64) -> Statistic {
    Statistic::PopulationRatio {
        numerator: "n".to_string(),
        denominator: "d".to_string(),
        bootstrap: bootstrap(confidence, 0.0),
    }
}

fn binomial(confidence: f64) -> Statistic {
    Statistic::Binomial { confidence }
}

const BASE: Study = Study {
    title: "linear_model_mean",
    note: "`drop_highest` 0.005. What is estimated is the mean of the clipped values, with the threshold of the population.",
    statistic: |confidence| linear_model(confidence, false),
    plain: |confidence| linear_model(confidence, false),
    adjusts: false,
    parameters: &[None],
    widths: &WIDTHS,
    designs: &DESIGNS,
    runs: &MANY,
};

/// All tables of coverage.
pub const STUDIES: [Study; 11] = [
    BASE,
    Study {
        title: "linear_model_mean, adjusted",
        note: "The same with a covariate whose normal scores correlate by 0.7 with the metric's, and which a fifth of the units lacks.",
        statistic: |confidence| linear_model(confidence, true),
        adjusts: true,
        runs: &FEWER,
        ..BASE
    },
    Study {
        title: "winsorized_mean",
        note: "`lowest` and `highest` 0.01. What is estimated is the mean of the winsorised values, with the limits of the population.",
        statistic: winsorized,
        plain: winsorized,
        runs: &SOME,
        ..BASE
    },
    Study {
        title: "binomial",
        note: "A Bayesian interval with a uniform prior: it covers on average over the prior, and only nearly for one rate.",
        statistic: binomial,
        plain: binomial,
        designs: &CONVERSIONS,
        runs: &[
            (30, 300),
            (100, 300),
            (1_000, 400),
            (10_000, 150),
            (100_000, 30),
            (1_000_000, 5),
        ],
        ..BASE
    },
    Study {
        title: "bootstrap_mean",
        note: "`drop_highest` 0.005, clipped within each branch.",
        statistic: bootstrap_mean,
        plain: bootstrap_mean,
        widths: &[0.95],
        runs: &[(100, 300), (1_000, 300), (10_000, 100)],
        ..BASE
    },
    Study {
        title: "deciles",
        note: "What is estimated is the quantile of order q.",
        statistic: deciles,
        plain: deciles,
        parameters: &[Some("0.5"), Some("0.9")],
        widths: &[0.95],
        runs: &FEW,
        ..BASE
    },
    Study {
        title: "quantiles",
        note: "Ties (here the zeros) make intervals cover more often than they say. Up to 367 units no value bounds the quantile of order 0.99 from above at 95 %; such an end counts as infinite.",
        statistic: quantiles,
        plain: quantiles,
        parameters: &[Some("0.5"), Some("0.9"), Some("0.99")],
        runs: &FEW,
        ..BASE
    },
    Study {
        title: "ratio",
        note: "Nothing is clipped.",
        statistic: |confidence| ratio(Coverage::once(confidence), false),
        plain: |confidence| ratio(Coverage::once(confidence), false),
        designs: &RATIOS,
        ..BASE
    },
    Study {
        title: "ratio, adjusted",
        note: "For the ratio before enrollment, of draws that correlate by 0.7, which a fifth of the units lacks.",
        statistic: |confidence| ratio(Coverage::once(confidence), true),
        plain: |confidence| ratio(Coverage::once(confidence), false),
        adjusts: true,
        designs: &RATIOS,
        runs: &FEWER,
        ..BASE
    },
    Study {
        title: "population_ratio",
        note: "`drop_highest` 0.",
        statistic: population_ratio,
        plain: population_ratio,
        designs: &RATIOS,
        widths: &[0.95],
        runs: &[(30, 500), (100, 500), (1_000, 500), (10_000, 150)],
        ..BASE
    },
    Study {
        title: "linear_model_mean_no_clip",
        note: "Branches with the same mean and different variances.",
        statistic: |confidence| mean(Coverage::once(confidence), 0.0, false),
        plain: |confidence| mean(Coverage::once(confidence), 0.0, false),
        designs: &[Design {
            truth: Some([10.0, 10.0]),
            ..UNBALANCED
        }],
        ..BASE
    },
];

const ALWAYS: Coverage = Coverage {
    confidence: 0.95,
    looks: Looks::Every { tuned_for: 10_000.0 },
};
/// With known means, for nothing is clipped.
const LOOKED_NORMAL: Design = Design {
    truth: Some([10.0, 10.0]),
    ..NORMAL
};
const LOOKED_CONVERSIONS: Design = Design {
    name: "30 % conversions",
    ..CONVERSIONS[0]
};
const LOOKED_LOGNORMAL: Design = Design {
    name: "lognormal(1)",
    values: |_, z| [z[0].exp(), 1.0],
    // The mean is exp(1/2).
    truth: Some([1.648_721_270_700_128_2, 1.648_721_270_700_128_2]),
    ..NORMAL
};
const LOOKED_AT: [(usize, usize); 3] = [(300, 1_000), (3_000, 500), (30_000, 40)];

/// All lines of the table of peeking.
pub const PEEKING: [Peeking; 10] = [
    once_mean(&LOOKED_NORMAL),
    always_mean(&LOOKED_NORMAL),
    once_mean(&LOOKED_CONVERSIONS),
    always_mean(&LOOKED_CONVERSIONS),
    once_mean(&LOOKED_LOGNORMAL),
    always_mean(&LOOKED_LOGNORMAL),
    once_ratio(&RATIOS[0]),
    always_ratio(&RATIOS[0]),
    once_ratio(&RATIOS[1]),
    always_ratio(&RATIOS[1]),
];

const fn looked_at(statistic: fn() -> Statistic, design: &'static Design) -> Peeking {
    Peeking {
        statistic,
        design,
        sizes: &LOOKED_AT,
    }
}

const fn once_mean(design: &'static Design) -> Peeking {
    looked_at(|| mean(Coverage::once(0.95), 0.0, false), design)
}

const fn always_mean(design: &'static Design) -> Peeking {
    looked_at(|| mean(ALWAYS, 0.0, false), design)
}

const fn once_ratio(design: &'static Design) -> Peeking {
    looked_at(|| ratio(Coverage::once(0.95), false), design)
}

const fn always_ratio(design: &'static Design) -> Peeking {
    looked_at(|| ratio(ALWAYS, false), design)
}
