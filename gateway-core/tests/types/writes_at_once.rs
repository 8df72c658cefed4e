//! A write is over before the next begins: one place stands between application and server.
use rgi_core::{Error, Writer};

async fn write(mut writer: Writer) -> Result<(), Error> {
    let one = writer.write("one");
    let two = writer.write("two");
    one.await?;
    two.await
}

fn main() {
    let _ = write;
}
