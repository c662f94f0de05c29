//! `sigyn.yaml` into [`Settings`]: keys known, variables filled in, values in their bounds.

use super::{
    Broken, Limits, Log, LogFormat, Settings, auth::AUTH, expand::expand, loki_limits, tenants::Tenants, tls::TLS,
    units,
};
use crate::{
    config::{
        Source, nearest,
        read::{Complaints, Cursor, Fields},
        verdict, yaml,
    },
    diagnostic::Complaint,
};
use http::Uri;
use std::{path::PathBuf, time::Duration};

pub(in crate::config) const KEYS: &[&str] =
    &["listen", "admin", "tls", "auth", "loki", "policies", "tenants", "pseudonyms", "limits", "log"];
const PSEUDONYMS: &[&str] = &["key_file"];
const LOKI: &[&str] =
    &["url", "tell_apart", "message_limit", "limits", "basic_auth", "bearer_token_file", "tls_config"];
const LIMITS: &[&str] = &[
    "received",
    "decompressed",
    "inflight",
    "connections",
    "header_timeout",
    "body_timeout",
    "idle_timeout",
    "deadline",
    "drain",
];
const LOG: &[&str] = &["format", "level"];
const LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace"];

/// Positions in a body have 32 bits.
const MAX_BODY: u64 = u32::MAX as u64;

/// Reads and checks the file; all errors at once.
pub(in crate::config) fn lower(file: &Source, variable: &dyn Fn(&str) -> Option<String>) -> Result<Settings, Broken> {
    let mut settings = Settings::default();
    let parsed = yaml::parse(&file.name, &file.text);
    let parsed = parsed.map_err(Broken::unread)?;
    let Some(root) = parsed else { return Ok(settings) };
    let mut reader = Reader { variable, complaints: Complaints::new() };
    reader.file(&Cursor::root(&root), &mut settings);
    match verdict(std::slice::from_ref(file), reader.complaints) {
        Ok(_warnings) => Ok(settings),
        Err(complaints) => Err(Broken { policies: settings.policies, tenants: settings.tenants, complaints }),
    }
}

/// Reads sections, and remembers what was wrong with them; those with a file of their own add their methods there.
pub(super) struct Reader<'v> {
    variable: &'v dyn Fn(&str) -> Option<String>,
    pub(super) complaints: Complaints,
}

