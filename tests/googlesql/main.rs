//! The statements and functions of the program on Google's own analyzer and reference implementation of GoogleSQL, which share no code
//! with it: whether BigQuery SQL is accepted, and what it means.

mod analysis;
mod candidates;
#[path = "../equality/mod.rs"]
mod equality;
mod execution;
mod functions;
mod kinds;
mod oracle;
mod pool;
mod refusals;
mod selection;
mod shapes;
mod summaries;

use std::sync::Mutex;

use equality::fixtures::{self, shared};

/// Held while two engines work: the tests of this file would only slow each other down.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn every_statement_of_the_corpus_is_accepted() {
    let (Some(shared), Some(python)) = (shared(), oracle::python()) else {
        return;
    };
    let _turn = TURN.lock();
    let refused = analysis::analyze(&shared, &python, fixtures::functions(&shared));
    let unexpected = refusals::unexpected(&refused);
    let shown: Vec<&str> = unexpected.iter().take(50).map(String::as_str).collect();
    assert!(unexpected.is_empty(), "{}", shown.join("\n"));
}

#[test]
fn statements_return_the_reference_rows() {
    let (Some(shared), Some(python)) = (shared(), oracle::python()) else {
        return;
    };
    let _turn = TURN.lock();
    let faults = execution::execute(&shared, &python, fixtures::functions(&shared));
    let shown: Vec<&str> = faults.iter().take(50).map(String::as_str).collect();
    assert!(faults.is_empty(), "{}", shown.join("\n"));
}

#[test]
fn enrollment_kinds_return_what_plain_queries_return() {
    let Some(python) = oracle::python() else { return };
    let _turn = TURN.lock();
    let faults = kinds::compare(&python);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn functions_mean_what_they_mean_in_bigquery() {
    let Some(python) = oracle::python() else { return };
    let _turn = TURN.lock();
    let faults = functions::evaluate(&python, &fixtures::own_functions());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn functions_of_the_corpus_are_known() {
    let Some(shared) = shared() else { return };
    let unknown = functions::unknown(&shared);
    assert!(
        unknown.is_empty(),
        "{unknown:?} have no case in `tests/equality/functions.rs`"
    );
}
