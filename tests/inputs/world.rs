//! A config tree, an experiment, git repositories and the program, all in temporary folders.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder for a test, with a cache of its own.
pub struct World {
    folder: TempDir,
}

/// What a call of the program left behind.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl World {
    pub fn new() -> Self {
        let world = Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
        };
        world.write("experiments/x.json", &experiment("x").to_string());
        world
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn text(&self, path: &str) -> String {
        self.path(path).display().to_string()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder can be made");
        std::fs::write(path, text).expect("a file can be written");
    }

    /// The config tree `folder`, whose metric `searches` is `expression`.
    pub fn configs(&self, folder: &str, expression: &str) {
        let definitions = format!(
            "[metrics.searches]\nselect_expression = \"{expression}\"\ndata_source = \"events\"\n\
             statistics = {{ bootstrap_mean = {{}} }}\n\n[data_sources.events]\nfrom_expression = \"`p.telemetry.events`\"\n"
        );
        self.write(&format!("{folder}/definitions/firefox_desktop.toml"), &definitions);
        self.write(
            &format!("{folder}/jetstream/x.toml"),
            "[metrics]\nweekly = [\"searches\"]\n",
        );
    }

    /// The program, ready to start.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_isobar"));
        command.args(arguments).current_dir(self.folder.path());
        command
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("HOME", self.path("home"));
        for name in [
            "http_proxy",
            "HTTP_PROXY",
            "https_proxy",
            "HTTPS_PROXY",
            "all_proxy",
            "ALL_PROXY",
        ] {
            command.env_remove(name);
        }
        command
    }

    pub fn isobar(&self, arguments: &[&str]) -> Ended {
        ended(self.command(arguments).output().expect("the program can be started"))
    }

    /// The resolved analysis of `x`, with these configs.
    pub fn analyse(&self, arguments: &[&str]) -> Ended {
        let mut all = vec![
            "compile",
            "--emit",
            "analysis",
            "--format",
            "json",
            "--experiments",
            "experiments",
        ];
        all.extend(arguments);
        self.isobar(&all)
    }

    /// Runs git in a folder of the world and gives what it prints.
    pub fn git(&self, folder: &str, arguments: &[&str]) -> String {
        self.git_at(folder, "2025-01-01T00:00:00Z", arguments)
    }

    fn git_at(&self, folder: &str, date: &str, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=A",
                "-c",
                "user.email=a@example.org",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(arguments)
            .current_dir(self.path(folder))
            .env("GIT_AUTHOR_DATE", date)
            .env("GIT_COMMITTER_DATE", date)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HOME", self.path("home"))
            .output()
            .expect("git can be started");
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_string()
    }

    pub fn init(&self, folder: &str) {
        std::fs::create_dir_all(self.path(folder)).expect("a folder can be made");
        self.git(folder, &["init", "--quiet", "--initial-branch=main"]);
    }

    /// Commits everything in a folder and gives the commit.
    pub fn commit(&self, folder: &str, date: &str) -> String {
        self.git(folder, &["add", "--all"]);
        self.git_at(folder, date, &["commit", "--quiet", "--allow-empty", "--message", date]);
        self.git(folder, &["rev-parse", "HEAD"])
    }
}

pub fn ended(output: Output) -> Ended {
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Ended {
    /// The only line of the output as JSON.
    pub fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// The expression of `searches`, which tells the states of the configs apart.
    pub fn expression(&self) -> String {
        let value = self.json();
        value["metrics"]["searches"]["select_expression"]
            .as_str()
            .unwrap_or_else(|| panic!("{value}"))
            .to_string()
    }

    /// Checks that the program failed with this code and said all of these words.
    pub fn fails(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is not in: {}", self.stderr);
        }
    }
}

/// A desktop experiment that ran for nine weeks.
pub fn experiment(slug: &str) -> Value {
    json!({
        "slug": slug,
        "appName": "firefox_desktop",
        "appId": "firefox-desktop",
        "branches": [{"slug": "control", "ratio": 1}, {"slug": "treatment", "ratio": 1}],
        "startDate": "2025-01-06",
        "endDate": "2025-03-10",
        "enrollmentEndDate": "2025-01-13",
        "proposedEnrollment": 7,
        "referenceBranch": "control",
        "bucketConfig": {"randomizationUnit": "normandy_id", "namespace": "n", "start": 0, "count": 100, "total": 10000},
        "outcomes": [],
        "segments": []
    })
}

/// The folder of the public corpus, where it is present.
pub fn corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("ISOBAR_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    shared.join("metric-hub").is_dir().then_some(shared)
}
