//! The CGI view.

use std::borrow::Cow;

use http::{Version, header};

use super::Environ;
use crate::server::{Address, Scheme};

/// Variables as PEP 3333 has them, by [`Environ::vars`].
///
/// Values are bytes. Header fields whose names have an underscore are left out: `Foo_Bar` would
/// otherwise pass for `Foo-Bar`.
#[derive(Clone, Copy, Debug)]
pub struct Vars<'a>(&'a Environ);

impl<'a> Vars<'a> {
    pub(super) fn new(environ: &'a Environ) -> Vars<'a> {
        Vars(environ)
    }

    /// One variable. `HTTP_*` values of repeated fields are joined by a comma, Cookie's by a
    /// semicolon. The deployer's values stand behind the request's, and are never `HTTP_*`: a
    /// client could pass for the deployer.
    pub fn get(&self, name: &str) -> Option<Cow<'a, [u8]>> {
        if let Some(field) = name.strip_prefix("HTTP_") {
            return self.field(field);
        }
        let deployers = || Some(Cow::Borrowed(self.0.var(name)?.as_bytes()));
        self.computed(name).or_else(deployers)
    }

    fn computed(&self, name: &str) -> Option<Cow<'a, [u8]>> {
        let e = self.0;
        let text = |text: &'a str| Some(Cow::Borrowed(text.as_bytes()));
        let owned = |text: String| Some(Cow::Owned(text.into_bytes()));
        match name {
            "REQUEST_METHOD" => text(e.method().as_str()),
            "SCRIPT_NAME" => Some(super::percent_decode(e.script_name())),
            "PATH_INFO" => Some(e.path_decoded()),
            "QUERY_STRING" => text(e.query().unwrap_or("")),
            "REQUEST_URI" => text(e.target()),
            "CONTENT_TYPE" => e.header("content-type").map(Cow::Borrowed),
            "CONTENT_LENGTH" => e.header("content-length").map(Cow::Borrowed),
            "SERVER_NAME" => owned(self.server_name()),
            "SERVER_PORT" => owned(self.server_port()),
            "SERVER_PROTOCOL" => text(match e.version() {
                Version::HTTP_09 => "HTTP/0.9",
                Version::HTTP_10 => "HTTP/1.0",
                Version::HTTP_2 => "HTTP/2",
                Version::HTTP_3 => "HTTP/3",
                _ => "HTTP/1.1",
            }),
            "SERVER_SOFTWARE" => text(e.server().software),
            "GATEWAY_INTERFACE" => text("CGI/1.1"),
            "REMOTE_ADDR" => owned(e.remote().tcp()?.ip().to_string()),
            "REMOTE_PORT" => owned(e.remote().tcp()?.port().to_string()),
            "HTTPS" if e.scheme() == Scheme::Https || e.connection().tls.is_some() => text("on"),
            "SSL_PROTOCOL" => text(match e.connection().tls.as_ref()?.version? {
                0x0301 => "TLSv1",
                0x0302 => "TLSv1.1",
                0x0303 => "TLSv1.2",
                0x0304 => "TLSv1.3",
                _ => return None,
            }),
            "SSL_TLS_SNI" => text(e.connection().tls.as_ref()?.server_name.as_deref()?),
            _ => None,
        }
    }

    /// All variables there are, each once.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, [u8]>)> {
        const NAMES: [&str; 17] = [
            "REQUEST_METHOD",
            "SCRIPT_NAME",
            "PATH_INFO",
            "QUERY_STRING",
            "REQUEST_URI",
            "CONTENT_TYPE",
            "CONTENT_LENGTH",
            "SERVER_NAME",
            "SERVER_PORT",
            "SERVER_PROTOCOL",
            "SERVER_SOFTWARE",
            "GATEWAY_INTERFACE",
            "REMOTE_ADDR",
            "REMOTE_PORT",
            "HTTPS",
            "SSL_PROTOCOL",
            "SSL_TLS_SNI",
        ];
        let this = *self;
        let fixed = NAMES
            .iter()
            .filter_map(move |name| Some((Cow::Borrowed(*name), this.computed(name)?)));
        let fields = this.0.headers().keys().filter_map(move |name| {
            let name = cgi_name(name.as_str())?;
            let value = this.field(&name)?;
            Some((Cow::Owned(format!("HTTP_{name}")), value))
        });
        let vars = &this.0.host().vars;
        let deployer = vars.iter().filter_map(move |(name, value)| {
            let hidden = name.starts_with("HTTP_") || this.computed(name).is_some();
            let pair = (Cow::from(name.as_str()), Cow::from(value.as_bytes()));
            (!hidden).then_some(pair)
        });
        fixed.chain(fields).chain(deployer)
    }

    fn field(&self, cgi: &str) -> Option<Cow<'a, [u8]>> {
        if matches!(cgi, "CONTENT_TYPE" | "CONTENT_LENGTH") {
            return None;
        }
        let glue: &[u8] = if cgi == "COOKIE" { b"; " } else { b", " };
        let mut joined: Option<Cow<'a, [u8]>> = None;
        for (name, value) in self.0.each_header() {
            if cgi_name(name.as_str()).is_none_or(|name| name != cgi) {
                continue;
            }
            joined = Some(match joined {
                None => Cow::Borrowed(value),
                Some(before) => Cow::Owned([&before, glue, value].concat()),
            });
        }
        joined
    }

    fn server_name(&self) -> String {
        let host = self
            .0
            .header(header::HOST.as_str())
            .map(String::from_utf8_lossy);
        if let Some(host) = host.filter(|host| !host.is_empty()) {
            let end = match host.starts_with('[') {
                true => host.find(']').map_or(host.len(), |end| end + 1),
                false => host.find(':').unwrap_or(host.len()),
            };
            return host[..end].to_owned();
        }
        match self.0.local() {
            Address::Tcp(address) => address.ip().to_string(),
            _ => "localhost".to_owned(),
        }
    }

    fn server_port(&self) -> String {
        match (self.0.local(), self.0.scheme()) {
            (Address::Tcp(address), _) => address.port().to_string(),
            (_, Scheme::Http) => "80".to_owned(),
            (_, Scheme::Https) => "443".to_owned(),
        }
    }
}

/// A field's name in CGI's manner; none for one with an underscore.
fn cgi_name(name: &str) -> Option<String> {
    if name.contains('_') || matches!(name, "content-type" | "content-length") {
        return None;
    }
    Some(name.to_ascii_uppercase().replace('-', "_"))
}
