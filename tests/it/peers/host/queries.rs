//! The queries that the host's owner asks, word for word, and what each must find.

use super::{
    super::loki::{Loki, last_days},
    tree::Wanted,
};

/// LogQL, whether it finds anything, and what it finds of all that there is.
type Query = (&'static str, bool, fn(&Of<'_>) -> bool);

/// A label of an entry; empty where there is none.
struct Of<'a>(&'a Wanted);

impl Of<'_> {
    fn has(&self, labels: &[(&str, &str)]) -> bool {
        labels.iter().all(|(name, value)| self.0.labels.get(*name).map_or("", String::as_str) == *value)
    }
}

#[rustfmt::skip]
const QUERIES: &[Query] = &[
    (r#"{source="docker", stack="vllm"}"#,                true,  |of| of.has(&[("source", "docker"), ("stack", "vllm")])),
    (r#"{source="docker", stack="hex"}"#,                 true,  |of| of.has(&[("source", "docker"), ("stack", "hex")])),
    (r#"{source="docker", stack="infra_observability"}"#, false, |_| false),
    (r#"{stack="infra_observability"}"#,                  false, |_| false),
    (r#"{source="journal", service="cloudflared.service"}"#, true, |of| of.has(&[("source", "journal"), ("service", "cloudflared.service")])),
    (r#"{source="journal", service="docker.service"}"#,   true,  |of| of.has(&[("source", "journal"), ("service", "docker.service")])),
    (r#"{source="journal", service="systemd-udevd.service"}"#, false, |_| false),
    (r#"{source="journal", stack="host"}"#,               true,  |of| of.has(&[("source", "journal")])),
    (r#"{source=~"file|telemetry"}"#,                     true,  |of| of.has(&[("source", "file")]) || of.has(&[("source", "telemetry")])),
    (r#"{source="file", component="mcp_state"}"#,         true,  |of| of.has(&[("component", "mcp_state")])),
    (r#"{source="file", stack="vllm", service="codeswarm-mcp", level="error"}"#, true, |of| of.has(&[("source", "file"), ("service", "codeswarm-mcp"), ("level", "error")])),
    (r#"{source="telemetry", service="gpu"}"#,            true,  |of| of.has(&[("source", "telemetry"), ("service", "gpu")])),
    (r#"{env="sandbox", filename=~".*test.log"} |= "Authorization""#, true, |of| {
        of.0.labels.get("filename").is_some_and(|name| name.ends_with("test.log")) && of.0.line.contains("Authorization")
    }),
    // What is no label is found all the same.
    (r#"{source="docker"} | container_name="vllm-api-1""#, true, |of| {
        of.0.metadata.contains(&("container_name".into(), "vllm-api-1".into()))
    }),
    (r#"{service="codeswarm-mcp"} | category="search""#,  true,  |of| of.has(&[("service", "codeswarm-mcp")]) && of.0.metadata.contains(&("category".into(), "search".into()))),
    (r#"{level!~"debug|info|warn|error|"}"#,              false, |_| false),
];

/// Asks each of them.
pub(super) fn answer(loki: &Loki, tenant: &str, wanted: &[Wanted]) {
    for (query, finds, fits) in QUERIES {
        let mut wanted: Vec<_> =
            wanted.iter().filter(|entry| fits(&Of(entry))).map(|entry| entry.line.clone()).collect();
        wanted.sort();
        assert_eq!(!wanted.is_empty(), *finds, "{query}");
        assert_eq!(lines(loki, tenant, query), wanted, "{query}");
    }
    // One JSON document a line.
    for line in lines(loki, tenant, r#"{source="file", component="mcp_state"}"#) {
        let document: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(document["state"].is_object() && document["file"].is_string());
    }
}

/// The lines that a query finds, sorted.
pub(super) fn lines(loki: &Loki, tenant: &str, query: &str) -> Vec<String> {
    let streams = loki.query(tenant, query, &last_days(), 100_000);
    let entries = streams.into_iter().flat_map(|stream| stream.entries);
    let mut lines: Vec<_> = entries.map(|entry| String::from_utf8(entry.line).unwrap()).collect();
    lines.sort();
    lines
}
