//! PEP 3333's URL reconstruction.

use std::fmt::Write;

use super::Environ;
use crate::server::{Address, Scheme};

pub(super) fn reconstruct(environ: &Environ) -> String {
    let scheme = environ.scheme();
    let mut url = format!("{scheme}://");
    match environ.header("host") {
        Some(host) if !host.is_empty() => url.push_str(&String::from_utf8_lossy(host)),
        _ => match environ.local() {
            Address::Tcp(address) => {
                let default = match scheme {
                    Scheme::Http => 80,
                    Scheme::Https => 443,
                };
                if address.port() == default {
                    let _ = match address.ip() {
                        std::net::IpAddr::V4(ip) => write!(url, "{ip}"),
                        std::net::IpAddr::V6(ip) => write!(url, "[{ip}]"),
                    };
                } else {
                    let _ = write!(url, "{address}");
                }
            }
            _ => url.push_str("localhost"),
        },
    }
    let (script_name, path_info) = (environ.script_name(), environ.path_info());
    if script_name.is_empty() && path_info.is_empty() {
        url.push('/');
    }
    url.push_str(script_name);
    url.push_str(path_info);
    if let Some(query) = environ.query() {
        url.push('?');
        url.push_str(query);
    }
    url
}
