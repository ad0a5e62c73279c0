//! Whether intervals cover what they say: simulated coverage and false-positive rates of the statistics, as tables for `docs/statistics-validity.md`.
//!
//! `cargo bench --bench validity` prints the tables; `-- --write` puts them into the document, `-- --quick` makes a twentieth of the runs,
//! `-- --only WORD` the tables whose title contains it. Draws depend on a seed, the study, the design, the size and the number of the run alone.

#[path = "../tests/support/summarizer.rs"]
mod summarizer;
mod validity_designs;

use std::collections::HashMap;
use std::time::Instant;

use isobar::analysis::{Basis, Period};
use isobar::demo::random::{Purpose, Stream, unit_key};
use isobar::stats::{Comparison, Compat, Context, Request, Row, Statistic};
use isobar::summary::Summaries;
use summarizer::{Sample, Unit};
use validity_designs::{Design, LOOKS, PEEKING, Peeking, STUDIES, Study, WIDTHS};

const SEED: u64 = 20_260_101;
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/statistics-validity.md");
const BRANCHES: [&str; 2] = ["a", "b"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    let only = arguments.iter().skip_while(|argument| *argument != "--only").nth(1);
    let share = if has("--quick") { 20 } else { 1 };
    let is_wanted = |title: &str| only.is_none_or(|word| title.contains(word.as_str()));
    let mut tables = String::new();
    for (number, study) in STUDIES.iter().enumerate().filter(|(_, study)| is_wanted(study.title)) {
        let start = Instant::now();
        let table = coverage_table(number as u64, study, share);
        println!("{table}");
        tables.push_str(&table);
        eprintln!("{}: {:.1} s", study.title, start.elapsed().as_secs_f64());
    }
    if is_wanted("peeking") {
        let start = Instant::now();
        let table = peeking_table(share);
        println!("{table}");
        tables.push_str(&table);
        eprintln!("peeking: {:.1} s", start.elapsed().as_secs_f64());
    }
    if has("--write") {
        write(&tables);
    }
}

/// Replaces what stands between the document's markers.
fn write(tables: &str) {
    const MARKERS: [&str; 2] = ["<!-- tables -->\n", "<!-- end of tables -->"];
    let text = std::fs::read_to_string(DOCUMENT).expect("the document is there");
    let (before, rest) = text.split_once(MARKERS[0]).expect("the document has a marker");
    let (_, after) = rest.split_once(MARKERS[1]).expect("the document has both markers");
    let text = format!("{before}{}\n{tables}{}{after}", MARKERS[0], MARKERS[1]);
    std::fs::write(DOCUMENT, text).expect("the document is writable");
}

/// How often intervals held, by width and kind.
#[derive(Default)]
struct Tally {
    covered: HashMap<(usize, Option<&'static str>), usize>,
    /// 95 % intervals of the difference without 0.
    false_positives: usize,
    /// Runs without an estimate.
    without: usize,
}

const KINDS: [Option<&str>; 3] = [None, Some("difference"), Some("relative_uplift")];

fn coverage_table(number: u64, study: &Study, share: usize) -> String {
    let widths = study.widths;
    let mut text = format!("### {}\n\n{}\n\n| data | n | runs |", study.title, study.note);
    for kind in ["own", "difference", "uplift"] {
        for width in widths {
            text.push_str(&format!(" {kind} {:.0} |", 100.0 * width));
        }
    }
    text.push_str(" A/A at 5 % | Monte Carlo error |\n| --- | --- | --- |");
    text.push_str(&" --- |".repeat(3 * widths.len() + 2));
    text.push('\n');
    for (place, design) in study.designs.iter().enumerate() {
        let truths = truths(study, design);
        for (size, runs) in study.runs.iter().map(|(n, runs)| (*n, (*runs / share).max(5))) {
            if size * (design.sizes[0] + design.sizes[1]) > 2_000_000 {
                continue;
            }
            let mut tallies: Vec<Tally> = study.parameters.iter().map(|_| Tally::default()).collect();
            for run in 0..runs {
                let key = unit_key(SEED, number << 32 | (place as u64) << 24 | size as u64, run as u64);
                let samples = draw(design, size, study.adjusts, key);
                count(study, &samples, &truths, &mut tallies);
            }
            for ((parameter, truth), tally) in study.parameters.iter().zip(&truths).zip(&tallies) {
                let name = match parameter {
                    Some(q) => format!("{}, q = {q}", design.name),
                    None => design.name.to_string(),
                };
                text.push_str(&line(&name, size, runs, widths, *truth, tally));
            }
        }
    }
    text.push('\n');
    text
}

/// One line of a table: shares in percent, in bold where they miss the nominal one by more than three Monte Carlo errors.
fn line(name: &str, size: usize, runs: usize, widths: &[f64], truth: [f64; 2], tally: &Tally) -> String {
    let counted = runs - tally.without;
    let error = |width: f64| (width * (1.0 - width) / counted.max(1) as f64).sqrt();
    let bold = |share: f64, width: f64| {
        let text = format!("{:.1}", 100.0 * share);
        match (share - width).abs() > 3.0 * error(width) {
            true => format!("**{text}**"),
            false => text,
        }
    };
    let mut text = format!("| {name} | {} | {runs} |", grouped(size));
    for kind in KINDS {
        for (place, width) in widths.iter().enumerate() {
            if !target(kind, truth).is_finite() {
                text.push_str(" - |");
                continue;
            }
            let covered = tally.covered.get(&(place, kind)).copied().unwrap_or(0);
            text.push_str(&format!(" {} |", bold(covered as f64 / counted.max(1) as f64, *width)));
        }
    }
    let false_positives = match truth[0] == truth[1] {
        true => bold(tally.false_positives as f64 / counted.max(1) as f64, 0.05),
        false => "-".to_string(),
    };
    let errors: Vec<String> = widths
        .iter()
        .map(|width| format!("{:.1}", 100.0 * error(*width)))
        .collect();
    text.push_str(&format!(" {false_positives} | {} |\n", errors.join(", ")));
    text
}

/// A number with its thousands set apart.
fn grouped(number: usize) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1000), number % 1000),
    }
}

