//! Believes proxies, and nobody else, about who the client is.
//!
//! ```
//! use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn, testing};
//! use rgi_middleware::Forwarded;
//!
//! fn who(environ: Environ, start_response: StartResponse) -> Full {
//!     let text = format!("{} by {}", environ.remote().tcp().unwrap().ip(), environ.scheme());
//!     start_response.start(StatusCode::OK).full(text)
//! }
//!
//! // What the proxy on this machine says counts; what a client told the proxy does not.
//! let client = testing::Client::new(app_fn(who).with(Forwarded::new(["127.0.0.0/8", "::1"])?));
//! let reply = client.get("/")
//!     .header("x-forwarded-for", "10.0.0.1, 192.0.2.7")
//!     .header("x-forwarded-proto", "https")
//!     .send();
//! assert_eq!(reply.text(), "192.0.2.7 by https");
//! # Ok::<(), rgi_core::Error>(())
//! ```

mod claims;
mod node;
mod proxies;
mod rfc7239;
#[cfg(test)]
mod tests;
mod x_forwarded;

use http::{HeaderName, StatusCode, header};
use rgi_core::{
    App, Either, Environ, Error, Full, Middleware, StartResponse, field::CONTENT_TYPE, media,
};

use claims::Malformed;
use proxies::Proxies;

/// Takes over what trusted proxies say of the client: its address (`environ.remote()`), the scheme and
/// the host it asked for, and the prefix that was taken off the path.
///
/// Requests that come straight from a trusted proxy are looked at. The chain of addresses is walked
/// from the right, where the nearest proxy writes, and the first that is no trusted proxy is the client:
/// what stands left of it is the client's own word. A client that a proxy does not name
/// (`unknown`, RFC 7239 6.2, or an obfuscated name) has the address
/// [`Address::None`](rgi_core::Address::None). A port that is not told is 0. Facts of TLS were those of
/// the proxy, and go when the address is replaced.
///
/// What trusted proxies wrote and cannot be understood is answered 400, without a call of the
/// application: such a proxy passes on what clients write, and believing another part of it would be a
/// guess.
///
/// The fields are taken off every request: what was believed stands in the environ, and what was not
/// can fool nobody. Of a peer that is not trusted these are `forwarded`, `x-real-ip` and all that begin
/// with `x-forwarded-`; of one that is, those that this middleware knows.
///
/// It stands outside of all that ask for the client's address or the URL.
#[derive(Clone, Debug)]
pub struct Forwarded {
    proxies: Proxies,
    fields: Fields,
}

/// The family of fields that proxies are believed in. The other one is never looked at: a proxy that
/// does not know it passes on what clients write in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fields {
    /// `X-Forwarded-For` and `X-Forwarded-Proto`, which nearly every proxy sets.
    ///
    /// The other two are for proxies that set them, or remove them, on every request. Of several values
    /// of one field, the one as far from the right as the client is in the chain counts, or else the first.
    XForwarded {
        /// Believe `X-Forwarded-Host`: it replaces Host.
        host: bool,
        /// Believe `X-Forwarded-Prefix`: it stands before the path again, in `script_name`.
        prefix: bool,
    },
    /// `Forwarded` (RFC 7239), with its `for`, `proto` and `host`. What counts is the element in which
    /// the client is named.
    Rfc7239,
}

impl Forwarded {
    /// Believes proxies with these addresses, each one address or a network such as `10.0.0.0/8`, in
    /// `X-Forwarded-For` and `X-Forwarded-Proto`.
    ///
    /// The family is this one because a proxy that is told nothing special knows it, and overwrites or
    /// adds to what clients send in it; most let `Forwarded` pass as it came.
    ///
    /// # Errors
    ///
    /// What is no address or network, and a network with bits behind its length, which is mostly a slip.
    pub fn new<P: AsRef<str>>(proxies: impl IntoIterator<Item = P>) -> Result<Forwarded, Error> {
        Ok(Forwarded {
            proxies: Proxies::parse(proxies)?,
            fields: Fields::XForwarded {
                host: false,
                prefix: false,
            },
        })
    }

    /// Believes also whoever comes over a Unix socket: its file's permissions say who can.
    pub fn trusting_unix(mut self) -> Forwarded {
        self.proxies.unix = true;
        self
    }

    /// Says in which fields proxies are believed.
    pub fn fields(mut self, fields: Fields) -> Forwarded {
        self.fields = fields;
        self
    }

    /// Takes over what is believed, and takes off all fields.
    fn clean(&self, environ: &mut Environ) -> Result<(), Malformed> {
        if !environ.headers().keys().any(is_forwarded) {
            return Ok(());
        }
        if !self.proxies.has(environ.remote()) {
            let names = environ.headers().keys().filter(|name| is_forwarded(name));
            let names: Vec<HeaderName> = names.cloned().collect();
            let headers = environ.headers_mut();
            names.iter().for_each(|name| drop(headers.remove(name)));
            return Ok(());
        }
        let claims = match self.fields {
            Fields::XForwarded { host, prefix } => {
                x_forwarded::read(environ.headers(), &self.proxies, host, prefix)?
            }
            Fields::Rfc7239 => rfc7239::read(environ.headers(), &self.proxies)?,
        };
        let headers = environ.headers_mut();
        headers.remove(header::FORWARDED);
        x_forwarded::NAMES
            .iter()
            .for_each(|name| drop(headers.remove(*name)));
        claims.apply(environ);
        Ok(())
    }
}

/// Whether applications may take a field for a proxy's.
fn is_forwarded(name: &HeaderName) -> bool {
    name == header::FORWARDED || name == "x-real-ip" || name.as_str().starts_with("x-forwarded-")
}

impl<A: App> Middleware<A> for Forwarded {
    type App = ForwardedApp<A>;

    fn wrap(&self, inner: A) -> ForwardedApp<A> {
        ForwardedApp {
            inner,
            settings: self.clone(),
        }
    }
}

/// An application whose requests are the client's, and not the proxy's.
#[derive(Clone, Debug)]
pub struct ForwardedApp<A> {
    inner: A,
    settings: Forwarded,
}

impl<A: App> App for ForwardedApp<A> {
    type Body = Either<A::Body, Full>;

    fn call(&self, mut environ: Environ, start_response: StartResponse) -> Self::Body {
        match self.settings.clean(&mut environ) {
            Ok(()) => Either::left(self.inner.call(environ, start_response)),
            Err(Malformed(field)) => {
                let started = start_response.start(StatusCode::BAD_REQUEST);
                let started = started.header(CONTENT_TYPE, media::TEXT_PLAIN);
                Either::right(started.full(format!("400 Bad Request: {field} is malformed\n")))
            }
        }
    }
}
