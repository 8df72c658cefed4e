//! Trailers end a body.
use rgi_core::{Error, HeaderMap, Writer};

async fn write(mut writer: Writer) -> Result<(), Error> {
    writer.write("block").await?;
    writer.trailers(HeaderMap::new()).await?;
    writer.write("too late").await
}

fn main() {
    let _ = write;
}
