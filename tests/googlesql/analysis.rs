//! Every BigQuery statement of the corpus on Google's analyzer: one of each shape, and the first and last window of every experiment. With
//! `ISOBAR_EXHAUSTIVE=1` each statement by itself.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::time::Instant;

use isobar::config::{self, Configs};
use isobar::results::tables;
use isobar::sql::script::Purpose;
use rayon::prelude::*;

use crate::candidates::{Candidate, candidates, relations};
use crate::equality::fixtures::{Schemas, experiments, schemas};
use crate::equality::statements::work;
use crate::oracle::Columns;
use crate::pool::{self, Job};
use crate::shapes::{hash, tokens};

/// What became of a shape.
enum Outcome {
    Accepted(Columns),
    Refused,
    /// Source tables whose columns are not known, or tables of ours that could not be made for that reason.
    Missing(Vec<String>),
}

/// What was done.
#[derive(Default)]
struct Totals {
    statements: usize,
    shapes: usize,
    analysed: usize,
    accepted: usize,
    missing: BTreeMap<String, usize>,
    left_out: usize,
    refused: Vec<String>,
}

/// The suite, from statements to outcomes.
struct Suite<'a> {
    python: &'a Path,
    functions: String,
    schemas: Schemas,
    slugs: Vec<String>,
    is_exhaustive: bool,
    totals: Totals,
    /// The tables of ours by experiment and name.
    tables: HashMap<(usize, String), Columns>,
}

/// Analyses the corpus and prints what was done. Returns the statements that are refused.
pub fn analyze(shared: &Path, python: &Path, functions: String) -> Vec<String> {
    let start = Instant::now();
    let configs = config::load(&[shared.join("metric-hub")]).unwrap();
    let mut suite = Suite {
        python,
        functions,
        schemas: schemas(shared),
        slugs: experiments(shared),
        is_exhaustive: std::env::var_os("ISOBAR_EXHAUSTIVE").is_some(),
        totals: Totals::default(),
        tables: HashMap::new(),
    };
    let candidates = suite.candidates(shared, &configs);
    let of = |purposes: &[Purpose]| -> Vec<&Candidate> {
        candidates
            .iter()
            .filter(|candidate| purposes.contains(&candidate.statement.purpose))
            .collect()
    };
    println!(
        "{} s: {} statements compiled",
        start.elapsed().as_secs(),
        suite.totals.statements
    );
    // Each stage reads the tables that the ones before make.
    for purposes in [
        &[Purpose::Enrollments][..],
        &[Purpose::Metrics],
        &[Purpose::Summaries, Purpose::View],
    ] {
        suite.stage(&of(purposes));
        println!("{} s: done", start.elapsed().as_secs());
    }
    suite.print()
}

