//! The JSON Schemas of `isobar schema`: they refuse what the readers remark on, and nothing else.
//!
//! Known differences, all of the same kind: a schema sees neither how a number is written (`drop_highest = 0` must be `0.0`, and
//! `num_samples = 9.0` must be `9`) nor whether a date is in the calendar, it takes a bare TOML date for a string, and it knows keys in lower case
//! alone. None of them is generated here but the first, which [`is_about_shape`] leaves out.

#[path = "config/tree.rs"]
#[expect(dead_code, reason = "the tests of configs use more of it")]
mod tree;

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use isobar::analysis::Summary;
use isobar::config::platforms;
use isobar::config::schema::{Document, schema};
use isobar::config::spec::Spec;
use isobar::diagnostics::{Code, Diagnostic, Source};
use isobar::{document, experiment, stats};
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};

use crate::tree::{Tree, nimbus};

fn validator(document: Document) -> Validator {
    jsonschema::draft7::new(&schema(document)).expect("the schema is one")
}

/// What the reader remarks on in a tree: the shape of its files alone, not whether their names exist.
fn said(tree: &Tree) -> Vec<String> {
    let experiment = nimbus("x");
    let mut said: Vec<Diagnostic> = Vec::new();
    match tree.load() {
        Err(faults) => said.extend(faults.0),
        Ok(configs) => {
            said.extend(configs.shared_warnings().0);
            said.extend(configs.warnings(&experiment).0);
            said.extend(
                configs
                    .spec(&experiment)
                    .err()
                    .map(|faults| faults.0)
                    .unwrap_or_default(),
            );
        }
    }
    // Of each file by itself: a pattern that matches nothing is left out when files are layered.
    let files = isobar::config::tree::Tree::read(tree.path()).expect("the folder is there");
    let files = isobar::config::files(&files);
    said.extend(files.iter().filter_map(|file| file.spec()).flat_map(statistics));
    said.into_iter().filter(is_about_shape).map(|one| one.message).collect()
}

fn source(text: &str) -> Arc<Source> {
    Arc::new(Source {
        path: "file".to_string(),
        text: text.to_string(),
    })
}

/// What is wrong with the statistics of the metrics, which the reader of files leaves to `stats`.
fn statistics(spec: &Spec) -> Vec<Diagnostic> {
    let metrics = spec.metrics.values();
    let all = metrics.flat_map(|metric| metric.statistics.iter().flatten().map(move |one| (metric, one)));
    let faults = all.filter_map(|(metric, (name, statistic))| {
        let summary = Summary {
            metric: metric.name.clone(),
            statistic: name.clone(),
            params: statistic.params.clone(),
            pre_treatments: statistic.pre_treatments.clone(),
            span: statistic.span.clone(),
        };
        stats::parse(&summary).err()
    });
    faults.flat_map(|faults| faults.0).collect()
}

fn is_about_shape(fault: &Diagnostic) -> bool {
    let about_shape = [
        Code::UnknownKey,
        Code::WrongType,
        Code::WrongValue,
        Code::MissingKey,
        Code::Statistic,
    ];
    let about_writing = fault.message.contains("must be a float, but is the integer")
        || (fault.message.contains("must be a whole number from") && fault.message.ends_with(".0"));
    about_shape.contains(&fault.code) && !about_writing
}

/// A TOML text as the JSON that an editor's validator sees.
fn as_json(text: &str) -> Value {
    Value::Object(document::parse_toml(&source(text)).expect("the text is TOML").to_json())
}

/// Compares what schema and reader say about a file.
fn same(schema: &Validator, json: &Value, remarks: &[String]) -> Result<(), String> {
    let errors: Vec<String> = schema
        .iter_errors(json)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    match errors.is_empty() == remarks.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "the schema says {errors:#?}, the reader {remarks:#?} of {json:#}"
        )),
    }
}

/// Every file of the public configs, with the kind of file that it is.
fn public_files() -> Vec<(Document, PathBuf)> {
    let shared = std::env::var_os("ISOBAR_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    let hub = shared.join("metric-hub");
    let mut files = Vec::new();
    let list = |folder: PathBuf| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    for layer in [hub.clone(), hub.join("jetstream")] {
        let mut add = |document: Document, place: &str, folder: PathBuf| {
            for path in list(folder)
                .into_iter()
                .filter(|path| path.extension().is_some_and(|end| end == "toml"))
            {
                let name = path
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned())
                    .unwrap_or_default();
                let is_functions = place == "definitions" && name == "functions.toml";
                let document = if is_functions { Document::Functions } else { document };
                files.push((document, path));
            }
        };
        add(Document::Experiment, "", layer.clone());
        add(Document::Defaults, "defaults", layer.join("defaults"));
        add(Document::Definitions, "definitions", layer.join("definitions"));
        for platform in list(layer.join("outcomes")) {
            add(Document::Outcome, "outcomes", platform);
        }
    }
    files
}

