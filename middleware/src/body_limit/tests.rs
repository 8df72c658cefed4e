use rgi_core::testing::Client;
use rgi_core::{AppExt, Environ, Error, Full, StartResponse, StatusCode, async_fn};

use super::BodyLimit;

async fn echo(mut environ: Environ, start_response: StartResponse) -> Result<Full, Error> {
    let body = environ.input().collect(u64::MAX).await?;
    Ok(start_response.start(StatusCode::OK).full(body))
}

#[test]
fn the_limit_itself_passes() {
    let client = Client::new(async_fn(echo).with(BodyLimit::new(4)));
    assert_eq!(client.post("/").body("four").send().text(), "four");
    assert_eq!(client.post("/").body("fives").send().status(), 413);
    assert_eq!(client.get("/").send().status(), 200);
}

#[test]
fn a_body_of_unknown_length_is_read_up_to_it() {
    let client = Client::new(async_fn(echo).with(BodyLimit::new(4)));
    assert_eq!(client.post("/").chunks(["fo", "ur"]).send().text(), "four");
    assert_eq!(client.post("/").chunks(["fiv", "es"]).send().status(), 413);
}

#[test]
fn the_narrower_of_two_holds() {
    let app = async_fn(echo).with((BodyLimit::new(2), BodyLimit::new(4)));
    let reply = Client::new(app).post("/").chunks(["th", "r"]).send();
    assert_eq!(reply.status(), 413);
}
