//! Serves the guestbook.

fn main() -> rgi_serve::Exit {
    guestbook::serve()
}
