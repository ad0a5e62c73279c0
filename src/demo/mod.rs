//! Synthetic telemetry with known effects, for `isobar demo`: a folder with a database for the embedded engine, two experiments, a small
//! config tree, and the truth that estimates can be held against.
//!
//! Everything is a function of the number of clients and the seed. This module writes files; it runs nothing and prints nothing.

mod client;
mod database;
mod design;
mod desktop;
mod fenix;
mod folder;
pub mod random;
mod truth;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

pub use truth::Truth;

use crate::diagnostics::{Code, Diagnostic, Result};
use database::Chunk;
use truth::Accumulator;

/// Clients that are in memory as a chunk: enough for a chunk's rows of a few dates to fill a row group of the database.
const CHUNK: u64 = 1 << 17;
/// Clients whose truth is summed up as one; a fixed number, so that sums are the same however many threads there are.
const BLOCK: u64 = 1 << 13;

/// A demo folder that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Demo {
    /// The folder of the embedded engine: a file per project.
    pub database: PathBuf,
    /// The metric-hub-shaped config tree.
    pub configs: PathBuf,
    /// The folder of Nimbus experiments.
    pub experiments: PathBuf,
    /// The slugs of the experiments, desktop first.
    pub slugs: Vec<String>,
    /// The truth of every cell that has one; also in `truth.json`.
    pub truths: Vec<Truth>,
}

/// Writes a demo of `clients` desktop clients and a quarter as many Fenix clients to the folder `directory`, replacing a demo that lies there.
/// `progress` hears how many of all clients ([`total_clients`]) are done.
///
/// # Errors
///
/// A folder with something else in it, a number of clients that is zero or too large, and whatever the file system or the database refuse. In
/// that case nothing is left behind and an older demo stays as it was.
pub fn write(directory: &Path, clients: u64, seed: u64, progress: &mut dyn FnMut(u64)) -> Result<Demo> {
    if clients == 0 || MOST_CLIENTS < clients {
        let message = format!("the demo can't have {clients} clients");
        let help = format!("any number from 1 to {MOST_CLIENTS}");
        return Err(Diagnostic::error(Code::Usage, message).with_help(help).into());
    }
    let partial = folder::begin(directory)?;
    let database = partial.path().join("database");
    folder::create(&database)?;
    let truths = write_database(&database, clients, seed, progress)?;
    folder::write_configs(partial.path())?;
    folder::write_experiments(partial.path())?;
    folder::write_truths(partial.path(), &truths)?;
    partial.finish(directory)?;
    Ok(Demo {
        database: directory.join("database"),
        configs: directory.join("configs"),
        experiments: directory.join("experiments"),
        slugs: vec![design::DESKTOP.slug.to_owned(), design::FENIX.slug.to_owned()],
        truths,
    })
}

/// The most desktop clients that a demo can have; their ids would fit many more.
pub const MOST_CLIENTS: u64 = 100_000_000;

/// The truth of every cell of the demo that has one, without writing anything.
pub fn truth(clients: u64, seed: u64) -> Vec<Truth> {
    simulate(clients, seed, CHUNK, |_, _| true)
}

/// Desktop and Fenix clients together.
pub fn total_clients(clients: u64) -> u64 {
    clients.saturating_add(fenix_clients(clients))
}

fn fenix_clients(clients: u64) -> u64 {
    clients.div_ceil(4)
}

fn write_database(folder: &Path, clients: u64, seed: u64, progress: &mut dyn FnMut(u64)) -> Result<Vec<Truth>> {
    let faults = |error: duckdb::Error| {
        Diagnostic::error(Code::Unwritable, format!("can't write the demo's database: {error}"))
            .with_help(format!("the folder is `{}`", folder.display()))
    };
    let connection = database::create(folder).map_err(faults)?;
    let days_connection = connection.try_clone().map_err(faults)?;
    let others_connection = connection.try_clone().map_err(faults)?;
    let (days_sender, days) = sync_channel(1);
    let (others_sender, others) = sync_channel(1);
    let truths = std::thread::scope(|scope| {
        let days = scope.spawn(move || database::write_days(&days_connection, days));
        let others = scope.spawn(move || database::write_others(&others_connection, others));
        let senders: Vec<SyncSender<Chunk>> = vec![days_sender, others_sender];
        let truths = simulate(clients, seed, CHUNK, |chunk, done| {
            // A writer that gave up says why when it is joined.
            let accepted = senders.iter().all(|sender| sender.send(chunk.clone()).is_ok());
            progress(done);
            accepted
        });
        drop(senders);
        for writer in [days, others] {
            writer.join().expect("a writer of the demo does not panic")?;
        }
        Ok(truths)
    });
    let truths = truths.map_err(faults)?;
    database::finish(&connection, folder).map_err(faults)?;
    connection.close().map_err(|(_, error)| faults(error))?;
    Ok(truths)
}

