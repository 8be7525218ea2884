//! What receivers understand, and what they do with what they do not.

/// What a request says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    V1,
    V2,
    /// VictoriaMetrics' variant: the message of 1.0 in zstd.
    Zstd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// 1.0 and 2.0, as Prometheus from 3.8 on.
    Both,
    /// 2.0 only, as the OpenTelemetry Collector.
    V2,
    /// 1.0, with 415 for the rest, as the specification wants it.
    V1,
    /// 1.0, with 400 for the rest, which 2.0 (Unsupported Request Content) tells senders to expect.
    V1By400,
    /// 1.0 without a look at the content type: 2.0 is an empty message to it, and a success.
    IgnoresType,
    /// 1.0 and its own variant; 2.0 is an empty message to it, and a success.
    VictoriaMetrics,
}

/// What becomes of a request that breaks no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Its samples are taken.
    Takes,
    /// A success, and nothing is taken.
    Loses,
    Refuses(u16),
}

impl Mode {
    pub(crate) const ALL: [Self; 6] =
        [Self::Both, Self::V2, Self::V1, Self::V1By400, Self::IgnoresType, Self::VictoriaMetrics];

    pub(crate) fn verdict(self, kind: Kind) -> Verdict {
        match (self, kind) {
            (Self::Both, Kind::V1 | Kind::V2)
            | (Self::V2, Kind::V2)
            | (Self::V1 | Self::V1By400 | Self::IgnoresType, Kind::V1)
            | (Self::VictoriaMetrics, Kind::V1 | Kind::Zstd) => Verdict::Takes,
            (Self::IgnoresType | Self::VictoriaMetrics, Kind::V2) => Verdict::Loses,
            // What is in zstd is no block of snappy to the one, whatever its type.
            (Self::V1By400, _) | (Self::IgnoresType, Kind::Zstd) => Verdict::Refuses(400),
            (Self::Both | Self::V2 | Self::V1, _) => Verdict::Refuses(415),
        }
    }
}
