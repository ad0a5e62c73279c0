//! Any text as the files of a config tree: experiment, definitions, outcome, functions, defaults, in this order, separated by a
//! NUL. What is missing is empty.
#![no_main]

mod tree;

use libfuzzer_sys::fuzz_target;

const FILES: [&str; 5] = [
    "jetstream/x.toml",
    "definitions/firefox_desktop.toml",
    "jetstream/outcomes/firefox_desktop/o.toml",
    "definitions/functions.toml",
    "jetstream/defaults/firefox_desktop.toml",
];

fuzz_target!(|text: &str| {
    let mut parts = text.split('\0');
    let files = FILES.map(|path| (path, parts.next().unwrap_or_default()));
    tree::analyse(&files);
});