/// Where the reader finds a file of a kind that the experiment `x` uses.
fn place(document: Document) -> &'static str {
    match document {
        Document::Experiment => "jetstream/x.toml",
        Document::Defaults => "jetstream/defaults/firefox_desktop.toml",
        Document::Definitions => "jetstream/definitions/firefox_desktop.toml",
        Document::Outcome => "jetstream/outcomes/firefox_desktop/o.toml",
        Document::Functions => "jetstream/definitions/functions.toml",
        Document::Platforms => "platforms.toml",
        Document::ExperimentJson => "experiment.json",
    }
}

fn remarks_of(document: Document, text: &str) -> Vec<String> {
    match document {
        Document::Outcome => {
            let tree = Tree::new(&[
                ("jetstream/x.toml", "[experiment]\noutcomes = [\"o\"]\n"),
                (place(document), text),
            ]);
            said(&tree)
        }
        Document::Platforms => {
            let source = source(text);
            let mut said = Vec::new();
            let faults = platforms::read(&source, &mut said);
            said.extend(faults.err().map(|faults| faults.0).unwrap_or_default());
            said.into_iter().filter(is_about_shape).map(|one| one.message).collect()
        }
        Document::ExperimentJson => {
            let faults = match experiment::parse(&source(text)) {
                Err(faults) => faults.0,
                Ok(read) => read
                    .into_iter()
                    .filter_map(Result::err)
                    .flat_map(|faults| faults.0)
                    .collect(),
            };
            faults
                .into_iter()
                .filter(is_about_shape)
                .map(|one| one.message)
                .collect()
        }
        Document::Experiment | Document::Defaults | Document::Definitions | Document::Functions => {
            said(&Tree::new(&[(place(document), text)]))
        }
    }
}

#[test]
fn public_configs_validate_unless_they_are_remarked_on() {
    let files = public_files();
    if files.is_empty() {
        println!("skipped: the public configs are not there");
        return;
    }
    let (mut clean, mut remarked) = (0, 0);
    let mut differences = Vec::new();
    for (document, path) in files {
        let text = std::fs::read_to_string(&path).expect("the file can be read");
        let remarks = remarks_of(document, &text);
        match remarks.is_empty() {
            true => clean += 1,
            false => remarked += 1,
        }
        if let Err(difference) = same(&validator(document), &as_json(&text), &remarks) {
            differences.push(format!("{}: {difference}", path.display()));
        }
    }
    println!("{clean} files without a remark, {remarked} with one");
    assert!(clean > 400 && remarked > 10, "{clean} and {remarked}");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn the_demo_validates() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/configs");
    for (document, file) in [
        (Document::Experiment, "demo/jetstream/demo-search-panel.toml"),
        (Document::Definitions, "demo/definitions/firefox_desktop.toml"),
        (Document::Functions, "demo/definitions/functions.toml"),
        (Document::Platforms, "platforms.toml"),
    ] {
        let text = std::fs::read_to_string(format!("{folder}/{file}")).expect("the file can be read");
        same(&validator(document), &as_json(&text), &[]).unwrap_or_else(|difference| panic!("{file}: {difference}"));
    }
}

/// Places in a JSON value: the keys and positions that lead there.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    let mut visit = |step: String, value: &Value| {
        let place = format!("{here}/{step}");
        places(value, &place, found);
        found.push(place);
    };
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                visit(key.replace('~', "~0").replace('/', "~1"), value);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                visit(index.to_string(), value);
            }
        }
        _ => {}
    }
}

