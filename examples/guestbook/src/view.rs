//! The pages' HTML. `html!` escapes what stands in it, whoever wrote it.

use maud::{DOCTYPE, Markup, html};
use rgi_core::Environ;

use crate::csrf::TOKEN;
use crate::db::{At, Entry, Listing, PAGE};
use crate::form::{Faults, Form, LONGEST_MESSAGE, LONGEST_NAME, NUMBER};

/// A page of entries. `thanks`: the name of who has just signed.
pub(crate) fn list(environ: &Environ, at: At, listing: &Listing, thanks: Option<&str>) -> Markup {
    let root = environ.script_name();
    let Listing {
        entries,
        count,
        newer,
        older,
    } = listing;
    let first = newer + 1;
    let last = count - older;
    let title = match at {
        At::NEWEST => "Guestbook".to_owned(),
        _ if entries.is_empty() => "Empty page \u{b7} Guestbook".to_owned(),
        _ => format!("Entries {first}\u{2013}{last} \u{b7} Guestbook"),
    };
    page(
        environ,
        &title,
        html! {
            @if let Some(name) = thanks {
                p.thanks role="status" { "Thank you, " bdi { (name) } ". Your entry is in the book." }
            }
            div.bar {
                p.count {
                    @match count {
                        0 => "No entries yet",
                        1 => "One entry",
                        _ => { (count) " entries" }
                    }
                }
                a.button href={ (root) "/sign" } { "Sign the book" }
            }
            @if *count == 0 {
                p.nothing { "Be the first who writes something." }
            } @else if entries.is_empty() {
                p.nothing { "There is nothing on this page." }
            }
            ol.entries {
                @for entry in entries {
                    li { (self::entry(entry)) }
                }
            }
            @if *newer > 0 || *older > 0 {
                nav.pages aria-label="Pages" {
                    @match entries.first() {
                        Some(first) if *newer > PAGE => {
                            a rel="prev" href={ (root) "/?after=" (first.id) } { "\u{2190} Newer" }
                        }
                        _ if *newer > 0 => a rel="prev" href={ (root) "/" } { "\u{2190} Newest" },
                        _ => span {},
                    }
                    @if !entries.is_empty() {
                        span { (first) "\u{2013}" (last) " of " (count) }
                    }
                    @match entries.last() {
                        Some(last) if *older > 0 => {
                            a rel="next" href={ (root) "/?before=" (last.id) } { "Older \u{2192}" }
                        }
                        _ => span {},
                    }
                }
            }
        },
    )
}

fn entry(entry: &Entry) -> Markup {
    html! {
        article.entry id={ "entry-" (entry.id) } {
            p.message dir="auto" { (entry.message) }
            footer {
                bdi.name { (entry.name) }
                time datetime=(entry.at) { (date(&entry.at)) }
            }
        }
    }
}

/// `2026-11-27T09:05:00Z` as people write it.
fn date(at: &str) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let part = |from: usize, to: usize| at.get(from..to).unwrap_or_default();
    let month = part(5, 7)
        .parse()
        .ok()
        .and_then(|month: usize| MONTHS.get(month.wrapping_sub(1)));
    let day = part(8, 10).trim_start_matches('0');
    let month = month.unwrap_or(&"");
    format!("{day} {month} {}, {} UTC", part(0, 4), part(11, 16))
}

/// The form, with what is wrong about it next to each field.
pub(crate) fn form(environ: &Environ, form: &Form, faults: &Faults) -> Markup {
    let root = environ.script_name();
    let title = match faults.is_empty() {
        true => "Sign the book \u{b7} Guestbook",
        false => "Not yet signed \u{b7} Guestbook",
    };
    let (name, message) = (faults.name.as_deref(), faults.message.as_deref());
    page(
        environ,
        title,
        html! {
            form.sign method="post" action={ (root) "/sign" } {
                h2 { "Sign the book" }
                input type="hidden" name=(TOKEN) value=(form.token);
                @if let Some(number) = form.number {
                    input type="hidden" name=(NUMBER) value={ (format!("{number:032x}")) };
                }
                div.field {
                    label for="name" { "Your name" }
                    p.hint id="name-hint" { "Up to " (LONGEST_NAME) " characters." }
                    (fault("name-fault", name))
                    input id="name" name="name" type="text" autocomplete="name" required
                        maxlength=[name.is_none().then_some(LONGEST_NAME)]
                        aria-describedby="name-hint name-fault" aria-invalid=[name.map(|_| "true")]
                        autofocus[name.is_some() || form.name.is_empty()] value=(form.name);
                }
                div.field {
                    label for="message" { "Your message" }
                    p.hint id="message-hint" { "Up to " (LONGEST_MESSAGE) " characters. Everybody can read it." }
                    (fault("message-fault", message))
                    textarea id="message" name="message" rows="5" required
                        maxlength=[message.is_none().then_some(LONGEST_MESSAGE)]
                        aria-describedby="message-hint message-fault" aria-invalid=[message.map(|_| "true")]
                        autofocus[name.is_none() && !form.name.is_empty()] { "\n" (form.message) }
                }
                div.bar {
                    a href={ (root) "/" } { "Back to the book" }
                    button.button type="submit" { "Sign" }
                }
            }
        },
    )
}

fn fault(id: &str, text: Option<&str>) -> Markup {
    html! {
        @if let Some(text) = text {
            p.fault id=(id) role="alert" { (text) }
        }
    }
}

/// Why there is no such page.
pub(crate) fn problem(environ: &Environ, title: &str, text: &str) -> Markup {
    page(
        environ,
        &format!("{title} \u{b7} Guestbook"),
        html! {
            h2 { (title) }
            p { (text) }
            p { a href={ (environ.script_name()) "/" } { "Back to the book" } }
        },
    )
}

/// What all pages have.
fn page(environ: &Environ, title: &str, content: Markup) -> Markup {
    let root = environ.script_name();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" type="image/svg+xml" href={ (root) "/icon.svg" };
                link rel="stylesheet" href={ (root) "/style.css" };
            }
            body {
                header.top {
                    h1 { a href={ (root) "/" } { "Guestbook" } }
                    p { "Please leave a line before you go." }
                }
                main { (content) }
                footer.bottom {
                    p { "Served through RGI, without a line of JavaScript." }
                }
            }
        }
    }
}
