//! Values that say where a secret is and not what it is: variables, templates, paths.

/// `${NAME}`, `$NAME`, `%NAME%`, `@NAME@`, `#{name}`, `#{name}#`, `{{ expression }}`, `arn:aws:…`, `id=name`, `%s`, `%(name)s`, `{0}`, `$(command)`, `/etc/path`.
pub(super) fn reference(value: &[u8]) -> bool {
    if value.ends_with(b"}}") && (value.starts_with(b"{{") || value.starts_with(b"${{")) {
        return is_expression(value);
    }
    match value {
        [b'@', b's', b't', b'r', b'i', b'n', b'g', b'/', name @ ..] => name.iter().all(|byte| is_word(*byte)),
        b"\\" | b"%" | b"$" | [b'$', b'$' | b'?' | b'@' | b'#' | b'!' | b'*'] => true,
        [b'{', number @ .., b'}'] if number.iter().all(u8::is_ascii_digit) => number.len() <= 2,
        [b'$' | b'#' | b'%' | b'@', b'{', name @ .., b'}']
        | [b'#', b'{', name @ .., b'}', b'#']
        | [b'$', b'_', b'_', b'e', b'n', b'v', b'{', name @ .., b'}'] => is_variable(name),
        [b'i', b'd', b'=', name @ ..] => is_label(name), // `--secret id=name` of builds
        [b'%', b'e', b'n', b'v', b'(', name @ .., b')', b'%'] => {
            name.iter().all(|byte| is_word(*byte) || *byte == b':')
        }
        [b'$', b'(', command @ .., b')'] => is_command(command),
        [b'$', b'_', b'_', b'f', b'i', b'l', b'e', b'{', path @ .., b'}'] => is_path(path), // Grafana's settings
        [b'&', anchor @ ..] => anchor.len() > 1 && anchor.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_'),
        [b'$', name @ ..] => is_name(name),
        [b'%', b'(', name @ .., b')', b'a'..=b'z'] | [b'@', name @ .., b'@'] => {
            !name.is_empty() && name.iter().all(|byte| is_word(*byte))
        }
        [b'%', flags @ .., verb] => is_format(flags, *verb),
        [b':' | b'*', name @ ..] => {
            name.len() > 2 && name.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_')
        }
        _ => is_place(value),
    }
}

