//! Log lines as a fleet writes them, made up: access logs, JSON, logfmt, Java, kernel, sshd, Kubernetes, stack traces.
//!
//! The mix is held to three figures, which the bench prints: lines of 120–160 bytes, a snappy ratio of 3.5–4.5, and
//! sensitive words (`auth`, `key`, `token`, `password`, `secret`, `session`, `cookie`) as often as real logs have them,
//! most of them in prose and names where nothing is secret. Everything follows from one seed.

use sigyn::proto::{Entry, LabelPair, PushRequest, Stream, Timestamp};

/// A small deterministic generator (xorshift64*): the same corpus in every run and on every machine.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }

    pub(crate) fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len() as u64) as usize]
    }

    pub(crate) fn text(&mut self, alphabet: &[u8], len: usize) -> String {
        (0..len).map(|_| alphabet[self.below(alphabet.len() as u64) as usize] as char).collect()
    }
}

const ALNUM: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &[u8] = b"0123456789abcdef";

/// A push of about 1 MiB of lines, and what was planted in it.
pub(crate) struct Batch {
    pub(crate) push: PushRequest,
    /// The secrets, each of which must be gone afterwards.
    pub(crate) secrets: Vec<String>,
}

/// `per_mille_x10`: lines with a secret, in ten-thousandths (10 is 0.1 %).
pub(crate) fn batch(seed: u64, secrets_in_ten_thousand: u64) -> Batch {
    let mut dice = Dice::new(seed);
    let mut batch = Batch { push: PushRequest::default(), secrets: Vec::new() };
    let shapes: [fn(&mut Dice, u64) -> String; 8] = [access, json, logfmt, java, kernel, sshd, kubernetes, spark];
    let mut now = 1_700_000_000_000_000_000_u64 + seed * 1_000_000_000;
    for (number, shape) in shapes.iter().enumerate() {
        let service = ["edge", "checkout", "ledger", "search", "host", "bastion", "kubelet", "etl"][number];
        let mut stream = Stream {
            labels: format!(
                "{{env=\"prod\", filename=\"/var/log/{service}/{service}.log\", host=\"node-{}\", service=\"{service}\"}}",
                dice.below(40)
            )
            .into_bytes(),
            ..Stream::default()
        };
        let mut bytes = 0;
        while bytes < 131_072 {
            now += 1 + dice.below(2_000_000);
            let mut line = shape(&mut dice, now);
            if dice.below(10_000) < secrets_in_ten_thousand {
                let (text, secret) = secret(&mut dice);
                line = plant(&line, &text);
                batch.secrets.push(secret);
            }
            bytes += line.len();
            stream.entries.push(Entry {
                timestamp: Some(Timestamp {
                    seconds: (now / 1_000_000_000) as i64,
                    nanos: (now % 1_000_000_000) as i32,
                }),
                line: line.into_bytes(),
                structured_metadata: if number == 1 { metadata(&mut dice) } else { Vec::new() },
                parsed: Vec::new(),
            });
        }
        batch.push.streams.push(stream);
    }
    batch
}

fn metadata(dice: &mut Dice) -> Vec<LabelPair> {
    let pair = |name: &str, value: String| LabelPair { name: name.into(), value: value.into_bytes() };
    vec![pair("trace_id", dice.text(HEX, 32)), pair("pod", format!("checkout-7d9f-{}", dice.below(20)))]
}

/// A secret and the text that it stands in. Twelve shapes, none of them written out.
fn secret(dice: &mut Dice) -> (String, String) {
    let kind = dice.below(8);
    let value = match kind {
        0 => format!("{}_{}", "ghp", dice.text(ALNUM, 36)),
        1 => format!("{}{}", "AKIA", dice.text(UPPER, 16)),
        2 => format!("{}-{}", "glpat", dice.text(ALNUM, 20)),
        3 => format!("{}_{}_{}", "sk", "live", dice.text(ALNUM, 24)),
        _ => dice.text(ALNUM, 24),
    };
    let text = match kind {
        0..=3 => format!("credential check for {value} done"),
        4 => format!("Authorization: Bearer {value}"),
        5 => format!("api_key={value}"),
        6 => format!("password={value}"),
        _ => format!("https://app.example.net/cb?state=1&access_token={value}"),
    };
    (text, value)
}

/// Puts `text` where the line stays well-formed: into a field of a JSON object, else at the end.
fn plant(line: &str, text: &str) -> String {
    match line.strip_suffix('}') {
        Some(open) if line.starts_with('{') => format!("{open},\"detail\":\"{text}\"}}"),
        _ => format!("{line} {text}"),
    }
}

fn clock(now: u64) -> String {
    let seconds = now / 1_000_000_000;
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("2026-03-{:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", seconds / 86_400 % 28 + 1, now / 1_000_000 % 1000)
}

const PATHS: &[&str] = &[
    "/api/v2/orders",
    "/api/v2/orders/items",
    "/static/app.css",
    "/healthz",
    "/login",
    "/api/v2/tokens/limits",
    "/search",
];

fn access(dice: &mut Dice, now: u64) -> String {
    format!(
        "10.{}.{}.{} - - [{}] \"{} {}?page={} HTTP/1.1\" {} {} \"-\" \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\" {}ms",
        dice.below(8),
        dice.below(16),
        dice.below(256),
        clock(now),
        dice.one_of(&["GET", "GET", "GET", "POST"]),
        dice.one_of(PATHS),
        dice.below(300),
        dice.one_of(&["200", "200", "200", "304", "404"]),
        dice.below(90_000),
        dice.below(900),
    )
}

