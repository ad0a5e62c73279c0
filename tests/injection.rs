//! No name or value can change the structure of a statement: slugs, branches, segments, data sources, metrics and parameters with quotes,
//! backquotes, braces, comment marks and line breaks give the same syntax trees as plain ones, or a fault.

#[path = "config/tree.rs"]
#[expect(dead_code, reason = "the tests of configs use more of it")]
mod tree;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use isobar::diagnostics::{Code, Diagnostics, Source};
use isobar::pipeline::{self, Selection};
use isobar::sql::check::parse;
use isobar::tables::Destination;
use proptest::prelude::*;

use crate::tree::{Tree, json, parse as experiment};

/// The names and values of an experiment.
#[derive(Debug, Clone)]
struct Names {
    slug: String,
    branch: String,
    segment: String,
    source: String,
    metric: String,
    /// Inside of a literal in single quotes.
    text: String,
    /// By branch, as an expression.
    by_branch: String,
}

fn plain() -> Names {
    let name = |text: &str| text.to_string();
    Names {
        slug: name("a-slug"),
        branch: name("a-branch"),
        segment: name("a_segment"),
        source: name("a_source"),
        metric: name("a_metric"),
        text: name("a text"),
        by_branch: name("a value"),
    }
}

/// A key or text of TOML in any characters.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// An experiment whose SQL takes every name and value. Its config is the app's default, since a file can't have every slug for its name.
fn config(names: &Names) -> String {
    let Names {
        branch,
        segment,
        source,
        metric,
        text,
        by_branch,
        ..
    } = names;
    format!(
        r#"
[experiment]
segments = [{segment}]
enrollment_query = """
SELECT analysis_id, branch, enrollment_date, num_enrollment_events
FROM `p.d.t` -- of {{{{experiment.normandy_slug}}}}
WHERE slug = '{{{{experiment.normandy_slug}}}}' AND reference = "{{{{experiment.reference_branch}}}}"
"""
[metrics]
weekly = [{metric}]
overall = [{metric}]
[metrics.{metric}]
select_expression = "COUNTIF(a = '{{{{parameters.text}}}}' AND b = {{{{parameters.by_branch}}}} AND c LIKE '{{experiment_slug}}:%')"
data_source = {source}
statistics = {{ bootstrap_mean = {{}}, deciles = {{}} }}
[data_sources.{source}]
from_expression = "(SELECT * FROM `p.d.t` WHERE slug = '{{{{experiment.slug}}}}')"
experiments_column_type = "native"
[segments.{segment}]
select_expression = "LOGICAL_OR(x)"
data_source = {source}
[segments.data_sources.{source}]
from_expression = "(SELECT * FROM t WHERE slug = '{{{{experiment.slug}}}}')"
[parameters.text]
value = {text}
[parameters.by_branch]
distinct_by_branch = true
value = {{ {branch} = {by_branch} }}
"#,
        segment = quoted(segment),
        metric = quoted(metric),
        source = quoted(source),
        text = quoted(text),
        branch = quoted(branch),
        by_branch = quoted(by_branch),
    )
}

/// The shapes of all statements of the experiment's life.
fn shapes(names: &Names) -> Result<Vec<String>, Diagnostics> {
    let tree = Tree::new(&[("jetstream/defaults/firefox_desktop.toml", &config(names))]);
    let mut json = json(&names.slug);
    json["branches"][0]["slug"] = names.branch.as_str().into();
    json["referenceBranch"] = names.branch.as_str().into();
    let analysis = tree.load()?.resolve(&experiment(&json))?;
    let destination = Destination {
        project: "p".to_string(),
        dataset: "d".to_string(),
        slug: names.slug.clone(),
    };
    let script = pipeline::compile(&analysis, &Selection::default(), &destination)?.script();
    let statements = script.statements.into_iter();
    Ok(statements
        .map(|statement| shape(&statement.name, &statement.sql))
        .collect())
}

/// A statement's syntax tree without the texts of its literals and names, and without their places.
fn shape(name: &str, sql: &str) -> String {
    let source = Arc::new(Source {
        path: name.to_string(),
        text: sql.to_string(),
    });
    let tree = format!(
        "{:?}",
        parse(&source).unwrap_or_else(|faults| panic!("{faults}\n{sql}"))
    );
    let mut out = String::new();
    let mut characters = tree.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => {
                while let Some(c) = characters.next().filter(|c| *c != '"') {
                    if c == '\\' {
                        characters.next();
                    }
                }
                out.push('_');
            }
            // Of spans and of numbers of days alike.
            c if c.is_ascii_digit() => {}
            c => out.push(c),
        }
    }
    // A name that needs quotes stands where a plain one does.
    out.replace("Some('`')", "None")
}