impl Reader<'_> {
    fn file(&mut self, root: &Cursor<'_>, settings: &mut Settings) {
        let Some(fields) = root.fields(KEYS, &[], &mut self.complaints) else { return };
        self.value(&fields, "listen", &mut settings.listen, address);
        self.value(&fields, "admin", &mut settings.admin, address);
        if let Some(tls) = self.section(&fields, "tls", TLS) {
            settings.tls = self.tls(&tls);
        }
        if let Some(auth) = self.section(&fields, "auth", AUTH) {
            settings.users = self.users(&auth);
        }
        if let Some(loki) = self.section(&fields, "loki", LOKI) {
            settings.loki_url = self.given(&loki, "url", loki_url);
            self.value(&loki, "tell_apart", &mut settings.tell_apart, on_or_off);
            self.value(&loki, "message_limit", &mut settings.message_limit, some_bytes);
            settings.loki_access = self.access(&loki);
            if let Some(limits) = self.section(&loki, "limits", loki_limits::KEYS) {
                loki_limits::lower(self, &limits, &mut settings.loki_limits);
            }
        }
        if let Some(policies) = fields.find("policies") {
            let items = policies.list(&mut self.complaints).unwrap_or_default();
            settings.policies = items.iter().filter_map(|item| self.read(item, path)).collect();
        }
        if let Some(tenants) = fields.find("tenants") {
            settings.tenants = Tenants::read(&tenants, self);
        }
        if let Some(auth) = fields.find("auth") {
            self.tenants_of_users(&auth, settings);
        }
        if let Some(pseudonyms) = self.section(&fields, "pseudonyms", PSEUDONYMS) {
            settings.pseudonym_key_file = self.given(&pseudonyms, "key_file", path);
        }
        if let Some(limits) = self.section(&fields, "limits", LIMITS) {
            self.limits(&limits, &mut settings.limits);
        }
        if let Some(log) = self.section(&fields, "log", LOG) {
            let Log { format, level } = &mut settings.log;
            self.value(&log, "format", format, log_format);
            self.value(&log, "level", level, log_level);
        }
    }

    /// The tenants of users hold what senders say in a header; where that is not asked, they would hold nothing.
    fn tenants_of_users(&mut self, auth: &Cursor<'_>, settings: &Settings) {
        let bound = settings.users.iter().any(|user| !user.tenants.is_empty());
        if bound && !settings.tenants.tenancy.reads_header() {
            let error = auth.wrong("`tenants` of a user bind nobody unless `tenants.mode` is `pass`");
            self.complaints.push(error.hint("leave them out of `auth.users`, or write `mode: pass`"));
        }
    }

    fn limits(&mut self, fields: &Fields<'_>, limits: &mut Limits) {
        self.value(fields, "received", &mut limits.received, body);
        self.value(fields, "decompressed", &mut limits.decompressed, body);
        self.value(fields, "inflight", &mut limits.inflight, some_bytes);
        self.value(fields, "connections", &mut limits.connections, connections);
        self.value(fields, "header_timeout", &mut limits.header_timeout, some_time);
        self.value(fields, "body_timeout", &mut limits.body_timeout, some_time);
        self.value(fields, "idle_timeout", &mut limits.idle_timeout, some_time);
        self.value(fields, "deadline", &mut limits.deadline, some_time);
        self.value(fields, "drain", &mut limits.drain, units::time);
        // The key at fault is the one that was written: the others have their defaults.
        for (key, bytes) in [("received", limits.received), ("decompressed", limits.decompressed)] {
            let written = fields.find(key).or_else(|| fields.find("inflight"));
            if let Some(written) = written.filter(|_| bytes > limits.inflight) {
                let error =
                    written.wrong(format!("`{key}` is more than `inflight`, so such a body could never be taken"));
                self.complaints.push(error.hint(format!("lower `limits.{key}`, or raise `limits.inflight`")));
            }
        }
    }

    pub(super) fn section<'n>(&mut self, fields: &Fields<'n>, key: &str, known: &[&str]) -> Option<Fields<'n>> {
        fields.find(key)?.fields(known, &[], &mut self.complaints)
    }

    /// Reads a key into its place, where it is there and right.
    pub(super) fn value<T>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        place: &mut T,
        read: impl Fn(&str) -> Result<T, Complaint>,
    ) {
        if let Some(value) = fields.find(key).and_then(|cursor| self.read(&cursor, read)) {
            *place = value;
        }
    }

    /// Reads a key for which the empty text is as good as none.
    pub(super) fn given<T>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        read: impl Fn(&str) -> Result<T, Complaint>,
    ) -> Option<T> {
        let read = |text: &str| if text.is_empty() { Ok(None) } else { read(text).map(Some) };
        self.read(&fields.find(key)?, read)?
    }

    /// Reads a text with its variables filled in.
    pub(super) fn read<T>(&mut self, cursor: &Cursor<'_>, read: impl Fn(&str) -> Result<T, Complaint>) -> Option<T> {
        let text = cursor.text(&mut self.complaints)?;
        let value = expand(text, self.variable).and_then(|text| read(&text));
        value.map_err(|complaint| self.complaints.push(cursor.complaint(complaint))).ok()
    }
}

/// `HOST:PORT`, where no host means all interfaces.
pub(in crate::config) fn address(text: &str) -> Result<String, Complaint> {
    let port = text.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.starts_with('['));
    match port.map(|(host, port)| (host.contains([' ', '/']), port.parse::<u16>())) {
        Some((false, Ok(_))) => Ok(text.to_owned()),
        _ => Err(Complaint::new("expected an address").hint("write `HOST:PORT`, or `:PORT` for all interfaces")),
    }
}

/// The URL of Loki.
pub(in crate::config) fn loki_url(text: &str) -> Result<Uri, Complaint> {
    let mut hint = "write e.g. `http://loki:3100`";
    let Ok(uri) = text.parse::<Uri>() else { return Err(Complaint::new("expected a URL").hint(hint)) };
    let cause = match (uri.scheme_str(), uri.authority()) {
        (Some("http" | "https"), Some(authority)) if authority.as_str().contains('@') => {
            hint = "give them as `username` and `password_file` of `loki.basic_auth`";
            "a URL is shown and logged, so user and password do not stand in it"
        }
        (Some("http" | "https"), Some(_)) if uri.query().is_some() || text.contains('#') => {
            "the URL of a push has no `?` and no `#`"
        }
        (Some("http" | "https"), Some(_)) => return Ok(uri),
        _ => "the URL is neither `http://…` nor `https://…`",
    };
    Err(Complaint::new(cause).hint(hint))
}

