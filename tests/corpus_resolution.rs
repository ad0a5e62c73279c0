//! Resolves every experiment of the public corpus and compares each field with what the reference resolved.
//!
//! SQL is compared with runs of white space collapsed and trimmed next to parentheses, because the reference's TOML reader
//! loses some. Every difference must be explained by an entry of docs/deviations.md, which [`explained`] names.

use std::collections::BTreeMap;
use std::path::PathBuf;

use isobar::analysis::{json, refusal};
use isobar::config::{self, Configs};
use isobar::diagnostics::Diagnostics;
use isobar::experiment::{self, NimbusExperiment};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

/// The folder with the corpus and the configs, if it is there.
fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("ISOBAR_SHARED").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    if folder.join("corpus/experiments").is_dir() {
        return Some(folder);
    }
    println!("skipped: {} does not hold the corpus", folder.display());
    None
}

fn load() -> Option<(PathBuf, Configs, Vec<NimbusExperiment>)> {
    let folder = shared()?;
    let start = std::time::Instant::now();
    let configs = config::load(&[folder.join("metric-hub")]).unwrap_or_else(|faults| panic!("{faults}"));
    println!("loaded configs in {:?}", start.elapsed());
    let (experiments, rejected) =
        experiment::load(&[folder.join("corpus/experiments")]).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(rejected, []);
    Some((folder, configs, experiments))
}

/// Counts of equal, explained and unexplained values of each field.
#[derive(Default)]
struct Tally {
    fields: BTreeMap<String, [usize; 3]>,
    differences: Vec<String>,
    explained: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn check(&mut self, slug: &str, field: &str, path: &str, ours: &Value, reference: &Value) {
        let counts = self.fields.entry(field.to_string()).or_default();
        if same(ours, reference) {
            counts[0] += 1;
        } else if let Some(entry) = explained(slug, field, path, ours, reference) {
            counts[1] += 1;
            *self.explained.entry(entry).or_default() += 1;
        } else {
            counts[2] += 1;
            self.differences.push(format!(
                "{slug}: {field} {path}\n  ours      {ours}\n  reference {reference}"
            ));
        }
    }
}

fn same(ours: &Value, reference: &Value) -> bool {
    match (ours, reference) {
        (Value::String(ours), Value::String(reference)) => collapse(ours) == collapse(reference),
        (Value::Number(ours), Value::Number(reference)) => ours.as_f64() == reference.as_f64(),
        (Value::Array(ours), Value::Array(reference)) => {
            ours.len() == reference.len()
                && ours
                    .iter()
                    .zip(reference)
                    .all(|(ours, reference)| same(ours, reference))
        }
        (Value::Object(ours), Value::Object(reference)) => {
            ours.len() == reference.len()
                && ours
                    .iter()
                    .all(|(key, value)| reference.get(key).is_some_and(|reference| same(value, reference)))
        }
        _ => ours == reference,
    }
}

fn collapse(text: &str) -> String {
    let mut out = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (from, to) in [("( ", "("), (" (", "("), (" )", ")"), (") ", ")")] {
        out = out.replace(from, to);
    }
    out
}

/// Experiments whose own `[parameters]` the reference ignores, so that it can't render their metrics.
const PARAMETERS: [&str; 3] = [
    "accounts-vpn-promotion",
    "account-spotlight-modal-english-holdback",
    "account-spotlight-modal-english-holdback-esr",
];

/// The heading in docs/deviations.md that explains a difference.
fn explained(slug: &str, field: &str, _path: &str, ours: &Value, reference: &Value) -> Option<&'static str> {
    match field {
        "status" if PARAMETERS.contains(&slug) => Some("`[parameters]` of an experiment's config count"),
        "metrics.bigger_is_better" if *ours == Value::Bool(false) && *reference == Value::Bool(true) => {
            Some("An explicit `false` survives layering")
        }
        _ => None,
    }
}

#[test]
fn every_experiment_resolves_as_the_reference_does() {
    let Some((folder, configs, experiments)) = load() else {
        return;
    };
    assert!(experiments.len() >= 300);
    let start = std::time::Instant::now();
    let resolved: Vec<_> = experiments
        .iter()
        .map(|experiment| configs.resolve(experiment))
        .collect();
    println!("resolved {} experiments in {:?}", experiments.len(), start.elapsed());
    let mut tally = Tally::default();
    for (experiment, resolved) in experiments.iter().zip(&resolved) {
        let slug = experiment.slug.as_str();
        let path = folder.join(format!("corpus/resolved/{slug}.json"));
        let text = std::fs::read_to_string(path).expect("each experiment of the corpus has a resolved one");
        let reference: Value = serde_json::from_str(&text).expect("the corpus is JSON");
        let ours = match resolved {
            Ok(analysis) => json::to_json(analysis),
            Err(faults) => json::error_to_json(slug, faults),
        };
        tally.check(
            slug,
            "status",
            &describe(resolved),
            &ours["status"],
            &reference["status"],
        );
        if let (Ok(analysis), "ok") = (resolved, reference["status"].as_str().expect("status is a string")) {
            compare(&mut tally, slug, &ours, &reference);
            let run_status = &reference["run_status"];
            let date = run_status["run_on"]
                .as_str()
                .map(|date| date.parse().expect("run_on is a date"));
            let ours = date.and_then(|date| refusal(&analysis.experiment, date));
            let ours = ours.map(|refusal| serde_json::json!([refusal.kind.as_str(), refusal.message]));
            let exception = &run_status["exception"];
            let reference = exception
                .is_object()
                .then(|| serde_json::json!([exception["type"], exception["message"]]));
            tally.check(slug, "refusal", "", &ours.into(), &reference.into());
        }
    }
    println!("{:<36} {:>8} {:>9} {:>10}", "field", "equal", "explained", "different");
    for (field, [equal, explained, different]) in &tally.fields {
        println!("{field:<36} {equal:>8} {explained:>9} {different:>10}");
    }
    let deviations = include_str!("../docs/deviations.md");
    for (entry, count) in &tally.explained {
        println!("{count} explained by: {entry}");
        assert!(deviations.contains(entry), "docs/deviations.md has no entry {entry:?}");
    }
    for difference in tally.differences.iter().take(60) {
        println!("{difference}");
    }
    assert_eq!(
        tally.differences.len(),
        0,
        "differences that no entry of docs/deviations.md explains"
    );
}