/// Draws all clients in chunks of whole blocks, hands each chunk on with the number of clients done, and sums up the truth. Stops when a chunk is
/// refused.
fn simulate(clients: u64, seed: u64, chunk_size: u64, mut accept: impl FnMut(Chunk, u64) -> bool) -> Vec<Truth> {
    let mut desktop_truth = Accumulator::desktop();
    for first in (0..clients).step_by(chunk_size as usize) {
        let last = clients.min(first + chunk_size);
        let chunk = draw(
            (first, last),
            &mut desktop_truth,
            Accumulator::desktop,
            |number| desktop::Client::draw(seed, number),
            Accumulator::add_desktop,
        );
        if !accept(Chunk::Desktop(chunk), last) {
            return Vec::new();
        }
    }
    let fenix = fenix_clients(clients);
    let mut fenix_truth = Accumulator::fenix();
    for first in (0..fenix).step_by(chunk_size as usize) {
        let last = fenix.min(first + chunk_size);
        let chunk = draw(
            (first, last),
            &mut fenix_truth,
            Accumulator::fenix,
            |number| fenix::Client::draw(seed, number),
            Accumulator::add_fenix,
        );
        if !accept(Chunk::Fenix(chunk), clients + last) {
            return Vec::new();
        }
    }
    let mut truths = desktop_truth.desktop_truths();
    truths.extend(fenix_truth.fenix_truths());
    truths
}

/// Draws the clients of a chunk on several threads and adds their truth block by block.
fn draw<C: Send>(
    (first, last): (u64, u64),
    total: &mut Accumulator,
    empty: impl Fn() -> Accumulator + Sync,
    client: impl Fn(u64) -> C + Sync,
    add: impl Fn(&mut Accumulator, &[C]) + Sync,
) -> Arc<Vec<C>> {
    let blocks: Vec<(u64, u64)> = (first..last)
        .step_by(BLOCK as usize)
        .map(|start| (start, last.min(start + BLOCK)))
        .collect();
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get().min(8));
    let drawn: Vec<(Vec<C>, Accumulator)> = std::thread::scope(|scope| {
        let part = blocks.len().div_ceil(threads).max(1);
        let workers: Vec<_> = blocks
            .chunks(part)
            .map(|blocks| {
                let (empty, client, add) = (&empty, &client, &add);
                scope.spawn(move || {
                    let draw_block = |(start, end): &(u64, u64)| {
                        let clients: Vec<C> = (*start..*end).map(client).collect();
                        let mut sums = empty();
                        add(&mut sums, &clients);
                        (clients, sums)
                    };
                    blocks.iter().map(draw_block).collect::<Vec<_>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("drawing clients does not panic"))
            .collect()
    });
    let mut clients = Vec::with_capacity((last - first) as usize);
    for (block, sums) in drawn {
        clients.extend(block);
        total.merge(&sums);
    }
    Arc::new(clients)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_change_nothing() {
        let simulate = |chunk_size| {
            let mut clients = Vec::new();
            let truths = simulate(3 * BLOCK + 5, 11, chunk_size, |chunk, _| {
                match chunk {
                    Chunk::Desktop(chunk) => clients.extend(chunk.iter().map(|client| format!("{client:?}"))),
                    Chunk::Fenix(chunk) => clients.extend(chunk.iter().map(|client| format!("{client:?}"))),
                }
                true
            });
            (clients, truths)
        };
        let (clients, truths) = simulate(BLOCK);
        let (same_clients, same_truths) = simulate(4 * BLOCK);
        assert_eq!(clients.len() as u64, total_clients(3 * BLOCK + 5));
        assert!(clients == same_clients && truths == same_truths);
    }

    #[test]
    fn a_refused_chunk_ends_the_work() {
        let mut chunks = 0;
        let truths = simulate(3 * BLOCK, 1, BLOCK, |_, _| {
            chunks += 1;
            chunks < 2
        });
        assert_eq!((chunks, truths.len()), (2, 0));
    }
}
