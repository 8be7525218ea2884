//! Which build this is, under all the names that the real one has for it.

use prometheus::core::Collector;
use prometheus::{Error, GaugeVec, Opts};

/// Branch, date, user, version of Go, revision and version. No Go made this, and no stamp is put on it: those
/// are empty, which for a label is the same as not being there.
pub const INFORMATION: [&str; 6] = ["", "", "", "", "", env!("CARGO_PKG_VERSION")];

/// `pushgateway_build_info` with the labels of the real one's.
pub(super) fn info() -> Result<Box<dyn Collector>, Error> {
    let help = "A metric with a constant '1' value labeled by version, revision, branch, goversion from which \
                pushgateway was built, and the goos and goarch for the build.";
    let labels = ["branch", "goarch", "goos", "goversion", "revision", "version"];
    let info = GaugeVec::new(Opts::new("pushgateway_build_info", help), &labels)?;
    let [branch, _, _, go, revision, version] = INFORMATION;
    // Go's names: dashboards compare with them.
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    info.with_label_values(&[branch, architecture, std::env::consts::OS, go, revision, version]).set(1.0);
    Ok(Box::new(info))
}