fn context(branches: &[String]) -> Context<'_> {
    Context {
        period: Period::Overall,
        days: 1,
        basis: Basis::Enrollments,
        window_index: None,
        branches,
        compat: Compat::None,
    }
}

fn request(statistic: Statistic) -> Request {
    Request {
        metric: "v".to_string(),
        statistic,
        pre_treatments: Vec::new(),
    }
}

fn summaries(request: &Request, samples: &[Sample], context: &Context) -> Summaries {
    summarizer::summarize(&request.cell(context), samples)
}

/// The number that a branch's, or a comparison's, row estimates.
fn target(kind: Option<&str>, truth: [f64; 2]) -> f64 {
    match kind {
        None => truth[1],
        Some("difference") => truth[1] - truth[0],
        Some(_) => truth[1] / truth[0] - 1.0,
    }
}

/// The row of branch b (against branch a).
fn row<'a>(rows: &'a [Row], kind: Option<&str>, parameter: Option<&str>) -> Option<&'a Row> {
    rows.iter().find(|row| {
        row.branch == BRANCHES[1]
            && row.comparison.map(Comparison::as_str) == kind
            && row.parameter.as_deref() == parameter
    })
}

/// Whether an interval contains a number; an end that is not there is at infinity.
fn contains(row: &Row, number: f64) -> bool {
    // Equal laws give ends that differ from 0 by rounding.
    let slack = 1e-12 * number.abs().max(row.point.unwrap_or(0.0).abs());
    row.lower.is_none_or(|lower| lower <= number + slack) && row.upper.is_none_or(|upper| number <= upper + slack)
}

/// Whether a row has any number; an uplift whose mean is infinite has an interval all the same.
fn has_numbers(row: &Row) -> bool {
    row.point.or(row.lower).or(row.upper).is_some()
}

fn count(study: &Study, samples: &[Sample], truths: &[[f64; 2]], tallies: &mut [Tally]) {
    let branches = BRANCHES.map(str::to_string);
    let context = context(&branches);
    let first = request((study.statistic)(study.widths[0]));
    let summaries = summaries(&first, samples, &context);
    for (place, width) in study.widths.iter().enumerate() {
        let rows = request((study.statistic)(*width)).estimate(&summaries, &context).rows;
        for ((parameter, truth), tally) in study.parameters.iter().zip(truths).zip(tallies.iter_mut()) {
            let found = KINDS.map(|kind| row(&rows, kind, *parameter));
            if found[0].is_none_or(|row| row.point.is_none()) {
                tally.without += usize::from(place == 0);
                continue;
            }
            for (kind, row) in KINDS.into_iter().zip(found) {
                let holds = row.is_some_and(|row| has_numbers(row) && contains(row, target(kind, *truth)));
                *tally.covered.entry((place, kind)).or_default() += usize::from(holds);
                if kind == Some("difference") && *width == WIDTHS[1] {
                    tally.false_positives += usize::from(row.is_some_and(|row| !contains(row, 0.0)));
                }
            }
        }
    }
}

fn draw(design: &Design, size: usize, with_before: bool, key: u64) -> Vec<Sample> {
    let of_branch = |branch: usize| {
        let mut stream = Stream::new(key, Purpose::Traits, branch as u64);
        let units = size * design.sizes[branch];
        (0..units)
            .map(|_| unit(design, branch, with_before, &mut stream))
            .collect()
    };
    vec![(BRANCHES[0], of_branch(0)), (BRANCHES[1], of_branch(1))]
}

