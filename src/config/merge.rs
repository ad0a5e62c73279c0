//! Layers specs: pure functions that take a lower layer and give it back with an upper layer on top.
//!
//! A value of the upper layer wins where it says something. Empty texts, empty lists and zeros say nothing, as in the
//! reference; an explicit `false` does say something, which the reference forgets (docs/deviations.md).

use indexmap::IndexMap;

use super::spec::{DataSourceSpec, ExperimentSpec, MetricSpec, OutcomeSpec, ParameterSpec, ParameterValue, Spec};
use crate::document::Text;

/// `lower` with `upper` on top: an experiment's config on its app's defaults, or one tree's definitions on another's.
pub fn layer(lower: Spec, upper: &Spec) -> Spec {
    let mut periods = upper.periods.clone();
    for (period, names) in lower.periods {
        periods.entry(period).or_default().extend(names);
    }
    Spec {
        experiment: experiment(lower.experiment, &upper.experiment),
        periods,
        metrics: by_pattern(lower.metrics, &upper.metrics, metric),
        data_sources: by_pattern(lower.data_sources, &upper.data_sources, data_source),
        segments: replace(lower.segments, &upper.segments),
        segment_data_sources: replace(lower.segment_data_sources, &upper.segment_data_sources),
        parameters: {
            let mut parameters = lower.parameters;
            for (name, upper) in &upper.parameters {
                let merged = match parameters.shift_remove(name) {
                    Some(lower) => parameter(lower, upper),
                    None => upper.clone(),
                };
                parameters.insert(name.clone(), merged);
            }
            parameters
        },
    }
}

/// `spec` with an outcome under it: what the experiment and its defaults say of a metric beats the outcome, and the
/// outcome's metrics come last in each period.
pub fn with_outcome(spec: Spec, outcome: &OutcomeSpec) -> Spec {
    let mut periods = spec.periods;
    for (period, names) in &outcome.spec.periods {
        periods.entry(*period).or_default().extend(names.iter().cloned());
    }
    let mut parameters = spec.parameters;
    for (name, lower) in &outcome.spec.parameters {
        let merged = match parameters.get(name) {
            Some(upper) => parameter(lower.clone(), upper),
            None => lower.clone(),
        };
        parameters.insert(name.clone(), merged);
    }
    Spec {
        periods,
        metrics: by_pattern(outcome.spec.metrics.clone(), &spec.metrics, metric),
        data_sources: by_pattern(outcome.spec.data_sources.clone(), &spec.data_sources, data_source),
        parameters,
        ..spec
    }
}

/// Merges definitions. A key of the upper layer may be a pattern, which then applies to every definition below that it
/// matches; a key that matches nothing adds a definition if it is a plain name.
fn by_pattern<T: Clone>(
    mut lower: IndexMap<String, T>,
    upper: &IndexMap<String, T>,
    merge: fn(T, &T, bool) -> T,
) -> IndexMap<String, T> {
    let mut added = IndexMap::new();
    for (key, over) in upper {
        let is_pattern = key.contains(['*', '?', '[']);
        let matched: Vec<usize> = match is_pattern {
            false => lower.get_index_of(key).into_iter().collect(),
            true => (0..lower.len())
                .filter(|at| lower.get_index(*at).is_some_and(|(name, _)| matches(key, name)))
                .collect(),
        };
        for at in &matched {
            if let Some((_, definition)) = lower.get_index_mut(*at) {
                *definition = merge(definition.clone(), over, is_pattern);
            }
        }
        if matched.is_empty() && !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            added.insert(key.clone(), over.clone());
        }
    }
    lower.extend(added);
    lower
}

fn replace<T: Clone>(mut lower: IndexMap<String, T>, upper: &IndexMap<String, T>) -> IndexMap<String, T> {
    lower.extend(upper.iter().map(|(key, over)| (key.clone(), over.clone())));
    lower
}