/// Texts with what means something in SQL, TOML or templates.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("'"),
        Just("\""),
        Just("`"),
        Just("\\"),
        Just("--"),
        Just("/*"),
        Just("*/"),
        Just("#"),
        Just(";"),
        Just("\n"),
        Just("\r\n"),
        Just("{{"),
        Just("}}"),
        Just("{%"),
        Just("{"),
        Just("}"),
        Just("'''"),
        Just("' OR TRUE --"),
        Just("\"\"\""),
        Just("`; DROP TABLE x; --"),
        Just(") FROM t"),
        Just("\u{1}"),
        Just("\u{0}"),
        Just("é"),
        Just("a"),
        Just(" "),
        Just("1"),
        Just("$"),
        Just("@p"),
        Just("?"),
        Just("%s"),
        Just("SELECT"),
        Just("\u{202e}"),
    ];
    prop::collection::vec(piece, 1..5).prop_map(|pieces| pieces.concat())
}

fn names() -> impl Strategy<Value = Names> {
    let or_plain = |plain: String| prop_oneof![nasty(), Just(plain)];
    // Names of definitions are words; the reader leaves out others, so that what uses them is a fault.
    let mostly_plain = |plain: String| prop_oneof![1 => nasty(), 5 => Just(plain)];
    let plain = plain();
    let names = (
        or_plain(plain.slug),
        or_plain(plain.branch),
        mostly_plain(plain.segment),
        mostly_plain(plain.source),
        mostly_plain(plain.metric),
    );
    (names, or_plain(plain.text), or_plain(plain.by_branch)).prop_map(
        |((slug, branch, segment, source, metric), text, by_branch)| Names {
            slug,
            branch,
            segment,
            source,
            metric,
            text,
            by_branch,
        },
    )
}

/// What a nasty name or value may be refused with.
const FAULTS: [Code; 7] = [
    Code::Brace,
    Code::InsertedValue,
    Code::SqlSyntax,
    Code::Template,
    Code::UnknownMetric,
    Code::UnknownDataSource,
    Code::UnknownSegment,
];

#[test]
fn names_and_values_do_not_change_statements() {
    let expected = shapes(&plain()).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(expected.len() > 20, "{} statements", expected.len());
    let (same, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let config = ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(names in names())| {
        match shapes(&names) {
            Ok(shapes) => {
                same.fetch_add(1, Ordering::Relaxed);
                prop_assert_eq!(&shapes, &expected);
            }
            Err(faults) => {
                refused.fetch_add(1, Ordering::Relaxed);
                let codes: Vec<Code> = faults.0.iter().map(|fault| fault.code).collect();
                prop_assert!(codes.iter().all(|code| FAULTS.contains(code)), "{}", faults);
            }
        }
    });
    let (same, refused) = (same.into_inner(), refused.into_inner());
    println!(
        "{same} experiments with the same {} statements, {refused} refused",
        expected.len()
    );
    assert!(same > 20 && refused > 20, "both kinds are met: {same}, {refused}");
}

#[test]
fn one_at_a_time() {
    let expected = shapes(&plain()).unwrap_or_else(|faults| panic!("{faults}"));
    // Our own quoting takes any text as a literal.
    for text in ["it's", "a\"b", "\\", "-- x", "/* x", "{{ x }}", "a\nb", "`"] {
        let names = Names {
            by_branch: text.to_string(),
            branch: text.to_string(),
            ..plain()
        };
        match shapes(&names) {
            Ok(shapes) => assert_eq!(shapes, expected, "{text:?}"),
            // The reference branch stands in a literal of the enrollment query.
            Err(faults) => assert!(
                faults.0.iter().all(|fault| fault.code == Code::InsertedValue),
                "{faults}"
            ),
        }
        let names = Names {
            by_branch: text.to_string(),
            ..plain()
        };
        assert_eq!(
            shapes(&names).unwrap_or_else(|faults| panic!("{faults}")),
            expected,
            "{text:?}"
        );
    }
}
