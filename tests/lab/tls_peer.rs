// SPDX-License-Identifier: Apache-2.0
//! tls_peer_rust server|client IP PORT [name=value ...]: see tls_peer.py.
//! Built by tls_matrix.py against librust-rustls-dev.
use rustls::server::{AllowAnyAnonymousOrAuthenticatedClient,
                     AllowAnyAuthenticatedClient};
use rustls::{Certificate, ClientConfig, ClientConnection, KeyLogFile,
             PrivateKey, RootCertStore, ServerConfig, ServerConnection,
             Stream, SupportedProtocolVersion};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

const REQUEST: &[u8] = b"OPTIONS sip:b.example SIP/2.0\r\n\
Call-ID: 1@a.example\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
const ANSWER: &[u8] = b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n";

fn base64(text: &str) -> Vec<u8> {
    let (mut out, mut bits, mut n) = (Vec::new(), 0u32, 0);
    for c in text.bytes() {
        let v = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(v);
        n += 6;
        if n >= 8 {
            n -= 8;
            out.push((bits >> n) as u8);
        }
    }
    out
}

fn pem(path: &str) -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(path).expect("a file of PEM");
    let mut blocks = Vec::new();
    for part in text.split("-----BEGIN ").skip(1) {
        let body = part.split_once("-----").expect("PEM").1;
        blocks.push(base64(body.split("-----END").next().expect("PEM")));
    }
    blocks
}

type Words = HashMap<String, String>;

fn pair(w: &Words) -> Option<(Vec<Certificate>, PrivateKey)> {
    let chain = pem(w.get("cert")?).into_iter().map(Certificate).collect();
    Some((chain, PrivateKey(pem(w.get("key")?).remove(0))))
}

fn roots(path: &str) -> RootCertStore {
    let mut r = RootCertStore::empty();
    for c in pem(path) {
        r.add(&Certificate(c)).expect("a root");
    }
    r
}

fn version(w: &Words) -> &'static SupportedProtocolVersion {
    match w.get("max").map(String::as_str) {
        Some("1.2") => &rustls::version::TLS12,
        _ => &rustls::version::TLS13,
    }
}

fn server(w: &Words, at: &str) {
    let b = ServerConfig::builder()
        .with_safe_default_cipher_suites()
        .with_safe_default_kx_groups()
        .with_protocol_versions(&[version(w)])
        .expect("a version");
    let b = match w.get("ask").map(String::as_str) {
        None | Some("none") => b.with_no_client_auth(),
        Some("ask") => b.with_client_cert_verifier(
            AllowAnyAnonymousOrAuthenticatedClient::new(roots(&w["ca"]))),
        _ => b.with_client_cert_verifier(
            AllowAnyAuthenticatedClient::new(roots(&w["ca"]))),
    };
    let (chain, key) = pair(w).expect("a certificate");
    let mut c = b.with_single_cert(chain, key).expect("its key");
    c.key_log = Arc::new(KeyLogFile::new());
    c.ticketer = rustls::Ticketer::new().expect("a ticketer");
    let c = Arc::new(c);
    for socket in TcpListener::bind(at).expect("an address").incoming() {
        let (mut socket, mut room) = (socket.expect("a peer"), [0; 4096]);
        let mut tls = ServerConnection::new(c.clone()).expect("TLS");
        let mut s = Stream::new(&mut tls, &mut socket);
        while s.read(&mut room).map_or(false, |n| n > 0) {
            if s.write_all(ANSWER).is_err() {
                break;
            }
        }
        tls.send_close_notify();
        let _ = tls.complete_io(&mut socket);
    }
}

fn client(w: &Words, at: &str) {
    let ca = w.get("trust").or_else(|| w.get("ca")).expect("trust=");
    let b = ClientConfig::builder()
        .with_safe_default_cipher_suites()
        .with_safe_default_kx_groups()
        .with_protocol_versions(&[version(w)])
        .expect("a version")
        .with_root_certificates(roots(ca));
    let mut c = match pair(w) {
        Some((chain, key)) => b.with_single_cert(chain, key).expect("a key"),
        None => b.with_no_client_auth(),
    };
    c.key_log = Arc::new(KeyLogFile::new());
    let c = Arc::new(c);
    let count = w.get("count").map_or(1, |n| n.parse().expect("a number"));
    for _ in 0..count {
        let mut socket = TcpStream::connect(at).expect("a server");
        let name = "b.example".try_into().expect("a name");
        let mut tls = ClientConnection::new(c.clone(), name).expect("TLS");
        let mut s = Stream::new(&mut tls, &mut socket);
        let mut room = [0; 4096];
        for _ in 0..2 {
            if s.write_all(REQUEST).is_err() || s.read(&mut room).is_err() {
                break;
            }
        }
        tls.send_close_notify();
        let _ = tls.complete_io(&mut socket);
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let at = format!("{}:{}", args[2], args[3]);
    let words: Words = args[4..]
        .iter()
        .filter_map(|a| a.split_once('='))
        .map(|(k, v)| (k.to_string(), v.to_string()))
        .collect();
    match args[1].as_str() {
        "server" => server(&words, &at),
        _ => client(&words, &at),
    }
}
