//! What each route answers: plain functions of plain arguments.

use bytes::Buf;
use exposition::{encode, registry};
use futures_util::Stream;
use http::StatusCode;
use prometheus::{Encoder, ProtobufEncoder, Registry};
use serde_json::json;
use service::body::{self, BodyError};
use service::negotiate::{self, Format};
use warp::Reply;
use warp::reply::Response;

use crate::config::Work;
use crate::limits::Limits;
use crate::metrics::{Instruments, Rejection};

const PROTOBUF: &str =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

/// The article's endpoint: counts, works for a while, greets.
pub async fn hello<I, S, B>(instruments: &I, work: Work, body: S, limits: &Limits) -> Response
where
    I: Instruments,
    S: Stream<Item = Result<B, warp::Error>>,
    B: Buf,
{
    match body::read_within(body, limits.max_body, limits.body_timeout).await {
        Ok(_) => {}
        Err(BodyError::Broken(reason)) => return error(StatusCode::BAD_REQUEST, &reason),
        Err(slow @ BodyError::Slow(_)) => {
            instruments.rejected(Rejection::Slow);
            let reply = error(StatusCode::REQUEST_TIMEOUT, &slow.to_string());
            return warp::reply::with_header(reply, "connection", "close").into_response();
        }
        Err(too_large) => {
            instruments.rejected(Rejection::Body);
            return error(StatusCode::PAYLOAD_TOO_LARGE, &too_large.to_string());
        }
    }
    let _place = match limits.place() {
        Ok(place) => place,
        Err(away) => {
            instruments.rejected(away.reason);
            return away.response;
        }
    };
    let began = instruments.work_began();
    if !work.max.is_zero() {
        tokio::time::sleep(rand::random_range(work.min..=work.max)).await;
    }
    instruments.work_ended(began);
    warp::reply::json(&json!({ "message": "Olá, mundo!" })).into_response()
}

/// All metrics, in the format that the client likes best.
pub fn metrics(registry: &Registry, accept: Option<&str>, accept_encoding: Option<&str>) -> Response {
    let format = negotiate::format(accept, &[Format::OpenMetrics, Format::Protobuf]);
    let mut out = Vec::with_capacity(16 << 10);
    let content_type = match format {
        Format::Text => {
            encode::text(&registry::page(registry), &mut out);
            encode::TEXT
        }
        Format::OpenMetrics => {
            encode::openmetrics(&registry::page(registry), &mut out);
            encode::OPENMETRICS
        }
        Format::Protobuf => {
            if let Err(failure) = ProtobufEncoder::new().encode(&registry.gather(), &mut out) {
                return error(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    &format!("Erro ao gerar métricas: {failure}"),
                );
            }
            PROTOBUF
        }
    };
    negotiate::page(out, content_type, accept_encoding).map(Into::into)
}

/// Ready until stopping begins.
pub fn ready(stopping: bool) -> Response {
    if stopping {
        return error(StatusCode::SERVICE_UNAVAILABLE, "stopping");
    }
    "OK\n".into_response()
}

/// What an unknown path is answered.
pub fn no_such_route() -> Response {
    error(StatusCode::NOT_FOUND, "no such route: try /, /metrics, /-/healthy or /-/ready")
}

/// An error as JSON: `{"error": …, "status": …}`.
pub fn error(status: StatusCode, message: &str) -> Response {
    let body = warp::reply::json(&json!({ "error": message, "status": status.as_u16() }));
    warp::reply::with_status(body, status).into_response()
}
