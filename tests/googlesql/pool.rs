//! Analyses many statements with two engines at once, as many as the machines that run the tests have cores.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::candidates::Candidate;
use crate::oracle::{Columns, Oracle};

/// A statement to analyse.
pub struct Job<'a> {
    /// The statement.
    pub candidate: &'a Candidate,
    /// What tells which others it speaks for.
    pub key: u64,
    /// The tables that it reads.
    pub tables: Vec<(String, Columns)>,
}

/// The columns of a result, or why the statement is refused.
pub type Analysis = Result<Columns, String>;

/// The analyses of jobs, in their order.
pub fn run(python: &Path, functions: &str, jobs: &[Job]) -> Vec<Analysis> {
    // The jobs of an experiment share a catalog.
    let batches: Vec<&[Job]> = jobs
        .chunk_by(|a, b| a.candidate.experiment == b.candidate.experiment)
        .collect();
    let done: Vec<Mutex<Vec<Analysis>>> = batches.iter().map(|_| Mutex::default()).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut oracle = Oracle::start(python);
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(batch) = batches.get(place) else { break };
                    *done[place].lock().unwrap() = analyze(&mut oracle, functions, batch);
                }
            });
        }
    });
    let analyses = done.into_iter().map(|analyses| analyses.into_inner().unwrap());
    analyses.flatten().collect()
}

fn analyze(oracle: &mut Oracle, functions: &str, batch: &[Job]) -> Vec<Analysis> {
    let tables: BTreeMap<String, Columns> = batch.iter().flat_map(|job| job.tables.iter().cloned()).collect();
    oracle.clear();
    oracle.functions(functions);
    oracle.schemas(&tables.into_iter().collect::<Vec<_>>());
    let statements = batch.iter().map(|job| &job.candidate.statement);
    statements.map(|statement| oracle.analyze(&statement.sql)).collect()
}