fn experiment(lower: ExperimentSpec, upper: &ExperimentSpec) -> ExperimentSpec {
    ExperimentSpec {
        enrollment_query: text(lower.enrollment_query, &upper.enrollment_query),
        enrollment_period: number(lower.enrollment_period, upper.enrollment_period),
        reference_branch: text(lower.reference_branch, &upper.reference_branch),
        segments: list(lower.segments, &upper.segments),
        outcomes: list(lower.outcomes, &upper.outcomes),
        start_date: upper.start_date.clone().or(lower.start_date),
        end_date: upper.end_date.clone().or(lower.end_date),
        skip: upper.skip.or(lower.skip),
        exposure_signal: upper.exposure_signal.clone().or(lower.exposure_signal),
        is_private: upper.is_private.clone().or(lower.is_private),
        dataset_id: text(lower.dataset_id, &upper.dataset_id),
        sample_size: number(lower.sample_size, upper.sample_size),
        analysis_unit: upper.analysis_unit.clone().or(lower.analysis_unit),
        enrollments_query_type: upper.enrollments_query_type.clone().or(lower.enrollments_query_type),
    }
}

/// A metric's definition field by field; `statistics` as a whole. A pattern does not rename what it matches.
fn metric(lower: MetricSpec, upper: &MetricSpec, by_pattern: bool) -> MetricSpec {
    MetricSpec {
        name: match by_pattern {
            true => lower.name,
            false => upper.name.clone(),
        },
        span: upper.span.clone(),
        select_expression: text(lower.select_expression, &upper.select_expression),
        data_source: text(lower.data_source, &upper.data_source),
        statistics: match &upper.statistics {
            Some(statistics) if !statistics.is_empty() => Some(statistics.clone()),
            _ => lower.statistics,
        },
        friendly_name: text(lower.friendly_name, &upper.friendly_name),
        description: text(lower.description, &upper.description),
        bigger_is_better: upper.bigger_is_better.or(lower.bigger_is_better),
        analysis_bases: list(lower.analysis_bases, &upper.analysis_bases),
        analysis_units: list(lower.analysis_units, &upper.analysis_units),
        depends_on: list(lower.depends_on, &upper.depends_on),
        kind: text(lower.kind, &upper.kind),
        category: text(lower.category, &upper.category),
        owner: list(lower.owner, &upper.owner),
        deprecated: upper.deprecated.or(lower.deprecated),
        level: upper.level.or(lower.level),
    }
}

fn data_source(lower: DataSourceSpec, upper: &DataSourceSpec, _by_pattern: bool) -> DataSourceSpec {
    DataSourceSpec {
        name: lower.name,
        span: upper.span.clone(),
        from_expression: text(lower.from_expression, &upper.from_expression),
        experiments_column_type: upper.experiments_column_type.or(lower.experiments_column_type),
        client_id_column: text(lower.client_id_column, &upper.client_id_column),
        group_id_column: text(lower.group_id_column, &upper.group_id_column),
        glean_client_id_column: text(lower.glean_client_id_column, &upper.glean_client_id_column),
        legacy_client_id_column: text(lower.legacy_client_id_column, &upper.legacy_client_id_column),
        submission_date_column: text(lower.submission_date_column, &upper.submission_date_column),
        build_id_column: text(lower.build_id_column, &upper.build_id_column),
        columns_as_dimensions: upper.columns_as_dimensions.or(lower.columns_as_dimensions),
        default_dataset: text(lower.default_dataset, &upper.default_dataset),
        analysis_units: list(lower.analysis_units, &upper.analysis_units),
        friendly_name: text(lower.friendly_name, &upper.friendly_name),
        description: text(lower.description, &upper.description),
    }
}

