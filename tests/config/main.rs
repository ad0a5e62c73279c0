//! Config trees and experiments made up for the purpose: how layers combine, and what is said about faults.

mod faults;
mod ids;
mod layers;
mod mutations;
mod tree;
