//! What a batch holds is what its bodies say, by prost's reading; and no bytes make the reader of records panic.

mod any;
mod bodies;
mod records;
mod rows;
