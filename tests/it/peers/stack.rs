//! Files of `deploy/` before a real Loki: its configuration starts it, nginx with the door's lets reads alone in, and the
//! dashboard on logs asks what Loki understands.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    Peers,
    http::{self, percent_encoded},
    process::{Guarded, free_ports, wait_for},
};

const PUSH: &[u8] = br#"{"streams": [{"stream": {"source": "docker"}, "values": [["TIME", "level=error one line"]]}]}"#;

#[test]
fn loki_starts_with_its_configuration_and_its_door_lets_reads_alone_in() {
    let Some(peers) = Peers::find() else { return };
    let directory = TempDir::new().unwrap();
    let [port, grpc, front] = free_ports();
    let (loki, door) = (SocketAddr::from(([127, 0, 0, 1], port)), SocketAddr::from(([127, 0, 0, 1], front)));
    let _loki = start_loki(&peers, directory.path(), port, grpc);
    let _nginx = start_door(directory.path(), loki, front);
    for address in [loki, door] {
        wait_for("Loki to be ready", Duration::from_secs(120), || match http::get(address, "/ready", &[]) {
            Ok(answer) if answer.status == 200 => Ok(()),
            Ok(answer) => Err(answer.text()),
            Err(error) => Err(error.to_string()),
        });
    }

    let json = [("Content-Type", "application/json")];
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let push = String::from_utf8_lossy(PUSH).replace("TIME", &now.to_string());
    for path in
        ["/loki/api/v1/push", "/api/prom/push", "/otlp/v1/logs", "/loki/api/v1/%70ush", "/loki/api/v1/query/../push"]
    {
        assert_eq!(http::post(door, path, &json, push.as_bytes()).unwrap().status, 403, "{path}");
    }
    for path in [
        "/loki/api/v1/delete?query={source=\"docker\"}",
        "/config",
        "/flush",
        "/ingester/shutdown",
        "/loki/api/v1/push",
    ] {
        assert_eq!(http::get(door, path, &[]).unwrap().status, 403, "{path}");
    }
    assert_eq!(http::post(door, "/loki/api/v1/query", &[], b"").unwrap().status, 403, "a read by POST");
    assert_eq!(http::post(loki, "/loki/api/v1/push", &json, push.as_bytes()).unwrap().status, 204);

    let found = wait_for("the line to be found", Duration::from_secs(60), || {
        let answer = ask(door, "/loki/api/v1/query_range", r#"{source="docker"} |= `one`"#);
        if answer["data"]["result"].as_array().is_some_and(|streams| !streams.is_empty()) {
            return Ok(answer["data"]["result"].clone());
        }
        Err(answer.to_string())
    });
    assert_eq!(found[0]["stream"], serde_json::json!({"source": "docker"}), "Loki added no label");
    for path in ["/loki/api/v1/labels", "/loki/api/v1/label/source/values", "/loki/api/v1/status/buildinfo", "/metrics"]
    {
        assert_eq!(http::get(door, path, &[]).unwrap().status, 200, "{path}");
    }

    let expressions = logql();
    assert!(expressions.len() > 15);
    for expression in expressions {
        let answer = ask(door, "/loki/api/v1/format_query", &expression);
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
    }
}

fn ask(address: SocketAddr, path: &str, query: &str) -> Value {
    let answer = http::get(address, &format!("{path}?query={}", percent_encoded(query.as_bytes())), &[]).unwrap();
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| Value::from(answer.text()))
}

/// What the dashboards ask Loki, with Grafana's variables filled in.
fn logql() -> Vec<String> {
    let board: Value = serde_json::from_str(&deployed("grafana/dashboards/logs.json")).unwrap();
    let targets =
        board["panels"].as_array().unwrap().iter().filter_map(|panel| panel.get("targets")?.as_array()).flatten();
    let names = [("$__auto", "5m"), ("$__range", "1h"), ("$source", ".+"), ("$stack", ".+"), ("$service", ".+")];
    let names = names.iter().chain(&[("$level", ".*"), ("$search", "")]);
    let filled = |query: &Value| {
        names.clone().fold(query["expr"].as_str().unwrap().to_owned(), |text, (name, value)| text.replace(name, value))
    };
    targets.map(filled).collect()
}

/// Loki with the file of `deploy/`, in a folder of its own and on these ports.
fn start_loki(peers: &Peers, directory: &Path, port: u16, grpc: u16) -> Guarded {
    let text = deployed("compose/loki.yaml");
    let replaced = [
        ("http_listen_port: 3100", format!("http_listen_address: 127.0.0.1\n  http_listen_port: {port}")),
        ("grpc_listen_port: 9095", format!("grpc_listen_port: {grpc}")),
        (" /loki", format!(" {}/loki", directory.display())),
    ];
    let text = replaced.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    let file = directory.join("loki.yaml");
    fs::write(&file, text).unwrap();
    Guarded::start(&peers.loki, &[&format!("-config.file={}", file.display())], &directory.join("loki.log"), None)
}

/// nginx with the file of `deploy/`, before this Loki.
fn start_door(directory: &Path, loki: SocketAddr, port: u16) -> Guarded {
    let place = directory.display();
    let text = deployed("compose/loki-read.conf");
    let text = text.replace("/tmp/", &format!("{place}/")).replace("listen 3100", &format!("listen 127.0.0.1:{port}"));
    let file = directory.join("nginx.conf");
    fs::write(&file, text.replace("http://loki:3100", &format!("http://{loki}"))).unwrap();
    let arguments = ["-e", "stderr", "-p", &place.to_string(), "-c", &file.display().to_string(), "-g", "daemon off;"];
    Guarded::start(Path::new("/usr/sbin/nginx"), &arguments, &directory.join("nginx.log"), None)
}

fn deployed(file: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "deploy", file].iter().collect();
    fs::read_to_string(path).unwrap()
}