/// The upper value, else the lower value, else the default; a table of values completes that of defaults.
fn parameter(lower: ParameterSpec, upper: &ParameterSpec) -> ParameterSpec {
    let default = filled(&upper.default).or_else(|| filled(&lower.default)).cloned();
    let value = filled(&upper.value)
        .or_else(|| filled(&lower.value))
        .or(default.as_ref());
    let value = match (&default, value) {
        (Some(ParameterValue::ByBranch(defaults)), Some(ParameterValue::ByBranch(values))) => {
            Some(ParameterValue::ByBranch(replace(defaults.clone(), values)))
        }
        (_, value) => value.cloned(),
    };
    ParameterSpec {
        span: upper.span.clone(),
        friendly_name: text(lower.friendly_name, &upper.friendly_name),
        description: text(lower.description, &upper.description),
        value,
        default,
        distinct_by_branch: upper.distinct_by_branch.or(lower.distinct_by_branch),
    }
}

fn filled(value: &Option<ParameterValue>) -> Option<&ParameterValue> {
    value.as_ref().filter(|value| match value {
        ParameterValue::Text(text) => !text.is_empty(),
        ParameterValue::ByBranch(values) => !values.is_empty(),
    })
}

fn text(lower: Option<Text>, upper: &Option<Text>) -> Option<Text> {
    upper.clone().filter(|text| !text.value.is_empty()).or(lower)
}

fn list<T: Clone>(lower: Option<Vec<T>>, upper: &Option<Vec<T>>) -> Option<Vec<T>> {
    upper.clone().filter(|list| !list.is_empty()).or(lower)
}

fn number(lower: Option<i64>, upper: Option<i64>) -> Option<i64> {
    upper.filter(|number| *number != 0).or(lower)
}

/// Whether a shell pattern matches a whole name: `*` any text, `?` any character, `[ab]`, `[a-z]`, `[!a]` one of a set.
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // The places in the pattern that are reached after each character of the name.
    let mut reached = vec![false; pattern.len() + 1];
    reached[0] = true;
    let skip_stars = |reached: &mut Vec<bool>| {
        for at in 0..pattern.len() {
            if reached[at] && pattern[at] == '*' {
                reached[at + 1] = true;
            }
        }
    };
    skip_stars(&mut reached);
    for c in name {
        let mut next = vec![false; pattern.len() + 1];
        for at in (0..pattern.len()).filter(|at| reached[*at]) {
            match pattern[at] {
                '*' => next[at] = true,
                '?' => next[at + 1] = true,
                '[' => match set(&pattern[at..]) {
                    Some((length, accepts)) => next[at + length] |= accepts(c),
                    None => next[at + 1] |= c == '[',
                },
                literal => next[at + 1] |= literal == c,
            }
        }
        skip_stars(&mut next);
        reached = next;
    }
    reached[pattern.len()]
}

/// The length of a `[..]` at the start of a pattern, and what it accepts.
fn set(pattern: &[char]) -> Option<(usize, impl Fn(char) -> bool + '_)> {
    let negated = pattern.get(1) == Some(&'!');
    let first = if negated { 2 } else { 1 };
    // A bracket that comes first is a member of the set.
    let close = (first + 1..pattern.len()).find(|at| pattern[*at] == ']')?;
    let members = &pattern[first..close];
    let accepts = move |c: char| {
        let mut at = 0;
        let mut found = false;
        while at < members.len() {
            if at + 2 < members.len() && members[at + 1] == '-' {
                found |= members[at] <= c && c <= members[at + 2];
                at += 3;
            } else {
                found |= members[at] == c;
                at += 1;
            }
        }
        found != negated
    };
    Some((close + 1, accepts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("foo_*", "foo_bar", true),
            ("foo_*", "foo", false),
            ("*", "", true),
            ("*_count", "uri_count", true),
            ("*_count", "uri_counts", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[ab]x", "bx", true),
            ("[!ab]x", "bx", false),
            ("[a-c]x", "bx", true),
            ("[]x]", "]", true),
            ("[ab", "[ab", true),
            ("A*", "abc", false),
            ("**b*", "ab", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
