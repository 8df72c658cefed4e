//! Notes: a program written with the framework. `cargo run -p mini-framework -- --server evented`

use std::sync::{Mutex, MutexGuard, PoisonError};

use mini_framework::{Extract, Json, Path, Query, Request, Site, not_found};
use rgi_core::{Error, StatusCode};
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct Note {
    text: String,
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    with: String,
}

/// Each process has its own.
fn notes() -> MutexGuard<'static, Vec<Note>> {
    static NOTES: Mutex<Vec<Note>> = Mutex::new(Vec::new());
    NOTES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the program is mounted: what links begin with.
struct Root(String);

impl Extract for Root {
    async fn extract(request: &mut Request) -> Result<Root, Error> {
        Ok(Root(request.environ.script_name().to_owned()))
    }
}

async fn list(Query(search): Query<Search>) -> Result<Json<Vec<Note>>, Error> {
    let (notes, with) = (notes(), search.with);
    let found = notes.iter().filter(|note| note.text.contains(&with));
    Ok(Json(found.cloned().collect()))
}

async fn add(Root(root): Root, Json(note): Json<Note>) -> Result<(StatusCode, String), Error> {
    let mut notes = notes();
    notes.push(note);
    let link = format!("{root}/notes/{}\n", notes.len());
    Ok((StatusCode::CREATED, link))
}

async fn show(Path(number): Path<usize>) -> Result<Json<Note>, Error> {
    let note = number
        .checked_sub(1)
        .and_then(|at| notes().get(at).cloned());
    note.map(Json).ok_or_else(not_found)
}

fn main() -> rgi_serve::Exit {
    let site = Site::default()
        .on("GET", "/notes", list)
        .on("POST", "/notes", add)
        .on("GET", "/notes/{}", show);
    rgi_serve::main(site)
}