/// A unit: a function of two normal draws, and before enrollment the same function, as for branch a, of two draws with a correlation of 0.7. A fifth has
/// nothing before enrollment.
fn unit(design: &Design, branch: usize, with_before: bool, stream: &mut Stream) -> Unit {
    const CORRELATION: f64 = 0.7;
    let z = [stream.normal(), if design.is_ratio { stream.normal() } else { 0.0 }];
    let [value, denominator] = (design.values)(branch, z);
    let before = with_before && stream.chance(0.8);
    let rest = (1.0f64 - CORRELATION * CORRELATION).sqrt();
    let mut again = |z: f64| CORRELATION * z + rest * stream.normal();
    Unit {
        value,
        denominator,
        before: before.then(|| (design.values)(0, [again(z[0]), again(z[1])])),
    }
}

/// What the branches' own rows estimate: the design's own numbers, or the statistic on a population of evenly spaced quantiles.
fn truths(study: &Study, design: &Design) -> Vec<[f64; 2]> {
    if let Some(truth) = design.truth {
        return study.parameters.iter().map(|_| truth).collect();
    }
    const POPULATION: usize = 400_000;
    let of_branch = |branch: usize| {
        let n = POPULATION * design.sizes[branch] / (design.sizes[0] + design.sizes[1]);
        let value = |i: usize| {
            let z = isobar::stats::distribution::normal_quantile((i as f64 + 0.5) / n as f64);
            Unit {
                value: (design.values)(branch, [z, 0.0])[0],
                ..Unit::default()
            }
        };
        (0..n).map(value).collect()
    };
    let samples: Vec<Sample> = vec![(BRANCHES[0], of_branch(0)), (BRANCHES[1], of_branch(1))];
    let branches = BRANCHES.map(str::to_string);
    let context = context(&branches);
    let request = request((study.plain)(WIDTHS[1]));
    let rows = request
        .estimate(&summaries(&request, &samples, &context), &context)
        .rows;
    let point = |branch: &str, parameter: Option<&str>| {
        let own = rows
            .iter()
            .find(|row| row.branch == branch && row.comparison.is_none() && row.parameter.as_deref() == parameter);
        own.and_then(|row| row.point).expect("a population has an estimate")
    };
    let of_parameter = |parameter: &Option<&str>| BRANCHES.map(|branch| point(branch, *parameter));
    study.parameters.iter().map(of_parameter).collect()
}

/// How often an interval that is looked at on each of so many days misses on any of them.
fn peeking_table(share: usize) -> String {
    let mut text = format!(
        "### peeking\n\nEqual branches, looked at on {LOOKS} days with as many new units on each; nominal coverage 95 %. Shares of runs in which the interval \
         missed on any day.\n\n| statistic | data | n at the end | runs | own | difference (A/A) | Monte Carlo error |\n| --- | --- | --- | --- | --- | --- | --- |\n"
    );
    for (
        number,
        Peeking {
            statistic,
            design,
            sizes,
        },
    ) in PEEKING.iter().enumerate()
    {
        let request = request(statistic());
        let branches = BRANCHES.map(str::to_string);
        let context = context(&branches);
        let truth = design.truth.expect("peeking has designs with known means");
        for (size, runs) in sizes.iter().map(|(n, runs)| (*n, (*runs / share).max(5))) {
            let mut missed = [0; 2];
            for run in 0..runs {
                let key = unit_key(SEED, 1 << 48 | (number as u64) << 32 | size as u64, run as u64);
                let samples = draw(design, size, false, key);
                let mut misses = [false; 2];
                for look in 1..=LOOKS {
                    let seen = |units: &[Unit]| units[..units.len() * look / LOOKS].to_vec();
                    let seen: Vec<Sample> = samples.iter().map(|(name, units)| (*name, seen(units))).collect();
                    let rows = request.estimate(&summaries(&request, &seen, &context), &context).rows;
                    for (miss, kind) in misses.iter_mut().zip(KINDS) {
                        *miss |= row(&rows, kind, None).is_some_and(|row| !contains(row, target(kind, truth)));
                    }
                }
                missed
                    .iter_mut()
                    .zip(misses)
                    .for_each(|(count, miss)| *count += usize::from(miss));
            }
            let percent = |count: usize| 100.0 * count as f64 / runs as f64;
            let error = 100.0 * (0.05 * 0.95 / runs as f64).sqrt();
            text.push_str(&format!(
                "| {} | {} | {} | {runs} | {:.1} | {:.1} | {error:.1} |\n",
                request.name(),
                design.name,
                grouped(size),
                percent(missed[0]),
                percent(missed[1])
            ));
        }
    }
    text.push('\n');
    text
}
