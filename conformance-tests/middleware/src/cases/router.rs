//! Applications by method and path.

use rgi_conformance::Case;
use rgi_core::{BoxBody, Environ, Full, StartResponse, StatusCode, app_fn};
use rgi_middleware::{
    Router,
    router::{Route, param},
};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "router_finds_by_path_and_decodes_parameters",
        says: "a pattern is compared with the path as it was sent, and its parameters are decoded",
        app: shop,
        client: |c| {
            c.get("/shop/carts/a%2Fb");
            c.get("/shop/carts/caf%C3%A9");
            c.get("/shop/carts/%FF");
            c.get("/shop/carts/a/b");
        },
        expect: r#"
            200
            content-length: 29
            "/shop/carts/{id}: Some(\"a/b\")"
            200
            content-length: 31
            "/shop/carts/{id}: Some(\"caf\xc3\xa9\")"
            400
            content-length: 16
            content-type: text/plain; charset=utf-8
            "400 Bad Request\n"
            404
            content-length: 14
            content-type: text/plain; charset=utf-8
            "404 Not Found\n"
        "#,
        ..Case::APP
    },
    Case {
        name: "router_answers_for_methods",
        says: "HEAD is answered as GET is, OPTIONS with Allow, and others with 405 and Allow",
        app: shop,
        client: |c| {
            c.head("/shop/carts/7");
            c.ask("OPTIONS", "/shop/carts/7").send();
            c.ask("DELETE", "/shop/carts/7").send();
        },
        expect: r#"
            200
            content-length: 27
            204
            allow: GET, HEAD, OPTIONS
            405
            allow: GET, HEAD, OPTIONS
            content-length: 23
            content-type: text/plain; charset=utf-8
            "405 Method Not Allowed\n"
        "#,
        ..Case::APP
    },
];

fn cart(environ: Environ, start_response: StartResponse) -> Full {
    let route = environ.extensions().get::<Route>().map(Route::pattern);
    let text = format!("{}: {:?}", route.unwrap_or_default(), param(&environ, "id"));
    start_response.start(StatusCode::OK).full(text)
}

fn shop(environ: Environ, start_response: StartResponse) -> BoxBody {
    let carts = Router::new().get("/carts/{id}", app_fn(cart)).build();
    let shop = carts.and_then(|carts| Router::new().mount("/shop", carts).build());
    match shop {
        Ok(shop) => super::call(shop, environ, start_response),
        Err(error) => panic!("{error}"),
    }
}
