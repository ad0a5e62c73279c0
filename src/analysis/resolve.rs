//! Resolves one experiment: looks up every name, renders every template, checks every fragment. All faults at once.

use minijinja::Value;

use super::experiment::Block;
use super::inserted::Harmless;
use super::metrics::Metrics;
use super::{Analysis, ids, parameters, sources};
use crate::config::Configs;
use crate::config::spec::Spec;
use crate::diagnostics::{Diagnostic, Diagnostics, Result};
use crate::experiment::NimbusExperiment;

/// What the parts of a resolution share. It is read only, so that nothing of one experiment reaches another.
pub(super) struct Scope<'a> {
    /// The shared definitions and the template environment.
    pub configs: &'a Configs,
    /// The experiment's own layers, merged.
    pub spec: &'a Spec,
    /// The app's definitions.
    pub definitions: Option<&'a Spec>,
    /// The experiment block.
    pub block: &'a Block,
    /// `{parameters: ...}`, for select expressions.
    pub parameters: Value,
    /// `{experiment: ...}`, for sources and the enrollment query.
    pub experiment: Value,
    /// Stand-ins for values that could change SQL, where there are such.
    pub harmless: Option<Harmless>,
}

/// Fills an [`Analysis`] from an experiment's merged layers; see [`Configs::resolve`].
pub fn resolve(configs: &Configs, spec: &Spec, nimbus: &NimbusExperiment) -> Result<Analysis> {
    match resolve_in_part(configs, spec, nimbus) {
        (analysis, faults) if faults.is_empty() => Ok(analysis),
        (_, faults) => Err(Diagnostics(faults)),
    }
}

/// Fills an [`Analysis`] with what can be resolved; beside it the faults of all else. See [`Configs::resolve_in_part`].
pub fn resolve_in_part(configs: &Configs, spec: &Spec, nimbus: &NimbusExperiment) -> (Analysis, Vec<Diagnostic>) {
    let mut faults = Vec::new();
    let block = Block::new(configs, spec, nimbus, &mut faults);
    let parameters = parameters::resolve(&spec.parameters, &mut faults);
    let experiment = block.context(nimbus);
    let harmless = Harmless::of(parameters.harmless, &parameters.context, &experiment, &block.slug);
    let scope = Scope {
        configs,
        spec,
        definitions: configs.definitions(nimbus.app_name()),
        block: &block,
        parameters: parameters.context,
        experiment,
        harmless,
    };
    let mut metrics = Metrics::default();
    metrics.resolve(&scope, &mut faults);
    let segments = sources::segments(&scope, nimbus, &mut faults);
    let exposure_signal = sources::exposure_signal(&scope, &mut metrics.data_sources, &mut faults);
    let enrollment_query = sources::enrollment_query(&scope, &mut faults);
    let analysis = Analysis {
        experiment: block.finish(nimbus, spec, segments, exposure_signal, enrollment_query),
        parameters: parameters.values,
        periods: metrics.periods,
        metrics: metrics.metrics,
        data_sources: metrics.data_sources,
    };
    faults.extend(ids::faults(&analysis));
    (analysis, distinct(faults))
}

/// A metric is met once for each period that lists it; its faults count once.
fn distinct(faults: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut kept: Vec<Diagnostic> = Vec::new();
    for fault in faults {
        if !kept.contains(&fault) {
            kept.push(fault);
        }
    }
    kept
}
