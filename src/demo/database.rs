//! Writes the telemetry into the embedded engine's folder: one DuckDB file per project.
//!
//! Clients come in chunks, and a chunk's rows are written day by day, so that the rows of a date lie together and a query of a few dates
//! skips most of the file. Each table is filled by one thread in the order of its clients: the files hold the same rows in the same
//! order whatever the number of threads.

use std::path::Path as FilePath;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use duckdb::types::{TimeUnit, Value};
use duckdb::{Appender, Connection, ToSql};
use jiff::civil::{Date, date};

use super::client::Enrollment;
use super::design::{DAYS, DESKTOP, Experiment, FENIX, FIRST_DATE, HISTORY};
use super::{desktop, fenix};

/// The project whose tables telemetry is written to.
pub const PROJECT: &str = "moz-fx-data-shared-prod";
/// The project that shows the same tables to analysts.
pub const VIEWS_PROJECT: &str = "mozdata";

/// Clients of one platform, consecutive by number.
#[derive(Debug, Clone)]
pub enum Chunk {
    /// Firefox desktop.
    Desktop(Arc<Vec<desktop::Client>>),
    /// Fenix.
    Fenix(Arc<Vec<fenix::Client>>),
}

/// Opens a new database file in the folder, with the tables and nothing in them.
pub fn create(folder: &FilePath) -> duckdb::Result<Connection> {
    let connection = Connection::open(folder.join(format!("{PROJECT}.duckdb")))?;
    connection.execute_batch(include_str!("schema.sql"))?;
    Ok(connection)
}

/// Writes the activity of desktop clients: one row for each active day.
pub fn write_days(connection: &Connection, chunks: Receiver<Chunk>) -> duckdb::Result<()> {
    connection.execute_batch("BEGIN")?;
    let mut days = connection.appender_to_db("desktop_days", "isobar_demo")?;
    for chunk in chunks {
        if let Chunk::Desktop(clients) = chunk {
            append_desktop_days(&mut days, &clients)?;
        }
    }
    days.flush()?;
    drop(days);
    connection.execute_batch("COMMIT")
}

/// Writes all the rest: searches and events of desktop clients, everything of Fenix clients.
pub fn write_others(connection: &Connection, chunks: Receiver<Chunk>) -> duckdb::Result<()> {
    connection.execute_batch("BEGIN")?;
    let mut searches = connection.appender_to_db("desktop_searches", "isobar_demo")?;
    let mut events = connection.appender_to_db("desktop_events", "isobar_demo")?;
    let mut pings = connection.appender_to_db("fenix_pings", "isobar_demo")?;
    let mut fenix_days = connection.appender_to_db("fenix_days", "isobar_demo")?;
    let mut fenix_events = connection.appender_to_db("fenix_events", "isobar_demo")?;
    for chunk in chunks {
        match chunk {
            Chunk::Desktop(clients) => {
                append_desktop_searches(&mut searches, &clients)?;
                append_desktop_events(&mut events, &clients)?;
            }
            Chunk::Fenix(clients) => {
                append_fenix_pings(&mut pings, &clients)?;
                append_fenix_days(&mut fenix_days, &clients)?;
                append_fenix_events(&mut fenix_events, &clients)?;
            }
        }
    }
    for mut appender in [searches, events, pings, fenix_days, fenix_events] {
        appender.flush()?;
    }
    connection.execute_batch("COMMIT")
}

/// Adds the views over the tables, then the second project's file with views of these.
pub fn finish(connection: &Connection, folder: &FilePath) -> duckdb::Result<()> {
    connection.execute_batch(&views())?;
    let path = folder.join(format!("{VIEWS_PROJECT}.duckdb"));
    let path = path.to_string_lossy().replace('\'', "''");
    connection.execute_batch(&format!("ATTACH '{path}' AS {VIEWS_PROJECT}"))?;
    connection.execute_batch(include_str!("mozdata.sql"))?;
    connection.execute_batch(&format!(
        "CHECKPOINT {VIEWS_PROJECT}; DETACH {VIEWS_PROJECT}; CHECKPOINT"
    ))
}

/// The text of views.sql with its lists and slugs filled in.
fn views() -> String {
    let words = |words: &[&str]| format!("['{}']", words.join("', '"));
    let builds: Vec<String> = desktop::SYSTEMS
        .iter()
        .map(|system| system.2.map_or("NULL".to_owned(), |build| build.to_string()))
        .collect();
    let lists = [
        ("{desktop_slug}", DESKTOP.slug.to_owned()),
        ("{fenix_slug}", FENIX.slug.to_owned()),
        (
            "{desktop_countries}",
            words(&desktop::COUNTRIES.map(|country| country.0)),
        ),
        ("{desktop_locales}", words(&desktop::COUNTRIES.map(|country| country.1))),
        ("{desktop_systems}", words(&desktop::SYSTEMS.map(|system| system.0))),
        ("{desktop_versions}", words(&desktop::SYSTEMS.map(|system| system.1))),
        ("{desktop_builds}", format!("[{}]", builds.join(", "))),
        ("{desktop_engines}", words(&desktop::ENGINES.map(|engine| engine.0))),
        ("{desktop_sources}", words(&desktop::SOURCES.map(|source| source.0))),
        ("{fenix_countries}", words(&fenix::COUNTRIES.map(|country| country.0))),
    ];
    lists
        .iter()
        .fold(include_str!("views.sql").to_owned(), |text, (name, value)| {
            text.replace(name, value)
        })
}