fn bytes(configs: &Configs, experiment: &NimbusExperiment) -> String {
    match configs.resolve(experiment) {
        Ok(analysis) => json::to_json(&analysis).to_string(),
        Err(faults) => json::error_to_json(&experiment.slug, &faults).to_string(),
    }
}

/// Resolving all experiments in one process, in any order and in parallel, gives what resolving each alone gives.
#[test]
fn order_and_threads_change_nothing() {
    let Some((folder, configs, experiments)) = load() else {
        return;
    };
    let expected: Vec<String> = experiments
        .iter()
        .map(|experiment| bytes(&configs, experiment))
        .collect();
    let orders = Just((0..experiments.len()).collect::<Vec<usize>>()).prop_shuffle();
    let mut runner = TestRunner::new_with_rng(
        ProptestConfig::with_cases(6),
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    let result = runner.run(&(orders, 1..5_usize), |(order, threads)| {
        let fresh = config::load(&[folder.join("metric-hub")]).expect("the configs were loaded before");
        std::thread::scope(|scope| {
            let work = order.chunks(order.len().div_ceil(threads));
            let handles = work.map(|part| {
                let (fresh, experiments) = (&fresh, &experiments);
                scope.spawn(move || {
                    part.iter()
                        .map(|at| (*at, bytes(fresh, &experiments[*at])))
                        .collect::<Vec<_>>()
                })
            });
            for handle in handles.collect::<Vec<_>>() {
                for (at, bytes) in handle.join().expect("resolving does not panic") {
                    assert!(bytes == expected[at], "{} differs", experiments[at].slug);
                }
            }
        });
        Ok(())
    });
    assert!(result.is_ok(), "{result:?}");
}

fn describe(resolved: &Result<isobar::analysis::Analysis, Diagnostics>) -> String {
    resolved
        .as_ref()
        .map_or_else(|faults| faults.to_string(), |_| String::new())
}

fn compare(tally: &mut Tally, slug: &str, ours: &Value, reference: &Value) {
    let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
    for (field, value) in object(&reference["experiment"]) {
        tally.check(
            slug,
            &format!("experiment.{field}"),
            "",
            &ours["experiment"][&field],
            &value,
        );
    }
    tally.check(slug, "parameters", "", &ours["parameters"], &reference["parameters"]);
    for (period, summaries) in object(&reference["periods"]) {
        tally.check(slug, "periods", &period, &ours["periods"][&period], &summaries);
    }
    for collection in ["metrics", "data_sources"] {
        let keys = |value: &Value| {
            value
                .as_object()
                .into_iter()
                .flat_map(|map| map.keys().cloned())
                .collect()
        };
        let (mut own, mut theirs): (Vec<String>, Vec<String>) = (keys(&ours[collection]), keys(&reference[collection]));
        tally.check(
            slug,
            &format!("{collection} (order)"),
            "",
            &own.clone().into(),
            &theirs.clone().into(),
        );
        own.sort();
        theirs.sort();
        tally.check(slug, &format!("{collection} (names)"), "", &own.into(), &theirs.into());
        for (name, entry) in object(&reference[collection]) {
            let ours = object(&ours[collection][&name]);
            let mut keys: Vec<String> = object(&entry).keys().chain(ours.keys()).cloned().collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let own = ours.get(&key).cloned().unwrap_or(Value::Null);
                tally.check(slug, &format!("{collection}.{key}"), &name, &own, &entry[&key]);
            }
        }
    }
    for (period, calendar) in object(&reference["schedule"]) {
        let own = &ours["schedule"][&period];
        tally.check(slug, "schedule.due", &period, &own["due"], &calendar["due"]);
        let (failed, fails) = (own["error"].is_object(), calendar["error"].is_object());
        tally.check(slug, "schedule.error", &period, &failed.into(), &fails.into());
    }
    tally.check(
        slug,
        "run_on",
        "",
        &ours["run_status"]["run_on"],
        &reference["run_status"]["run_on"],
    );
}
