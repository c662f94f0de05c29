//! What stands in files that `sigyn.yaml` names: passwords and tokens, certificates and their keys.
//!
//! An error names the file and its key in the configuration, never what stands in the file: what a parser says of a
//! broken one may quote it.

use crate::{
    diagnostic::{Diagnostic, cause},
    pseudonym,
};
use rustls::{
    RootCertStore,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{Error::NoItemsFound, PemObject},
    },
};
use std::{fs, path::Path};
use zeroize::Zeroizing;

/// The secret of a file that holds nothing else, without the newline at its end; its bytes are all `allowed`.
pub(crate) fn secret(key: &str, file: &Path, allowed: impl Fn(&u8) -> bool) -> Result<Vec<u8>, Diagnostic> {
    let mut bytes = read(key, file)?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        bytes.pop_if(|byte| *byte == b'\r');
    }
    if bytes.is_empty() {
        return Err(cannot_read(key, file, "it is empty"));
    }
    match bytes.iter().position(|byte| !allowed(byte)) {
        Some(at) => {
            let error = cannot_read(key, file, &format!("byte {at} cannot be sent in a header"));
            Err(error.hint("the file holds the secret alone, on one line"))
        }
        None => Ok(bytes),
    }
}

/// The key of pseudonyms, with its id.
pub(crate) fn pseudonym_key(key: &str, file: &Path) -> Result<pseudonym::Key, Diagnostic> {
    let text = Zeroizing::new(read(key, file)?);
    pseudonym::Key::parse(&text).map_err(|complaint| {
        let error = cannot_read(key, file, &complaint.message);
        Diagnostic { hint: complaint.hint, ..error }
    })
}

/// A certificate and those that lead from it to an authority.
pub(crate) fn certificates(key: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>, Diagnostic> {
    let chain = CertificateDer::pem_slice_iter(&read(key, file)?).collect::<Result<Vec<_>, _>>();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) => Err(cannot_read(key, file, "there is no certificate in it").hint("PEM files are read")),
        Err(_) => Err(broken(key, file)),
    }
}

/// The certificates of a file as those that others are trusted by.
pub(crate) fn authorities(key: &str, file: &Path) -> Result<RootCertStore, Diagnostic> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(key, file)? {
        roots.add(certificate).map_err(|error| cannot_read(key, file, &error.to_string()))?;
    }
    Ok(roots)
}

/// The key of a certificate.
pub(crate) fn private_key(key: &str, file: &Path) -> Result<PrivateKeyDer<'static>, Diagnostic> {
    PrivateKeyDer::from_pem_slice(&read(key, file)?).map_err(|error| match error {
        NoItemsFound => cannot_read(key, file, "there is no private key in it")
            .hint("PEM files with PKCS#8, PKCS#1 or SEC1 are read, without a passphrase: `openssl pkey` takes it off"),
        _ => broken(key, file),
    })
}

fn read(key: &str, file: &Path) -> Result<Vec<u8>, Diagnostic> {
    fs::read(file).map_err(|error| cannot_read(key, file, &cause(&error)))
}

fn broken(key: &str, file: &Path) -> Diagnostic {
    cannot_read(key, file, "it is broken PEM")
}

fn cannot_read(key: &str, file: &Path, cause: &str) -> Diagnostic {
    Diagnostic::general(format!("cannot read `{}` ({key}): {cause}", file.display()))
}
