//! `/api/v1/status`: what is running, with which flags, since when.

use http::header::CONTENT_TYPE;
use warp::reply::Response;

use super::Gateway;
use super::answers::{success, with};
use crate::stats::build;

impl Gateway {
    /// In the real one's shape: every flag is text, and every key of a build is there.
    pub(super) fn status(&self) -> Response {
        let [branch, build_date, build_user, go_version, revision, version] = build::INFORMATION;
        let body = success(serde_json::json!({
            "flags": self.settings.flags,
            "build_information": {
                "branch": branch,
                "buildDate": build_date,
                "buildUser": build_user,
                "goVersion": go_version,
                "revision": revision,
                "version": version,
            },
            "start_time": humantime::format_rfc3339_nanos(self.started).to_string(),
        }));
        with(Response::new(body.into()), CONTENT_TYPE, "application/json")
    }
}
