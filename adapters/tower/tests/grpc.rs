//! gRPC: a service of tonic's as an application under coroutine, and tonic's client, over HTTP/2.

use std::net::TcpListener;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_core::Stream;
use rgi_core::server::{Listener, Server, Stop};
use rgi_core::{App, AppExt, BodyExt, End, Environ, IntoLifespan, StartResponse, Worker};
use rgi_coroutine::{Config, Coroutine};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status, async_trait};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_health::{ServingStatus, server::health_reporter};

/// Longest wait for what has to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server of HTTP/2, stopped with the test.
struct Served {
    stop: Stop,
    thread: Option<JoinHandle<()>>,
    channel: Channel,
}

impl Served {
    async fn new<A>(app: A) -> Served
    where
        A: App<Body: Send> + Clone + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = Stop::new();
        let told = stop.clone();
        let thread = std::thread::spawn(move || {
            let lifespan = move |_: &Worker| Ok(app.clone());
            let server = Coroutine::new(Config::default());
            let listeners = vec![Listener::Tcp(listener)];
            server
                .serve(lifespan.into_lifespan(), listeners, told)
                .unwrap();
        });
        let endpoint = Endpoint::from_shared(url).unwrap();
        let channel = timeout(PATIENCE, endpoint.connect()).await;
        Served {
            stop,
            thread: Some(thread),
            channel: channel.expect("in time").expect("a connection"),
        }
    }

    fn client(&self) -> HealthClient<Channel> {
        HealthClient::new(self.channel.clone())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.now();
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            ended.expect("the server's thread").expect("no panic");
        }
    }
}

fn about(service: &str) -> Request<HealthCheckRequest> {
    Request::new(HealthCheckRequest {
        service: service.to_owned(),
    })
}

/// What is awaited has to come.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("in time")
}

#[tokio::test]
async fn calls_streams_and_states_arrive() {
    let (reporter, service) = health_reporter();
    let served = Served::new(rgi_tower::app(service)).await;
    let mut client = served.client();
    let checked = soon(client.check(about(""))).await.unwrap();
    assert_eq!(checked.get_ref().status, ServingStatus::Serving as i32);
    let unknown = soon(client.check(about("nobody"))).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    assert_eq!(unknown.message(), "service not registered");

    // Each message is there before the next is made.
    let mut watched = soon(client.watch(about(""))).await.unwrap().into_inner();
    let message = soon(watched.message()).await.unwrap().expect("a message");
    assert_eq!(message.status, ServingStatus::Serving as i32);
    for status in [ServingStatus::NotServing, ServingStatus::Serving] {
        reporter.set_service_status("", status).await;
        let message = soon(watched.message()).await.unwrap().expect("a message");
        assert_eq!(message.status, status as i32);
    }
}

/// A service whose calls last, and tell of their drops.
struct Slow(UnboundedSender<&'static str>);

struct Told(UnboundedSender<&'static str>);

impl Drop for Told {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

/// Two messages, and then a failure, or nothing ever.
struct Messages {
    left: u32,
    fails: bool,
    _told: Told,
}

impl Stream for Messages {
    type Item = Result<HealthCheckResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.left == 0 {
            return match self.fails {
                true => Poll::Ready(Some(Err(lost()))),
                false => Poll::Pending,
            };
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(HealthCheckResponse { status: 1 })))
    }
}

fn lost() -> Status {
    let mut status = Status::data_loss("the disk, it's gone");
    status
        .metadata_mut()
        .insert("x-disk", "sda".parse().unwrap());
    status
}

#[async_trait]
impl Health for Slow {
    type WatchStream = Messages;

    async fn check(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let _told = Told(self.0.clone());
        let _ = self.0.send("called");
        std::future::pending().await
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Messages>, Status> {
        Ok(Response::new(Messages {
            left: 2,
            fails: request.get_ref().service == "failing",
            _told: Told(self.0.clone()),
        }))
    }
}

fn slow() -> (HealthServer<Slow>, UnboundedReceiver<&'static str>) {
    let (tell, told) = unbounded_channel();
    (HealthServer::new(Slow(tell)), told)
}

#[tokio::test]
async fn a_failure_behind_messages_stands_in_the_trailers() {
    let (service, mut told) = slow();
    let served = Served::new(rgi_tower::app(service)).await;
    let watched = soon(served.client().watch(about("failing"))).await;
    let mut watched = watched.unwrap().into_inner();
    for _ in 0..2 {
        assert!(soon(watched.message()).await.unwrap().is_some());
    }
    let failure = soon(watched.message()).await.unwrap_err();
    assert_eq!(
        (failure.code(), failure.message()),
        (Code::DataLoss, "the disk, it's gone")
    );
    assert_eq!(failure.metadata().get("x-disk").unwrap(), "sda");
    assert_eq!(soon(told.recv()).await, Some("dropped"));
}

#[tokio::test]
async fn a_client_that_gives_up_ends_the_call() {
    let (service, mut told) = slow();
    let ends = Arc::new(Mutex::new(Vec::new()));
    let noted = ends.clone();
    let app = rgi_tower::app(service).cancel_on_disconnect();
    let app = app.inspect_finish(move |outcome| noted.lock().unwrap().push(outcome.end));
    let served = Served::new(Arc::new(app)).await;

    // The deadline is the client's, which resets the stream.
    let mut request = about("");
    request.set_timeout(Duration::from_millis(50));
    let failure = soon(served.client().check(request)).await.unwrap_err();
    assert!(
        matches!(failure.code(), Code::Cancelled | Code::DeadlineExceeded),
        "{failure}"
    );
    assert_eq!(soon(told.recv()).await, Some("called"));
    assert_eq!(soon(told.recv()).await, Some("dropped"));

    // A stream that is dropped behind its first message.
    let watched = soon(served.client().watch(about(""))).await;
    let mut watched = watched.unwrap().into_inner();
    assert!(soon(watched.message()).await.unwrap().is_some());
    drop(watched);
    assert_eq!(soon(told.recv()).await, Some("dropped"));

    drop(served);
    let ends = ends.lock().unwrap();
    assert_eq!(ends[..], [End::Disconnected, End::Disconnected]);
}

#[tokio::test]
async fn services_stand_beside_other_applications() {
    let (_reporter, service) = health_reporter();
    let service = rgi_tower::app(service).erased();
    let app =
        rgi_core::app_fn(move |environ: Environ, start_response: StartResponse| {
            match environ.path_info().starts_with("/grpc.health.v1.Health/") {
                true => service.call(environ, start_response),
                false => {
                    let started = start_response.start(http::StatusCode::OK);
                    started.full("a page").erased()
                }
            }
        });
    let served = Served::new(Arc::new(app)).await;
    assert!(soon(served.client().check(about(""))).await.is_ok());
}
