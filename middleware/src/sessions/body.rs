//! A body that comes behind a session, and before its end keeps it.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use cookie::{Cookie, CookieJar};
use http::HeaderValue;
use pin_project_lite::pin_project;
use rgi_core::{App, Environ, Error, Event, Head, Next, StartResponse, Started, Stream, field};

use super::{Id, Place, Record, Session, Settings, Step};
use crate::{cookies, fields};

/// Bytes that a browser takes of a cookie (RFC 6265 6.1).
const COOKIE: usize = 4096;

pin_project! {
    /// Loads a session, calls the application, and keeps what it set: [`Sessions`](super::Sessions).
    #[must_use = "a body does nothing until a server polls it"]
    pub struct SessionsBody<A: App> {
        call: Option<(Next<A>, Environ, StartResponse)>,
        loading: Option<Step<Option<Record>>>,
        id: Option<Id>,
        session: Option<Session>,
        loaded: Option<Record>,
        keep: Keep,
        #[pin]
        body: Option<A::Body>,
        saving: Option<Saving>,
    }
}

impl<A: App> fmt::Debug for SessionsBody<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionsBody").finish_non_exhaustive()
    }
}

/// A head that waits for the store.
struct Saving {
    started: Started,
    steps: VecDeque<Step<()>>,
}

impl Saving {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while let Some(step) = self.steps.front_mut() {
            ready!(Pin::new(step).poll(cx)?);
            self.steps.pop_front();
        }
        Poll::Ready(Ok(()))
    }
}

impl<A: App> SessionsBody<A> {
    pub(super) fn new(
        app: Next<A>,
        (environ, start_response): (Environ, StartResponse),
        loading: Option<(Option<Id>, Step<Option<Record>>)>,
        keep: Keep,
    ) -> SessionsBody<A> {
        let (id, loading) = loading.map_or((None, None), |(id, step)| (id, Some(step)));
        SessionsBody {
            call: Some((app, environ, start_response)),
            loading,
            id,
            session: None,
            loaded: None,
            keep,
            body: None,
            saving: None,
        }
    }
}

impl<A: App> Stream for SessionsBody<A> {
    type Item = Result<Event, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        if let Some(loading) = this.loading {
            let record = ready!(Pin::new(loading).poll(cx)?);
            *this.loading = None;
            *this.loaded = record.filter(|record| !record.is_expired());
        }
        if let Some((app, mut environ, start_response)) = this.call.take() {
            let data = this.loaded.as_ref().map(|record| record.data.as_str());
            let session = Session::new(data);
            environ.extensions_mut().insert(session.clone());
            *this.session = Some(session);
            let body = app.call(environ, start_response);
            this.body.set(Some(body));
        }
        if let Some(saving) = this.saving {
            ready!(saving.poll(cx)?);
            let saved = this.saving.take();
            return Poll::Ready(saved.map(|saved| Ok(Event::Start(saved.started))));
        }
        let Some(mut body) = this.body.as_pin_mut() else {
            return Poll::Ready(None);
        };
        let Some(session) = this.session else {
            return body.poll_next(cx);
        };
        let mut started = match ready!(body.as_mut().poll_next(cx)) {
            Some(Ok(Event::Start(started))) => started,
            other => return Poll::Ready(other),
        };
        let (id, loaded) = (this.id.take(), this.loaded.take());
        let kept = this.keep.keep(session, id, loaded, started.head_mut());
        *this.session = None;
        let saving = this.saving.insert(Saving {
            started,
            steps: kept?,
        });
        ready!(saving.poll(cx)?);
        let saved = this.saving.take();
        Poll::Ready(saved.map(|saved| Ok(Event::Start(saved.started))))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.body {
            Some(body) if self.saving.is_none() => body.size_hint(),
            _ => (0, None),
        }
    }
}

/// How a session is kept.
pub(super) struct Keep {
    pub(super) settings: Arc<Settings>,
    /// Without a value.
    pub(super) cookie: Cookie<'static>,
}

impl Keep {
    /// Closes a session; writes its cookie, and says what the store has to do.
    fn keep(
        &self,
        session: &Session,
        id: Option<Id>,
        loaded: Option<Record>,
        head: &mut Head,
    ) -> Result<VecDeque<Step<()>>, Error> {
        let mut steps = VecDeque::new();
        let mut state = session.lock();
        state.closed = true;
        if state.seen {
            fields::vary(head, "cookie");
        }
        let lifetime = self.settings.lifetime;
        let is_shared = is_shared(head);
        // What others may keep renews no cookie: they would have it, too.
        let is_old = !is_shared
            && loaded
                .as_ref()
                .is_some_and(|record| record.left() < lifetime / 4 * 3);
        if !state.changed && !is_old {
            return Ok(steps);
        }
        let known = loaded.is_some();
        let mut jar = CookieJar::new();
        match state.data() {
            None if !known => return Ok(steps),
            None => {
                if let (Place::Store(store), Some(id)) = (&self.settings.place, id) {
                    steps.push_back(store.remove(&id));
                }
                jar.add_original(self.cookie.clone());
                jar.remove(self.cookie.clone());
            }
            Some(data) => {
                let expires = SystemTime::now().checked_add(lifetime);
                let expires = expires.ok_or_else(|| Error::misuse("a lifetime without end"))?;
                let record = Record { data, expires };
                let mut cookie = self.cookie.clone();
                cookie.set_max_age(cookie::time::Duration::try_from(lifetime)?);
                match &self.settings.place {
                    Place::Cookie(key) => {
                        cookie.set_value(record.to_cookie());
                        jar.private_mut(key).add(cookie);
                    }
                    Place::Store(store) => {
                        // An id that the store does not know is the client's own: it is never taken over.
                        let old = id.filter(|_| known);
                        let new = match &old {
                            Some(old) if !state.regenerated => old.clone(),
                            _ => Id::random()?,
                        };
                        cookie.set_value(new.as_str().to_owned());
                        jar.add(cookie);
                        steps.push_back(store.save(&new, record));
                        if let Some(old) = old.filter(|old| *old != new) {
                            steps.push_back(store.remove(&old));
                        }
                    }
                }
            }
        }
        let long = jar
            .delta()
            .map(|cookie| cookie.encoded().to_string().len())
            .max();
        if long.is_some_and(|long| long > COOKIE) {
            return Err(Error::misuse(format!(
                "a session of {} bytes, where a cookie has {COOKIE}: keep it in a store",
                long.unwrap_or_default()
            )));
        }
        cookies::write(&jar, head);
        if is_shared || head.get(&field::CACHE_CONTROL).is_none() {
            head.insert(field::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        Ok(steps)
    }
}

/// Whether a response speaks of caches and lets shared ones keep it (RFC 9111 3).
fn is_shared(head: &Head) -> bool {
    // `private` with an argument is not the whole response.
    let is_own =
        |it: &str| it.eq_ignore_ascii_case("private") || it.eq_ignore_ascii_case("no-store");
    let mut lines = head.get_all(&field::CACHE_CONTROL).peekable();
    let speaks = lines.peek().is_some();
    let mut lines = lines.filter_map(|line| line.to_str().ok());
    speaks && !lines.any(|line| fields::split(line).any(is_own))
}