/// A change of one place of a file.
#[derive(Debug, Clone)]
enum Change {
    Remove,
    Rename(&'static str),
    Replace(Value),
    Add(&'static str, Value),
}

fn apply(document: &mut Value, at: Index, change: &Change) {
    let mut found = Vec::new();
    places(document, "", &mut found);
    if found.is_empty() {
        return;
    }
    let place = at.get(&found);
    let (parent, key) = place.rsplit_once('/').expect("a place has a parent");
    let key = key.replace("~1", "/").replace("~0", "~");
    match (change, document.pointer_mut(parent)) {
        (Change::Remove, Some(Value::Object(entries))) => {
            entries.shift_remove(&key);
        }
        (Change::Rename(suffix), Some(Value::Object(entries))) => {
            let renamed: Map<String, Value> = std::mem::take(entries)
                .into_iter()
                .map(|(name, value)| {
                    if name == key {
                        (format!("{name}{suffix}"), value)
                    } else {
                        (name, value)
                    }
                })
                .collect();
            *entries = renamed;
        }
        (Change::Replace(value), Some(_)) => {
            if let Some(place) = document.pointer_mut(place) {
                *place = value.clone();
            }
        }
        (Change::Add(name, value), Some(Value::Object(entries))) => {
            entries.insert((*name).to_string(), value.clone());
        }
        (Change::Remove | Change::Rename(_) | Change::Add(..), _) | (Change::Replace(_), None) => {}
    }
}

fn values() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!("text"),
        json!(""),
        json!("12"),
        json!("2025-01-06"),
        json!("2025-1-6"),
        json!("2025/01/06"),
        json!("None"),
        json!("simple"),
        json!("exposures"),
        json!("profile_group_id"),
        json!("gold"),
        json!("scott"),
        json!("analysis_window_end"),
        json!("zero_fill"),
        json!("log"),
        json!("censor_values_above_threshold"),
        json!(0.25),
        json!(2.5),
        json!(-1),
        json!(0),
        json!(1),
        json!(7),
        json!(3.0),
        json!(true),
        json!(false),
        json!([]),
        json!(["a"]),
        json!([1]),
        json!({}),
        json!({"a": "b"}),
        json!({"a": 1}),
        json!({"name": "log", "base": 2}),
        json!([{"name": "log"}]),
        json!({"period": "preenrollment_week"}),
        json!({"slug": "a"}),
        json!([{"slug": "a"}]),
    ])
}

fn changes() -> impl Strategy<Value = Vec<(Index, Change)>> {
    let names = vec![
        "name",
        "description",
        "sum",
        "binomial",
        "threshold",
        "window_start",
        "default_dataset",
        "weekly",
        "my-metric",
        "tab_*",
        "data_sources",
    ];
    let change = prop_oneof![
        1 => Just(Change::Remove),
        1 => prop::sample::select(vec!["x", "-", "*"]).prop_map(Change::Rename),
        4 => values().prop_map(Change::Replace),
        2 => (prop::sample::select(names), values()).prop_map(|(name, value)| Change::Add(name, value)),
    ];
    prop::collection::vec((any::<Index>(), change), 1..3)
}

/// Changes a file and compares schema and reader.
fn check(document: Document, base: &Value, changes: &[(Index, Change)]) -> Result<(), TestCaseError> {
    let mut json = base.clone();
    for (at, change) in changes {
        apply(&mut json, *at, change);
    }
    let (text, json) = match document {
        Document::ExperimentJson => (format!("{json:#}"), json),
        _ => {
            let text = toml::to_string(&json).expect("there is no null");
            let json = as_json(&text);
            (text, json)
        }
    };
    let remarks = remarks_of(document, &text);
    match document {
        // What is no fault the readers of these keep to themselves: a number for a text, a key that nobody reads.
        Document::Platforms | Document::ExperimentJson if remarks.is_empty() => Ok(()),
        _ => same(&validator(document), &json, &remarks).map_err(TestCaseError::fail),
    }
}

