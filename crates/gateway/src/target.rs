//! What a request is aimed at, by its decoded path, as the real gateway's router decides it.
//!
//! Empty segments and last slashes count, so the path is not split by a filter before.

/// Something that requests are aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// The scrape.
    Telemetry,
    /// A group, by what follows `/metrics/`.
    Group(&'a str),
    /// `/-/healthy`
    Healthy,
    /// `/-/ready`
    Ready,
    /// `/-/quit`
    Quit,
    /// `/-/reload`
    Reload,
    /// `/api/v1/admin/wipe`
    Wipe,
    /// `/api/v1/status`
    Status,
    /// `/api/v1/groups`
    Groups,
    /// `/api/v1/metrics`
    Api,
    /// The page for people.
    Page,
    /// Elsewhere, for requests of these methods.
    Moved(&'a str, &'static [&'static str]),
    /// The prefix of all paths, without the slash behind it.
    Prefix,
    /// The cleaned path is another one.
    Unclean,
    /// Nothing.
    Nothing,
}

const CHANGES: &[&str] = &["DELETE", "POST", "PUT"];

impl<'a> Target<'a> {
    /// Finds the target of a path that begins with a prefix, if there is one; outside of it is nothing.
    pub fn below(prefix: &str, path: &'a str, telemetry: &str) -> Self {
        if clean(path) != path {
            return Self::Unclean;
        }
        match path.strip_prefix(prefix) {
            Some("") => Self::Prefix,
            Some(rest) if rest.starts_with('/') => Self::of(rest, telemetry),
            _ => Self::Nothing,
        }
    }

    /// Finds the target of a path.
    pub fn of(path: &'a str, telemetry: &str) -> Self {
        if clean(path) != path {
            return Self::Unclean;
        }
        if path == telemetry {
            return Self::Telemetry;
        }
        match path {
            "/-/healthy" => Self::Healthy,
            "/-/ready" => Self::Ready,
            "/-/quit" => Self::Quit,
            "/-/reload" => Self::Reload,
            "/api/v1/admin/wipe" => Self::Wipe,
            "/api/v1/status" => Self::Status,
            "/api/v1/groups" => Self::Groups,
            "/api/v1/metrics" => Self::Api,
            "/" | "/status" => Self::Page,
            "/metrics/job/" | "/metrics/job@base64/" => Self::Moved(&path[..path.len() - 1], CHANGES),
            _ => match path.strip_prefix("/metrics/") {
                Some(rest) if rest.starts_with("job/") || rest.starts_with("job@base64/") => {
                    Self::Group(rest)
                }
                _ => match path.strip_suffix('/').map(|stem| (stem, Self::of(stem, telemetry))) {
                    None | Some((_, Self::Nothing)) => Self::Nothing,
                    Some((stem, target)) => Self::Moved(stem, target.methods()),
                },
            },
        }
    }

    /// The methods that it takes.
    pub fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Group(_) => CHANGES,
            Self::Quit | Self::Reload => &["POST", "PUT"],
            Self::Wipe => &["PUT"],
            Self::Groups => &["DELETE", "GET", "POST"],
            _ => &["GET"],
        }
    }

    /// The name under which requests to it are counted, as the real one counts them.
    pub fn handler(self, method: &str) -> &'static str {
        match self {
            Self::Group(_) if method == "DELETE" => "delete",
            Self::Group(_) => "push",
            Self::Healthy => "healthy",
            Self::Ready => "ready",
            Self::Quit => "quit",
            Self::Reload => "reload",
            Self::Wipe => "wipe",
            Self::Status => "api/v1/status",
            Self::Groups => "api/v1/groups",
            Self::Api => "api/v1/metrics",
            Self::Telemetry => "metrics",
            _ => "status",
        }
    }
}

/// The path without empty and dot segments, as Go's `ServeMux` cleans it: a last slash stays.
pub fn clean(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty() && *segment != ".") {
        if segment == ".." {
            kept.pop();
        } else {
            kept.push(segment);
        }
    }
    let slash = if path.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    format!("/{}{slash}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_find_their_targets() {
        let rows = [
            ("/metrics", Target::Telemetry),
            ("/metrics/job/a/b/c", Target::Group("job/a/b/c")),
            ("/metrics/job@base64/YQ", Target::Group("job@base64/YQ")),
            ("/metrics/job/a/", Target::Group("job/a/")),
            ("/metrics/job", Target::Nothing),
            ("/metrics/job/", Target::Moved("/metrics/job", CHANGES)),
            ("/metrics/", Target::Moved("/metrics", &["GET"])),
            ("/nowhere/", Target::Nothing),
            ("/metrics/jobs/a", Target::Nothing),
            ("/metrics//job/a", Target::Unclean),
            ("/metrics/job/a/../b", Target::Unclean),
            ("/", Target::Page),
        ];
        for (path, want) in rows {
            assert_eq!(Target::of(path, "/metrics"), want, "{path}");
        }
        for (path, want) in [
            ("/a/b", Target::Prefix),
            ("/a/b/", Target::Page),
            ("/a/b/metrics", Target::Telemetry),
            ("/a/b/metrics/", Target::Moved("/metrics", &["GET"])),
            ("/a/bmetrics", Target::Nothing),
            ("/metrics", Target::Nothing),
            ("/a/b//metrics", Target::Unclean),
        ] {
            assert_eq!(Target::below("/a/b", path, "/metrics"), want, "{path}");
        }
        assert_eq!(clean("//metrics/./job/x/../y/"), "/metrics/job/y/");
    }
}