impl Suite<'_> {
    /// The statements of all experiments, of each shape of an experiment one, in the order of experiments and of their scripts.
    fn candidates(&mut self, shared: &Path, configs: &Configs) -> Vec<Candidate> {
        let is_exhaustive = self.is_exhaustive;
        let found: Vec<(usize, Vec<Candidate>)> = (self.slugs.par_iter().enumerate())
            .map(|(experiment, slug)| match work(shared, configs, slug) {
                Ok(work) => candidates(experiment, slug, work, is_exhaustive),
                // An experiment of the corpus that the reference refuses too: `tests/corpus_resolution.rs` knows which.
                Err(_) => (0, Vec::new()),
            })
            .collect();
        self.totals.statements = found.iter().map(|(statements, _)| statements).sum();
        found.into_iter().flat_map(|(_, candidates)| candidates).collect()
    }

    /// Analyses what has to be, and keeps the columns of what the statements make.
    fn stage(&mut self, candidates: &[&Candidate]) {
        let keys: Vec<u64> = candidates.iter().map(|candidate| self.key(candidate)).collect();
        let mut outcomes: HashMap<u64, Outcome> = HashMap::new();
        let mut jobs: Vec<Job> = Vec::new();
        let mut seen: HashSet<u64> = HashSet::new();
        for (candidate, &key) in candidates.iter().zip(&keys) {
            let text = hash(&(candidate.text, key));
            if !seen.contains(&key) || (candidate.is_required && !seen.contains(&text)) {
                match self.sources(candidate) {
                    Ok(tables) => {
                        seen.extend([key, text]);
                        jobs.push(Job { candidate, key, tables });
                    }
                    Err(missing) => drop(outcomes.insert(key, Outcome::Missing(missing))),
                }
            }
        }
        let purposes: BTreeSet<&str> = candidates.iter().map(|one| one.statement.purpose.as_str()).collect();
        let purposes: Vec<&str> = purposes.into_iter().collect();
        let all: usize = candidates.iter().map(|candidate| candidate.count).sum();
        println!(
            "{}: {} of {all} statements are analysed",
            purposes.join(", "),
            jobs.len()
        );
        self.totals.analysed += jobs.len();
        for (job, analysis) in jobs.iter().zip(pool::run(self.python, &self.functions, &jobs)) {
            match analysis {
                // One refused statement of a shape is enough.
                Ok(_) if matches!(outcomes.get(&job.key), Some(Outcome::Refused)) => {}
                Ok(columns) => drop(outcomes.insert(job.key, Outcome::Accepted(columns))),
                Err(fault) => {
                    let slug = &self.slugs[job.candidate.experiment];
                    let name = &job.candidate.statement.name;
                    self.totals.refused.push(format!("{slug}/{name}: {fault}"));
                    outcomes.insert(job.key, Outcome::Refused);
                }
            }
        }
        self.totals.shapes += outcomes.len();
        for (candidate, key) in candidates.iter().zip(&keys) {
            self.count(candidate, &outcomes[key]);
        }
    }

    /// Counts the statements that a candidate stands for, and keeps the tables that they make.
    fn count(&mut self, candidate: &Candidate, outcome: &Outcome) {
        match outcome {
            Outcome::Accepted(columns) => {
                self.totals.accepted += candidate.count;
                let names = candidate.targets.iter().cloned();
                let tables = names.map(|name| ((candidate.experiment, name), columns.clone()));
                self.tables.extend(tables);
            }
            Outcome::Refused => {}
            Outcome::Missing(tables) => {
                self.totals.left_out += candidate.count;
                for table in tables {
                    *self.totals.missing.entry(table.clone()).or_default() += candidate.count;
                }
            }
        }
    }

    /// What tells whether the statement needs an analysis of its own: its shape and the columns of our tables that it reads.
    fn key(&self, candidate: &Candidate) -> u64 {
        let statement = &candidate.statement;
        if self.is_exhaustive {
            return hash(&(candidate.experiment, &statement.name));
        }
        let read = || {
            let names = statement
                .reads
                .iter()
                .map(|table| (candidate.experiment, table.to_string()));
            names.map(|name| self.tables.get(&name))
        };
        match statement.purpose {
            Purpose::Enrollments | Purpose::View => candidate.shape,
            Purpose::Metrics => hash(&(candidate.shape, read().collect::<Vec<_>>())),
            Purpose::Summaries => {
                let columns: Columns = read().flatten().flatten().cloned().collect();
                match columns.is_empty() {
                    true => hash(&(candidate.experiment, candidate.shape)),
                    false => tokens(&statement.sql, &self.slugs[candidate.experiment]).outline(&columns),
                }
            }
        }
    }

    /// The tables that the statement reads with their columns, or those that are not known.
    fn sources(&self, candidate: &Candidate) -> Result<Vec<(String, Columns)>, Vec<String>> {
        let statement = &candidate.statement;
        let mut tables = Vec::new();
        let mut missing = Vec::new();
        for table in &statement.reads {
            match self.ours(candidate.experiment, &table.to_string()) {
                Some(table) => tables.push(table),
                None => missing.push(format!(
                    "a table of ours whose statement is refused or left out (for {})",
                    statement.purpose.as_str()
                )),
            }
        }
        let ours: Vec<String> = statement.reads.iter().map(ToString::to_string).collect();
        for name in relations(statement) {
            match self.schemas.get(&name) {
                Some(columns) => tables.push((name, serde_json::from_value(columns.clone()).unwrap())),
                None if ours.contains(&name) => {}
                None => missing.push(name),
            }
        }
        match missing.is_empty() {
            true => Ok(tables),
            false => Err(missing),
        }
    }

    /// A table of ours; for a wildcard one of those that it stands for.
    fn ours(&self, experiment: usize, name: &str) -> Option<(String, Columns)> {
        let Some(prefix) = name.strip_suffix('*') else {
            let columns = self.tables.get(&(experiment, name.to_string()))?;
            return Some((name.to_string(), columns.clone()));
        };
        if name.contains(".statistics_") {
            let columns = tables::statistics(&[]).columns.into_iter();
            return Some((
                format!("{prefix}1"),
                columns.map(|(name, kind)| (name, kind.to_string())).collect(),
            ));
        }
        let names = self
            .tables
            .keys()
            .filter(|(of, name)| *of == experiment && name.starts_with(prefix));
        let (_, name) = names.min()?;
        self.ours(experiment, name)
    }

    fn print(self) -> Vec<String> {
        let totals = self.totals;
        println!(
            "{} statements of {} experiments in {} shapes: {} analysed, which speak for {} accepted statements; {} refused; {} left out, \
             which read tables that are not known",
            totals.statements,
            self.slugs.len(),
            totals.shapes,
            totals.analysed,
            totals.accepted,
            totals.refused.len(),
            totals.left_out
        );
        for (table, count) in &totals.missing {
            println!("  {count} statements read {table}");
        }
        totals.refused
    }
}
