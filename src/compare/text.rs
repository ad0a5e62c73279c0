//! Diffs and lists of names, for people.

use similar::{ChangeTag, TextDiff};

/// Lines around a change.
const CONTEXT: usize = 3;

/// A unified diff without file names.
pub(super) fn unified(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    diff.unified_diff().context_radius(CONTEXT).to_string()
}

/// The lines that differ alone: what two texts with the same change have in common.
pub(super) fn changed_lines(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let changes = diff
        .iter_all_changes()
        .filter(|change| change.tag() != ChangeTag::Equal);
    changes
        .map(|change| format!("{}{}", change.tag(), change.value()))
        .collect()
}

/// Names of statements with runs of indices drawn together: `metrics_week_enrollments_1 to _4, enrollments`.
pub fn names(names: &[String]) -> String {
    let mut runs: Vec<(&str, Option<(u64, u64)>)> = Vec::new();
    for name in names {
        let indexed = name
            .rsplit_once('_')
            .and_then(|(stem, index)| Some((stem, index.parse::<u64>().ok()?)));
        let Some((stem, index)) = indexed else {
            runs.push((name, None));
            continue;
        };
        let last = runs.iter_mut().rev().find(|(known, _)| *known == stem);
        match last {
            Some((_, Some((_, end)))) if *end + 1 == index => *end = index,
            _ => runs.push((stem, Some((index, index)))),
        }
    }
    let shown = runs.into_iter().map(|(stem, run)| match run {
        None => stem.to_string(),
        Some((first, last)) if first == last => format!("{stem}_{first}"),
        Some((first, last)) => format!("{stem}_{first} to _{last}"),
    });
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_indices_are_drawn_together() {
        let check = |given: &[&str], expected: &str| {
            let given: Vec<String> = given.iter().map(|name| name.to_string()).collect();
            assert_eq!(names(&given), expected);
        };
        check(&[], "");
        check(
            &["enrollments", "a_1", "b_1", "a_2", "b_2", "a_4"],
            "enrollments, a_1 to _2, b_1 to _2, a_4",
        );
        check(
            &["metrics_overall_enrollments", "view_week"],
            "metrics_overall_enrollments, view_week",
        );
    }

    #[test]
    fn the_same_change_in_other_places_has_the_same_lines() {
        let lines = |before: &str| changed_lines(before, &before.replace("a\n", "x\n"));
        assert_eq!(lines("1\n2\na\n"), lines("a\n3\n"));
        assert_ne!(lines("a\n"), lines("a\na\n"));
        assert_eq!(unified("a\nb\n", "a\nc\n"), "@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
    }
}