fn json(dice: &mut Dice, now: u64) -> String {
    format!(
        "{{\"ts\":\"{}\",\"level\":\"{}\",\"logger\":\"checkout.{}\",\"msg\":\"{}\",\"order\":{},\"duration_ms\":{},\"cache_key\":\"order:{}\"}}",
        clock(now),
        dice.one_of(&["info", "info", "info", "warn", "debug"]),
        dice.one_of(&["cart", "payment", "auth", "stock"]),
        dice.one_of(&[
            "order accepted",
            "payment authorized",
            "stock reserved",
            "token refreshed for session",
            "retry scheduled"
        ]),
        dice.below(10_000_000),
        dice.below(1200),
        dice.below(100_000),
    )
}

fn logfmt(dice: &mut Dice, now: u64) -> String {
    format!(
        "ts={} level={} caller={}.go:{} msg=\"{}\" component={} duration={}ms rows={}",
        clock(now),
        dice.one_of(&["info", "info", "debug", "warn"]),
        dice.one_of(&["compactor", "table", "ledger", "auth"]),
        dice.below(900),
        dice.one_of(&[
            "flushed block to object store",
            "primary key index rebuilt",
            "password policy loaded",
            "compaction done",
            "lease renewed"
        ]),
        dice.one_of(&["ledger", "store", "gateway"]),
        dice.below(4000),
        dice.below(100_000),
    )
}

fn java(dice: &mut Dice, now: u64) -> String {
    format!(
        "{} {} [{}-{}] org.example.search.{} - {} for shard {} in {} ms",
        clock(now),
        dice.one_of(&["INFO ", "INFO ", "WARN ", "DEBUG"]),
        dice.one_of(&["http-nio-8080-exec", "pool-3-thread", "ForkJoinPool.commonPool-worker"]),
        dice.below(64),
        dice.one_of(&["IndexWriter", "QueryPlanner", "TokenStreamFilter", "SegmentMerger"]),
        dice.one_of(&[
            "Merged segments",
            "Refreshed reader",
            "Tokenized query terms",
            "Skipped duplicate key",
            "Loaded dictionary"
        ]),
        dice.below(48),
        dice.below(5000),
    )
}

fn kernel(dice: &mut Dice, now: u64) -> String {
    format!(
        "node-{} kernel: [{}.{:06}] {} {}: {} {} at {:#010x}",
        dice.below(40),
        now / 1_000_000_000 % 1_000_000,
        dice.below(1_000_000),
        dice.one_of(&["eth0", "nvme0n1", "docker0", "ata1.00"]),
        dice.below(16),
        dice.one_of(&[
            "link becomes ready, promiscuous mode on for bridge member port",
            "queue stopped waiting for transmit completion of descriptor",
            "port entered forwarding state after topology change"
        ]),
        dice.below(4096),
        dice.below(0xFFFF_FFFF),
    )
}

fn sshd(dice: &mut Dice, now: u64) -> String {
    let (pid, address) = (dice.below(32_768), dice.below(256));
    let at = clock(now);
    match dice.below(4) {
        0 => format!(
            "{at} bastion sshd[{pid}]: Failed password for invalid user {} from 203.0.113.{address} port {} ssh2",
            dice.one_of(&["admin", "oracle", "test", "root"]),
            dice.below(65_536)
        ),
        1 => format!(
            "{at} bastion sshd[{pid}]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.{address}"
        ),
        2 => format!(
            "{at} bastion sshd[{pid}]: Received disconnect from 203.0.113.{address}: 11: Bye Bye [preauth] after {} seconds of idle connection",
            dice.below(300)
        ),
        _ => format!(
            "{at} bastion sshd[{pid}]: Accepted publickey for deploy from 203.0.113.{address} port {} ssh2: session opened",
            dice.below(65_536)
        ),
    }
}

fn kubernetes(dice: &mut Dice, now: u64) -> String {
    format!(
        "I{:04} {} {:7} {}.go:{}] \"{}\" pod=\"{}/{}-{}-{}\" containerName=\"{}\" volume=\"kube-api-access-{}\"",
        dice.below(1200),
        clock(now),
        dice.below(100_000),
        dice.one_of(&["kubelet", "pod_workers", "reconciler_common", "prober"]),
        dice.below(900),
        dice.one_of(&["SyncLoop update", "MountVolume.SetUp succeeded", "Probe succeeded", "Container started"]),
        dice.one_of(&["shop", "infra", "default"]),
        dice.one_of(&["checkout", "search", "ledger"]),
        dice.one_of(&["7d9f8b6c5", "5c4d3b2a1", "6f7e8d9c0"]),
        dice.text(b"bcdfghjklmnpqrstvwxz2456789", 5),
        dice.one_of(&["app", "proxy", "init"]),
        dice.text(b"bcdfghjklmnpqrstvwxz2456789", 5),
    )
}

fn spark(dice: &mut Dice, now: u64) -> String {
    format!(
        "{} INFO storage.{}: {} rdd_{}_{} {} (estimated size {}.{} KB, free {}.{} MB) on executor {}",
        clock(now),
        dice.one_of(&["MemoryStore", "BlockManager", "ShuffleBlockFetcherIterator"]),
        dice.one_of(&["Block", "Found block", "Removed block"]),
        dice.below(90),
        dice.below(400),
        dice.one_of(&[
            "stored as bytes in memory",
            "stored as values in memory",
            "read locally from the block manager"
        ]),
        dice.below(900),
        dice.below(10),
        dice.below(500),
        dice.below(10),
        dice.below(32),
    )
}
