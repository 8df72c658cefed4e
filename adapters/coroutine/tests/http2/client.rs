//! A client that speaks HTTP/2, on a runtime of its test's.

use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{Error, RecvStream, SendStream};
use http::{HeaderMap, Method, Request, StatusCode};
use rgi_core::Bytes;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::wire::support::{PATIENCE, Running};

/// Runs a test's client, within the bound of whatever must happen.
#[track_caller]
pub(crate) fn run<T>(client: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let done = runtime.block_on(async { tokio::time::timeout(PATIENCE, client).await });
    done.expect("it ends in time")
}

/// What an application tells its test.
pub(crate) fn tells() -> (UnboundedSender<String>, UnboundedReceiver<String>) {
    unbounded_channel()
}

pub(crate) async fn assert_told(told: &mut UnboundedReceiver<String>, texts: &[&str]) {
    for text in texts {
        assert_eq!(told.recv().await.as_deref(), Some(*text));
    }
}

/// A connection.
pub(crate) struct Client {
    send: SendRequest<Bytes>,
    connection: JoinHandle<Result<(), Error>>,
}

impl Client {
    pub(crate) async fn connect(server: &Running) -> Client {
        Client::connect_with(server, |builder| builder).await
    }

    pub(crate) async fn connect_with(
        server: &Running,
        set: impl FnOnce(&mut Builder) -> &mut Builder,
    ) -> Client {
        let stream = TcpStream::connect(server.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut builder = Builder::new();
        set(&mut builder);
        let (send, connection) = builder.handshake(stream).await.unwrap();
        Client {
            send,
            connection: tokio::spawn(connection),
        }
    }

    /// Begins a request; `end` says that no body follows.
    pub(crate) async fn begin(
        &mut self,
        request: Request<()>,
        end: bool,
    ) -> (ResponseFuture, SendStream<Bytes>) {
        self.send = self.send.clone().ready().await.unwrap();
        self.send.send_request(request, end).unwrap()
    }

    /// Begins a GET, and leaves its answer alone.
    pub(crate) async fn ask(&mut self, path: &str) -> ResponseFuture {
        self.begin(request(Method::GET, path), true).await.0
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        answer(self.ask(path).await).await.unwrap()
    }

    pub(crate) async fn post(&mut self, path: &str, body: &[u8]) -> Answer {
        let (response, mut send) = self.begin(request(Method::POST, path), false).await;
        send.send_data(Bytes::copy_from_slice(body), true).unwrap();
        answer(response).await.unwrap()
    }

    /// Waits for the connection's end, of which the client has made no request any more.
    pub(crate) async fn ended(self) -> Result<(), Error> {
        drop(self.send);
        self.connection.await.unwrap()
    }

    /// Waits until the server ends the connection: this client would leave it open.
    pub(crate) async fn closed(self) -> Result<(), Error> {
        let _open = self.send;
        self.connection.await.unwrap()
    }

    /// Ends the connection without a word.
    pub(crate) async fn vanish(self) {
        self.connection.abort();
        let _ = self.connection.await;
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
}

impl Answer {
    #[track_caller]
    pub(crate) fn assert(&self, status: u16, text: &str) {
        assert_eq!(
            (self.status.as_u16(), self.text()),
            (status, text),
            "{:?}",
            self.headers
        );
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        Some(self.headers.get(name)?.to_str().unwrap())
    }
}

pub(crate) fn request(method: Method, path: &str) -> Request<()> {
    let request = Request::builder().method(method);
    request.uri(format!("http://a{path}")).body(()).unwrap()
}

/// Reads an answer to its end.
pub(crate) async fn answer(response: ResponseFuture) -> Result<Answer, Error> {
    let (head, mut stream) = response.await?.into_parts();
    let mut body = Vec::new();
    while let Some(block) = data(&mut stream).await? {
        body.extend_from_slice(&block);
    }
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        body,
        trailers: stream.trailers().await?,
    })
}

/// Reads a block, and gives its window back.
pub(crate) async fn data(stream: &mut RecvStream) -> Result<Option<Bytes>, Error> {
    while let Some(block) = stream.data().await.transpose()? {
        // The end may be an empty frame.
        if !block.is_empty() {
            stream.flow_control().release_capacity(block.len())?;
            return Ok(Some(block));
        }
    }
    Ok(None)
}

/// Reads to the end that is none, and gives why.
pub(crate) async fn cut(mut stream: RecvStream) -> (Vec<u8>, Error) {
    let mut body = Vec::new();
    loop {
        match data(&mut stream).await {
            Ok(Some(block)) => body.extend_from_slice(&block),
            Ok(None) => match stream.trailers().await {
                Err(error) => return (body, error),
                Ok(_) => panic!("a clean end behind {} bytes", body.len()),
            },
            Err(error) => return (body, error),
        }
    }
}
