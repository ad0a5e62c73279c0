//! Keeps credentials out of what people see.

/// A text without the `user:password@` of any URL in it.
pub fn without_credentials(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + "://".len());
        clean.push_str(before);
        let is_end = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '\'' | '"' | '<' | '>' | '`');
        let authority = &after[..after.find(is_end).unwrap_or(after.len())];
        // A password may hold an `@` that should have been escaped.
        rest = &after[authority.rfind('@').map_or(0, |at| at + 1)..];
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn user_and_password_go() {
        for (text, clean) in [
            ("https://u:p@host/x@y", "https://host/x@y"),
            ("https://token@host", "https://host"),
            ("https://u:p@ss@host/a", "https://host/a"),
            (
                "unable to access 'https://u:p@host/': no, ssh://git@other:22/x",
                "unable to access 'https://host/': no, ssh://other:22/x",
            ),
            ("git@host:path://", "git@host:path://"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(without_credentials(text), clean);
        }
    }
}
