//! Grafana where it is installed: the shipped provisioning, with this machine's addresses and paths.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::ports::{Part, Ports};
use crate::programs::Program;

/// Where the packages of Grafana put what it shows.
const HOME: &str = "/usr/share/grafana";

/// What to start, and the file with the password of the user `admin`.
pub(super) fn prepare(
    program: &Path,
    project: &Path,
    data: &Path,
    ports: &Ports,
) -> anyhow::Result<(Program, PathBuf)> {
    let shipped = project.join("grafana-provisioning");
    if !shipped.is_dir() {
        bail!("{} is missing: run this in the project's folder", shipped.display());
    }
    let own = data.join("grafana");
    let provisioning = own.join("provisioning");
    for name in ["datasources", "dashboards", "alerting"] {
        copy(&shipped.join(name), &provisioning.join(name), &provisioning, ports)?;
    }
    // Grafana looks for these, too, and complains where they are missing.
    for name in ["plugins", "notifiers", "access-control"] {
        fs::create_dir_all(provisioning.join(name))?;
    }
    let file = own.join("password");
    let password = password(&file)?;
    let mut arguments = Vec::new();
    // The newer of its two programs has the server as a command.
    if program.file_name().is_some_and(|name| name == "grafana") {
        arguments.push("server".to_owned());
    }
    arguments.extend(["--homepath".to_owned(), HOME.to_owned()]);
    let path = |name: &str, folder: PathBuf| format!("cfg:default.paths.{name}={}", folder.display());
    arguments.extend([
        path("data", own.join("data")),
        path("logs", own.join("logs")),
        path("plugins", own.join("plugins")),
        path("provisioning", provisioning.clone()),
    ]);
    let overview = provisioning.join("dashboards/overview.json");
    let environment = [
        ("GF_SERVER_HTTP_ADDR", "127.0.0.1".to_owned()),
        ("GF_SERVER_HTTP_PORT", ports.of(Part::Grafana).to_string()),
        ("GF_SECURITY_ADMIN_PASSWORD", password),
        ("GF_USERS_ALLOW_SIGN_UP", "false".to_owned()),
        ("GF_ANALYTICS_REPORTING_ENABLED", "false".to_owned()),
        ("GF_ANALYTICS_CHECK_FOR_UPDATES", "false".to_owned()),
        ("GF_LOG_LEVEL", "warn".to_owned()),
        ("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH", overview.display().to_string()),
        ("GRAFANA_WEBHOOK_URL", format!("{}/", ports.url(Part::Alertmanager))),
    ];
    Ok((Program { environment: environment.into(), ..Program::new(program, arguments) }, file))
}

/// Copies a folder; what Compose has as names and paths becomes this machine's.
fn copy(from: &Path, to: &Path, provisioning: &Path, ports: &Ports) -> anyhow::Result<()> {
    // What was removed from the source is to go here, too.
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    let entries = fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
    for entry in entries {
        let entry = entry?;
        let text = fs::read_to_string(entry.path())
            .with_context(|| format!("cannot read {}", entry.path().display()))?;
        let text = text
            .replace("http://prometheus:9090", &ports.url(Part::Prometheus))
            .replace("/etc/grafana/provisioning", &provisioning.display().to_string());
        fs::write(to.join(entry.file_name()), text)?;
    }
    Ok(())
}

/// The password of an earlier run, or a new one that only the user can read.
fn password(file: &Path) -> anyhow::Result<String> {
    if let Ok(known) = fs::read_to_string(file) {
        return Ok(known.trim().to_owned());
    }
    let mut random = [0; 12];
    fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut random))?;
    let password: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = fs::OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(file);
    let mut made = made.with_context(|| format!("cannot make {}", file.display()))?;
    made.write_all(password.as_bytes())?;
    Ok(password)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::ports::Choice;

    #[test]
    fn provisioning_leads_to_this_run_and_the_password_is_kept_and_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let (project, data) = (folder.path().join("project"), folder.path().join("data"));
        let shipped = project.join("grafana-provisioning");
        for (name, text) in [
            ("datasources/prometheus.yml", "url: http://prometheus:9090\n"),
            ("dashboards/provider.yml", "path: /etc/grafana/provisioning/dashboards\n"),
            ("alerting/contact-points.yml", "url: $GRAFANA_WEBHOOK_URL\n"),
        ] {
            fs::create_dir_all(shipped.join(name).parent().unwrap()).unwrap();
            fs::write(shipped.join(name), text).unwrap();
        }
        let ports = Ports::choose(Choice::Auto, &Part::ALL).unwrap();
        let (program, file) = prepare(Path::new("/usr/bin/grafana"), &project, &data, &ports).unwrap();
        assert_eq!(program.arguments[..3], ["server", "--homepath", HOME]);
        let own = data.join("grafana/provisioning");
        let source = fs::read_to_string(own.join("datasources/prometheus.yml")).unwrap();
        assert_eq!(source, format!("url: {}\n", ports.url(Part::Prometheus)));
        let provider = fs::read_to_string(own.join("dashboards/provider.yml")).unwrap();
        assert_eq!(provider, format!("path: {}/dashboards\n", own.display()));

        let password = fs::read_to_string(&file).unwrap();
        assert_eq!(password.len(), 24);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let (again, _) = prepare(Path::new("/usr/sbin/grafana-server"), &project, &data, &ports).unwrap();
        assert!(again.environment.contains(&("GF_SECURITY_ADMIN_PASSWORD", password)));
        assert_eq!(again.arguments[0], "--homepath");
    }
}
