//! An RGI example
