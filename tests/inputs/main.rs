//! Where configs and experiments come from, through the program: git repositories, the Experimenter API, platforms.

mod api;
mod diff;
mod mirrors;
mod platforms;
mod provenance;
mod server;
mod states;
mod world;
