//! A target in the place of the one that was sent.

use http::{HeaderValue, Method, StatusCode, header};

use super::Environ;
use crate::Error;
use crate::server::Span;
use crate::server::syntax::{Target, TargetForm};

impl Environ {
    /// Changes the target, for a middleware that rewrites: path and query, as a request line has them,
    /// or a whole `http` URI, whose authority then stands in Host's place (RFC 9112 3.2.2).
    ///
    /// [`script_name`](Self::script_name) stays, for the application is mounted where it was, and
    /// [`path_info`](Self::path_info) is what the new path has behind it. So a target is set within the
    /// mount: who means another application calls that one instead.
    ///
    /// ```
    /// use rgi_core::{AppExt, Environ, Full, StartResponse, StatusCode, app_fn, testing};
    ///
    /// fn place(environ: Environ, start_response: StartResponse) -> Full {
    ///     start_response.start(StatusCode::OK).full(environ.target().to_owned())
    /// }
    ///
    /// let app = app_fn(place).around(|inner, mut environ, start_response| {
    ///     if let Some(rest) = environ.target().strip_prefix("/old/") {
    ///         let target = format!("/new/{rest}");
    ///         environ.set_target(&target).expect("it came from a target");
    ///     }
    ///     inner.call(environ, start_response)
    /// });
    /// let client = testing::Client::new(app);
    /// assert_eq!(client.get("/old/page?n=1").send().text(), "/new/page?n=1");
    /// # use rgi_core::App;
    /// ```
    ///
    /// # Errors
    ///
    /// And the environ is as it was: malformed (400) if it is no target of the method's, and 404 if it
    /// lies outside of `script_name`, where a server finds nothing either.
    pub fn set_target(&mut self, target: &str) -> Result<(), Error> {
        // CONNECT has a path in HTTP/2's extended form (RFC 8441 4), and keeps one.
        let extended = *self.method() == Method::CONNECT && !self.inner().path.is_empty();
        let method = match extended {
            true => Method::GET.as_str(),
            false => self.method().as_str(),
        };
        let parsed = Target::parse(method.as_bytes(), target.as_bytes());
        let parsed = parsed.map_err(Error::malformed)?;
        let script_name = self.script_name();
        let path = &target[parsed.path.range()];
        let inside = path.strip_prefix(script_name);
        if !inside
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || script_name.is_empty())
        {
            let text = format!("the target {target} was set, which lies outside {script_name}");
            return Err(Error::new(text).with_status(StatusCode::NOT_FOUND));
        }
        let mounted = script_name.len() as u32;
        let inner = self.inner_mut();
        // Behind the head, so that what is read of it, and lent, stays where it is.
        let begin = inner.raw.len();
        if u32::try_from(begin + target.len()).is_err() {
            return Err(Error::malformed("a request target of 4 GiB"));
        }
        inner.raw.extend_from_slice(target.as_bytes());
        let moved = |span: Span| Span::new(begin + span.range().start, begin + span.range().end);
        inner.target = moved(Span::new(0, target.len()));
        inner.path = moved(parsed.path);
        inner.query = parsed.query.map(moved);
        inner.split = inner.path.start + mounted;
        inner.uri.take();
        if parsed.form == TargetForm::Absolute
            && let Some(authority) = parsed.authority
            && let Ok(host) = HeaderValue::from_str(&target[authority.range()])
        {
            self.headers_mut().insert(header::HOST, host);
        }
        Ok(())
    }
}
