//! Looks, before anything is executed, whether the warehouse has what an experiment's statements read, and points a fault
//! at the fragment of a config that it comes from.
//!
//! The statements themselves are tried, cut down to one fragment at a time and asked for no rows. The metric statements read the
//! cohort's table, which may not be there yet: its statement stands in its place.

use crate::analysis::{Analysis, Fragment};
use crate::diagnostics::{Diagnostic, Diagnostics, Result};
use crate::pipeline::Work;
use crate::plan::node::{Cohort, Column, MetricSource, Node, SegmentSource, UnitWindow};
use crate::sql::compile::compile;
use crate::warehouse::Warehouse;

/// Tries every source, segment, signal and metric of the work once.
///
/// # Errors
/// All faults, each with the place in the config where one is known.
pub fn check(analysis: &Analysis, work: &Work, warehouse: &dyn Warehouse) -> Result<()> {
    let Some(cohort) = &work.cohort else {
        return Ok(());
    };
    let trial = Trial { analysis, warehouse };
    let mut faults = trial.cohort(&cohort.node)?;
    if faults.is_empty() {
        let mut tried: Vec<&MetricSource> = Vec::new();
        for basis in work.windows.iter().flat_map(|window| &window.bases) {
            for source in &basis.node.sources {
                if !tried.contains(&source) {
                    tried.push(source);
                    let found = trial.source(&basis.node, source, &cohort.statement.sql)?;
                    // Windows share sources and metrics, and so their faults.
                    faults.extend(
                        found
                            .into_iter()
                            .filter(|fault| !faults.contains(fault))
                            .collect::<Vec<_>>(),
                    );
                }
            }
        }
    }
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Diagnostics(faults)),
    }
}

struct Trial<'a> {
    analysis: &'a Analysis,
    warehouse: &'a dyn Warehouse,
}

impl Trial<'_> {
    /// The faults of a query, found by asking it for no rows.
    fn faults(&self, name: &str, sql: &str) -> Vec<Diagnostic> {
        let query = sql.trim_end().trim_end_matches(';');
        match self
            .warehouse
            .query(name, &format!("SELECT * FROM (\n{query}\n) LIMIT 0"))
        {
            Ok(_) => Vec::new(),
            Err(faults) => faults.0,
        }
    }

    /// The whole cohort; if it fails, its parts one by one.
    fn cohort(&self, cohort: &Cohort) -> Result<Vec<Diagnostic>> {
        let whole = self.cohort_faults(cohort)?;
        if whole.is_empty() {
            return Ok(whole);
        }
        let bare = Cohort {
            segment_sources: Vec::new(),
            signal: None,
            ..cohort.clone()
        };
        let query = self.analysis.experiment.enrollment_query.as_ref();
        let mut found = at(self.cohort_faults(&bare)?, query, "enrollments");
        if !found.is_empty() {
            return Ok(found);
        }
        for source in &cohort.segment_sources {
            for segment in &source.segments {
                let source = SegmentSource {
                    segments: vec![segment.clone()],
                    ..source.clone()
                };
                let one = Cohort {
                    segment_sources: vec![source],
                    ..bare.clone()
                };
                let known = self
                    .analysis
                    .experiment
                    .segments
                    .iter()
                    .find(|known| known.name == segment.name);
                let fragment = known.map(|known| &known.select);
                found.extend(at(
                    self.cohort_faults(&one)?,
                    fragment,
                    &format!("segment {}", segment.name),
                ));
            }
        }
        if cohort.signal.is_some() {
            let one = Cohort {
                signal: cohort.signal.clone(),
                ..bare
            };
            let fragment = self
                .analysis
                .experiment
                .exposure_signal
                .as_ref()
                .map(|signal| &signal.select);
            found.extend(at(self.cohort_faults(&one)?, fragment, "exposure signal"));
        }
        // Parts that only fail together have no place of their own.
        Ok(if found.is_empty() { whole } else { found })
    }

    fn cohort_faults(&self, cohort: &Cohort) -> Result<Vec<Diagnostic>> {
        let statement = compile(&Node::Cohort(cohort.clone()), "enrollments".to_string())?;
        Ok(self.faults(&statement.name, &statement.sql))
    }

    /// A source with all its metrics; if that fails, without any, then with one at a time.
    fn source(&self, node: &UnitWindow, source: &MetricSource, enrollments: &str) -> Result<Vec<Diagnostic>> {
        let try_metrics = |metrics: &[Column]| -> Result<Vec<Diagnostic>> {
            let source = MetricSource {
                metrics: metrics.to_vec(),
                ..source.clone()
            };
            let columns = Vec::new();
            let one = UnitWindow {
                sources: vec![source],
                columns,
                signal: None,
                ..node.clone()
            };
            let statement = compile(&Node::UnitWindow(one), "metrics".to_string())?;
            let table = format!("`{}`", node.enrollments.table);
            let query = enrollments.trim_end().trim_end_matches(';');
            Ok(self.faults(
                &statement.name,
                &statement.sql.replace(&table, &format!("(\n{query}\n)")),
            ))
        };
        let whole = try_metrics(&source.metrics)?;
        if whole.is_empty() {
            return Ok(whole);
        }
        let from = self.analysis.data_sources.get(&source.name).map(|source| &source.from);
        let constant = Column {
            name: "nothing".to_string(),
            select: "COUNT(*)".to_string(),
        };
        let found = at(try_metrics(&[constant])?, from, &format!("data source {}", source.name));
        if !found.is_empty() {
            return Ok(found);
        }
        let mut found = Vec::new();
        for metric in &source.metrics {
            let fragment = self
                .analysis
                .metrics
                .get(&metric.name)
                .and_then(|metric| metric.select.as_ref());
            let faults = try_metrics(std::slice::from_ref(metric))?;
            found.extend(at(faults, fragment, &format!("metric {}", metric.name)));
        }
        Ok(if found.is_empty() { whole } else { found })
    }
}

/// The faults with the fragment as their place, where there is one.
fn at(faults: Vec<Diagnostic>, fragment: Option<&Fragment>, context: &str) -> Vec<Diagnostic> {
    let placed = faults.into_iter().map(|fault| {
        let fault = fault.within(context);
        match fragment {
            Some(fragment) => fault.with_span(fragment.span.clone()),
            None => fault,
        }
    });
    placed.collect()
}