/// The name of a file.
pub(super) fn path(text: &str) -> Result<PathBuf, Complaint> {
    if text.is_empty() { Err(Complaint::new("the name of the file is empty")) } else { Ok(PathBuf::from(text)) }
}

fn some_bytes(text: &str) -> Result<u64, Complaint> {
    match units::size(text)? {
        // A unit was forgotten; every push would be refused, or dropped.
        ..1000 => Err(Complaint::new("no push fits in it").hint("a number alone is bytes, write e.g. `16MiB`")),
        bytes => Ok(bytes),
    }
}

fn body(text: &str) -> Result<u64, Complaint> {
    match some_bytes(text)? {
        bytes if bytes <= MAX_BODY => Ok(bytes),
        _ => Err(Complaint::new("a body must be smaller than 4GiB").hint("positions in a body have 32 bits")),
    }
}

fn some_time(text: &str) -> Result<Duration, Complaint> {
    match units::time(text)? {
        Duration::ZERO => Err(Complaint::new("nothing is done in no time").hint("write e.g. `10s`")),
        time => Ok(time),
    }
}

fn connections(text: &str) -> Result<usize, Complaint> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| Complaint::new("expected a whole number above 0").hint("write e.g. `4096`"))
}

pub(super) fn on_or_off(text: &str) -> Result<bool, Complaint> {
    match text {
        "on" | "true" | "yes" => Ok(true),
        "off" | "false" | "no" => Ok(false),
        _ => Err(Complaint::new("expected on or off")),
    }
}

fn log_format(text: &str) -> Result<LogFormat, Complaint> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(Complaint::new("unknown format").hint(nearest::hint(text, &["text", "json"], "formats"))),
    }
}

fn log_level(text: &str) -> Result<String, Complaint> {
    if LEVELS.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(Complaint::new("unknown level").hint(nearest::hint(text, LEVELS, "levels")))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            loki::{BASIC_AUTH, TLS_CONFIG},
            tenants::KEYS as TENANTS,
        },
        AUTH, KEYS, LIMITS, LOG, LOKI, PSEUDONYMS, TLS, loki_limits, lower,
    };
    use crate::config::{Settings, Source, default_yaml, read::Cursor, yaml};

    #[test]
    fn the_printed_defaults_are_the_defaults_and_name_every_key() {
        let file = Source { name: "default.yaml".into(), text: default_yaml() };
        assert_eq!(lower(&file, &|_| None), Ok(Settings::default()));
        let root = yaml::parse(&file.name, &file.text).unwrap().unwrap();
        let mut complaints = Vec::new();
        let fields = Cursor::root(&root).entries(&mut complaints).unwrap();
        let sections = [
            ("tls", TLS),
            ("auth", AUTH),
            ("loki", LOKI),
            ("tenants", TENANTS),
            ("pseudonyms", PSEUDONYMS),
            ("limits", LIMITS),
            ("log", LOG),
        ];
        for (section, keys) in sections {
            let fields = fields.find(section).unwrap().entries(&mut complaints).unwrap();
            assert!(keys.iter().all(|key| fields.find(key).is_some()), "a key of {section} is missing");
        }
        let loki = fields.find("loki").unwrap().entries(&mut complaints).unwrap();
        for (section, keys) in [("basic_auth", BASIC_AUTH), ("tls_config", TLS_CONFIG), ("limits", loki_limits::KEYS)] {
            let fields = loki.find(section).unwrap().entries(&mut complaints).unwrap();
            assert!(keys.iter().all(|key| fields.find(key).is_some()), "a key of loki.{section} is missing");
        }
        assert!(KEYS.iter().all(|key| fields.find(key).is_some()), "a section is missing");
    }

    #[test]
    fn every_key_of_the_defaults_has_a_comment() {
        let text = default_yaml();
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in
            lines.iter().enumerate().filter(|(_, line)| line.contains(':') && !line.trim().starts_with('#'))
        {
            let above = number > 0 && lines[number - 1].trim_start().starts_with('#');
            assert!(line.contains(" # ") || above, "no comment: {line}");
        }
    }
}
