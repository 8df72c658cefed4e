//! A body that comes behind a session, and before its end keeps it.

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
use crate::personal::Personal;
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

/// A head that waits for the store, and what it tells the client when that is done.
struct Saving {
    started: Started,
    write: Write,
    jar: CookieJar,
}

/// What the store has to do.
enum Write {
    Done(Step<()>),
    /// False if the session is not there any more.
    IfThere(Step<bool>),
}

impl Saving {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let is_kept = match &mut self.write {
            Write::Done(step) => ready!(Pin::new(step).poll(cx)).map(|()| true),
            Write::IfThere(step) => ready!(Pin::new(step).poll(cx)),
        };
        Poll::Ready(is_kept.map(|is_kept| {
            if is_kept && self.jar.delta().next().is_some() {
                self.tell();
            }
        }))
    }

    /// Puts the cookie into the head, which is this client's alone then.
    fn tell(&mut self) {
        let head = self.started.head_mut();
        cookies::write(&self.jar, head);
        if is_shared(head) || head.get(&field::CACHE_CONTROL).is_none() {
            head.insert(field::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
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
            let session = Session::new(data, Personal::of(&mut environ));
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
        let started = match ready!(body.as_mut().poll_next(cx)) {
            Some(Ok(Event::Start(started))) => started,
            other => return Poll::Ready(other),
        };
        let (id, loaded) = (this.id.take(), this.loaded.take());
        let saving = this.keep.keep(session, id, loaded, started);
        *this.session = None;
        let saving = this.saving.insert(saving?);
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
    /// Closes a session; says what the store has to do, and what the client is told then.
    fn keep(
        &self,
        session: &Session,
        id: Option<Id>,
        loaded: Option<Record>,
        mut started: Started,
    ) -> Result<Saving, Error> {
        let mut state = session.lock();
        state.closed = true;
        let head = started.head_mut();
        if state.seen {
            fields::vary(head, "cookie");
        }
        let lifetime = self.settings.lifetime;
        // What others may keep renews no cookie: they would have it, too.
        let is_old = !is_shared(head)
            && loaded
                .as_ref()
                .is_some_and(|record| record.left() < lifetime / 4 * 3);
        // An id that the store does not know is the client's own: it is never taken over.
        let old = id.filter(|_| loaded.is_some());
        let mut jar = CookieJar::new();
        let write = match state.data() {
            _ if !state.changed && !is_old => Write::nothing(),
            None if loaded.is_none() => Write::nothing(),
            None => {
                jar.add_original(self.cookie.clone());
                jar.remove(self.cookie.clone());
                match (&self.settings.place, old) {
                    (Place::Store(store), Some(old)) => Write::Done(store.remove(&old)),
                    _ => Write::nothing(),
                }
            }
            Some(data) => {
                let expires = SystemTime::now().checked_add(lifetime);
                let expires = expires.ok_or_else(|| Error::misuse("a lifetime without end"))?;
                let record = Record { data, expires };
                self.write(old, state.regenerated, record, &mut jar)?
            }
        };
        drop(state);
        Ok(Saving {
            started,
            write,
            jar,
        })
    }

    /// Keeps a record: in place of that of the old id, or as a new session.
    fn write(
        &self,
        old: Option<Id>,
        regenerated: bool,
        record: Record,
        jar: &mut CookieJar,
    ) -> Result<Write, Error> {
        let mut cookie = self.cookie.clone();
        cookie.set_max_age(cookie::time::Duration::try_from(self.settings.lifetime)?);
        let write = match &self.settings.place {
            Place::Cookie(key) => {
                cookie.set_value(record.to_cookie());
                jar.private_mut(key).add(cookie);
                Write::nothing()
            }
            Place::Store(store) => {
                let new = match &old {
                    Some(old) if !regenerated => old.clone(),
                    _ => Id::random()?,
                };
                cookie.set_value(new.as_str().to_owned());
                jar.add(cookie);
                match old {
                    Some(old) => Write::IfThere(store.replace(&old, &new, record)),
                    None => Write::Done(store.insert(&new, record)),
                }
            }
        };
        let lengths = jar.delta().map(|cookie| cookie.encoded().to_string().len());
        match lengths.max() {
            Some(long) if long > COOKIE => Err(Error::misuse(format!(
                "a session of {long} bytes, where a cookie has {COOKIE}: keep it in a store"
            ))),
            _ => Ok(write),
        }
    }
}

impl Write {
    fn nothing() -> Write {
        Write::Done(Step::ready(Ok(())))
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
