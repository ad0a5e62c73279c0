//! Distribution functions against values computed with 50 digits, up to parameters of 1e8.

use isobar::stats::distribution::{Beta, t_quantile, t_survival};

const TABLE: &str = include_str!("oracle/distributions.tsv");

/// Checks every row of one function and gives the largest relative error.
fn check(function: &str, compute: fn(&[f64], f64) -> f64) {
    let mut worst = (0.0, String::new());
    let mut rows = 0;
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, parameters, argument, value] = fields[..] else {
            panic!("a row has four fields: {line}");
        };
        if name != function {
            continue;
        }
        let parameters: Vec<f64> = parameters.split(' ').map(|p| p.parse().expect("a number")).collect();
        let expected: f64 = value.parse().expect("a number");
        let computed = compute(&parameters, argument.parse().expect("a number"));
        let error = (computed / expected - 1.0).abs();
        // NaN must count as an error.
        if error.is_nan() || error > worst.0 {
            worst = (error, format!("{line}: got {computed:e}"));
        }
        rows += 1;
    }
    println!(
        "{function}: {rows} rows, largest relative error {:.1e} ({})",
        worst.0, worst.1
    );
    assert!(rows > 50);
    assert!(
        worst.0 <= 1e-9,
        "{function}: relative error {:e} at {}",
        worst.0,
        worst.1
    );
}

#[test]
fn t_survival_is_exact() {
    check("t_survival", |df, t| t_survival(t, df[0]));
}

#[test]
fn t_quantile_is_exact() {
    check("t_quantile", |df, p| t_quantile(p, df[0]));
}

#[test]
fn beta_cdf_is_exact() {
    check("beta_cdf", |ab, x| Beta { a: ab[0], b: ab[1] }.cdf(x).0);
}

#[test]
fn beta_quantile_is_exact() {
    check("beta_quantile", |ab, p| Beta { a: ab[0], b: ab[1] }.quantile(p));
}

#[test]
fn quantiles_are_symmetric_and_refuse_nonsense() {
    for df in [1.0, 4.5, 300.0, 1e6] {
        assert!((t_quantile(0.025, df) / t_quantile(0.975, df) + 1.0).abs() < 1e-12);
        assert_eq!(t_quantile(0.5, df), 0.0);
    }
    assert!(t_quantile(0.975, 0.0).is_nan());
    assert!(t_quantile(1.0, 3.0).is_nan());
    assert!(Beta { a: 2.0, b: 3.0 }.quantile(0.0).is_nan());
}