fn append_desktop_days(appender: &mut Appender<'_>, clients: &[desktop::Client]) -> duckdb::Result<()> {
    let mut seen = vec![0_u32; clients.len()];
    let mut active = vec![0_u32; clients.len()];
    for day in -HISTORY..DAYS {
        let date = sql_date(day);
        for (index, client) in clients.iter().enumerate() {
            let present = client.path.contains(day);
            seen[index] = shifted(seen[index], present);
            active[index] = shifted(active[index], present && client.browses(day));
            if day < 0 || !present {
                continue;
            }
            let row = client.day(day);
            let flags = u8::from(client.is_default_browser) | u8::from(client.has_account) << 1;
            append(
                appender,
                &[
                    &date,
                    &client.id.as_str(),
                    &client.group_id.as_str(),
                    &client.sample_id,
                    &client.country,
                    &client.system,
                    &client.engine,
                    &flags,
                    &sql_date(client.first_seen),
                    &annotation(client.enrollment, day, &DESKTOP),
                    &row.pings,
                    &row.ticks,
                    &row.pages,
                    &row.private_pages,
                    &seen[index],
                    &active[index],
                ],
            )?;
        }
    }
    Ok(())
}

fn append_desktop_searches(appender: &mut Appender<'_>, clients: &[desktop::Client]) -> duckdb::Result<()> {
    for day in 0..DAYS {
        let date = sql_date(day);
        for client in clients.iter().filter(|client| client.path.contains(day)) {
            for row in client.day_searches(day) {
                append(
                    appender,
                    &[
                        &date,
                        &client.id.as_str(),
                        &client.group_id.as_str(),
                        &client.engine,
                        &row.source,
                        &row.sap,
                        &row.tagged_sap,
                        &row.tagged_follow_on,
                        &row.search_with_ads,
                        &row.ad_click,
                        &row.organic,
                    ],
                )?;
            }
        }
    }
    Ok(())
}

fn append_desktop_events(appender: &mut Appender<'_>, clients: &[desktop::Client]) -> duckdb::Result<()> {
    let mut events: Vec<(i32, usize, desktop::Event)> = clients
        .iter()
        .enumerate()
        .flat_map(|(index, client)| client.events().into_iter().map(move |event| (event.day, index, event)))
        .collect();
    // Stable: the events of a client and day stay in their order.
    events.sort_by_key(|(day, index, _)| (*day, *index));
    for (day, index, event) in events {
        let client = &clients[index];
        let (id, group) = match event.anonymous {
            true => (None, None),
            false => (Some(client.id.as_str()), Some(client.group_id.as_str())),
        };
        append(
            appender,
            &[
                &sql_date(day),
                &id,
                &group,
                &client.sample_id,
                &client.country,
                &event.kind,
                &event.branch.map(|branch| DESKTOP.branches[branch]),
                &annotation(client.enrollment, day, &DESKTOP),
            ],
        )?;
    }
    Ok(())
}

fn append_fenix_pings(appender: &mut Appender<'_>, clients: &[fenix::Client]) -> duckdb::Result<()> {
    for day in 0..DAYS {
        for client in clients.iter().filter(|client| client.path.contains(day)) {
            for ping in client.pings(day) {
                append(
                    appender,
                    &[
                        &sql_timestamp(day, ping.second_of_day),
                        &client.id.as_str(),
                        &sql_date(client.first_seen),
                        &ping.annotation.map(|branch| FENIX.branches[branch]),
                        &ping.seconds,
                    ],
                )?;
            }
        }
    }
    Ok(())
}

fn append_fenix_days(appender: &mut Appender<'_>, clients: &[fenix::Client]) -> duckdb::Result<()> {
    for day in 0..DAYS {
        let date = sql_date(day);
        for client in clients.iter().filter(|client| client.path.contains(day)) {
            let (searches, ad_clicks) = client.day_searches(day);
            append(
                appender,
                &[
                    &date,
                    &client.id.as_str(),
                    &client.country,
                    &sql_date(client.first_seen),
                    &annotation(client.enrollment, day, &FENIX),
                    &client.pages(day),
                    &searches,
                    &ad_clicks,
                ],
            )?;
        }
    }
    Ok(())
}

fn append_fenix_events(appender: &mut Appender<'_>, clients: &[fenix::Client]) -> duckdb::Result<()> {
    for client in clients {
        for event in client.events() {
            let id: Option<&str> = (!event.anonymous).then(|| client.id.as_str());
            append(
                appender,
                &[
                    &sql_timestamp(event.day, event.second_of_day),
                    &id,
                    &client.sample_id,
                    &event.name,
                    &event.experiment,
                    &event.branch.map(|branch| FENIX.branches[branch]),
                ],
            )?;
        }
    }
    Ok(())
}

fn append(appender: &mut Appender<'_>, row: &[&dyn ToSql]) -> duckdb::Result<()> {
    appender.append_row(row)
}

fn annotation(enrollment: Option<Enrollment>, day: i32, experiment: &Experiment) -> Option<&'static str> {
    let branch = enrollment?.annotation(day)?;
    Some(experiment.branches[branch])
}

/// The history of 28 days, today in the lowest bit.
fn shifted(bits: u32, today: bool) -> u32 {
    (bits << 1 | u32::from(today)) & ((1 << 28) - 1)
}

fn sql_date(day: i32) -> Value {
    Value::Date32(days_since_1970(FIRST_DATE) + day)
}

fn sql_timestamp(day: i32, second: u32) -> Value {
    let seconds = i64::from(days_since_1970(FIRST_DATE) + day) * 86_400 + i64::from(second);
    Value::Timestamp(TimeUnit::Microsecond, seconds * 1_000_000)
}

fn days_since_1970(day: Date) -> i32 {
    let span = day
        .since(date(1970, 1, 1))
        .expect("a span of days between two dates exists");
    span.get_days()
}
