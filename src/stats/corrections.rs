//! Corrections of p-values for many comparisons, as rows beside the intervals, which stay as they are.
//!
//! A family is what somebody looks through for "anything significant": the differences of all metrics and pairs of branches in one window,
//! basis and segment whose statistics ask for the same correction. A pair counts once, whichever branch is the reference.

use indexmap::IndexMap;

use super::{Comparison, Estimates, Request, Row};

/// How p-values are corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Correction {
    /// The probability of any false positive in the family: S. Holm, "A simple sequentially rejective multiple test procedure" (1979).
    Holm,
    /// The expected share of false ones among the positives: Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate" (1995).
    BenjaminiHochberg,
}

impl Correction {
    /// The corrections by their configured names.
    pub const NAMES: [(&'static str, Correction); 2] = [
        ("holm", Correction::Holm),
        ("benjamini_hochberg", Correction::BenjaminiHochberg),
    ];

    fn name(self) -> &'static str {
        match self {
            Correction::Holm => "holm",
            Correction::BenjaminiHochberg => "benjamini_hochberg",
        }
    }

    /// The adjusted p-values of a family of m, in its order. With p_(1) <= ... <= p_(m):
    /// Holm's are the running maximum of (m - i + 1) p_(i) from below, Benjamini and Hochberg's the running minimum of m p_(i) / i from
    /// above, both at most 1.
    pub fn adjust(self, family: &[f64]) -> Vec<f64> {
        let m = family.len();
        let mut order: Vec<usize> = (0..m).collect();
        order.sort_by(|a, b| family[*a].total_cmp(&family[*b]));
        let mut adjusted = vec![0.0; m];
        match self {
            Correction::Holm => {
                let mut largest: f64 = 0.0;
                for (rank, index) in order.into_iter().enumerate() {
                    largest = largest.max((m - rank) as f64 * family[index]).min(1.0);
                    adjusted[index] = largest;
                }
            }
            Correction::BenjaminiHochberg => {
                let mut smallest: f64 = 1.0;
                for (rank, index) in order.into_iter().enumerate().rev() {
                    smallest = smallest.min(m as f64 / (rank + 1) as f64 * family[index]);
                    adjusted[index] = smallest;
                }
            }
        }
        adjusted
    }
}

/// One pair of branches of one request in one segment.
type Member = (usize, String, [String; 2]);

/// Adds the p-values of the requests that ask for a correction, raw and corrected: for the statistic `name` rows of
/// `name_p_value` and of `name_p_value_holm` (or `_benjamini_hochberg`), whose point is the p-value of the difference.
///
/// `estimates` are those of `requests`, in their order, of one window and basis.
pub fn correct(requests: &[Request], estimates: &mut [Estimates]) {
    for (_, correction) in Correction::NAMES {
        let mut family: IndexMap<Member, f64> = IndexMap::new();
        for (index, (request, estimates)) in requests.iter().zip(&*estimates).enumerate() {
            if request.statistic.correction() != Some(correction) {
                continue;
            }
            for row in &estimates.rows {
                if let (Some(member), Some(test)) = (member(index, row), row.test) {
                    family.entry(member).or_insert_with(|| test.p_value());
                }
            }
        }
        let mut segments: IndexMap<String, Vec<Member>> = IndexMap::new();
        for member in family.keys() {
            segments.entry(member.1.clone()).or_default().push(member.clone());
        }
        let mut corrected: IndexMap<Member, (f64, f64)> = IndexMap::new();
        for members in segments.into_values() {
            let raw: Vec<f64> = members.iter().map(|member| family[member]).collect();
            let adjusted = correction.adjust(&raw);
            corrected.extend(members.into_iter().zip(raw.into_iter().zip(adjusted)));
        }
        for (index, estimates) in estimates.iter_mut().enumerate() {
            let additions: Vec<Row> = estimates
                .rows
                .iter()
                .filter_map(|row| Some((row, corrected.get(&member(index, row)?)?)))
                .flat_map(|(row, (raw, adjusted))| {
                    [
                        beside(row, "p_value", *raw),
                        beside(row, &format!("p_value_{}", correction.name()), *adjusted),
                    ]
                })
                .collect();
            estimates.rows.extend(additions);
        }
    }
}

fn member(index: usize, row: &Row) -> Option<Member> {
    row.test?;
    if row.comparison != Some(Comparison::Difference) {
        return None;
    }
    let mut pair = [row.branch.clone(), row.comparison_to_branch.clone()?];
    pair.sort();
    Some((index, row.segment.clone(), pair))
}

/// A row with a number about another row.
fn beside(row: &Row, what: &str, number: f64) -> Row {
    Row {
        statistic: format!("{}_{what}", row.statistic),
        ci_width: None,
        point: Some(number),
        lower: None,
        upper: None,
        test: None,
        ..row.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The example of R's `p.adjust` (R 4.4).
    #[test]
    fn adjusted_as_r_does() {
        let family = [0.01, 0.02, 0.03, 0.04, 0.05];
        let close = |a: Vec<f64>, b: [f64; 5]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-15);
        assert!(close(Correction::Holm.adjust(&family), [0.05, 0.08, 0.09, 0.09, 0.09]));
        assert!(close(Correction::BenjaminiHochberg.adjust(&family), [0.05; 5]));
        assert_eq!(Correction::Holm.adjust(&[0.5, 0.9]), [1.0, 1.0]);
        assert_eq!(
            Correction::BenjaminiHochberg.adjust(&[0.04, 0.5, 0.001]),
            [0.06, 0.5, 0.003]
        );
        assert!(Correction::Holm.adjust(&[]).is_empty());
    }

    proptest! {
        /// Never below the raw value, in the same order, Holm's never below Benjamini and Hochberg's, at most Bonferroni's.
        #[test]
        fn corrections_are_ordered(family in proptest::collection::vec(0.0f64..=1.0, 1..30)) {
            let (holm, hochberg) = (Correction::Holm.adjust(&family), Correction::BenjaminiHochberg.adjust(&family));
            for i in 0..family.len() {
                prop_assert!(family[i] <= hochberg[i] && hochberg[i] <= holm[i] + 1e-15);
                prop_assert!(holm[i] <= (family.len() as f64 * family[i]).min(1.0));
                for j in 0..family.len() {
                    prop_assert!(family[i] > family[j] || (holm[i] <= holm[j] && hochberg[i] <= hochberg[j]));
                }
            }
        }
    }
}