/// A config that uses every part of the grammar.
const CONFIG: &str = r#"
[experiment]
enrollment_query = "SELECT 1"
enrollment_period = 7
reference_branch = "control"
segments = ["s"]
outcomes = []
start_date = "2025-01-06"
end_date = "2025-02-06"
skip = false
is_private = false
dataset_id = "d"
sample_size = "20"
analysis_unit = "client_id"
enrollments_query_type = "normandy"
[experiment.exposure_signal]
name = "e"
data_source = "d"
select_expression = "x > 0"
friendly_name = "f"
description = "d"
window_start = 0
window_end = "analysis_window_end"
[metrics]
weekly = ["m"]
28_day = ["m"]
[metrics.m]
select_expression = "SUM(x)"
data_source = "d"
friendly_name = "f"
description = "d"
bigger_is_better = false
analysis_bases = ["exposures"]
analysis_units = ["client_id"]
depends_on = ["n"]
type = "scalar"
category = "c"
owner = ["a"]
deprecated = false
level = "gold"
[metrics.m.statistics.binomial]
confidence_interval = 0.9
[metrics.m.statistics.bootstrap_mean]
num_samples = 100
drop_highest = 0.01
pre_treatments = ["remove_nulls", {name = "log", base = 2}, {name = "censor_values_above_threshold", threshold = 3}]
[metrics.m.statistics.linear_model_mean]
covariate_adjustment = {period = "preenrollment_week", metric = "n"}
statistic_name = "s"
[metrics.m.statistics.kernel_density_estimate]
bandwidth = "silverman"
kernel = "cosine"
adjust = 1.5
grid_size = 100
log_space = true
[metrics.m.statistics.population_ratio]
numerator = "a"
denominator = "b"
[metrics."tab_*".statistics.sum]
[data_sources.d]
from_expression = "t"
experiments_column_type = "NONE"
client_id_column = "c"
build_id_column = "b"
columns_as_dimensions = true
default_dataset = "d"
analysis_units = ["profile_group_id"]
joins = {}
[segments.s]
select_expression = "x"
data_source = "p"
[segments.data_sources.p]
from_expression = "t"
window_start = -28
window_end = "-1"
submission_date_column = "d"
[parameters.p]
value = "v"
default = {control = "v"}
distinct_by_branch = false
"#;

const OUTCOME: &str = r#"
friendly_name = "f"
description = "d"
default_metrics = ["m"]
weekly = ["m"]
[metrics.m]
select_expression = "SUM(x)"
data_source = "d"
[metrics.m.statistics.deciles]
num_samples = 5
[parameters.p]
default = "v"
"#;

const FUNCTIONS: &str = r#"
[functions.total]
definition = "SUM({select_expr})"
friendly_name = "Total"
[functions.agg_sum]
definition = "SUM({select_expr})"
"#;

const PLATFORMS: &str = r#"
[platforms.fenix]
app_id = "org.mozilla.fenix"
enrollments_query_type = "glean-event"
[platforms.klar]
app_id = "org.mozilla.klar"
enrollments_query_type = "glean-event"
"#;

fn experiment_json() -> Value {
    let mut json = tree::json("x");
    json["outcomes"] = json!([{"slug": "a"}]);
    json["isRollout"] = json!(false);
    json
}

#[test]
fn the_bases_are_clean() {
    for (document, base) in [
        (Document::Experiment, CONFIG),
        (Document::Outcome, OUTCOME),
        (Document::Functions, FUNCTIONS),
        (Document::Platforms, PLATFORMS),
    ] {
        assert_eq!(remarks_of(document, base), [""; 0], "{document:?}");
        same(&validator(document), &as_json(base), &[]).unwrap_or_else(|difference| panic!("{difference}"));
    }
    assert!(validator(Document::ExperimentJson).is_valid(&experiment_json()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn configs(changes in changes(), document in prop::sample::select(vec![Document::Experiment, Document::Defaults, Document::Definitions])) {
        check(document, &as_json(CONFIG), &changes)?;
    }

    #[test]
    fn outcomes(changes in changes()) {
        check(Document::Outcome, &as_json(OUTCOME), &changes)?;
    }

    #[test]
    fn functions(changes in changes()) {
        check(Document::Functions, &as_json(FUNCTIONS), &changes)?;
    }

    #[test]
    fn lists_of_platforms(changes in changes()) {
        check(Document::Platforms, &as_json(PLATFORMS), &changes)?;
    }

    #[test]
    fn experiments(changes in changes()) {
        check(Document::ExperimentJson, &experiment_json(), &changes)?;
    }
}

#[test]
fn the_command_prints_each_schema() {
    for kind in [
        "experiment",
        "defaults",
        "definitions",
        "outcome",
        "functions",
        "platforms",
        "experiment-json",
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_isobar"))
            .args(["schema", "--for", kind])
            .output()
            .expect("the binary runs");
        assert!(output.status.success(), "{kind}");
        let schema: Value = serde_json::from_slice(&output.stdout).expect("a schema is JSON");
        assert!(jsonschema::draft7::new(&schema).is_ok(), "{kind}");
        assert!(
            !jsonschema::is_valid(&schema, &json!({"experimnt": 1, "slug": 2})),
            "{kind}"
        );
    }
}