/// `{{ expression }}`, `${{ expression }}`. However long.
pub(super) fn is_expression(value: &[u8]) -> bool {
    let template = value.strip_prefix(b"$").unwrap_or(value);
    let inner = template.strip_prefix(b"{{").and_then(|rest| rest.strip_suffix(b"}}"));
    inner.is_some_and(|inner| inner.iter().all(|byte| !matches!(byte, b'{' | b'}')))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// What may stand in `${…}`: a name, one of Spring or of a shell with an empty default or a complaint, a parameter.
fn is_variable(name: &[u8]) -> bool {
    let (name, rest) =
        name.split_at(name.iter().take_while(|byte| is_word(**byte) || matches!(byte, b'.' | b'-')).count());
    let name = name.strip_suffix(b"-").unwrap_or(name);
    let number = name.len() <= 2 && name.iter().all(u8::is_ascii_digit);
    let scheme = rest
        .strip_prefix(b":")
        .is_some_and(|rest| !rest.is_empty() && rest.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_'));
    let asked = rest.starts_with(b":?") || rest.starts_with(b"?");
    // The value of another, where this one has none: `${TOKEN:=$2}`.
    let other = [b":-$".as_slice(), b":=$"].into_iter().find_map(|default| rest.strip_prefix(default));
    let other = other.is_some_and(is_name);
    !name.is_empty()
        && (number || !name[0].is_ascii_digit())
        && (matches!(rest, b"" | b":" | b":-") || scheme || asked || other)
}

/// What may stand behind `$`: a name in capitals, or letters alone and a number behind them, or the number of a parameter.
fn is_name(name: &[u8]) -> bool {
    let capitals = name.iter().all(|byte| is_word(*byte) && !byte.is_ascii_lowercase());
    let starts = name.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    starts && (capitals || is_numbered(name)) || (1..=2).contains(&name.len()) && name.iter().all(u8::is_ascii_digit)
}

/// Letters and `_`, and a small number behind a `_`: `db_password_2`.
fn is_numbered(name: &[u8]) -> bool {
    let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (letters, _) = name.split_at(name.len() - digits);
    letters.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        && (digits == 0 || digits <= 2 && letters.ends_with(b"_") && letters.len() > 1)
}

/// A command that is run for its output; not one that only says its argument.
fn is_command(command: &[u8]) -> bool {
    let word = command.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let says = [b"echo".as_slice(), b"printf", b"print"].contains(&word);
    (word.starts_with(b"<") || word.iter().all(|byte| is_word(*byte) || matches!(byte, b'-' | b'.' | b'/')))
        && !says
        && !word.is_empty()
}

/// `%NAME%`, `%name%`, or a verb of a format with its flags, width, place and size: `%-10s`, `%[1]s`, `%1$s`, `%lld`.
fn is_format(flags: &[u8], verb: u8) -> bool {
    const SIZES: [&[u8]; 6] = [b"ll", b"l", b"hh", b"h", b"z", b"j"];
    let capitals = flags.iter().all(|byte| is_word(*byte) && !byte.is_ascii_lowercase());
    let name = verb == b'%' && flags.len() > 1 && (capitals || is_numbered(flags));
    let flags = SIZES.iter().find_map(|size| flags.strip_suffix(*size)).unwrap_or(flags);
    name || (verb.is_ascii_alphabetic() || verb == b'@')
        && flags.len() <= 5
        && flags.iter().all(|byte| b"+-# .0123456789[]*$".contains(byte))
}

fn is_label(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-'))
}

/// Where a secret lies: a path, a resource, an entry of a store of secrets. However long.
pub(super) fn is_place(value: &[u8]) -> bool {
    is_path(value) || is_drive_path(value) || is_file(value) || is_arn(value) || is_entry(value)
}

/// The name of a file that keys and settings stand in: `client.p12`.
fn is_file(value: &[u8]) -> bool {
    #[rustfmt::skip]
    const ENDINGS: [&[u8]; 20] = [
        b".asc", b".cer", b".cfg", b".conf", b".crt", b".der", b".env", b".gpg", b".ini", b".jks", b".json", b".key", b".p12", b".pem", b".pfx", b".properties", b".txt", b".xml",
        b".yaml", b".yml",
    ];
    let stem = ENDINGS.iter().find_map(|ending| value.strip_suffix(*ending));
    stem.is_some_and(|stem| {
        let part = |byte: &u8| is_word(*byte) || matches!(byte, b'-' | b'.');
        stem.len() >= 2 && stem.len() <= 40 && stem.iter().all(part) && !super::random::is_random(stem)
    })
}

/// The name of a resource at AWS: `arn:aws:kms:region:account:key/id`.
fn is_arn(value: &[u8]) -> bool {
    let part = |byte: &u8| is_word(*byte) || matches!(byte, b':' | b'/' | b'-' | b'.' | b'*');
    value.starts_with(b"arn:aws") && memchr::memchr_iter(b':', value).count() >= 5 && value.iter().all(part)
}

/// An entry of a store of secrets, as the tools that resolve it write it: `vault:secret/db#pw`, `op://vault/item/field`.
fn is_entry(value: &[u8]) -> bool {
    const STORES: [&[u8]; 14] = [
        b"akv://",
        b"aws-sm:",
        b"doppler://",
        b"env://",
        b"file://",
        b"gcp-sm:",
        b"infisical://",
        b"k8s://",
        b"op:/",
        b"ref+",
        b"secret://",
        b"sm://",
        b"ssm:",
        b"vault:",
    ];
    let path = |byte: &u8| is_word(*byte) || matches!(byte, b'/' | b'-' | b'#' | b'.' | b':');
    let resource =
        value.strip_prefix(b"projects/").is_some_and(|rest| memchr::memmem::find(rest, b"/secrets/").is_some());
    STORES
        .iter()
        .find_map(|store| value.strip_prefix(*store))
        .or(resource.then_some(value))
        .is_some_and(|entry| entry.contains(&b'/') && entry.iter().all(path) && !super::random::is_random(entry))
}

/// A name in the name of a resource or of a parameter at AWS, `arn:aws:secretsmanager:eu-west-1:1:secret:db`, is no key, nor
/// is one in a `urn:`.
/// Nor is one that names what a checksum is of: Helm's `checksum/secret`.
pub(super) fn in_resource(text: &[u8], at: usize) -> bool {
    const REACH: usize = 128;
    if text[..at].ends_with(b"checksum/") {
        return true;
    }
    if text[..at].last() != Some(&b':') {
        return false;
    }
    let part = |byte: &u8| is_word(*byte) || matches!(byte, b':' | b'/' | b'-' | b'.');
    let length = text[..at].iter().rev().take(REACH).take_while(|byte| part(byte)).count();
    let (before, word) = text[..at].split_at(at - length);
    word.starts_with(b"arn:aws")
        || word.starts_with(b"urn:")
        || word.starts_with(b"resolve:") && before.ends_with(b"{{")
}

/// The path of a file on Windows: `C:\certs\server.key`.
fn is_drive_path(value: &[u8]) -> bool {
    let [drive, b':', b'\\' | b'/', rest @ ..] = value else { return false };
    let ending = rest.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let path = |byte: &u8| is_word(*byte) || matches!(byte, b'.' | b'\\' | b'/' | b'-' | b'~' | b' ');
    drive.is_ascii_alphabetic()
        && (2..=5).contains(&ending.len())
        && ending.len() < rest.len()
        && ending.iter().all(u8::is_ascii_alphabetic)
        && rest.iter().all(path)
}

/// A path that begins where paths do, of words.
pub(super) fn is_path(value: &[u8]) -> bool {
    #[rustfmt::skip]
    const ROOTS: [&[u8]; 31] = [
        b"app", b"bin", b"boot", b"builds", b"certs", b"config", b"data", b"dev", b"etc", b"github", b"home", b"lib", b"media", b"mnt", b"nix", b"opt", b"private", b"proc", b"root",
        b"run", b"sbin", b"secrets", b"srv", b"sys", b"tmp", b"usr", b"var", b"workspace", b"Library", b"Users", b"Volumes",
    ];
    let path = |byte: &u8| is_word(*byte) || matches!(byte, b'.' | b'/' | b'-' | b'~' | b' ');
    let mut parts = value.splitn(3, |byte| *byte == b'/');
    let (first, second, third) = (parts.next(), parts.next(), parts.next());
    let begins = match first {
        Some(b"") => second.is_some_and(|root| ROOTS.contains(&root)) && third.is_some_and(|rest| !rest.is_empty()),
        Some(b"~" | b"." | b"..") => second.is_some_and(|rest| !rest.is_empty()),
        _ => false,
    };
    begins && value.len() <= 256 && value.iter().all(path) && !super::random::is_random(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_secret_is_none() {
        #[rustfmt::skip]
        const NAMES: &[&str] = &[
            "${NAME}", "${name}", "${1}", "${NAME:-}", "${NAME:?no}", "${NAME:=$2}", "${NAME:-$OTHER}", "${env:NAME}", "${a.b-c}", "$NAME", "$name", "$dbPass", "$1", "#{name}", "{{ a.b }}", "${{ a }}",
            "%s", "%", "%-5d", "%NAME%", "%(name)s", "@name@", "{0}", "{}", "$(cat /run/x)", "$(<x)", ":password", "*anchor", "vault:secret/db#pw", "op://v/i/f",
            "/etc/ssl/key.pem", "~/.ssh/id_rsa", "./a/b", "/run/secrets/db", "\\", "#{name}#", "id=npmrc", "arn:aws:kms:eu-west-1:1:key/4f9c", "%env(DB_PW)%", "@string/key_2", "$$", "$12", "$db_pw_2", "%name_1%", "%-10s", "%[1]s", "%1$s", "%lld", "%{name}", "@{name}", "%(n)d", "client.p12", "C:/a.pem", "ssm:/prod/db/pw2", "ref+vault://secret/db#/pw", "projects/p1/secrets/db/versions/latest", "$__file{/etc/db_pw}", "$__env{DB_PW}", "&db_pw", "file:///run/db", r"C:\certs\server.key", r"C:\\certs\\a.pem",
        ];
        #[rustfmt::skip]
        const SECRETS: &[&str] = &[
            "${NAME:-hunter2}", "${NAME:=$hunter2}", "$hunter2", "$2y$10$abc", "#hunter", "{hunter2}", "%hunter2", "@hunter", "$(echo hunter2)", ":h4", "*hunter2", "/hunter2", "vault:hunter2",
            "/etcetera", "/tmp/x!", "~", "/etc/", "id=h4", "id=", "arn:aws:x", "arn:hunter2", "$db_pw2", "%hunter2%", "%123456789s", "hunter2.x", ".txt", r"C:\hunter2", r"C:\.x9", "{{ a }}b", "%hunter%2", "&hunter2", "$__file{hunter2}", "projects/secrets/hunter2",
        ];
        for name in NAMES {
            assert!(reference(name.as_bytes()), "{name}");
        }
        for secret in SECRETS {
            assert!(!reference(secret.as_bytes()), "{secret}");
        }
    }
}
