//! Where the gateway is reached, and who may do what.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use http::Uri;
use service::web::Web;

/// Flags of the listener.
#[derive(Debug, Clone, Default, Args)]
pub struct WebFlags {
    /// File with TLS, users and headers, as all of Prometheus' programs take it; read again when it changes.
    #[arg(id = "web_config_file", long = "web.config.file", value_name = "PATH", default_value = "")]
    pub config_file: String,
    /// URL under which others reach the gateway. Its path is the default of --web.route-prefix.
    #[arg(long = "web.external-url", value_name = "URL", default_value = "", value_parser = external_url)]
    pub external_url: String,
    /// What all paths begin with. Outside of it is nothing.
    #[arg(long = "web.route-prefix", value_name = "PATH", default_value = "", value_parser = prefix)]
    pub route_prefix: String,
    /// Take the listeners from systemd in place of --web.listen-address.
    #[arg(long = "web.systemd-socket")]
    pub systemd_socket: bool,
    /// User of --web.config.file who may push and delete single groups, and read nothing; again for more.
    #[arg(long = "web.push-only-user", value_name = "NAME")]
    pub push_only: Vec<String>,
    /// User of --web.config.file who may read everything and change nothing; again for more.
    #[arg(long = "web.read-only-user", value_name = "NAME")]
    pub read_only: Vec<String>,
    /// Debian's package has it for the page's files; ours are in the program.
    #[arg(long = "web.local-assets", value_name = "PATH", hide = true, default_value = "")]
    pub local_assets: String,
    /// The file of `--web.config.file` once [`Self::open`] has read it.
    #[arg(skip)]
    pub opened: Option<Arc<Web>>,
}

impl WebFlags {
    /// What all paths begin with: empty, or a slash with something behind it, as the real one computes it.
    pub fn prefix(&self) -> String {
        let trimmed = self.route_prefix.trim_matches('/');
        let path = match self.route_prefix.as_str() {
            "" => path_of(&self.external_url).trim_matches('/'),
            _ => trimmed,
        };
        if path.is_empty() { String::new() } else { format!("/{path}") }
    }

    /// Reads `--web.config.file`, if there is one.
    ///
    /// # Errors
    /// The file is wrong, or a user that a flag names is not in it.
    pub fn open(&mut self) -> Result<(), String> {
        if self.config_file.is_empty() {
            return match self.push_only.iter().chain(&self.read_only).next() {
                Some(user) => Err(format!("user `{user}` needs a password: expected --web.config.file")),
                None => Ok(()),
            };
        }
        let wrong = |error: &dyn std::fmt::Display| format!("--web.config.file: {error}");
        let web = Web::open(Path::new(&self.config_file)).map_err(|error| wrong(&error))?;
        for user in self.push_only.iter().chain(&self.read_only) {
            if !web.has_user(user) {
                return Err(wrong(&format!("{}: no user `{user}` in basic_auth_users", self.config_file)));
            }
            if self.push_only.contains(user) && self.read_only.contains(user) {
                return Err(format!("user `{user}` cannot be --web.push-only-user and --web.read-only-user"));
            }
        }
        self.opened = Some(Arc::new(web));
        Ok(())
    }

    /// Whether the listeners speak TLS.
    pub fn is_tls(&self) -> bool {
        self.opened.as_ref().is_some_and(|web| web.is_tls())
    }
}

fn path_of(url: &str) -> &str {
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => url,
    }
}

/// Requests are compared with it once they are decoded and clean, so nothing else could match.
fn is_plain(path: &str) -> bool {
    path.starts_with('/') && crate::target::clean(path) == path && !path.contains(['%', '?', '#'])
}

fn external_url(text: &str) -> Result<String, String> {
    let wrong = || format!("expected a URL such as https://push.example/gateway, got `{text}`");
    let (scheme, path) = (text.split_once("://").map(|(scheme, _)| scheme), path_of(text));
    // Go takes a path alone, too.
    let whole =
        scheme.is_none_or(|scheme| ["http", "https"].contains(&scheme)) && text.parse::<Uri>().is_ok();
    if text.is_empty() || whole && (is_plain(path) || path.is_empty()) {
        return Ok(text.to_owned());
    }
    Err(wrong())
}

fn prefix(text: &str) -> Result<String, String> {
    if text.is_empty() || is_plain(&format!("/{}", text.trim_start_matches('/'))) {
        return Ok(text.to_owned());
    }
    Err(format!("expected a path such as /gateway, got `{text}`"))
}

pub(super) fn telemetry_path(text: &str) -> Result<String, String> {
    let taken = text.starts_with("/metrics/job") || text.starts_with("/-/") || text.starts_with("/api/");
    if text.len() > 1 && !taken && is_plain(text) {
        return Ok(text.to_owned());
    }
    Err(format!("expected a path of its own such as /metrics, got `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_that_of_the_real_one() {
        for (url, route, want) in [
            ("", "", ""),
            ("http://a", "", ""),
            ("http://a/", "", ""),
            ("http://a/b/c/", "", "/b/c"),
            ("/b", "", "/b"),
            // A proxy that strips the path.
            ("http://a/b", "/", ""),
            ("http://a/b", "c/", "/c"),
        ] {
            let flags = WebFlags {
                external_url: external_url(url).unwrap(),
                route_prefix: prefix(route).unwrap(),
                ..WebFlags::default()
            };
            assert_eq!(flags.prefix(), want, "{url} {route}");
        }
        for wrong in ["ftp://a/b", "a b", "http://a/b?c", "http://a/%62", "http://a//b", "gateway"] {
            assert!(external_url(wrong).unwrap_err().contains(wrong));
        }
        assert!(prefix("/a/../b").unwrap_err().contains("/a/../b"));
    }
}
