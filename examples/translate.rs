use std::sync::Arc;
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let f = isobar::sql::duckdb::Functions::load(&[]).unwrap();
    if path == "setup" {
        println!("{}", isobar::sql::duckdb::setup_sql(&f));
        return;
    }
    let source = Arc::new(isobar::diagnostics::Source {
        path: path.clone(),
        text: std::fs::read_to_string(&path).unwrap(),
    });
    match isobar::sql::duckdb::translate(&source, &f, None) {
        Ok(t) => println!("{}", t.join(";\n")),
        Err(e) => println!("{e}"),
    }
}
