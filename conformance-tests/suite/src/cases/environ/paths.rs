//! The path and its split at the mount.

use crate::Case;
use crate::cases::environ::{line, text};

pub(in crate::cases) const CASES: &[Case] = &[
    Case {
        name: "path_is_split_at_the_mount",
        says: "script name and path info are the prefix and what is behind it, together the path",
        rules: &[21, 22, 130, 131],
        app: |environ, start_response| {
            let (script_name, path_info) = (environ.script_name(), environ.path_info());
            let seen = format!("{script_name:?} {path_info:?}");
            line(start_response, seen)
        },
        client: |c| {
            c.get("/a/b");
            c.get("/");
        },
        expect: r#"
            200
            "\"{root}\" \"/a/b\""
            200
            "\"{root}\" \"/\""
        "#,
        ..Case::APP
    },
    Case {
        name: "outside_of_the_mount_is_404",
        says: "a request outside of the prefix is answered 404 by the server",
        rules: &[134],
        settings: Some(|config| config.script_name.push_str("/inside")),
        app: |_, start_response| text(start_response, "inside"),
        client: |c| {
            c.send("GET /elsewhere HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("GET {root}r/ HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("GET {root} HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            404 by the server
            404 by the server
            200
            content-length: 6
            "inside"
        "#,
        ..Case::WIRE
    },
    Case {
        name: "path_is_not_normalised",
        says: "repeated slashes, dot segments and encoded slashes stay as they are",
        rules: &[133],
        app: |environ, start_response| text(start_response, environ.path_info().to_owned()),
        client: |c| {
            c.get("//a///b/");
            c.get("/a/../b/./c");
            c.get("/a%2fb%2F");
        },
        expect: r#"
            200
            content-length: 8
            "//a///b/"
            200
            content-length: 11
            "/a/../b/./c"
            200
            content-length: 9
            "/a%2fb%2F"
        "#,
        ..Case::APP
    },
    Case {
        name: "path_is_decoded_once",
        says: "the decoded view of a path undoes one level of percent-encoding",
        rules: &[132],
        app: |environ, start_response| {
            let decoded = environ.path_decoded().into_owned();
            text(start_response, decoded)
        },
        client: |c| {
            c.get("/a%2cb");
            c.get("/a%252cb");
            c.get("/%E3%81%82");
        },
        expect: r#"
            200
            content-length: 4
            "/a,b"
            200
            content-length: 6
            "/a%2cb"
            200
            content-length: 4
            "/\xe3\x81\x82"
        "#,
        ..Case::APP
    },
    Case {
        name: "mount_itself_has_an_empty_path_info",
        says: "a URL that ends at the application has no path info, and one slash more is a path info",
        rules: &[22, 131],
        settings: Some(|config| config.script_name.push_str("/inside")),
        app: |environ, start_response| {
            let seen = format!("{:?} {:?}", environ.path_info(), environ.query());
            text(start_response, seen)
        },
        client: |c| {
            c.get("");
            c.get("?a");
            c.get("/");
        },
        expect: r#"
            200
            content-length: 7
            "\"\" None"
            200
            content-length: 12
            "\"\" Some(\"a\")"
            200
            content-length: 8
            "\"/\" None"
        "#,
        ..Case::APP
    },
    Case {
        name: "prefix_spelt_otherwise_is_outside",
        says: "a prefix is compared byte by byte: neither decoded, nor without case, nor normalised",
        rules: &[133, 134],
        settings: Some(|config| "/in".clone_into(&mut config.script_name)),
        app: |environ, start_response| text(start_response, environ.path_info().to_owned()),
        client: |c| {
            c.get("/x");
            c.send("GET /%69n/x HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("GET /IN/x HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("GET //in/x HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
            c.send("GET /y/../in/x HTTP/1.1\r\nHost: a\r\n{case}\r\n");
            c.answer();
        },
        expect: r#"
            200
            content-length: 2
            "/x"
            404 by the server
            404 by the server
            404 by the server
            404 by the server
        "#,
        ..Case::WIRE
    },
    Case {
        name: "application_moves_the_split",
        says: "an application that mounts another moves the split, and the path as a whole stays",
        rules: &[130, 131],
        app: |mut environ, start_response| {
            let mounted = [
                environ.mount("/a"),
                environ.mount("/b%2f"),
                environ.mount("/c"),
            ];
            let whole = format!("{}{}", environ.script_name(), environ.path_info());
            let path_info = environ.path_info().to_owned();
            line(start_response, format!("{mounted:?} {path_info} {whole}"))
        },
        client: |c| c.get("/a/b%2f/d"),
        expect: r#"
            200
            "[true, true, false] /d {root}/a/b%2f/d"
        "#,
        ..Case::APP
    },
    Case {
        name: "escapes_that_are_none_stay",
        says: "a percent sign without two digits stays as it is, and a plus is a plus",
        rules: &[132],
        app: |environ, start_response| {
            let decoded = environ.path_decoded().into_owned();
            text(start_response, decoded)
        },
        client: |c| {
            c.get("/%zz/%4/+%");
            c.get("/%00%ff%2F");
        },
        expect: r#"
            200
            content-length: 10
            "/%zz/%4/+%"
            200
            content-length: 4
            "/\x00\xff/"
        "#,
        ..Case::APP
    },
];
