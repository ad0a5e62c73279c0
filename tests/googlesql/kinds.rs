//! The enrollment kinds of `tests/enrollment_kinds` on Google's reference implementation: the expected rows are what the plain queries
//! return, and our statements return the same.

use std::path::Path;

use crate::equality::differences::differences;
use crate::equality::fixtures::own_functions;
use crate::equality::kinds::{CASES, expected, plain_query, telemetry, work};
use crate::oracle::Oracle;

/// How the plain queries call the table of enrollments.
const ENROLLMENTS: &str = "results.cases.enrollments";

/// Every difference.
pub fn compare(python: &Path) -> Vec<String> {
    let mut oracle = Oracle::start(python);
    let mut faults = Vec::new();
    let (mut statements, mut compared) = (0, 0);
    for case in CASES {
        oracle.clear();
        oracle.functions(&own_functions());
        let telemetry = telemetry(case);
        oracle.tables(telemetry.iter().map(|(name, rows)| (name.clone(), rows)));
        let work = work(case);
        let cohort = work.cohort.as_ref().expect("the experiment has enrolled");
        let enrollments = expected(case, "enrollments").expect("a case has enrollments");
        let names = [ENROLLMENTS.to_string(), cohort.node.target.to_string()];
        oracle.tables(names.into_iter().map(|name| (name, &enrollments)));
        for statement in work.script().statements {
            let Some(expected) = expected(case, &statement.name) else {
                continue;
            };
            let plain = plain_query(case, &statement.name);
            for (whose, sql) in [("the plain query", plain.as_str()), ("ours", statement.sql.as_str())] {
                let found = match oracle.query(sql) {
                    Ok(rows) => differences(&expected, &rows, &[]),
                    Err(fault) => vec![fault],
                };
                faults.extend(
                    found
                        .iter()
                        .map(|fault| format!("{case}/{}, {whose}: {fault}", statement.name)),
                );
            }
            statements += 1;
            compared += expected.rows.len();
        }
    }
    println!(
        "{} cases, {statements} statements and as many plain queries, {compared} rows, {} differences",
        CASES.len(),
        faults.len()
    );
    faults
}
